import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../../compiler/graph/build.js';
import type { Node, State } from '../../compiler/graph/graph.js';
import { printGraph } from '../../compiler/graph/print.js';
import { causality, flops, ops } from '../../compiler/graph/ops.js';
import { consumers, dependents, topological } from '../../compiler/graph/walk.js';
import { Leafs, expectClose } from '../support/gradients.js';

describe('sharing', () => {
  it('equal operations over equal operands are one node', () => {
    const b = new GraphBuilder();
    const n = b.axis('n', 4);
    const param = { path: 'x', axes: [n], init: { kind: 'zeros' } } as const;
    const x = b.param(param);
    expect(b.param(param)).toBe(x);
    expect(b.exp(x)).toBe(b.exp(x));
    expect(b.sum(x, [n])).toBe(b.sum(x, [n]));
    expect(b.constant(2)).toBe(b.constant(2));
    expect(b.scalar({ kind: 'step' })).toBe(b.scalar({ kind: 'step' }));
    expect(b.random([n], 1, 'normal')).toBe(b.random([n], 1, 'normal'));
  });
  it('what differs in a field, an axis, a stream or a dtype is not', () => {
    const b = new GraphBuilder();
    const [n, m, k] = [b.axis('n', 4), b.axis('n', 4), b.axis('k', 2)];
    const x = b.input('x', [n], 'f32');
    const state = (): State => ({ path: 's', axes: [], initial: 0 });
    const different = [
      [b.random([n], 1, 'normal'), b.random([n], 2, 'normal')], [b.constant(1), b.constant(1, 'i32')], [b.iota(n), b.iota(m)],
      [b.rename(x, n, m), b.rename(x, n, b.axis('n', 4))], [b.slice(x, n, 0, k), b.slice(x, n, 1, k)], [b.shift(x, n, 1), b.shift(x, n, 2)],
      [b.state(state()), b.state(state())], [b.reduce('max', x, [n]), b.reduce('min', x, [n])], [b.constant(0), b.constant(-0)],
    ];
    for (const [left, right] of different) expect(left).not.toBe(right);
  });
  it('a node keeps the provenance of its first maker', () => {
    const b = new GraphBuilder();
    const span = { file: 'a.arch', start: 1, end: 2 };
    const x = b.input('x', [b.axis('n', 4)], 'f32');
    const y = b.at('layers.0', span, () => b.exp(x));
    const again = b.at('layers.1', undefined, () => b.exp(x));
    expect(again).toBe(y);
    expect([y.path, y.span, b.path, b.span]).toEqual(['layers.0', span, '', undefined]);
  });
});

describe('simplification', () => {
  const b = new GraphBuilder();
  const [n, m, k] = [b.axis('n', 6), b.axis('m', 3), b.axis('k', 2)];
  const x = b.input('x', [n, m], 'f32');
  const y = b.input('y', [m], 'f32');
  const same: readonly (readonly [string, () => Node, () => Node])[] = [
    ['x + 0', () => b.add(x, 0), () => x],
    ['0 - x', () => b.sub(0, x), () => b.neg(x)],
    ['1 * x', () => b.mul(1, x), () => x],
    ['x / 1', () => b.div(x, 1), () => x],
    ['x ^ 2', () => b.pow(x, 2), () => b.mul(x, x)],
    ['--x', () => b.neg(b.neg(x)), () => x],
    ['arithmetic on constants', () => b.mul(b.add(2, 3), x), () => b.mul(5, x)],
    ['i32 division truncates', () => b.div(b.constant(7, 'i32'), 2), () => b.constant(3, 'i32')],
    ['rename there and back', () => { const r = b.axis('r', 6); return b.rename(b.rename(x, n, r), r, n); }, () => x],
    ['split and merge', () => { const j = b.axis('j', 3); return b.merge(b.split(x, n, [k, j]), [k, j], n); }, () => x],
    ['order twice', () => b.order(b.order(x, [m, n]), [n, m]), () => x],
    ['shift by 0', () => b.shift(x, n, 0), () => x],
    ['expand covered by the other operand', () => b.mul(x, b.expand(y, [n])), () => b.mul(x, y)],
    ['sum of a sum', () => b.sum(b.sum(x, [n]), [m]), () => b.sum(x, [n, m])],
    ['sum of repeats', () => b.sum(b.expand(y, [n]), [n]), () => b.mul(y, 6)],
    ['max of repeats', () => b.reduce('max', b.expand(y, [n]), [n]), () => y],
    ['sum of a product', () => b.sum(b.mul(x, y), [m]), () => b.contract(x, y, [m])],
    ['a factor outside the sum', () => b.sum(b.mul(x, y), [n]), () => b.mul(b.sum(x, [n]), y)],
    ['select by a constant', () => b.select(1, x, 0), () => x],
    ['stop_gradient twice', () => b.stopGradient(b.stopGradient(x)), () => b.stopGradient(x)],
  ];
  it.each(same)('%s', (_name, long, short) => expect(long()).toBe(short()));
  it('keeps x * 0 (x may be infinite) and the square of a sum of squares', () => {
    expect(b.mul(x, 0).op).toEqual({ kind: 'map', fn: 'mul' });
    expect(b.sum(b.mul(x, x), [m]).op.kind).toBe('reduce');
  });
  it('looks up what was looked up at once', () => {
    const leafs = new Leafs(new GraphBuilder());
    const g = leafs.builder;
    const [p, q, d, t, o] = [g.axis('p', 3), g.axis('q', 4), g.axis('d', 2), g.axis('t', 5), g.axis('o', 2)];
    const table = leafs.param('table', [p, q, d]);
    const [i, j] = [leafs.indices('i', [t, o], 3), leafs.indices('j', [o, t], 4)];
    const twice = g.gather(g.gather(table, [p], [i]), [q], [j]);
    expect(twice).toBe(g.order(g.gather(table, [p, q], [i, j]), [o, t, d]));
    const apart = g.gather(g.exp(g.gather(table, [p], [i])), [q], [j]);
    expectClose(leafs.value(twice), leafs.value(apart).map(Math.log), 1e-12, 'values');
  });
});

