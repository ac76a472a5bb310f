/**
 * @file A table that several lookups read: its gradient as one scatter, and touched-rows Adam on it as torch.optim.SparseAdam on the touched rows
 * of the summed gradient.
 */
import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../../compiler/graph/build.js';
import type { Node, Param } from '../../compiler/graph/graph.js';
import type { OptimizerGroup, TrainSettings } from '../../compiler/model/model.js';
import { buildUpdates } from '../../compiler/optimizer/adamw.js';
import { oneScatter } from '../../compiler/optimizer/one-scatter.js';
import { check, numbers } from '../optimise/support.js';
import { evaluate } from '../reference/interpret.js';
import { expectClose } from '../support/gradients.js';

const ROWS = 40;
const group: OptimizerGroup = { path: '', optimizer: 'touched_adam', lr: 1e-2, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0 };
const settings: TrainSettings = { steps: 100, batch: 1, seed: 1, logEvery: 1, evalEvery: 1, saveEvery: 1, clip: 0.5, schedule: { shape: 'constant', warmup: 0, floor: 0 }, groups: [group] };

/** Two layers that read one table [slot, d], with different numbers of heads, and a third that reads a row for each token. */
function lookups() {
  const b = new GraphBuilder();
  const [batch, time, slot, d] = [b.axis('batch', 2, 'batch'), b.axis('time', 3, 'time'), b.axis('slot', ROWS), b.axis('d', 4)];
  const param: Param = { path: 'values', axes: [slot, d], init: { kind: 'zeros' } };
  const places = (count: number, seed: number): number[] => numbers(count, seed).map((x) => Math.floor(((x + 1) / 2) * ROWS));
  const inputs: Record<string, number[]> = {};
  const scatters = [[2, 3], [1, 2], []].map((sizes, layer): Node => {
    const own = sizes.map((size, i) => b.axis('hk'[i] ?? '', size));
    const pick = b.input(`pick${layer}`, [batch, time, ...own], 'i32');
    inputs[`pick${layer}`] = places(6 * sizes.reduce((n, size) => n * size, 1), layer + 1);
    const weight = b.input(`weight${layer}`, [batch, time, ...own], 'f32');
    // the second layer calls d by another name
    const named = layer === 1 ? b.axis('f', 4) : d;
    const dy = b.input(`dy${layer}`, [batch, time, named], 'f32');
    return b.scatter(b.rename(b.mul(weight, dy), named, d), [slot], [pick], [slot, d]);
  });
  const sum = b.lenient(() => scatters.reduce((x, y) => b.add(x, y)));
  return { b, param, sum, inputs, axes: { batch, time, slot, d } };
}

describe('a sum of scatters into one table', () => {
  it('is one scatter with the same values', () => {
    const { b, sum, inputs } = lookups();
    const one = b.lenient(() => oneScatter(b, sum));
    expect(one.op.kind).toBe('scatter');
    expect(one.axes).toEqual(sum.axes);
    const leaves = new Map(Object.entries(inputs));
    for (let layer = 0; layer < 3; layer++) {
      leaves.set(`weight${layer}`, numbers(36, 10 + layer).slice(0, inputs[`pick${layer}`]?.length));
      leaves.set(`dy${layer}`, numbers(24, 20 + layer));
    }
    const [before, after] = evaluate([sum, one], { params: new Map(), states: new Map(), inputs: leaves, step: 1 });
    expectClose(after ?? [], before ?? [], 1e-12, 'gradient');
    expect(before?.some((x) => x !== 0)).toBe(true);
  });

  it('is left alone where one of its terms is something else', () => {
    const { b, param, sum } = lookups();
    const more = b.lenient(() => b.add(sum, b.param(param)));
    expect(b.lenient(() => oneScatter(b, more))).toBe(more);
  });

  it('is updated row by row: one inverted index, no table beside the parameter and its moments, no entry stored', () => {
    const { b, param, sum, inputs, axes } = lookups();
    const { updates, outputs } = buildUpdates(b, [{ param, grad: sum }], settings);
    expect(updates.filter((update) => update.touched?.op.kind === 'scatter')).toHaveLength(3);
    const lowered = check({
      inputs, positive: ['values.v'], zero: ['bad_step'], updates: updates.filter(({ target }) => target.path !== 'bad_step'), tolerance: 1e-8,
      outputs: Object.fromEntries(outputs.filter(({ name }) => name === 'grad_norm').map(({ name, node }) => [name, node])),
    });
    const launches = lowered.programs[0]?.launches ?? [];
    expect(launches.filter(({ kernel }) => kernel.kind === 'invert')).toHaveLength(1);
    expect(launches.filter(({ kernel }) => kernel.kind === 'fill')).toHaveLength(0);
    const entries = 6 * (6 + 2 + 1);
    for (const buffer of lowered.programs[0]?.buffers ?? []) {
      if (buffer.role === 'temp' && buffer.dtype === 'f32') expect([entries * axes.d.size, ROWS * axes.d.size], buffer.name).not.toContain(buffer.size);
    }
  });
});

