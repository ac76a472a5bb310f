/**
 * @file A whole training step, with its evaluation and forward procedures, run kernel by kernel against the interpreter; and what the plan promises.
 */
import { describe, expect, it } from 'vitest';
import type { KernelProgram } from '../../compiler/kernels/kernel.js';
import { printKernels } from '../../compiler/optimise/print.js';
import { lower } from '../../compiler/optimise/lower.js';
import { lifetimes } from '../../compiler/optimise/memory.js';
import { evaluate, scalarValue } from '../reference/interpret.js';
import { Machine } from '../reference/run-kernels.js';
import { trainingStep, type ModelSizes } from './model.js';
import { numbers, options } from './support.js';

const small: ModelSizes = { layers: 2, batch: 2, time: 5, d: 8, vocab: 11, heads: 2, keys: 5, take: 3 };

function leaves(sizes: ModelSizes, step: ReturnType<typeof trainingStep>) {
  const params = new Map([...step.params, ...step.tables].map((p, i) => [p.path, numbers(p.axes.reduce((n, axis) => n * axis.size, 1), i + 1)]));
  const tokens = numbers(sizes.batch * sizes.time, 90).map((x) => Math.floor(((x + 1) / 2) * sizes.vocab));
  const targets = numbers(sizes.batch * sizes.time, 91).map((x, i) => (i === 3 ? -1 : Math.floor(((x + 1) / 2) * sizes.vocab)));
  const states = new Map<string, number[]>();
  for (const { target } of step.procedures[0]?.updates ?? []) {
    if (!('initial' in target)) continue;
    const size = target.axes.reduce((n, axis) => n * axis.size, 1);
    states.set(target.path, target.moment ? numbers(size, states.size + 200).map((x) => Math.abs(x) * 0.01) : [0]);
  }
  return { params, states, inputs: new Map([['tokens', tokens], ['targets', targets]]) };
}

function close(name: string, found: Float64Array, wanted: ArrayLike<number>): void {
  expect(found.length, name).toBe(wanted.length);
  for (let i = 0; i < wanted.length; i++) {
    const value = wanted[i] ?? NaN;
    if (!(Math.abs((found[i] ?? NaN) - value) <= 1e-8 * (1 + Math.abs(value)))) expect.fail(`${name}[${i}] is ${found[i] ?? NaN}, should be ${value}`);
  }
}

for (const maxSlots of [8, 16]) {
  describe(`a training step with ${maxSlots} slots`, () => {
    const step = trainingStep(small);
    const given = leaves(small, step);
    const lowered = lower(step.procedures, { ...options, limits: { ...options.limits, maxSlots } });
    const run = (index: number): { machine: Machine; program: KernelProgram } => {
      const machine = new Machine(lowered.programs);
      for (const [name, values] of [...given.params, ...given.inputs]) machine.write(name, values);
      for (const [name, values] of given.states) machine.write(name, values);
      machine.write('scalars', lowered.scalars.map((spec) => scalarValue(spec, 4)));
      const program = lowered.programs[index];
      if (!program) throw new Error('no program');
      machine.run(program);
      return { machine, program };
    };

    it('computes outputs and updates', () => {
      const procedure = step.procedures[0];
      if (!procedure) throw new Error();
      const roots = [...procedure.outputs.map((o) => o.node), ...procedure.updates.map((u) => u.value)];
      const expected = evaluate(roots, { ...given, step: 4 });
      const { machine, program } = run(0);
      procedure.outputs.forEach(({ name }, i) => close(name, machine.read(program, name), expected[i] ?? []));
      procedure.updates.forEach(({ target, touched }, i) => {
        const wanted = expected[procedure.outputs.length + i] ?? new Float64Array();
        const found = machine.read(program, target.path);
        if (!touched) return close(target.path, found, wanted);
        const before = ('init' in target ? given.params : given.states).get(target.path) ?? [];
        const row = target.axes[1]?.size ?? 1;
        let changed = 0;
        for (let r = 0; r < found.length / row; r++) {
          const [now, old] = [found.subarray(r * row, (r + 1) * row), before.slice(r * row, (r + 1) * row)];
          if (now.every((x, n) => x === old[n])) continue;
          changed++;
          close(`${target.path} row ${r}`, now, wanted.subarray(r * row, (r + 1) * row));
        }
        expect(changed, target.path).toBeGreaterThan(0);
        expect(changed, target.path).toBeLessThanOrEqual(small.batch * small.time * small.heads * small.take);
      });
    });

    it('computes evaluation and logits', () => {
      step.procedures.slice(1).forEach((procedure, i) => {
        const expected = evaluate(procedure.outputs.map((o) => o.node), { ...given, step: 4 });
        const { machine, program } = run(i + 1);
        procedure.outputs.forEach(({ name }, n) => close(name, machine.read(program, name), expected[n] ?? []));
      });
    });

    it('binds at most what it may', () => {
      for (const program of lowered.programs) for (const launch of program.launches) {
        expect(launch.kernel.slots.length, launch.kernel.name).toBeLessThanOrEqual(maxSlots);
        expect(new Set(launch.buffers).size, launch.kernel.name).toBe(launch.buffers.length);
      }
    });
  });
}

