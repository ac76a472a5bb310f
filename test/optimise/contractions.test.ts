/**
 * @file Products: as contractions with batch axes, transposed operands and epilogues, and as sums in a nest when small, against the interpreter.
 */
import { describe, expect, it } from 'vitest';
import type { Kernel } from '../../compiler/kernels/kernel.js';
import { GraphBuilder } from '../../compiler/graph/build.js';
import { affineIn } from '../../compiler/optimise/expr.js';
import { check } from './support.js';

const kernels = (lowered: ReturnType<typeof check>): Kernel[] => lowered.programs[0]?.launches.map((launch) => launch.kernel) ?? [];
const kinds = (lowered: ReturnType<typeof check>): string[] => kernels(lowered).map((kernel) => kernel.kind);

describe('contractions', () => {
  const make = () => {
    const b = new GraphBuilder();
    const axes = { batch: b.axis('batch', 2, 'batch'), t: b.axis('time', 5, 'time'), d: b.axis('d', 7), f: b.axis('f', 6) };
    return { b, ...axes, x: b.input('x', [axes.batch, axes.t, axes.d], 'f32'), w: b.input('w', [axes.d, axes.f], 'f32') };
  };

  it('linear layer, both gradients, plain strides', () => {
    const { b, batch, t, d, f, x, w } = make();
    const dy = b.input('dy', [batch, t, f], 'f32');
    const lowered = check({ outputs: { y: b.contract(x, w, [d]), dx: b.contract(dy, w, [f]), dw: b.contract(x, dy, [batch, t]) } });
    expect(kinds(lowered)).toEqual(['contraction', 'contraction', 'contraction']);
    for (const kernel of kernels(lowered)) {
      if (kernel.kind !== 'contraction') continue;
      for (const name of ['m', 'k']) expect(affineIn(kernel.a, name) ?? (kernel.a.kind === 'load' ? affineIn(kernel.a.index, name) : undefined)).toBeDefined();
      expect(JSON.stringify([kernel.a, kernel.b, kernel.store.index])).not.toMatch(/"div"|"mod"/);
    }
  });

  it('epilogue: bias, activation, residual, through a split', () => {
    const { b, batch, t, d, f, x, w } = make();
    const bias = b.input('bias', [f], 'f32');
    const [h, e] = [b.axis('h', 2), b.axis('e', 3)];
    const before = b.input('before', [batch, t, h, e], 'f32');
    const y = b.add(before, b.split(b.tanh(b.add(b.contract(x, w, [d]), bias)), f, [h, e]));
    const lowered = check({ outputs: { y } });
    expect(kinds(lowered)).toEqual(['contraction']);
  });

  it('of several products in one sum only one takes it as its epilogue', () => {
    const { b, batch, t, d, f, x } = make();
    const ws = [0, 1, 2].map((i) => b.input(`w${i}`, [d, f], 'f32'));
    const y = ws.map((w) => b.contract(x, w, [d])).reduce((p, q) => b.add(p, q));
    const lowered = check({ outputs: { y, rows: b.sum(y, [f]), all: b.sum(y, [batch, t, f]) } });
    expect(kinds(lowered).filter((kind) => kind === 'contraction')).toHaveLength(3);
    expect(kinds(lowered)).toHaveLength(5);
  });

  it('batched: scores of heads against keys', () => {
    const b = new GraphBuilder();
    const [t, h, half, n, e] = [b.axis('time', 6, 'time'), b.axis('h', 2), b.axis('half', 2), b.axis('n', 5), b.axis('e', 4)];
    const q = b.input('q', [t, h, half, e], 'f32');
    const key = b.input('key', [h, half, n, e], 'f32');
    const score = b.contract(q, key, [e]);
    const dscore = b.exp(score);
    const lowered = check({ outputs: { score, dq: b.contract(dscore, key, [n]), dkey: b.contract(dscore, q, [t]), flip: b.order(score, [n, t, half, h]) } });
    expect(kinds(lowered).filter((kind) => kind === 'contraction')).toHaveLength(3);
  });

  it('operands that are sliced, split, merged and computed', () => {
    const { b, batch, t, d, f, x } = make();
    const [d2, wide, bt] = [b.axis('d2', 4), b.axis('wide', 12), b.axis('bt', 10)];
    const w = b.input('wide', [wide, f], 'f32');
    const slice = b.slice(x, d, 2, d2);
    const part = b.slice(w, wide, 5, d2);
    check({ outputs: { a: b.contract(slice, part, [d2]), c: b.contract(b.merge(x, [batch, t], bt), b.input('v', [d, f], 'f32'), [d]), e: b.contract(b.exp(x), b.shift(b.input('u', [d, f], 'f32'), d, 1), [d]) } });
  });

  it('small and matrix-vector products are sums in a nest', () => {
    const b = new GraphBuilder();
    const [t, d] = [b.axis('time', 9, 'time'), b.axis('d', 8)];
    const x = b.input('x', [t, d], 'f32');
    const v = b.input('v', [d], 'f32');
    const u = b.input('u', [t], 'f32');
    const lowered = check({ outputs: { xv: b.tanh(b.contract(x, v, [d])), ux: b.contract(u, x, [t]), norm: b.contract(v, v, [d]), dot: b.contract(b.exp(x), x, [d]) } });
    expect(kinds(lowered).every((kind) => kind === 'nest')).toBe(true);
  });

  it('cuts long small products', () => {
    const b = new GraphBuilder();
    const [t, d, p] = [b.axis('time', 600, 'time'), b.axis('d', 5), b.axis('p', 2)];
    const x = b.input('x', [t, d], 'f32');
    const y = b.input('y', [t, p], 'f32');
    check({ outputs: { dw: b.contract(x, y, [t]), all: b.contract(b.slice(x, d, 0), b.slice(y, p, 1), [t]) } });
  });

  it('an epilogue that would bind too much stays apart', () => {
    const { b, batch, t, d, f, x, w } = make();
    const extra = Array.from({ length: 6 }, (_, i) => b.input(`e${i}`, [batch, t, f], 'f32'));
    const y = extra.reduce((p, q) => b.mul(p, q), b.contract(x, w, [d]));
    check({ outputs: { y } });
    check({ outputs: { y }, maxSlots: 5 });
  });
});
