/**
 * @file UltraMem's memories against their equations in loops: Tucker scores, virtual tables, windows of a shared pool, and the penalty of the core.
 */
import { describe, expect, test } from 'vitest';
import { differentiate } from '../../compiler/autodiff/differentiate.js';
import { evaluate } from '../reference/interpret.js';
import { at, expectClose, expectLayer, range, sum, tokens, top } from '../support/brute.js';
import { elaborateLayer } from '../support/layer.js';
import { numbers } from '../support/random.js';
import { elaborateText } from '../support/spec.js';

const size = { batch: 2, time: 3, d: 4 };
const D = range(4);

describe('UltraMem (Huang et al. 2024): Tucker scores, filter by the leading singular vectors, exact rescore', () => {
  const normed = (v: readonly number[], gain: (e: number) => number, bias: (e: number) => number): number[] => {
    const mean = v.reduce((a, z) => a + z, 0) / v.length;
    const variance = v.reduce((a, z) => a + (z - mean) ** 2, 0) / v.length;
    return v.map((z, e) => ((z - mean) / Math.sqrt(variance + 1e-5)) * gain(e) + bias(e));
  };
  const left = [0.8, 0.6];
  const right = [0.6, 0.8];
  const states = new Map([['layer.left', left], ['layer.right', right]]);

  test.each([true, false])('two slices with scores of their own, two virtual blocks over one physical table, shuffled %s', (shuffle) => {
    expectLayer({
      text: `use std.ultramem { ultramem }\nblock layer(x[d]) -> y[d] { return ultramem(x; keys = 4, take = 3, width = 4, query = 3, rank = 2, slices = 2, blocks = 2, shuffle = ${shuffle}) }`, size, states,
      equation: (read, x) => tokens(size, (b, t) => {
        const mixed = D.map((i) => sum(4, (tap) => (t >= tap ? read('mixed.w', tap, i) * x(b, t - tap, i) : 0)));
        const s = range(2).map((side) => {
          const q = normed(range(3).map((e) => sum(4, (i) => at(mixed, i) * read('flat.w', i, side, e))), (e) => read('q.gain', e), (e) => read('q.bias', e));
          return range(2).map((r) => range(4).map((n) => {
            const key = normed(range(3).map((e) => read('key', side, r, n, e)), (e) => read('unit_key.gain', e), (e) => read('unit_key.bias', e));
            return sum(3, (e) => at(q, e) * at(key, e));
          }));
        });
        const rows = top(range(4).map((n) => sum(2, (r) => at(left, r) * at(s[0]?.[r], n))), 3);
        const columns = top(range(4).map((n) => sum(2, (r) => at(right, r) * at(s[1]?.[r], n))), 3);
        const score = (c: number, i: number, j: number): number => sum(2, (r) => sum(2, (u) => at(s[0]?.[r], i) * read('core', c, r, u) * at(s[1]?.[u], j)));
        const grid = rows.flatMap((i) => columns.map((j) => ({ i, j, total: score(0, i, j) + score(1, i, j) })));
        const kept = top(grid.map(({ total }) => total), 3).map((n) => grid[n] ?? { i: 0, j: 0, total: 0 });
        return D.map((o) => kept.reduce((y, { i, j }) => {
          const virtual = shuffle ? (permutation(4)[i * 4 + j] ?? 0) : i * 4 + j;
          const [block, row] = [Math.floor(virtual / 8), virtual % 8];
          return y + sum(2, (c) => sum(2, (f) => score(c, i, j) * read('experts.write', row, c, f) * read('project', block, c, f, o)));
        }, 0));
      }),
    });
  });

  test.each([[16, 0], [24, 13]])('V2: each slot reads the projected input, a query for each rank, a window of %i rows from %i on', (slots, offset) => {
    expectLayer({
      text: `use std.ultramem { ultramem_v2 }\nblock layer(x[d]) -> y[d] { return ultramem_v2(x; keys = 4, take = 3, width = 3, query = 3, rank = 2, slots = ${slots}, offset = ${offset}) }`, size, states,
      equation: (read, x) => tokens(size, (b, t) => {
        const s = range(2).map((side) => range(2).map((r) => {
          const q = normed(range(3).map((e) => sum(4, (i) => x(b, t, i) * read('flat.w', i, side, r, e))), (e) => read('q.gain', e), (e) => read('q.bias', e));
          return range(4).map((n) => {
            const key = normed(range(3).map((e) => read('key', side, r, n, e)), (e) => read('unit_key.gain', e), (e) => read('unit_key.bias', e));
            return sum(3, (e) => at(q, e) * at(key, e));
          });
        }));
        const rows = top(range(4).map((n) => sum(2, (r) => at(left, r) * at(s[0]?.[r], n))), 3);
        const columns = top(range(4).map((n) => sum(2, (r) => at(right, r) * at(s[1]?.[r], n))), 3);
        const score = (i: number, j: number): number => sum(2, (r) => sum(2, (u) => at(s[0]?.[r], i) * read('core', r, u) * at(s[1]?.[u], j)));
        const grid = rows.flatMap((i) => columns.map((j) => ({ i, j, total: score(i, j) })));
        const kept = top(grid.map(({ total }) => total), 3).map((n) => grid[n] ?? { i: 0, j: 0, total: 0 });
        const row = (i: number, j: number): number => (i * 4 + j + offset) % slots;
        const input = range(3).map((g) => sum(4, (i) => x(b, t, i) * read('input.w', i, g)));
        const o = range(3).map((f) => kept.reduce((y, { i, j, total }) => y + total * sum(3, (g) => at(input, g) * read('experts.read', row(i, j), g)) * read('experts.write', row(i, j), f), 0));
        return D.map((out) => sum(3, (f) => at(o, f) * read('out.w', f, out)));
      }),
    });
  });

  test('V2: layers address windows of one bank', () => {
    const { graph } = elaborateText(`language 1
use std.transformer { embed, lm_head }
use std.ultramem { ultramem_v2, slot_bank }
arch A { dims { d = 8; ctx = 4; vocab = 8 }
  embed {}
  bank: slot_bank { slots = 24; width = 3 }
  layers 2 { memory: ultramem_v2 { keys = 4; take = 2; width = 3; query = 4; slots = 24; read_rows = bank.experts.read; write_rows = bank.experts.write } }
  layers.1.memory.offset = 12
  lm_head {} }`, { batch: 1, time: 4 });
    expect(graph.params.flatMap(({ path, axes }) => (path.includes('experts') ? [[path, axes.map((axis) => axis.size)]] : []))).toEqual([['bank.experts.read', [24, 3]], ['bank.experts.write', [24, 3]]]);
    const params = new Map(graph.params.map((param, i) => [param.path, numbers(i, param.axes.reduce((n, axis) => n * axis.size, 1))]));
    const states = new Map(graph.states.map(({ path }) => [path, [0.8, 0.6]]));
    const at = [0, 1].map((layer) => graph.taps.get(`layers.${layer}.memory.at`));
    const pairs = [0, 1].flatMap((layer) => ['row', 'column'].map((side) => graph.taps.get(`layers.${layer}.memory.${side}.index`)));
    const values = evaluate([...at, ...pairs].flatMap((node) => node ?? []), { params, states, inputs: new Map([['tokens', [1, 2, 3, 4]]]) });
    for (const layer of [0, 1]) {
      const [rows, columns] = [values[2 + 2 * layer] ?? [], values[3 + 2 * layer] ?? []];
      expect([...(values[layer] ?? [])]).toEqual([...rows].map((i, n) => (i * 4 + (columns[n] ?? NaN) + 12 * layer) % 24));
    }
  });

  test.each([2, 3, 4, 7, 16, 32])('the shuffle of %i * %i slots is a permutation, and spreads what is alike', (keys) => {
    const layer = elaborateLayer(`use std.ultramem { shuffled }
block layer(x[d]) -> y[i, j] { axis i = ${keys}, j = ${keys}
  return shuffled(every(i).index, every(j).index; n = ${keys}) + 0.0 * sum(d)(x) }`, { batch: 1, time: 1, d: 2 });
    const [found = new Float64Array()] = evaluate([layer.y], { params: new Map(), inputs: new Map([['x', [1, 2]]]) });
    expect([...found]).toEqual(permutation(keys));
    expect([...found].sort((a, b) => a - b)).toEqual(range(keys * keys));
    if (keys < 16) return;
    // of the slots of a row or of a column, about a quarter falls into each quarter of the table
    const quarter = (slot: number): number => Math.floor((4 * slot) / (keys * keys));
    for (const line of range(keys)) {
      for (const slots of [range(keys).map((j) => line * keys + j), range(keys).map((i) => i * keys + line)]) {
        const counts = range(4).map((q) => slots.filter((slot) => quarter(found[slot] ?? 0) === q).length);
        expect(Math.max(...counts)).toBeLessThan(keys * 0.7);
      }
    }
  });

  test('the penalty of the core: its second singular value above the threshold, squared', () => {
    const spec = (rank: number): string => `language 1
use std.transformer { embed, lm_head }
use std.ultramem { ultramem, core_penalty }
arch A { dims { d = 4; ctx = 3; vocab = 8 }
  embed {}
  layers 1 { memory: ultramem { keys = 4; take = 2; width = 4; query = 3; slices = 2; rank = ${rank} } }
  lm_head {}
  loss core = 1e-3 * mean(layers)(core_penalty(memory.core)) }`;
    const { graph, context } = elaborateText(spec(2), { batch: 1, time: 3 });
    const [core, loss] = [graph.params.find(({ path }) => path.endsWith('core')), graph.losses[0]?.node];
    if (!core || !loss) throw new Error('no core');
    const gradient = differentiate(context.build, loss, [context.build.param(core)])[0];
    const value = (c: ArrayLike<number>): number => {
      const sums = range(4).map((i) => (c[i] ?? NaN) + (c[4 + i] ?? NaN));
      // the least stretch of a unit vector, found by looking in all directions
      const stretch = (angle: number): number => Math.hypot(at(sums, 0) * Math.cos(angle) + at(sums, 1) * Math.sin(angle), at(sums, 2) * Math.cos(angle) + at(sums, 3) * Math.sin(angle));
      let [low, step] = [range(1000).map((i) => (i * Math.PI) / 1000).reduce((a, b) => (stretch(b) < stretch(a) ? b : a)), Math.PI / 1000];
      for (; step > 1e-12; step /= 2) for (const side of [low - step, low + step]) if (stretch(side) < stretch(low)) low = side;
      return 1e-3 * Math.max(stretch(low) - 0.15, 0) ** 2;
    };
    for (const values of [numbers(1, 8), numbers(2, 8), numbers(4, 8, 0, 1), [1, 1, 1, 1, 0, 0, 0, 0.05]]) {
      const slopes = range(8).map((i) => (value(range(8).map((j) => (values[j] ?? 0) + (i === j ? 1e-5 : 0))) - value(range(8).map((j) => (values[j] ?? 0) - (i === j ? 1e-5 : 0)))) / 2e-5);
      const results = evaluate([loss, ...(gradient ? [gradient] : [])], { params: new Map([[core.path, values]]), inputs: new Map() });
      expectClose([...(results[0] ?? [])].map((v) => v * 1e3), [value(values) * 1e3], 'penalty');
      expectClose([...(results[1] ?? [])].map((v) => v * 1e3), slopes.map((v) => v * 1e3), 'gradient');
    }
    // its formula is of two singular values
    expect(() => elaborateText(spec(3), { batch: 1, time: 3 })).toThrow('ARCH3002');
  });
});

/** The slot of each pair (i, j): three rounds of i <- i + hash(j), then the other way round. */
function permutation(n: number): number[] {
  const hash = (j: number, a: number, b: number): number => (a * j * j + b * j) % n;
  return range(n * n).map((slot) => {
    let [i, j] = [Math.floor(slot / n), slot % n];
    i = (i + hash(j, 5, 3)) % n;
    j = (j + hash(i, 7, 11)) % n;
    i = (i + hash(j, 13, 17)) % n;
    return i * n + j;
  });
}
