/**
 * @file Composed experts (i, j) against the sum over all of them, for gates of any mass, with and without a purge mask; and the router.
 */
import { describe, test } from 'vitest';
import { type Read, at, expectLayer, range, relu, softmax, sum, tokens } from '../support/brute.js';
import { numbers } from '../support/random.js';

const size = { batch: 2, time: 2, d: 4 };
const D = range(4);
const kept = numbers(3, 9, 0, 1).map((v) => (v < 0.3 ? 0 : 1));
const squared = (z: number): number => relu(z) ** 2;

/** Gates that do not sum to one: the relu of a linear map. */
const gates = `block gates_of(x[d]) -> gates[side = 2, h = 2, n = 3] { return relu(linear(x; to = [side, h, n])) }`;
const layer = (block: string, purgeable: boolean): string => `use std.monet { ${block} }
use std.linear { linear }
use std.functions { relu }
${gates}
block layer(x[d]) -> y[d] {
  let gates = gates_of(x)
  return ${block}(x, gates; width = 4, purgeable = ${purgeable})
}`;
const gate = (read: Read, x: (i: number) => number, side: number, h: number, n: number): number => relu(sum(4, (i) => x(i) * read('gates.w', i, side, h, n)));

describe.each([['whole', false], ['purged', true]])('experts composed of halves, %s', (_, purgeable) => {
  const states = new Map([['layer.pair.kept', kept]]);
  const mask = (i: number, j: number): number => (purgeable ? (kept[i * 3 + j] ?? 0) : 1);
  /** The gate of expert (i, j): summed over heads, 0 where it is purged. */
  const pair = (read: Read, x: (i: number) => number, i: number, j: number): number => mask(i, j) * sum(2, (h) => gate(read, x, 0, h, i) * gate(read, x, 1, h, j));

  test('horizontally: E_ij = V_j act(U_i x + b_i) + c_j (Park et al. 2024, eq. 10)', () => {
    expectLayer({
      text: layer('monet_horizontal', purgeable), size, states,
      equation: (read, x) => tokens(size, (b, t) => {
        const own = (i: number): number => x(b, t, i);
        return D.map((o) => sum(3, (i) => sum(3, (j) =>
          pair(read, own, i, j) * (sum(4, (m) => read('top.write', j, m, o) * squared(sum(4, (k) => own(k) * read('bottom.read', i, m, k)) + read('bottom.b', i, m))) + read('top.c', j, o)))));
      }),
    });
  });

  test('vertically: each half of the output from both halves of the hidden layer (Park et al. 2024, eq. 13)', () => {
    expectLayer({
      text: layer('monet_vertical', purgeable), size, states,
      equation: (read, x) => tokens(size, (b, t) => {
        const own = (i: number): number => x(b, t, i);
        const upper = (i: number, m: number): number => squared(sum(4, (k) => own(k) * read('upper.read', i, m, k)) + read('upper.b11', i, m));
        const lower = (j: number, m: number): number => squared(sum(4, (k) => own(k) * read('lower.read', j, m, k)) + read('lower.b21', j, m));
        return D.map((o) => sum(3, (i) => sum(3, (j) => {
          const e = o % 2;
          const first = sum(2, (m) => read('upper.write_v11', i, m, e) * upper(i, m) + read('upper.write_v12', i, m, e) * lower(j, m)) + read('upper.b12', i, e);
          const second = sum(2, (m) => read('lower.write_v21', j, m, e) * upper(i, m) + read('lower.write_v22', j, m, e) * lower(j, m)) + read('lower.b22', j, e);
          return pair(read, own, i, j) * (o < 2 ? first : second);
        })));
      }),
    });
  });
});

test('the router: softmax of raw logits over those whose batch-normed logit passes the Gaussian quantile, at least the best', () => {
  const quantile = 0.6744897501960817; // of 3/4
  expectLayer({
    text: 'use std.monet { monet_router }\nblock layer(x[d]) -> y[side, h, n] { return monet_router(x; heads = 2, keys = 4, take = 1) }', size,
    equation: (read, x) => {
      const logit = (b: number, t: number, side: number, h: number, n: number): number => sum(4, (i) => x(b, t, i) * read('logits.w', i, side, h, n));
      return tokens(size, (b, t) => range(2).flatMap((side) => range(2).flatMap((h) => {
        const every = range(2).flatMap((b2) => range(2).flatMap((t2) => range(4).map((n) => logit(b2, t2, side, h, n))));
        const mean = every.reduce((a, v) => a + v, 0) / every.length;
        const deviation = Math.sqrt(every.reduce((a, v) => a + (v - mean) ** 2, 0) / every.length + 1e-5);
        const raw = range(4).map((n) => logit(b, t, side, h, n));
        const threshold = Math.min(Math.max(...raw.map((z) => (z - mean) / deviation)), quantile);
        const passing = range(4).filter((n) => (at(raw, n) - mean) / deviation >= threshold - 1e-12);
        const p = softmax(passing.map((n) => at(raw, n)));
        return range(4).map((n) => (passing.includes(n) ? at(p, passing.indexOf(n)) : 0));
      })));
    },
  });
});
