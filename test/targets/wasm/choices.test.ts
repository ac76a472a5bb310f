import { describe, expect, it } from 'vitest';
import type { Fill, Invert, Top, TopProduct } from '../../../compiler/kernels/kernel.js';
import { indices, numbers } from '../../support/random.js';
import { at, load, slot, v } from './build.js';
import { runReference, runWasm } from './run.js';

const base = { about: [], flops: 0, bytes: 0 };
/** Numbers with many ties. */
const coarse = (seed: number, size: number): Float32Array => Float32Array.from(numbers(seed, size, -4, 4), Math.round);

describe('choices', () => {
  for (const extent of [1, 7, 63, 65, 129]) {
    it(`top of ${extent}`, async () => {
      for (const take of new Set([1, Math.min(3, extent), Math.min(8, extent), extent])) {
        const kernel: Top = { kind: 'top', name: 'top', ...base, slots: [slot('x', 13 * extent), slot('out', 13 * take, 'write', 'i32')], rows: 13, extent, take, value: load(0, at(v('row'), extent, v('n'))), slot: 1 };
        for (const x of [coarse(take, 13 * extent), Float32Array.from(numbers(take, 13 * extent))]) {
          const wanted = runReference(kernel, { x });
          for (const threads of [1, 3]) expect(await runWasm(kernel, { x }, { threads, grain: 2 })).toEqual(wanted);
        }
      }
    });

    it(`top_product of ${extent} x ${extent}`, async () => {
      for (const take of new Set([1, Math.min(8, extent * extent), Math.min(16, extent * extent)])) {
        const first = load(0, at(v('row'), extent, v('n')));
        const second = load(1, at(v('row'), extent, v('n')));
        const kernel: TopProduct = {
          kind: 'top_product', name: 'top_product', ...base, slots: [slot('x', 13 * extent), slot('y', 13 * extent), slot('out', 13 * take, 'write', 'i32')], rows: 13, extent, take, first, second, slot: 2,
        };
        const data = { x: coarse(3, 13 * extent), y: coarse(4, 13 * extent) };
        const wanted = runReference(kernel, data);
        for (const threads of [1, 3]) expect(await runWasm(kernel, data, { threads, grain: 2 })).toEqual(wanted);
      }
    });
  }

  for (const [entries, rows] of [[1, 1], [7, 3], [63, 1000], [129, 65], [3000, 5000], [1000, 4_000_000]] as const) {
    it(`inverted index of ${entries} entries over ${rows} rows`, async () => {
      const limit = Math.min(entries, rows);
      const kernel: Invert = {
        kind: 'invert', name: 'invert', ...base,
        slots: [slot('index', entries, 'read', 'i32'), slot('order', entries, 'write', 'i32'), slot('touched', limit, 'write', 'i32'), slot('offsets', limit + 1, 'write', 'i32'), slot('count', 1, 'write', 'i32'), slot('scratch', 1, 'write', 'i32')],
        entries, rows, index: load(0, v('entry'), 'i32'), order: 1, touched: 2, offsets: 3, count: 4, scratch: 5,
      };
      const index = Int32Array.from(indices(rows, entries, rows + 1), (row) => (row === rows ? -1 : row));
      const got = await runWasm(kernel, { index }, { threads: 2 });
      const kept = [...index.keys()].filter((entry) => (index[entry] ?? -1) >= 0).sort((a, b) => (index[a] ?? 0) - (index[b] ?? 0) || a - b);
      const touched = [...new Set(kept.map((entry) => index[entry] ?? 0))];
      expect(got['count']).toEqual([touched.length]);
      expect(got['touched']?.slice(0, touched.length)).toEqual(touched);
      expect(got['order']?.slice(0, kept.length)).toEqual(kept);
      const starts = touched.map((row) => kept.findIndex((entry) => index[entry] === row));
      expect(got['offsets']?.slice(0, touched.length + 1)).toEqual([...starts, kept.length]);
    });
  }

  it('fills', async () => {
    for (const size of [1, 7, 63, 65, 129]) {
      const kernel: Fill = { kind: 'fill', name: 'fill', ...base, slots: [slot('x', size, 'write')], value: 2.5 };
      expect(await runWasm(kernel, {}, { threads: 2, grain: 1 })).toEqual({ x: Array<number>(size).fill(2.5) });
    }
  });
});
