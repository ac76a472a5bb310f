/** @file Loop nests in both forms (300 rows take one invocation each, fewer a team where they are wide), over sizes that fit no workgroup. */
import { describe, expect, it } from 'vitest';
import type { Nest } from '../../../compiler/kernels/kernel.js';
import { emitWgsl } from '../../../compiler/targets/wgsl/index.js';
import { runKernel, testLimits } from '../../support/gpu.js';
import { add, at, base, call, choices, f, i, load, local, mul, noise, relativeError, slot, truth, v } from '../../support/kernels.js';
import { device } from './device.js';

const sizes = [1, 7, 63, 65, 129, 300] as const;
const rowsOf = (x: Float32Array, width: number): Float32Array[] => Array.from({ length: x.length / width }, (_, r) => x.subarray(r * width, (r + 1) * width));

function softmax(rows: number, width: number, inPlace: boolean): Nest {
  const x = load(0, at(v('r'), width, v('c')));
  const loops = [{ name: 'c', extent: width }];
  return {
    ...base, kind: 'nest', name: 'softmax', grid: [{ name: 'r', extent: rows }],
    slots: inPlace ? [slot('x', rows * width, 'read_write')] : [slot('x', rows * width), slot('y', rows * width, 'write')],
    stages: [
      { kind: 'reduce', name: 'highest', fn: 'max', loops, lets: [], value: x },
      { kind: 'reduce', name: 'total', fn: 'sum', loops, lets: [{ name: 'difference', value: call('sub', x, local('highest')) }], value: call('exp', local('difference')) },
      { kind: 'store', loops, lets: [{ name: 'e', value: call('exp', call('sub', x, local('highest'))) }], slot: inPlace ? 0 : 1, index: at(v('r'), width, v('c')), value: call('div', local('e'), local('total')) },
    ],
  };
}

