/**
 * @file Loop nests of every shape the lowering makes, at a given size.
 */
import type { Nest } from '../../../compiler/kernels/kernel.js';
import { indices } from '../../support/random.js';
import { at, f, i, int, load, local, n, nest, slot, store, v } from './build.js';
import type { Data } from './run.js';

export interface Case {
  readonly kernel: Nest;
  readonly data?: Data;
}

const T = 5;
const K = 3;

/** `d`: the length of a row. */
export function nestCases(d: number): Case[] {
  const rows = 11;
  const index = slot('index', T * K, 'read', 'i32');
  const row = at(v('t'), d, v('d'));
  const entry = at(v('t'), K, v('k'));
  const tableAt = at(load(1, entry, 'i32'), d, v('d'));
  const segments = [0, 2, 2, 5, 9];
  return [
    {
      kernel: nest('elementwise', [slot('x', T * d), slot('w', d), slot('y', T * d, 'write')], [{ name: 't', extent: T }, { name: 'd', extent: d }], [
        { kind: 'let', name: 'z', value: f('add', f('mul', load(0, row), load(1, v('d'))), n(0.5)) },
        store(2, row, f('mul', local('z'), f('add', n(1), f('erf', f('mul', local('z'), n(Math.SQRT1_2)))))),
      ]),
    },
    {
      kernel: nest('functions', [slot('x', d), slot('y', d, 'write')], [{ name: 'd', extent: d }], [
        store(1, v('d'), f('select', f('lt', load(0, v('d')), n(0)), f('exp', load(0, v('d'))), f('sub', f('sqrt', load(0, v('d'))), f('floor', f('mul', load(0, v('d')), n(3)))))),
      ]),
    },
    {
      kernel: nest('softmax', [slot('x', T * d), slot('y', T * d, 'write')], [{ name: 't', extent: T }], [
        { kind: 'reduce', name: 'top', fn: 'max', loops: [{ name: 'd', extent: d }], lets: [], value: load(0, row) },
        { kind: 'reduce', name: 'sum', fn: 'sum', loops: [{ name: 'd', extent: d }], lets: [], value: f('exp', f('sub', load(0, row), local('top'))) },
        store(1, row, f('div', f('exp', f('sub', load(0, row), local('top'))), local('sum')), [{ name: 'd', extent: d }]),
      ]),
    },
    {
      kernel: nest('norm_in_place', [slot('x', T * d, 'read_write'), slot('w', d)], [{ name: 't', extent: T }], [
        { kind: 'reduce', name: 'sum', fn: 'sum', loops: [{ name: 'd', extent: d }], lets: [], value: f('mul', load(0, row), load(0, row)) },
        { kind: 'let', name: 'scale', value: f('rsqrt', f('add', f('div', local('sum'), n(d)), n(1e-5))) },
        store(0, row, f('mul', f('mul', load(0, row), local('scale')), load(1, v('d'))), [{ name: 'd', extent: d }]),
      ]),
    },
    {
      kernel: nest('gathered_dot', [slot('x', T * d), index, slot('table', rows * d), slot('y', T * K, 'write')], [{ name: 't', extent: T }, { name: 'k', extent: K }], [
        { kind: 'reduce', name: 'dot', fn: 'sum', loops: [{ name: 'd', extent: d }], lets: [], value: f('mul', load(0, row), load(2, tableAt)) },
        store(3, entry, f('tanh', local('dot'))),
      ]),
      data: { index: indices(4, T * K, rows) },
    },
    {
      // Four points at a time and two left over; the second reduction needs the first, and both a let of the point.
      kernel: nest('gathered_dots', [slot('x', T * d), slot('index', T * 6, 'read', 'i32'), slot('table', rows * d), slot('y', T * 6, 'write'), slot('z', T * 6, 'write')], [{ name: 't', extent: T }, { name: 'k', extent: 6 }], [
        { kind: 'let', name: 'from', value: i('mul', load(1, at(v('t'), 6, v('k')), 'i32'), int(d)) },
        { kind: 'reduce', name: 'dot', fn: 'sum', loops: [{ name: 'd', extent: d }], lets: [{ name: 'w', value: load(2, i('add', local('from', 'i32'), v('d'))) }], value: f('mul', load(0, row), local('w')) },
        { kind: 'let', name: 'half', value: f('mul', local('dot'), n(0.5)) },
        { kind: 'reduce', name: 'top', fn: 'max', loops: [{ name: 'd', extent: d }], lets: [], value: f('sub', load(2, i('add', local('from', 'i32'), v('d'))), local('half')) },
        store(3, at(v('t'), 6, v('k')), f('erf', local('half'))),
        store(4, at(v('t'), 6, v('k')), f('add', local('top'), f('to_f32', local('from', 'i32')))),
      ]),
      data: { index: indices(5, T * 6, rows) },
    },
    {
      kernel: nest('gathered_sum', [slot('a', T * K), index, slot('table', rows * d), slot('y', T * d, 'write')], [{ name: 't', extent: T }, { name: 'd', extent: d }], [
        { kind: 'reduce', name: 'sum', fn: 'sum', loops: [{ name: 'k', extent: K }], lets: [{ name: 'row', value: load(1, entry, 'i32') }], value: f('mul', load(0, entry), load(2, at(local('row', 'i32'), d, v('d')))) },
        store(3, row, local('sum')),
      ]),
      data: { index: indices(4, T * K, rows) },
    },
    {
      kernel: nest('column_sums', [slot('x', T * d), slot('y', d, 'write')], [{ name: 'd', extent: d }], [
        { kind: 'reduce', name: 'sum', fn: 'sum', loops: [{ name: 't', extent: T }], lets: [], value: load(0, row) },
        { kind: 'reduce', name: 'low', fn: 'min', loops: [{ name: 't', extent: T }], lets: [], value: load(0, row) },
        store(1, v('d'), f('add', local('sum'), local('low'))),
      ]),
    },
    {
      kernel: nest('transposed', [slot('x', T * d), slot('y', T * d, 'write')], [{ name: 't', extent: T }, { name: 'd', extent: d }], [store(1, at(v('d'), T, v('t')), load(0, row))]),
    },
    {
      kernel: nest('merged_axes', [slot('x', T * d), slot('y', T * d, 'write')], [{ name: 'i', extent: T * d }], [
        store(1, v('i'), f('mul', load(0, at(i('mod', v('i'), int(T)), d, i('div', v('i'), int(T)))), f('to_f32', i('mod', v('i'), int(4))))),
      ]),
    },
    {
      kernel: nest('total', [slot('x', T * d), slot('y', 1, 'write')], [], [
        { kind: 'reduce', name: 'sum', fn: 'sum', loops: [{ name: 't', extent: T }, { name: 'd', extent: d }], lets: [], value: f('mul', load(0, row), load(0, row)) },
        store(1, int(0), f('sqrt', local('sum'))),
      ]),
    },
    {
      kernel: nest('shifted', [slot('x', d), slot('y', d, 'write')], [{ name: 'd', extent: d }], [
        store(1, v('d'), f('select', f('le', int(1), v('d')), load(0, i('max', i('add', v('d'), int(-1)), int(0))), n(0))),
      ]),
    },
    {
      kernel: nest('integers', [slot('x', d, 'read', 'i32'), slot('y', d, 'write', 'i32')], [{ name: 'd', extent: d }], [
        store(1, v('d'), i('add', i('max', load(0, v('d'), 'i32'), int(1)), i('div', v('d'), int(3)))),
      ]),
    },
    {
      // Touched rows: as many as slot 0 says, each a segment of entries; two tables updated in place.
      kernel: nest(
        'touched_rows',
        [slot('count', 1, 'read', 'i32'), slot('touched', 4, 'read', 'i32'), slot('offsets', 5, 'read', 'i32'), slot('order', 9, 'read', 'i32'), slot('grad', 9), slot('x', 9 * d), slot('m', rows * d, 'read_write'), slot('p', rows * d, 'read_write')],
        [{ name: 'r', extent: 4, to: load(0, int(0), 'i32') }, { name: 'd', extent: d }],
        [
          { kind: 'let', name: 'row', value: load(1, v('r'), 'i32') },
          {
            kind: 'reduce', name: 'g', fn: 'sum', loops: [{ name: 's', extent: 9, from: load(2, v('r'), 'i32'), to: load(2, i('add', v('r'), int(1)), 'i32') }],
            lets: [{ name: 'e', value: load(3, v('s'), 'i32') }], value: f('mul', load(4, local('e', 'i32')), load(5, at(local('e', 'i32'), d, v('d')))),
          },
          { kind: 'let', name: 'moment', value: f('add', f('mul', n(0.9), load(6, at(local('row', 'i32'), d, v('d')))), f('mul', n(0.1), local('g'))) },
          store(6, at(local('row', 'i32'), d, v('d')), local('moment')),
          store(7, at(local('row', 'i32'), d, v('d')), f('sub', load(7, at(local('row', 'i32'), d, v('d'))), f('div', local('moment'), f('add', f('abs', local('moment')), n(1))))),
        ],
      ),
      data: { count: [3], touched: [1, 4, 7, 0], offsets: segments, order: [3, 1, 8, 0, 5, 2, 4, 6, 7] },
    },
  ];
}
