import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../../compiler/graph/build.js';
import { erf as compilerErf } from '../../compiler/graph/scalar-functions.js';
import { Leafs } from '../support/gradients.js';
import { erf } from './erf.js';
import { scalarValue } from './interpret.js';

describe('the interpreter, by hand', () => {
  it('matrix product, reductions, views', () => {
    const b = new GraphBuilder();
    const leafs = new Leafs(b);
    const [i, k, j] = [b.axis('i', 2), b.axis('k', 3), b.axis('j', 2)];
    const [x, y] = [leafs.param('x', [i, k], 0, 0, [1, 2, 3, 4, 5, 6]), leafs.param('y', [k, j], 0, 0, [1, 0, 0, 1, 1, 1])];
    const values = (node: Parameters<typeof leafs.value>[0]): number[] => [...leafs.value(node)];
    expect(values(b.contract(x, y, [k]))).toEqual([4, 5, 10, 11]);
    expect(values(b.reduce('max', x, [i]))).toEqual([4, 5, 6]);
    expect(values(b.order(x, [k, i]))).toEqual([1, 4, 2, 5, 3, 6]);
    expect(values(b.merge(x, [k, i], b.axis('n', 6)))).toEqual([1, 4, 2, 5, 3, 6]);
    expect(values(b.shift(x, k, 1))).toEqual([0, 1, 2, 0, 4, 5]);
    expect(values(b.pad(x, k, 1, b.axis('p', 5)))).toEqual([0, 1, 2, 3, 0, 0, 4, 5, 6, 0]);
    expect(values(b.logsumexp(b.mul(x, 0), [k]))).toEqual([Math.log(3), Math.log(3)]);
  });
  it('top: best first, ties to the lowest index', () => {
    const b = new GraphBuilder();
    const leafs = new Leafs(b);
    const [n, half] = [b.axis('n', 4), b.axis('half', 2)];
    expect([...leafs.value(b.top(leafs.param('x', [n], 0, 0, [1, 3, 3, 2]), n, b.axis('k', 3)))]).toEqual([1, 2, 3]);
    const scores = leafs.param('s', [half, n], 0, 0, [0, 1, 0, 1, 5, 0, 5, 0]);
    expect([...leafs.value(b.topProduct(scores, half, n, b.axis('k', 5)))]).toEqual([4, 6, 12, 14, 0]);
  });
  it('gather reads zeros outside; scatter adds up', () => {
    const b = new GraphBuilder();
    const leafs = new Leafs(b);
    const [n, k] = [b.axis('n', 3), b.axis('k', 4)];
    const index = leafs.indices('i', [k], 3, [2, 2, 3, 0]);
    expect([...leafs.value(b.gather(leafs.param('x', [n], 0, 0, [7, 8, 9]), [n], [index]))]).toEqual([9, 9, 0, 7]);
    expect([...leafs.value(b.scatter(leafs.param('v', [k], 0, 0, [1, 2, 4, 8]), [n], [index], [n]))]).toEqual([8, 0, 3]);
  });
  it('attention of one position is its value; of equal scores, the mean of the past', () => {
    const b = new GraphBuilder();
    const leafs = new Leafs(b);
    const [batch, time, h, e] = [b.axis('batch', 1, 'batch'), b.axis('time', 3, 'time'), b.axis('h', 1), b.axis('e', 1)];
    const axes = [batch, time, h, e];
    const { out, lse } = b.attention(leafs.param('q', axes, 0, 0), leafs.param('k', axes), leafs.param('v', axes, 0, 0, [1, 3, 8]), { heads: h, groups: h, key: e, value: e, scale: 1 });
    expect([...leafs.value(out)]).toEqual([1, 2, 4]);
    expect([...leafs.value(lse)].map((v) => v.toFixed(12))).toEqual([1, 2, 3].map((v) => Math.log(v).toFixed(12)));
  });
  it('erf: known values, and agreement of two independent ways', () => {
    expect(erf(1)).toBeCloseTo(0.8427007929497149, 13);
    expect(erf(-0.5)).toBeCloseTo(-0.5204998778130465, 13);
    for (const x of [-7, -3, -2.5, -1, 0, 1e-3, 0.3, 2, 2.49, 2.51, 4, 6]) expect(compilerErf(x)).toBeCloseTo(erf(x), 12);
  });
  it('schedules', () => {
    const cosine = { kind: 'schedule', name: 'lr', base: 2, warmup: 10, steps: 110, shape: 'cosine', floor: 0.1 } as const;
    expect([1, 10, 60, 110, 200].map((step) => scalarValue(cosine, step))).toEqual([0.2, 2, 2 * (0.1 + 0.9 / 2), 0.2, 0.2].map((v) => expect.closeTo(v, 12)));
    expect(scalarValue({ kind: 'ramp', name: 'w', from: 0, to: 4, over: 8 }, 2)).toBe(1);
    expect(scalarValue({ kind: 'bias_correction', beta: 0.9 }, 2)).toBeCloseTo(0.19, 15);
  });
});