describe('nest', () => {
  for (const rows of sizes)
    for (const width of sizes)
      it(`softmax over ${width} of ${rows} rows`, async (test) => {
        const on = await device(test);
        const x = noise(rows * width).map((value) => value * 10);
        const expected = rowsOf(x, width).flatMap((row) => {
          const top = Math.max(...row);
          const e = Array.from(row, (value) => Math.exp(value - top));
          const total = e.reduce((a, b) => a + b, 0);
          return e.map((value) => value / total);
        });
        const [, y] = await runKernel(on, softmax(rows, width, false), [x, undefined]);
        expect(relativeError(y ?? [], expected)).toBeLessThan(2e-6);
        if (rows === 7 || width === 65) {
          const [again] = await runKernel(on, softmax(rows, width, true), [x]);
          expect(again).toEqual(y);
        }
      });

  it('elementwise over more than 65,535 workgroups', async (test) => {
    const on = await device(test);
    const size = 65_535 * 64 + 77;
    const kernel: Nest = {
      ...base, kind: 'nest', name: 'affine', grid: [{ name: 'p', extent: size }], slots: [slot('x', size), slot('y', size, 'write')],
      stages: [{ kind: 'store', loops: [], slot: 1, index: v('p'), value: add(mul(load(0, v('p')), f(2)), f(1)) }],
    };
    const x = noise(size);
    const [, y] = await runKernel(on, kernel, [x, undefined]);
    expect(y?.findIndex((value, at) => value !== Math.fround(Math.fround((x[at] ?? 0) * 2) + 1))).toBe(-1);
  });

  it('sums columns, and everything', async (test) => {
    const on = await device(test);
    const [rows, width] = [513, 70];
    const x = noise(rows * width);
    const columns: Nest = {
      ...base, kind: 'nest', name: 'column_sum', grid: [{ name: 'c', extent: width }], slots: [slot('x', rows * width), slot('y', width, 'write')],
      stages: [
        { kind: 'reduce', name: 'total', fn: 'sum', loops: [{ name: 'r', extent: rows }], lets: [], value: load(0, at(v('r'), width, v('c'))) },
        { kind: 'store', loops: [], slot: 1, index: v('c'), value: local('total') },
      ],
    };
    const all: Nest = {
      ...base, kind: 'nest', name: 'sum', grid: [], slots: [slot('x', rows * width), slot('y', 1, 'write')],
      stages: [
        { kind: 'reduce', name: 'total', fn: 'sum', loops: [{ name: 'r', extent: rows }, { name: 'c', extent: width }], lets: [], value: load(0, at(v('r'), width, v('c'))) },
        { kind: 'store', loops: [], slot: 1, index: i(0), value: local('total') },
      ],
    };
    const sums = Array.from({ length: width }, (_, c) => rowsOf(x, width).reduce((sum, row) => sum + (row[c] ?? 0), 0));
    expect(relativeError((await runKernel(on, columns, [x, undefined]))[1] ?? [], sums)).toBeLessThan(1e-5);
    // A sum of 35,910 numbers of about 0.5.
    expect(Math.abs(((await runKernel(on, all, [x, undefined]))[1]?.[0] ?? NaN) - sums.reduce((a, b) => a + b, 0))).toBeLessThan(0.018);
  });

  it('several short loops shared out by one flat position', async (test) => {
    const on = await device(test);
    const [rows, a, b] = [5, 9, 7];
    const loops = [{ name: 'a', extent: a }, { name: 'b', extent: b }];
    const kernel: Nest = {
      ...base, kind: 'nest', name: 'centre', grid: [{ name: 'r', extent: rows }], slots: [slot('x', rows * a * b), slot('y', rows * a * b, 'write')],
      stages: [
        { kind: 'reduce', name: 'total', fn: 'sum', loops, lets: [], value: load(0, add(mul(v('r'), i(a * b)), mul(v('a'), i(b)), v('b'))) },
        { kind: 'let', name: 'mean', value: call('div', local('total'), f(a * b)) },
        { kind: 'store', loops, slot: 1, index: add(mul(v('r'), i(a * b)), mul(v('b'), i(a)), v('a')), value: call('sub', load(0, add(mul(v('r'), i(a * b)), mul(v('a'), i(b)), v('b'))), local('mean')) },
      ],
    };
    const x = noise(rows * a * b);
    const expected = new Float64Array(x.length);
    rowsOf(x, a * b).forEach((row, r) => {
      const mean = row.reduce((sum, value) => sum + value, 0) / row.length;
      row.forEach((value, at) => (expected[r * a * b + (at % b) * a + Math.floor(at / b)] = value - mean));
    });
    expect(relativeError((await runKernel(on, kernel, [x, undefined]))[1] ?? [], expected)).toBeLessThan(1e-6);
  });

  for (const [segments, width, used] of [[9, 7, 5], [70, 65, 66], [40, 130, 0]] as const)
    it(`segment sums of ${used} of ${segments} rows by ${width} columns, updated in place, and their squares`, async (test) => {
      const on = await device(test);
      const lengths = choices(segments, 6, 8);
      const offsets = new Int32Array(segments + 1);
      lengths.forEach((length, s) => (offsets[s + 1] = (offsets[s] ?? 0) + length));
      const entries = Math.max(1, offsets[segments] ?? 0);
      const order = choices(entries, entries, 3);
      const values = noise(entries * width);
      const table = noise(segments * width, 2);
      const from = load(1, v('s'), 'i32');
      const to = load(1, add(v('s'), i(1)), 'i32');
      const entry = { name: 'entry', value: load(2, v('p'), 'i32') };
      const element = load(3, at(local('entry', 'i32'), width, v('c')));
      const place = at(v('s'), width, v('c'));
      const rows = { name: 's', extent: segments, to: load(0, i(0), 'i32') };
      const slots = [slot('count', 1, 'read', 'i32'), slot('offsets', segments + 1, 'read', 'i32'), slot('order', entries, 'read', 'i32'), slot('values', entries * width)];
      const update: Nest = {
        ...base, kind: 'nest', name: 'segment_update', grid: [rows, { name: 'c', extent: width }],
        slots: [...slots, slot('table', segments * width, 'read_write')],
        stages: [
          { kind: 'reduce', name: 'gradient', fn: 'sum', loops: [{ name: 'p', extent: entries, from, to }], lets: [entry], value: element },
          { kind: 'store', loops: [], slot: 4, index: place, value: call('sub', load(4, place), mul(f(0.1), local('gradient'))) },
        ],
      };
      const norms: Nest = {
        ...base, kind: 'nest', name: 'segment_norms', grid: [rows], slots: [...slots, slot('norms', segments, 'write')],
        stages: [
          {
            kind: 'reduce', name: 'total', fn: 'sum', loops: [{ name: 'c', extent: width }], lets: [],
            inner: { name: 'gradient', fn: 'sum', loops: [{ name: 'p', extent: entries, from, to }], lets: [entry], value: element },
            value: mul(local('gradient'), local('gradient')),
          },
          { kind: 'store', loops: [], slot: 4, index: v('s'), value: local('total') },
        ],
      };
      const expected = Float64Array.from(table);
      const squares: number[] = [];
      for (let s = 0; s < used; s++) {
        let square = 0;
        for (let c = 0; c < width; c++) {
          let sum = 0;
          for (let p = offsets[s] ?? 0; p < (offsets[s + 1] ?? 0); p++) sum += values[(order[p] ?? 0) * width + c] ?? NaN;
          expected[s * width + c] = (table[s * width + c] ?? 0) - 0.1 * sum;
          square += sum * sum;
        }
        squares.push(square);
      }
      const given = [Int32Array.of(used), offsets, order, values];
      expect(relativeError((await runKernel(on, update, [...given, table]))[4] ?? [], expected)).toBeLessThan(1e-6);
      const written = (await runKernel(on, norms, [...given, undefined]))[4] ?? [];
      expect(relativeError(written.slice(0, used), squares)).toBeLessThan(1e-6);
      expect(written.slice(used).every(Number.isNaN)).toBe(true);
    });

  it('computes what does not depend on a loop outside it, and shared parts once', () => {
    const row = load(1, v('e'), 'i32');
    const kernel: Nest = {
      ...base, kind: 'nest', name: 'gathered_dot', grid: [{ name: 'e', extent: 10 }],
      slots: [slot('x', 16), slot('chosen', 10, 'read', 'i32'), slot('table', 160), slot('y', 10, 'write')],
      stages: [
        { kind: 'reduce', name: 'dot', fn: 'sum', loops: [{ name: 'd', extent: 16 }], lets: [], value: mul(load(0, v('d')), load(2, at(row, 16, v('d')))) },
        { kind: 'store', loops: [], slot: 3, index: v('e'), value: call('select', truth('lt', local('dot'), f(0)), f(0), local('dot')) },
      ],
    };
    const source = emitWgsl(kernel, testLimits, ['layers.0.ffn.y', 'layers.1.ffn.y']).modules[0]?.source;
    expect(source?.slice(source.indexOf('fn main'))).toBe(`fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane_index: u32) {
  let e = i32(group.x) * 64 + i32(lane_index);
  if (e >= 10) { return; }
  var dot_2 = 0.0;
  let chosen_offset = chosen[e] * 16;
  for (var d = 0; d < 16; d++) {
    dot_2 += x[d] * table[chosen_offset + d];
  }
  y[e] = select(dot_2, 0.0, dot_2 < 0.0);
}
`);
    expect(source).toContain('// Implements layers.{0,1}.ffn.y.\n');
  });
});
