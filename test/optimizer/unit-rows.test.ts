/**
 * @file Parameters with unit rows: where they start, what their gradient loses, and what a step leaves of them.
 */
import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../../compiler/graph/build.js';
import type { Node, Param } from '../../compiler/graph/graph.js';
import { alongSphere } from '../../compiler/optimizer/unit-rows.js';
import { initialValues } from '../../runtime/init.js';
import { numbers } from '../optimise/support.js';
import { evaluate } from '../reference/interpret.js';
import { expectClose } from '../support/gradients.js';
import { elaborateText } from '../support/spec.js';

const [N, D] = [6, 4];
const project = (g: ArrayLike<number>, v: readonly number[]): number[] =>
  Array.from({ length: N * D }, (_, i) => {
    const row = Math.floor(i / D) * D;
    const dot = Array.from({ length: D }, (_, j) => (g[row + j] ?? 0) * (v[row + j] ?? 0)).reduce((a, b) => a + b);
    return (g[i] ?? 0) - dot * (v[i] ?? 0);
  });

describe('the gradient of a parameter with unit rows', () => {
  const v = numbers(N * D, 3);

  it('loses its part along each row: g - (g . v) v', () => {
    const b = new GraphBuilder();
    const [n, d] = [b.axis('n', N), b.axis('d', D)];
    const param: Param = { path: 'w', axes: [n, d], init: { kind: 'zeros' }, unit: [d] };
    const g = numbers(N * D, 4);
    const [found] = evaluate([b.lenient(() => alongSphere(b, param, b.input('g', [n, d], 'f32')))], { params: new Map([['w', v]]), inputs: new Map([['g', g]]) });
    expectClose(found ?? [], project(g, v), 1e-12, 'gradient');
  });

  it('stays a scatter where it is one: its entries are projected', () => {
    const b = new GraphBuilder();
    const [time, k, n, d] = [b.axis('time', 5, 'time'), b.axis('k', 2), b.axis('n', N), b.axis('d', D)];
    const param: Param = { path: 'w', axes: [n, d], init: { kind: 'zeros' }, unit: [d] };
    const plain = b.scatter(b.mul(b.input('act', [time, k], 'f32'), b.input('dy', [time, d], 'f32')), [n], [b.input('pick', [time, k], 'i32')], [n, d]);
    const projected = b.lenient(() => alongSphere(b, param, plain));
    expect([projected.op.kind, projected.axes]).toEqual(['scatter', [n, d]]);
    const inputs = new Map([['act', numbers(10, 1)], ['dy', numbers(20, 2)], ['pick', [0, 3, 3, 1, 5, 0, 0, 5, 1, 3]]]);
    const [before, after] = evaluate([plain, projected], { params: new Map([['w', v]]), inputs });
    expectClose(after ?? [], project(before ?? [], v), 1e-12, 'gradient');
  });

  it('is left as it is for other parameters', () => {
    const b = new GraphBuilder();
    const d = b.axis('d', D);
    const g: Node = b.input('g', [d], 'f32');
    expect(alongSphere(b, { path: 'w', axes: [d], init: { kind: 'zeros' } }, g)).toBe(g);
  });
});

describe('where they start', () => {
  const init = { kind: 'unit', row: 5, of: { kind: 'normal', mean: 0, std: 3 } } as const;
  const whole = new Float32Array(105);
  initialValues(init, 'w', 1, 0, whole);

  it('as the initialiser says, scaled to norm 1', () => {
    const plain = new Float32Array(105);
    initialValues(init.of, 'w', 1, 0, plain);
    for (let row = 0; row < 21; row++) {
      const norm = Math.hypot(...plain.subarray(row * 5, row * 5 + 5));
      expectClose(whole.subarray(row * 5, row * 5 + 5), Array.from(plain.subarray(row * 5, row * 5 + 5), (x) => x / norm), 1e-6, `row ${row}`);
    }
  });
  it('the same whole and in chunks that cut rows', () => {
    const parts = [[0, 32], [32, 44], [76, 29]].map(([start = 0, length = 0]) => {
      const out = new Float32Array(length);
      initialValues(init, 'w', 1, start, out);
      return [...out];
    });
    expect(parts.flat()).toEqual([...whole]);
  });
});

describe('in the language', () => {
  const spec = (param: string): string => `language 1
use std.transformer { embed, lm_head }
block layer(x[d]) -> y[d] {
  axis n = 3
  ${param}
  return sum(n)(sum(d)(x * w) * w)
}
arch A { dims { d = 4; ctx = 3; vocab = 8 }
  embed {}
  layers 1 { f: layer {} }
  lm_head {} }`;
  const size = { batch: 1, time: 3 };

  it('`unit(d)` says which axes, of a parameter and of an expert member', () => {
    for (const param of ['param w[n, d] ~ normal(0, 1) unit(d)', 'experts[n] { write w[d] ~ uniform(-1, 1) unit(d) }']) {
      const found = elaborateText(spec(param), size).graph.params.find(({ unit }) => unit);
      expect(found?.unit?.map(({ name }) => name)).toEqual(['d']);
      expect(found?.init).toMatchObject({ kind: 'unit', row: 4 });
    }
  });
  it.each([
    ['param w[n, d] ~ normal(0, 1) unit(n)', '`unit(n)` must name the last axes of `w`, which are n, d'],
    ['param w[n, d] ~ normal(0, 1) unit(e)', '`e`'],
    ['param w[n, d] ~ zeros unit(d)', 'rows of zeros have no direction: `unit(d)` needs another initial value'],
  ])('%s is refused', (param, message) => expect(() => elaborateText(spec(param), size)).toThrow(message));
});
