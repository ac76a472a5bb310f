/**
 * @file Product-key retrieval and memories against their equations, over all keys * keys members in loops.
 */
import { describe, expect, test } from 'vitest';
import { erf } from '../reference/erf.js';
import { type Read, at, expectLayer, once, range, relu, silu, softmax, sum, tokens, top } from '../support/brute.js';
import { elaborateText } from '../support/spec.js';

const size = { batch: 2, time: 3, d: 4 };
const D = range(4);
type X = (b: number, t: number, i: number) => number;
type Query = (b: number, t: number, h: number, half: number, e: number) => number;
const gelu = (z: number): number => 0.5 * z * (1 + erf(z / Math.SQRT2));

/** Queries normed by batch: mean and variance over all tokens of each feature. */
function batchNormed(q: Query, read: Read, path: string): Query {
  const statistics = once((h: number, half: number, e: number) => {
    const all = range(2).flatMap((b2) => range(3).map((t2) => q(b2, t2, h, half, e)));
    const mean = all.reduce((a, v) => a + v, 0) / 6;
    return { mean, variance: all.reduce((a, v) => a + (v - mean) ** 2, 0) / 6 };
  });
  return (b, t, h, half, e) => {
    const { mean, variance } = statistics(h, half, e);
    return ((q(b, t, h, half, e) - mean) / Math.sqrt(variance + 1e-5)) * read(`${path}.gain`, h, half, e) + read(`${path}.bias`, h, half, e);
  };
}

/** The `take` best of all 3 * 3 pairs: index i * 3 + j and score, brute force (eq. 4 of Lample et al. 2019; eq. 5 of He 2024). */
function retrieve(q: Query, key: (h: number, half: number, n: number, e: number) => number, b: number, t: number, h: number, take: number, width: number): { index: number; score: number }[] {
  const score = range(9).map((index) => sum(width, (e) => q(b, t, h, 0, e) * key(h, 0, Math.floor(index / 3), e) + q(b, t, h, 1, e) * key(h, 1, index % 3, e)));
  return top(score, take).map((index) => ({ index, score: at(score, index) }));
}

const linearQuery = (read: Read, x: X, path: string): Query => (b, t, h, half, e) => sum(4, (i) => x(b, t, i) * read(path, i, h, half, e));

describe('rank-1 experts (He 2024, Algorithm 1)', () => {
  const rank1 = (x: X, b: number, t: number, found: readonly { index: number; score: number }[], weights: readonly number[], o: number, act: (z: number) => number, row: (path: string, n: number, i: number) => number): number =>
    found.reduce((y, { index }, k) => y + at(weights, k) * act(sum(4, (i) => x(b, t, i) * row('experts.read', index, i))) * row('experts.write', index, o), 0);

  test('with query batch norm and keys shared by the heads, as in the paper', () => {
    const paths = expectLayer({
      text: 'use std.experts { peer }\nuse std.norms { batch_norm }\nblock layer(x[d]) -> y[d] { return peer(x; heads = 2, keys = 3, take = 4, query = 4, norm = batch_norm, share_keys = true) }', size,
      equation: (read, x) => {
        const q = batchNormed(linearQuery(read, x, 'q.flat.w'), read, 'q');
        const search = once((b: number, t: number, h: number) => retrieve(q, (_h, half, n, e) => read('pick.shared_key', half, n, e), b, t, h, 4, 2));
        return tokens(size, (b, t) => D.map((o) => sum(2, (h) => {
          const found = search(b, t, h);
          return rank1(x, b, t, found, softmax(found.map(({ score }) => score)), o, gelu, (path, n, i) => read(path, n, i));
        })));
      },
    });
    expect(paths).toEqual(['q.flat.w', 'q.gain', 'q.bias', 'pick.shared_key', 'experts.read', 'experts.write']);
  });

  test('with the settings of the public code: relu scores, one kept per head, a table for each head', () => {
    expectLayer({
      text: 'use std.experts { peer }\nuse std.functions { relu }\nblock layer(x[d]) -> y[d] { return peer(x; heads = 2, keys = 3, take = 1, query = 4, norm = none, gate = relu, tables = per_head) }', size,
      equation: (read, x) => {
        const q = linearQuery(read, x, 'q.flat.w');
        const search = once((b: number, t: number, h: number) => retrieve(q, (h2, half, n, e) => read('pick.key', h2, half, n, e), b, t, h, 1, 2));
        return tokens(size, (b, t) => D.map((o) => sum(2, (h) => {
          const found = search(b, t, h);
          return rank1(x, b, t, found, found.map(({ score }) => relu(score)), o, gelu, (path, n, i) => read(path, h, n, i));
        })));
      },
    });
  });
});

