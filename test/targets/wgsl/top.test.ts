/** @file Top-k and product-key top-k against sorting everything, with many ties. */
import { describe, expect, it } from 'vitest';
import type { Top, TopProduct } from '../../../compiler/kernels/kernel.js';
import { runKernel } from '../../support/gpu.js';
import { add, at, base, choices, i, load, mul, noise, slot, v } from '../../support/kernels.js';
import { device } from './device.js';

/** Best first, ties to the lowest index. */
const best = (values: readonly number[], take: number): number[] =>
  values.map((value, index) => ({ value, index })).sort((a, b) => b.value - a.value || a.index - b.index).slice(0, take).map((x) => x.index);

const rowsOf = (values: ArrayLike<number>, width: number): number[][] =>
  Array.from({ length: values.length / width }, (_, row) => Array.from({ length: width }, (_, n) => values[row * width + n] ?? NaN));

const data = (size: number, ties: boolean): Float32Array<ArrayBuffer> => (ties ? Float32Array.from(choices(size, 4, 5), (x) => x - 2) : noise(size, 5));

describe('top', () => {
  for (const [rows, extent, take] of [[1, 1, 1], [7, 63, 8], [65, 7, 7], [129, 130, 32]] as const)
    for (const ties of [false, true])
      it(`${take} of ${extent}, ${rows} rows${ties ? ', with ties' : ''}`, async (test) => {
        const on = await device(test);
        const kernel: Top = {
          ...base, kind: 'top', name: 'top', rows, extent, take, slot: 1,
          slots: [slot('value', rows * extent), slot('chosen', rows * take, 'write', 'i32')],
          value: load(0, at(v('row'), extent, v('n'))),
        };
        const values = data(rows * extent, ties);
        const [, chosen] = await runKernel(on, kernel, [values, undefined]);
        expect(rowsOf(chosen ?? [], take)).toEqual(rowsOf(values, extent).map((row) => best(row, take)));
      });
});

describe('top_product', () => {
  for (const [rows, extent, take] of [[1, 1, 1], [7, 3, 8], [65, 9, 9], [33, 32, 8], [20, 40, 32], [64, 2, 3]] as const)
    for (const ties of [false, true])
      it(`${take} of ${extent} * ${extent}, ${rows} rows${ties ? ', with ties' : ''}`, async (test) => {
        const on = await device(test);
        const score = (half: number): ReturnType<typeof load> => load(0, add(mul(v('row'), i(2 * extent)), i(half * extent), v('n')));
        const kernel: TopProduct = {
          ...base, kind: 'top_product', name: 'top_product', rows, extent, take, slot: 1,
          slots: [slot('score', rows * 2 * extent), slot('chosen', rows * take, 'write', 'i32')],
          first: score(0), second: score(1),
        };
        const values = data(rows * 2 * extent, ties);
        const [, chosen] = await runKernel(on, kernel, [values, undefined]);
        const expected = rowsOf(values, 2 * extent).map((row) =>
          best(Array.from({ length: extent * extent }, (_, pair) => Math.fround((row[Math.floor(pair / extent)] ?? 0) + (row[extent + (pair % extent)] ?? 0))), take),
        );
        expect(rowsOf(chosen ?? [], take)).toEqual(expected);
      });
});