describe('the plan', () => {
  const sizes: ModelSizes = { layers: 3, batch: 4, time: 32, d: 32, vocab: 100, heads: 4, keys: 16, take: 8 };
  const step = trainingStep(sizes);
  const lowered = lower(step.procedures, options);

  it('never stores what was looked up for each token, head and choice', () => {
    const rows = sizes.batch * sizes.time * sizes.heads * sizes.take * sizes.d;
    for (const program of lowered.programs) for (const buffer of program.buffers) if (buffer.role === 'temp') expect(buffer.size, buffer.name).toBeLessThan(rows / 4);
  });

  it('inverts each index once, and never stores a gradient of a table', () => {
    const launches = lowered.programs[0]?.launches ?? [];
    expect(launches.filter((launch) => launch.kernel.kind === 'invert')).toHaveLength(sizes.layers + 1);
    expect(launches.filter((launch) => launch.kernel.name.startsWith('touched_rows'))).toHaveLength(2 * sizes.layers);
    expect(launches.filter((launch) => launch.kernel.kind === 'fill')).toHaveLength(1);
  });

  it('temporaries alive at the same time never share an allocation', () => {
    for (const program of lowered.programs) {
      const lives = [...lifetimes(program.launches)];
      for (const [a, first] of lives) for (const [b, second] of lives) {
        if (a.id >= b.id || program.placement.get(a.id) !== program.placement.get(b.id)) continue;
        expect(first.last < second.first || second.last < first.first, `${a.name} and ${b.name}`).toBe(true);
      }
      for (const buffer of program.buffers) {
        const allocation = program.allocations[program.placement.get(buffer.id) ?? -1];
        expect(allocation?.bytes, buffer.name).toBeGreaterThanOrEqual(buffer.size * 4);
        if (buffer.role !== 'temp') expect(allocation?.name).toBe(buffer.name);
      }
    }
  });

  it('shares allocations and persistent buffers among programs', () => {
    const [train, evaluation] = lowered.programs;
    expect(train?.allocations).toBe(evaluation?.allocations);
    const param = (program: KernelProgram | undefined) => program?.buffers.find((buffer) => buffer.name === 'embed.table');
    expect(param(train)).toBe(param(evaluation));
    const temps = (train?.buffers ?? []).filter((buffer) => buffer.role === 'temp').reduce((n, buffer) => n + buffer.size * 4, 0);
    const planned = (train?.allocations ?? []).filter((x) => x.name.startsWith('temporary')).reduce((n, x) => n + x.bytes, 0);
    expect(planned).toBeLessThan(temps / 2);
  });

  it('writes the layers once', () => {
    const kernels = (layers: number) => new Set(lower(trainingStep({ ...sizes, layers }).procedures, options).programs.flatMap((p) => p.launches.map((launch) => launch.kernel))).size;
    expect(kernels(6)).toBe(kernels(3));
    const names = lowered.programs.flatMap((p) => [...new Set(p.launches.map((launch) => launch.kernel))]);
    const byName = new Map(names.map((kernel) => [kernel.name, kernel]));
    for (const kernel of names) expect(byName.get(kernel.name)).toBe(kernel);
    for (const kernel of names) expect(kernel.name).toMatch(/^[a-z_][A-Za-z0-9_]*$/);
  });

  it('is the same every time', () => {
    const again = lower(trainingStep(sizes).procedures, options);
    expect(again.programs.map(printKernels)).toEqual(lowered.programs.map(printKernels));
    expect(JSON.stringify(again.programs.map((p) => [...p.placement]))).toBe(JSON.stringify(lowered.programs.map((p) => [...p.placement])));
    expect(again.scalars).toEqual(lowered.scalars);
  });
});
