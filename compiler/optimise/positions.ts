/**
 * @file Positions of entries among those of the same index, from the inverted index: an entry's place in its segment, where the entries' own order counts;
 * else how many of its segment's entries stand before it.
 */
import type { Node } from '../graph/graph.js';
import type { Buffer } from '../kernels/kernel.js';
import { indexValue, type Home } from './access.js';
import { closeNest } from './close-nest.js';
import type { DraftLoop } from './draft.js';
import { input, lastName, product, scatterAxes, without, type NodeOf, type ScatterAxes } from './facts.js';
import { add, constant, dynamic, rowMajor, scale, variable, type Index } from './index-form.js';
import { exactBuffer } from './kernels.js';
import type { Lowering } from './lowering.js';
import { entryPlaces, rowLoop, rowNumber, segmentsOf, type Segments } from './segments.js';
import { call, load, num, type Value } from './value.js';

/** Points that share a segment: rows may be few and long. */
const LANES = 64;

/** What the kernels of one position share. */
interface Counting {
  readonly lowering: Lowering;
  readonly node: NodeOf<'position'>;
  /** Its entries as a scatter would bring them to their members. */
  readonly scatter: NodeOf<'scatter'>;
  readonly axes: ScatterAxes;
  readonly of: Segments;
  readonly home: Home;
}

/** The index has its axes in counting order (see decompose). */
export function launchPosition(lowering: Lowering, node: NodeOf<'position'>): number {
  const index = input(node);
  const by = node.inputs[1];
  const member = { id: -1, name: 'member', size: node.op.members };
  const result = [...without(index.axes, node.op.along), member];
  const one: Node = { id: lowering.whole.freshId(), op: { kind: 'const', value: 1 }, inputs: [], axes: [], dtype: 'f32', path: node.path };
  const scatter: NodeOf<'scatter'> = { id: lowering.whole.freshId(), op: { kind: 'scatter', axes: [member], result }, inputs: [one, index], axes: result, dtype: 'f32', path: node.path };
  const counting: Counting = { lowering, node, scatter, axes: scatterAxes(scatter), of: segmentsOf(lowering, scatter), home: lowering.home(node) };
  return by ? sorted(counting, by) : inOrder(counting);
}

const IN_SEGMENT = 2;
const start = (of: Segments): Value => load(of.packed, add(scale(variable('row', of.limit), 2), constant(IN_SEGMENT)));
const end = (of: Segments): Value => load(of.packed, add(scale(variable('row', of.limit), 2), constant(IN_SEGMENT + 2)));
const i32 = (fn: 'add' | 'sub' | 'div' | 'max', a: Value, b: Value | number): Value => call(fn, [a, typeof b === 'number' ? num(b, 'i32') : b], 'i32');

/** Each touched row's segment, shared by lanes: entry order[p] stands at p - start. */
function inOrder({ lowering, node, axes, of, home }: Counting): number {
  const [lo, hi] = lowering.range(input(node));
  // entries outside stand in no segment
  if (lo < 0 || hi >= node.op.members) fillZeros(lowering, home.buffer, node.path);
  const lanes = Math.min(LANES, Math.ceil(of.entries / of.limit));
  const lane = lanes === 1 ? constant(0) : variable('lane', lanes);
  const extent = Math.ceil(of.entries / lanes);
  const place = add(scale(variable('j', extent), lanes), lane);
  const entry = dynamic(load(of.order, add(dynamic(start(of), 'start', 0, of.entries - 1), place)), 'entry', 0, of.entries - 1);
  const to = i32('div', i32('sub', i32('add', end(of), lanes - 1), i32('add', start(of), indexValue(lane))), lanes);
  const grid: DraftLoop[] = [rowLoop(of), ...(lanes === 1 ? [] : [{ name: 'lane', extent: lanes }])];
  const closed = closeNest({
    name: `position_${lastName(node.path)}`, paths: [], grid,
    stages: [{ kind: 'store', loops: [{ name: 'j', extent, to, typical: Math.max(1, of.entries / of.limit / lanes) }], buffer: home.buffer, index: placeOf(home, axes, entry), value: call('to_f32', [indexValue(place)], 'f32') }],
  });
  return lowering.finish(closed.kernel, closed.buffers, lowering.pathsOf([node]));
}