test('product-key memory (Lample et al. 2019): values weighed by the softmax of the kept scores, with query batch norm', () => {
  expectLayer({
    text: 'use std.memory { product_memory }\nblock layer(x[d]) -> y[d] { return product_memory(x; heads = 2, keys = 3, take = 4, query = 4) }', size,
    equation: (read, x) => {
      const plain = linearQuery(read, x, 'flat.w');
      const q = batchNormed((b, t, h, half, e) => plain(b, t, h, half, e) + read('flat.b', h, half, e), read, 'q');
      const search = once((b: number, t: number, h: number) => retrieve(q, (h2, half, n, e) => read('pick.key', h2, half, n, e), b, t, h, 4, 2));
      return tokens(size, (b, t) => D.map((o) => sum(2, (h) => {
        const found = search(b, t, h);
        const w = softmax(found.map(({ score }) => score));
        return found.reduce((y, { index }, k) => y + at(w, k) * read('experts.write', index, o), 0);
      })));
    },
  });
});

describe('Memory+ (Berges et al. 2024)', () => {
  test('W_v (o * silu(W_g x))', () => {
    expectLayer({
      text: `use std.memory { memory_plus, value_bank }
block layer(x[d]) -> y[d] { let bank = value_bank(; keys = 3, width = 5)
  return memory_plus(x, bank; heads = 2, keys = 3, take = 4, query = 4) }`, size,
      equation: (read, x) => {
        const plain = linearQuery(read, x, 'flat.w');
        const q: Query = (b, t, h, half, e) => plain(b, t, h, half, e) + read('flat.b', h, half, e);
        const search = once((b: number, t: number, h: number) => retrieve(q, (h2, half, n, e) => read('pick.key', h2, half, n, e), b, t, h, 4, 2));
        return tokens(size, (b, t) => {
          const o = range(5).map((f) => sum(2, (h) => {
            const found = search(b, t, h);
            const w = softmax(found.map(({ score }) => score));
            return found.reduce((y, { index }, k) => y + at(w, k) * read('bank.experts.write', index, f), 0);
          }));
          return D.map((out) => sum(5, (f) => at(o, f) * silu(sum(4, (i) => x(b, t, i) * read('gate.w', i, f))) * read('out.w', f, out)));
        });
      },
    });
  });

  test('layers that name one bank share its values', () => {
    const { graph } = elaborateText(`language 1
use std.transformer { embed, lm_head }
use std.memory { memory_plus, value_bank }
arch A { dims { d = 8; ctx = 4; vocab = 8 }
  embed {}
  values: value_bank { keys = 4; width = 8 }
  layers 4 { memory: memory_plus at [1, 3] { values = values; heads = 1; keys = 4; take = 2; query = 4 } }
  lm_head {} }`, { batch: 1, time: 4 });
    expect(graph.params.map((param) => param.path).filter((path) => path.includes('experts'))).toEqual(['values.experts.write']);
    expect(graph.residual.map(({ path }) => path)).toEqual(['layers.1.memory', 'layers.3.memory']);
  });
});
