/** @file The inverted index against a stable sort. */
import { describe, expect, it } from 'vitest';
import { wgsl } from '../../../compiler/targets/wgsl/index.js';
import type { Invert } from '../../../compiler/kernels/kernel.js';
import { runKernel } from '../../support/gpu.js';
import { base, choices, load, slot, v } from '../../support/kernels.js';
import { device } from './device.js';

function invert(entries: number, rows: number): Invert {
  const limit = Math.min(entries, rows);
  return {
    ...base, kind: 'invert', name: 'invert', entries, rows, index: load(0, v('entry'), 'i32'), order: 1, touched: 2, offsets: 3, count: 4, scratch: 5,
    slots: [
      slot('chosen', entries, 'read', 'i32'), slot('order', entries, 'write', 'i32'), slot('touched', limit, 'write', 'i32'),
      slot('offsets', limit + 1, 'write', 'i32'), slot('count', 1, 'write', 'i32'), slot('scratch', wgsl.scratchSize({ entries, rows }), 'read_write', 'i32'),
    ],
  };
}

function sorted(index: Int32Array, rows: number): { order: number[]; touched: number[]; offsets: number[] } {
  const key = (entry: number): number => ((index[entry] ?? -1) < 0 ? rows : (index[entry] ?? 0));
  const order = Array.from(index, (_, entry) => entry).sort((a, b) => key(a) - key(b) || a - b);
  const touched: number[] = [];
  const offsets: number[] = [];
  let end = 0;
  order.forEach((entry, place) => {
    if (key(entry) === rows) return;
    if (touched[touched.length - 1] !== key(entry)) {
      touched.push(key(entry));
      offsets.push(place);
    }
    end = place + 1;
  });
  return { order, touched, offsets: [...offsets, end] };
}

describe('invert', () => {
  const cases: [string, Int32Array<ArrayBuffer>, number][] = [
    ['one entry', Int32Array.of(0), 1],
    ['one entry without a row', Int32Array.of(-1), 1],
    ['random', choices(5000, 300), 300],
    ['every row of few', choices(4096, 7, 3), 7],
    ['all the same row', new Int32Array(3000).fill(41), 100],
    ['none has a row', new Int32Array(2500).fill(-1), 100],
    ['some have none', choices(2049, 64, 9).map((row) => (row % 3 === 0 ? -1 : row)), 64],
    ['a million rows', choices(6000, 1_000_000, 4), 1_000_000],
    ['many rows, none twice', Int32Array.from({ length: 1025 }, (_, entry) => (entry * 7) % 1025), 1025],
  ];
  for (const [name, index, rows] of cases)
    it(name, async (test) => {
      const on = await device(test);
      const [, order, touched, offsets, count] = await runKernel(on, invert(index.length, rows), [index]);
      const expected = sorted(index, rows);
      expect(count?.[0]).toBe(expected.touched.length);
      expect(Array.from(order ?? [])).toEqual(expected.order);
      expect(Array.from(touched ?? []).slice(0, expected.touched.length)).toEqual(expected.touched);
      expect(Array.from(offsets ?? []).slice(0, expected.offsets.length)).toEqual(expected.offsets);
    });
});
