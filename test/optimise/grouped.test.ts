/**
 * @file Products with the matrix each entry picks: one product a row of the table over sorted entries, and sums of outer products for their gradients.
 */
import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../../compiler/graph/build.js';
import type { Kernel } from '../../compiler/kernels/kernel.js';
import type { Node, Param, State, Update } from '../../compiler/graph/graph.js';
import { printKernel } from '../../compiler/optimise/print.js';
import { compile } from '../../compiler/pipeline.js';
import { reader } from '../support/spec.js';
import { check, numbers } from './support.js';

const kernels = (lowered: ReturnType<typeof check>): Kernel[] => lowered.programs[0]?.launches.map((launch) => launch.kernel) ?? [];
const count = (lowered: ReturnType<typeof check>, kind: Kernel['kind']): number => kernels(lowered).filter((kernel) => kernel.kind === kind).length;

interface Sizes { readonly time?: number; readonly take?: number; readonly experts?: number; readonly chosen?: 'top' | 'input' }

/** A mixture of two-layer experts and the gradients of its tables, input and scores, as differentiation writes them. */
function mixture(b: GraphBuilder, { time: length = 9, take = 2, experts = 4, chosen = 'top' }: Sizes = {}) {
  const [batch, time, k, d, f, expert] = [b.axis('batch', 3, 'batch'), b.axis('time', length, 'time'), b.axis('k', take), b.axis('d', 6), b.axis('f', 7), b.axis('expert', experts)];
  const x = b.input('x', [batch, time, d], 'f32');
  const route = b.softmax(b.input('logits', [batch, time, expert], 'f32'), [expert]);
  const pick = chosen === 'top' ? b.top(route, expert, k) : b.input('pick', [batch, time, k], 'i32');
  const score = b.gather(route, [expert], [pick]);
  const up: Param = { path: 'up', axes: [expert, d, f], init: { kind: 'zeros' } };
  const down: Param = { path: 'down', axes: [expert, f, d], init: { kind: 'zeros' } };
  const [pu, pd] = [b.gather(b.param(up), [expert], [pick]), b.gather(b.param(down), [expert], [pick])];
  const pre = b.contract(x, pu, [d]);
  const hidden = b.mul(score, b.tanh(pre));
  const y = b.contract(hidden, pd, [k, f]);
  const dy = b.input('dy', [batch, time, d], 'f32');
  const dhidden = b.contract(dy, pd, [d]);
  const dpre = b.mul(b.mul(dhidden, score), b.sub(1, b.mul(b.tanh(pre), b.tanh(pre))));
  const dx = b.contract(dpre, pu, [k, f]);
  const dup = b.scatter(b.mul(dpre, x), [expert], [pick], [expert, d, f]);
  const ddown = b.scatter(b.mul(hidden, dy), [expert], [pick], [expert, f, d]);
  const dscore = b.sum(b.mul(dhidden, b.tanh(pre)), [f]);
  return { b, axes: { batch, time, k, d, f, expert }, x, pick, y, dx, dup, ddown, dscore, up, down, pre };
}

/** Adam with decay on every row, as `archc train` writes it. */
function adam(b: GraphBuilder, param: Param, gradient: Node, clip: Node): Update[] {
  const moment = (name: 'm' | 'v'): State => ({ path: `${param.path}.${name}`, axes: param.axes, initial: 0, moment: { param: param.path, name } });
  const [m, v] = [moment('m'), moment('v')];
  const g = b.mul(gradient, clip);
  const nextM = b.add(b.mul(b.state(m), 0.9), b.mul(g, 0.1));
  const nextV = b.add(b.mul(b.state(v), 0.95), b.mul(b.mul(g, g), 0.05));
  return [
    { target: param, value: b.sub(b.mul(b.param(param), 0.99), b.mul(0.01, b.div(nextM, b.add(b.sqrt(nextV), 1e-6)))) },
    { target: m, value: nextM },
    { target: v, value: nextV },
  ];
}