describe('walking and printing', () => {
  it('prints one line a node, operands first', () => {
    const b = new GraphBuilder();
    const [batch, d, h] = [b.axis('batch', 8, 'batch'), b.axis('d', 16), b.axis('h', 4)];
    const w = b.param({ path: 'w', axes: [d, h], init: { kind: 'zeros' } });
    const y = b.at('layers.0.attention.q', undefined, () => b.contract(b.input('x', [batch, d], 'f32'), w, [d]));
    expect(printGraph([b.top(y, h, b.axis('k', 2)), y])).toBe(
      [
        '%0 = input x : [batch 8, d 16]  layers.0.attention.q',
        '%1 = param w : [d 16, h 4]',
        '%2 = contract[over d] %0 %1 : [batch 8, h 4]  layers.0.attention.q',
        '%3 = top[2 of h] %2 : i32[batch 8, k 2]',
        '',
      ].join('\n'),
    );
  });
  it('walks chains of 50,000 nodes', () => {
    const b = new GraphBuilder();
    let x = b.input('x', [], 'f32');
    const first = x;
    for (let i = 0; i < 50_000; i++) x = b.exp(x);
    expect(topological([x])).toHaveLength(50_001);
    expect(consumers([x]).get(first)).toHaveLength(1);
    expect(dependents([x], (node) => node === first).size).toBe(50_001);
  });
  it('lists each node and each user once', () => {
    const b = new GraphBuilder();
    const x = b.input('x', [], 'f32');
    const y = b.exp(x);
    const z = b.mul(y, y);
    expect(topological([z, y, z])).toEqual([x, y, z]);
    expect(consumers([z]).get(y)).toEqual([z]);
    expect(consumers([z]).get(z)).toEqual([]);
  });
});

describe('the table of operations', () => {
  it('costs', () => {
    const b = new GraphBuilder();
    const [i, k, j] = [b.axis('i', 3), b.axis('k', 5), b.axis('j', 7)];
    const [x, y] = [b.input('x', [i, k], 'f32'), b.input('y', [k, j], 'f32')];
    expect(flops(b.contract(x, y, [k]))).toBe(2 * 3 * 5 * 7);
    expect(flops(b.exp(x))).toBe(15);
    expect(flops(b.sum(x, [k]))).toBe(15);
    expect(flops(b.rename(x, i, b.axis('r', 3)))).toBe(0);
  });
  it('causality', () => {
    const b = new GraphBuilder();
    const [batch, time, n] = [b.axis('batch', 2, 'batch'), b.axis('time', 3, 'time'), b.axis('n', 4)];
    const x = b.input('x', [batch, time, n], 'f32');
    expect(causality(b.exp(x))).toEqual({ kind: 'pointwise' });
    expect(causality(b.sum(x, [n]))).toEqual({ kind: 'mixes', axes: [n] });
    expect(causality(b.shift(x, time, 1))).toEqual({ kind: 'past', axes: [time] });
    expect(causality(b.shift(x, time, -1))).toEqual({ kind: 'mixes', axes: [time] });
  });
  it('documents every operation in words', () => {
    for (const info of Object.values(ops)) expect([info.shape, info.gradient, info.mixes].every((text) => text.length > 1)).toBe(true);
  });
});