it('of more lookups than a kernel can bind', () => {
  const b = new GraphBuilder();
  const [batch, time, k, slot, d] = [b.axis('batch', 1, 'batch'), b.axis('time', 3, 'time'), b.axis('k', 2), b.axis('slot', ROWS), b.axis('d', 4)];
  const param: Param = { path: 'values', axes: [slot, d], init: { kind: 'zeros' } };
  const inputs: Record<string, number[]> = {};
  const scatters = Array.from({ length: 20 }, (_, layer) => {
    inputs[`pick${layer}`] = numbers(6, layer + 1).map((x) => Math.floor(((x + 1) / 2) * ROWS));
    const value = b.mul(b.input(`weight${layer}`, [batch, time, k], 'f32'), b.input(`dy${layer}`, [batch, time, d], 'f32'));
    return b.scatter(value, [slot], [b.input(`pick${layer}`, [batch, time, k], 'i32')], [slot, d]);
  });
  const { updates } = buildUpdates(b, [{ param, grad: b.lenient(() => scatters.reduce((x: Node, y) => b.add(x, y))) }], settings);
  check({ inputs, positive: ['values.v'], zero: ['bad_step'], updates: updates.filter(({ target }) => target.path !== 'bad_step'), outputs: {}, tolerance: 1e-8 });
});

describe('touched_adam on it', () => {
  it('is SparseAdam on the touched rows of the sum, three steps', () => {
    const { b, param, sum, inputs, axes } = lookups();
    const { updates } = buildUpdates(b, [{ param, grad: sum }], { ...settings, clip: 0 });
    const state = { p: Float64Array.from(numbers(ROWS * 4, 5)), m: new Float64Array(ROWS * 4), v: new Float64Array(ROWS * 4) };
    const expected = { p: state.p.slice(), m: state.m.slice(), v: state.v.slice() };
    for (let step = 1; step <= 3; step++) {
      const leaves = new Map<string, readonly number[]>(Object.entries(inputs));
      for (let layer = 0; layer < 3; layer++) {
        leaves.set(`weight${layer}`, numbers(36, 10 * step + layer).slice(0, inputs[`pick${layer}`]?.length));
        leaves.set(`dy${layer}`, numbers(24, 100 * step + layer));
      }
      const states = new Map([['values.m', state.m], ['values.v', state.v], ['bad_step', Float64Array.of(0)]]);
      const made = evaluate([...updates.slice(0, 3).map(({ value }) => value), sum], { params: new Map([['values', state.p]]), states, inputs: leaves, step });
      const touched = new Set(Object.values(inputs).flat());
      const g = made[3] ?? [];
      const [c1, c2] = [1 - 0.9 ** step, 1 - 0.999 ** step];
      for (let i = 0; i < ROWS * axes.d.size; i++) {
        if (!touched.has(Math.floor(i / axes.d.size))) continue;
        const gi = g[i] ?? NaN;
        expected.m[i] = 0.9 * (expected.m[i] ?? NaN) + 0.1 * gi;
        expected.v[i] = 0.999 * (expected.v[i] ?? NaN) + 0.001 * gi * gi;
        expected.p[i] = (expected.p[i] ?? NaN) - ((1e-2 * Math.sqrt(c2)) / c1) * ((expected.m[i] ?? NaN) / (Math.sqrt(expected.v[i] ?? NaN) + 1e-8));
        [state.p, state.m, state.v].forEach((into, which) => (into[i] = made[which]?.[i] ?? NaN));
      }
      for (const name of ['p', 'm', 'v'] as const) expectClose(state[name], expected[name], 1e-12, `step ${step}: ${name}`);
    }
    expect(new Set(Object.values(inputs).flat()).size).toBeLessThan(ROWS);
  });
});