describe('grouped products', () => {
  it('one inverted index, a product for each use of a table, an outer product for each gradient', () => {
    for (const take of [1, 2, 3]) {
      const { y, dx, dup, ddown, dscore } = mixture(new GraphBuilder(), { take });
      const lowered = check({ outputs: { y, dx, dup, ddown, dscore } });
      expect([count(lowered, 'invert'), count(lowered, 'grouped_contraction'), count(lowered, 'grouped_outer')]).toEqual([1, 4, 2]);
    }
  });

  it('functions of the product are its epilogue', () => {
    const b = new GraphBuilder();
    const lowered = check({ outputs: { y: b.mul(mixture(b, { take: 1 }).y, 2) } });
    expect(kernels(lowered).map((kernel) => kernel.kind).slice(2)).toEqual(['invert', 'nest', 'grouped_contraction', 'grouped_contraction']);
    const lines = printKernel(kernels(lowered)[4] ?? expect.fail());
    expect(lines.slice(2, 5)).toEqual([
      'groups g in 0 .. segments[0] (at most 4): row = segments[(g * 2) + 1]',
      'entries p in segments[(g * 2) + 2] .. segments[(g * 2) + 4] (at most 27 in all): entry = order[p]',
      'contract n 7, k 6: acc = sum(k) x[(entry * 6) + k] * up[((row * 42) + (k * 7)) + n]',
    ]);
    expect(lines[5]).toContain('* tanh(acc)');
  });

  it('a table nobody picks a row of, indices outside the table, and all entries on one row', () => {
    const picked = numbers(3 * 9 * 2, 5).map((v) => Math.floor(((v + 1) / 2) * 6) - 1);
    for (const pick of [picked, picked.map(() => -1), picked.map(() => 2), picked.map((row) => (row === 1 ? 0 : row))]) {
      const { y, dx, dup, ddown } = mixture(new GraphBuilder(), { chosen: 'input' });
      const lowered = check({ inputs: { pick }, outputs: { y, dx, dup, ddown } });
      expect(count(lowered, 'grouped_contraction')).toBe(4);
      expect(kernels(lowered).filter((kernel) => kernel.name.startsWith('missed'))).toHaveLength(4);
    }
  });

  it('a clipped step of Adam: squares are summed from the gradient that is made anyway', () => {
    for (const maxSlots of [8, 16]) {
      const b = new GraphBuilder();
      const { y, dup, ddown, up, down } = mixture(b, { time: 24 });
      const norm = b.sqrt(b.add(b.sum(b.mul(dup, dup), dup.axes), b.sum(b.mul(ddown, ddown), ddown.axes)));
      const clip = b.min(1, b.div(0.5, b.add(norm, 1e-6)));
      const lowered = check({ outputs: { y, norm }, positive: ['up.v', 'down.v'], updates: [...adam(b, up, dup, clip), ...adam(b, down, ddown, clip)], maxSlots, tolerance: 1e-8 });
      expect(count(lowered, 'grouped_outer')).toBe(2);
      expect(kernels(lowered).some((kernel) => /^(row_squares|segment_sum)/.test(kernel.name))).toBe(false);
    }
  });

  it('an index for each token, read by something finer', () => {
    const b = new GraphBuilder();
    const [batch, h, d, f, expert] = [b.axis('batch', 12, 'batch'), b.axis('h', 3), b.axis('d', 5), b.axis('f', 4), b.axis('expert', 3)];
    const pick = b.top(b.input('logits', [batch, expert], 'f32'), expert, b.axis('k', 1));
    const w: Param = { path: 'w', axes: [expert, d, f], init: { kind: 'zeros' } };
    const one = b.slice(pick, pick.axes[1] ?? expect.fail(), 0);
    const x = b.input('x', [batch, h, d], 'f32');
    const y = b.contract(x, b.gather(b.param(w), [expert], [one]), [d]);
    const lowered = check({ outputs: { y } });
    expect(count(lowered, 'grouped_contraction')).toBe(1);
  });

  it('rows that are vectors, and tables with as many rows as entries, stay gathered', () => {
    const b = new GraphBuilder();
    const [time, d, f, expert] = [b.axis('time', 40, 'time'), b.axis('d', 6), b.axis('f', 5), b.axis('expert', 3)];
    const pick = b.input('pick', [time, b.axis('k', 2)], 'i32');
    const x = b.input('x', [time, d], 'f32');
    const dot = b.contract(x, b.gather(b.param({ path: 'u', axes: [expert, d], init: { kind: 'zeros' } }), [expert], [pick]), [d]);
    const many = b.axis('many', 60);
    const wide = b.contract(x, b.gather(b.param({ path: 'w', axes: [many, d, f], init: { kind: 'zeros' } }), [many], [pick]), [d]);
    const lowered = check({ inputs: { pick: numbers(80, 3).map((v) => Math.floor(((v + 1) / 2) * 3)) }, outputs: { dot, wide } });
    expect(kernels(lowered).every((kernel) => kernel.kind === 'nest')).toBe(true);
  });
});

describe('specs', () => {
  const launches = (spec: string, layers = 1): Record<string, number> => {
    const entry = `specs/${spec}.arch`;
    const compiled = compile({ entry, read: reader({}), set: ['dims.ctx=32', 'train.batch=8', `layers.count=${layers}`], upTo: 'kernels' });
    expect(compiled.diagnostics.failed).toBe(false);
    const kinds = compiled.kernels?.find((program) => program.name === 'train')?.launches.map((launch) => launch.kernel.kind) ?? [];
    return { products: kinds.filter((kind) => kind === 'grouped_contraction').length, outers: kinds.filter((kind) => kind === 'grouped_outer').length };
  };

  it('mixtures of experts with matrices run as grouped products, forwards and backwards', () => {
    // up, down and their gradients towards x; gated experts have one matrix more
    expect(launches('switch')).toEqual({ products: 4, outers: 2 });
    expect(launches('sigma_moe')).toEqual({ products: 4, outers: 2 });
    expect(launches('mixtral')).toEqual({ products: 6, outers: 3 });
    // the update of a state shares the forward pass of the loss
    expect(launches('deepseek', 2)).toEqual({ products: 12, outers: 6 });
  });

  it('experts that are vectors do not', () => {
    for (const spec of ['peer', 'pools']) expect(launches(spec)).toEqual({ products: 0, outers: 0 });
  });
});