/** Bounds of every row's segment, then for each entry how many of its row's come before it. */
function sorted(counting: Counting, by: Node): number {
  const { lowering, node, scatter, axes, of, home } = counting;
  const index = input(node);
  const layout = index.axes.filter((axis) => by.axes.includes(axis));
  const order = exactBuffer(lowering, by, layout);
  const bounds = boundsOf(counting);
  const entry = variable('e', of.entries);
  const reader = lowering.reader();
  const row = reader.row(scatter, entryPlaces(axes, entry));
  const safe = row.kind === 'index' ? row.index : dynamic(i32('max', row, 0), 'row', 0, of.rows - 1);
  const other: Value = { kind: 'local', name: 'other', dtype: 'i32' };
  const otherAt = dynamic(other, 'other', 0, of.entries - 1);
  const rank = (at: Index): Value => {
    const places = entryPlaces(axes, at);
    return load(order, rowMajor(layout.map((axis) => places.get(axis) ?? constant(0)), layout.map((axis) => axis.size)));
  };
  const test = (fn: 'lt' | 'eq', a: Value, b: Value): Value => call(fn, [a, b], 'f32');
  const both = (a: Value, b: Value): Value => call('mul', [a, b], 'f32');
  const either = (a: Value, b: Value): Value => call('add', [a, b], 'f32');
  const [mine, its] = [rank(entry), rank(otherAt)];
  const within = either(test('lt', mine, its), both(test('eq', mine, its), test('lt', other, indexValue(entry))));
  // entries that differ in what sorts first: the number of the entry without its sorted axes
  const inner = product(node.op.along.filter((axis) => by.axes.includes(axis)));
  const [myOuter, itsOuter] = [i32('div', indexValue(entry), inner), i32('div', other, inner)];
  const first = node.op.along.some((axis) => !by.axes.includes(axis));
  const before = first ? either(test('lt', itsOuter, myOuter), both(test('eq', itsOuter, myOuter), within)) : within;
  const sum: Value = { kind: 'local', name: 'sum0', dtype: 'f32' };
  const closed = closeNest({
    name: `position_${lastName(node.path)}`, paths: [], grid: [{ name: 'e', extent: of.entries }],
    stages: [
      {
        kind: 'reduce', name: 'sum0', fn: 'sum', dtype: 'f32', lets: [{ name: 'other', value: load(of.order, variable('p', of.entries)) }], value: before,
        loops: [{ name: 'p', extent: of.entries, typical: Math.max(1, of.entries / of.limit), from: load(bounds, scale(safe, 2)), to: load(bounds, add(scale(safe, 2), constant(1))) }],
      },
      { kind: 'store', loops: [], buffer: home.buffer, index: placeOf(home, axes, entry), value: row.kind === 'index' ? sum : call('select', [test('lt', row, num(0, 'i32')), num(0), sum], 'f32') },
    ],
  });
  return lowering.finish(closed.kernel, closed.buffers, lowering.pathsOf([node]));
}

/** [2 * rows]: where each row's segment starts and ends; rows nothing chose are empty. */
function boundsOf({ lowering, node, of }: Counting): Buffer {
  const bounds = lowering.buffers.list(`${node.path}.bounds`, 'i32', 2 * of.rows);
  fillZeros(lowering, bounds, node.path);
  const number = dynamic({ kind: 'local', name: 'row_number', dtype: 'i32' }, 'row_number', 0, of.rows - 1);
  const store = (at: number, value: Value): { kind: 'store'; loops: []; buffer: Buffer; index: Index; value: Value } => ({ kind: 'store', loops: [], buffer: bounds, index: add(scale(number, 2), constant(at)), value });
  const closed = closeNest({ name: 'segment_bounds', paths: [], grid: [rowLoop(of)], stages: [{ kind: 'let', name: 'row_number', value: rowNumber(of) }, store(0, start(of)), store(1, end(of))] });
  lowering.finish(closed.kernel, closed.buffers, lowering.pathsOf([node]));
  return bounds;
}

/** Where an entry's number is stored. */
function placeOf(home: Home, axes: ScatterAxes, entry: Index): Index {
  const places = entryPlaces(axes, entry);
  return add(rowMajor(home.layout.map((axis) => places.get(axis) ?? constant(0)), home.layout.map((axis) => axis.size)), constant(home.offset));
}

function fillZeros(lowering: Lowering, buffer: Buffer, path: string): void {
  const slots = [{ name: 'out', dtype: buffer.dtype, access: 'write' as const, size: buffer.size }];
  lowering.finish({ kind: 'fill', name: 'zeros', value: 0, about: [`${buffer.size} elements`], flops: 0, bytes: 4 * buffer.size, slots }, [buffer], path === '' ? [] : [path]);
}
