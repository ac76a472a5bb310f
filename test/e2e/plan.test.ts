/**
 * @file What the memory plans of the published specs promise: nothing of the size of tokens x choices x d is ever stored, the plan is what the
 * device allocates, and what is alive at once is apart.
 */
import { afterAll, describe, expect, it } from 'vitest';
import { compile } from '../../compiler/pipeline.js';
import type { Compiled } from '../../compiler/compiled.js';
import { topological } from '../../compiler/graph/walk.js';
import type { Node } from '../../compiler/graph/graph.js';
import type { Buffer, KernelProgram } from '../../compiler/kernels/kernel.js';
import { Session } from '../../runtime/index.js';
import type { Program } from '../../runtime/program.js';
import { describeGpu, tryOpenDevice } from '../runtime/gpu.js';
import { reader } from '../support/spec.js';
import { TINY } from './tiny.js';

const opened = await tryOpenDevice();
afterAll(() => opened?.destroy());

interface Planned {
  readonly compiled: Compiled;
  readonly programs: readonly KernelProgram[];
  readonly program: Program;
}

function plan(entry: string, files: Readonly<Record<string, string>> = {}): Planned {
  const compiled = compile({ entry, read: reader(files) });
  const { kernels, program } = compiled;
  if (!kernels || !program) throw new Error(compiled.diagnostics.all.map((d) => d.message).join('\n'));
  return { compiled, programs: kernels, program };
}

const product = (axes: readonly { readonly size: number }[]): number => axes.reduce((n, axis) => n * axis.size, 1);

/** Lookups of whole rows by a choice: those whose index has an axis besides the tokens'. */
function rowLookups(compiled: Compiled): Node[] {
  const roots = compiled.procedures?.flatMap((p) => [...p.outputs.map((o) => o.node), ...p.updates.map((u) => u.value)]) ?? [];
  return topological(roots).filter((node) => {
    if (node.op.kind !== 'gather') return false;
    const index = new Set(node.inputs.slice(1).flatMap((x) => x.axes));
    return node.axes.length > index.size && [...index].some((axis) => !axis.token);
  });
}

/** First and last launch that uses each temporary. */
function lives(program: KernelProgram): Map<Buffer, { first: number; last: number }> {
  const found = new Map<Buffer, { first: number; last: number }>();
  program.launches.forEach((launch, at) => {
    for (const buffer of launch.buffers) if (buffer.role === 'temp') found.set(buffer, { first: found.get(buffer)?.first ?? at, last: at });
  });
  return found;
}

describe.each(['specs/peer.arch', 'specs/pools.arch'])('the plan of %s', (entry) => {
  const { compiled, programs, program } = plan(entry);

  it('stores no row of an expert table for each token and choice', () => {
    const lookups = rowLookups(compiled);
    expect(lookups.length).toBeGreaterThan(0);
    for (const { launches, buffers } of programs) {
      for (const buffer of buffers) {
        if (buffer.role === 'param' || buffer.role === 'moment') continue;
        const names = buffer.axes.map((axis) => `${axis.name} ${axis.size}`);
        for (const lookup of lookups) {
          // every choice axis (h, k, ...) and every axis of the row (d) together, with or without the tokens
          const kept = lookup.axes.filter((axis) => !axis.token).map((axis) => `${axis.name} ${axis.size}`);
          expect(kept.every((name) => names.includes(name)), `${buffer.name}[${names.join(', ')}] holds ${lookup.path}`).toBe(false);
        }
      }
      expect(launches.length).toBeGreaterThan(0);
    }
  });

  it('has no buffer as large as a row for each token and choice of a layer, but for parameters and moments', () => {
    const rows = rowLookups(compiled).filter(({ inputs: [table] }) => table?.op.kind === 'param' && table.op.param.expert);
    const largest = Math.max(...rows.map((node) => product(node.axes)));
    const [d, active] = [128, 12];
    expect(largest).toBe(program.batch * program.time * active * d);
    for (const { buffers } of programs) for (const buffer of buffers) if (buffer.role !== 'param' && buffer.role !== 'moment') expect(buffer.size, buffer.name).toBeLessThan(largest);
  });

  it('keeps what is alive at once apart, and gives each buffer the room it needs', () => {
    for (const kernels of programs) {
      const all = [...lives(kernels)];
      for (const [a, one] of all) for (const [b, other] of all) {
        if (a.id >= b.id || kernels.placement.get(a.id) !== kernels.placement.get(b.id)) continue;
        expect(one.last < other.first || other.last < one.first, `${kernels.name}: ${a.name} and ${b.name}`).toBe(true);
      }
      const users = new Map<number, Buffer[]>();
      for (const buffer of kernels.buffers) {
        const place = kernels.placement.get(buffer.id);
        const allocation = place === undefined ? undefined : kernels.allocations[place];
        expect(allocation?.bytes ?? -1, buffer.name).toBeGreaterThanOrEqual(buffer.size * 4);
        if (place !== undefined) users.set(place, [...(users.get(place) ?? []), buffer]);
      }
      for (const sharing of users.values()) if (sharing.some((buffer) => buffer.role !== 'temp')) expect(sharing.map((buffer) => buffer.name)).toHaveLength(1);
    }
  });

  it('is the program\'s: the same allocations, and each tensor in its own', () => {
    expect(program.allocations.map(({ name, bytes }) => [name, bytes])).toEqual(programs[0]?.allocations.map(({ name, bytes }) => [name, bytes]));
    for (const kernels of programs) expect(kernels.allocations).toBe(programs[0]?.allocations);
    for (const tensor of program.tensors) expect(program.allocations[tensor.allocation]?.bytes ?? -1, tensor.name).toBeGreaterThanOrEqual(4 * product(tensor.axes));
  });
});

describeGpu(opened, 'a session', (device) => {
  it('allocates what the plan says, once, and nothing more while it runs', async () => {
    const { program, programs } = plan('tiny.arch', { 'tiny.arch': TINY });
    const made: number[] = [];
    const createBuffer = device.gpu.createBuffer.bind(device.gpu);
    device.gpu.createBuffer = (descriptor) => {
      if ((descriptor.usage & 0x80) !== 0) made.push(descriptor.size);
      return createBuffer(descriptor);
    };
    try {
      const session = await Session.create(device, program);
      expect(made).toEqual(programs[0]?.allocations.map(({ bytes }) => Math.max(16, Math.ceil(bytes / 16) * 16)));
      await session.initialise(1);
      const tokens = new Int32Array(program.batch * program.time);
      for (let step = 1; step <= 3; step++) session.run('train', { tokens, targets: tokens }, step);
      await session.readOutputs('train', ['loss']);
      expect(made).toHaveLength(program.allocations.length);
      session.destroy();
    } finally {
      device.gpu.createBuffer = createBuffer;
    }
  });
});
