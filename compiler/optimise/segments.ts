/**
 * @file The inverted index of a lookup: its entries sorted by the row they go to, so that each touched row owns a segment. Made once for all
 * lookups with the same indices (the read and the write table of a family), and packed into two lists to spare slots.
 */
import type { Axis, Node } from '../graph/graph.js';
import type { Buffer, Invert, Slot } from '../kernels/kernel.js';
import { closeNest } from './close-nest.js';
import { Closer, SlotTable, unused } from './close.js';
import type { DraftLoop } from './draft.js';
import { input, isKind, lastName, product, scatterAxes, type NodeOf } from './facts.js';
import { scatterLookup, type Lookup } from './grouped.js';
import { add, constant, divide, dynamic, scale, unravel, variable, type Index } from './index-form.js';
import type { Coordinates, Reader } from './access.js';
import { indexValue } from './access.js';
import type { Lowering } from './lowering.js';
import { Signature } from './signature.js';
import { call, load, num, type Value } from './value.js';

export interface Segments {
  /** [2 * limit + 3] i32: how many rows are touched; then for each its number and where its segment starts; a last start closes the last segment. */
  readonly packed: Buffer;
  /** [entries] i32: entries sorted by row. */
  readonly order: Buffer;
  readonly entries: number;
  readonly rows: number;
  readonly limit: number;
}

/** The coordinates of entry number `entry` on the axes that number entries. */
export function entryPlaces(axes: Pick<Lookup, 'entries'>, entry: Index): Map<Axis, Index> {
  const places = unravel(entry, axes.entries.map((axis) => axis.size));
  return new Map(axes.entries.map((axis, i) => [axis, places[i] ?? constant(0)]));
}

/** The index of a lookup's or a scatter's entries; launches what makes it the first time. */
export function segmentsOf(lowering: Lowering, of: Lookup | NodeOf<'scatter'>): Segments {
  const lookup = 'op' in of ? scatterLookup(of) : of;
  const { node } = lookup;
  const { axes } = node.op;
  const indices = node.inputs.slice(1);
  const key = `${indices.map((x) => x.id).join(',')}|${lookup.entries.map((a) => a.id).join(',')}|${lookup.rows.map((a) => `${axes.includes(a) ? axes.indexOf(a) : `s${a.id}`}:${a.size}`).join(',')}`;
  const known = lowering.segments.get(key);
  if (known) return known;
  const [entries, rows] = [product(lookup.entries), product(lookup.rows)];
  const limit = Math.min(entries, rows);
  const { buffers } = lowering;
  const base = nameOf(indices[0]) || node.path || 'index';
  const order = buffers.list(`${base}.order`, 'i32', entries);
  const touched = buffers.list(`${base}.touched`, 'i32', limit);
  const offsets = buffers.list(`${base}.offsets`, 'i32', limit + 1);
  const count = buffers.list(`${base}.count`, 'i32', 1);
  const scratch = buffers.list(`${base}.scratch`, 'i32', Math.max(1, lowering.scratchSize({ entries, rows })));

  lowering.requireAll(lowering.scan(indices.map((x) => ({ node: x, compute: false }))));
  const outputs = [order, touched, offsets, count, scratch];
  const signature = new Signature(lowering, new Set());
  signature.word(`invert ${rows}`);
  signature.list(lookup.entries);
  signature.list(lookup.rows);
  signature.list(axes);
  for (const x of indices) signature.node(x);
  for (const buffer of outputs) signature.buffer(buffer);
  const written = lowering.patterns.find(signature);
  if (written) lowering.finish(written.kernel, written.buffers, [node.path]);
  else launchInvert(lowering, lookup, outputs, signature);
  const segments: Segments = { packed: pack(lowering, base, touched, offsets, count, limit, node.path), order, entries, rows, limit };
  lowering.segments.set(key, segments);
  return segments;
}

function launchInvert(lowering: Lowering, lookup: Lookup, outputs: readonly Buffer[], signature: Signature): void {
  const [entries, rows] = [product(lookup.entries), product(lookup.rows)];
  const limit = Math.min(entries, rows);
  const scratch = outputs.at(-1);
  const reader = lowering.reader();
  const entry = variable('entry', entries);
  const table = new SlotTable();
  const index = new Closer(table).value(reader.row(lookup.node, entryPlaces(lookup, entry), lookup.rows));
  const indexed = table.buffers;
  const names = new Set<string>();
  const slots: Slot[] = [
    ...indexed.map((buffer): Slot => ({ name: unused(lastName(buffer.name), names), dtype: buffer.dtype, access: 'read', size: buffer.size })),
    ...outputs.map((buffer): Slot => ({ name: unused(lastName(buffer.name), names), dtype: 'i32', access: buffer === scratch ? 'read_write' : 'write', size: buffer.size })),
  ];
  const first = indexed.length;
  const kernel: Invert = {
    kind: 'invert', name: 'inverted_index', slots, about: [`${entries} entries over ${rows} rows`], flops: 0, bytes: 4 * (8 * entries + 4 * limit),
    entries, rows, index, order: first, touched: first + 1, offsets: first + 2, count: first + 3, scratch: first + 4,
  };
  const all = [...indexed, ...outputs];
  lowering.finish(lowering.patterns.add(signature, kernel, all), all, [lookup.node.path]);
}

function nameOf(index: Node | undefined): string {
  return index?.op.kind === 'input' ? index.op.name : (index?.path ?? '');
}

function pack(lowering: Lowering, base: string, touched: Buffer, offsets: Buffer, count: Buffer, limit: number, path: string): Buffer {
  const packed = lowering.buffers.list(`${base}.segments`, 'i32', 2 * limit + 3);
  const signature = new Signature(lowering, new Set());
  signature.word('segments');
  for (const buffer of [touched, offsets, count, packed]) signature.buffer(buffer);
  const known = lowering.patterns.find(signature);
  if (known) {
    lowering.finish(known.kernel, known.buffers, [path]);
    return packed;
  }
  const i = variable('i', 2 * limit + 3);
  const total = load(count, constant(0));
  const counted = dynamic(total, 'count', 0, limit);
  // place i > 0 holds the number (odd i) or the start (even i) of row (i - 1) / 2
  const row = divide(add(i, constant(1)), 2);
  const safe = (at: Index, size: number, key: string): Index => dynamic(call('max', [call('min', [indexValue(at), num(size - 1, 'i32')], 'i32'), num(0, 'i32')], 'i32'), key, 0, size - 1);
  const odd = call('eq', [call('mod', [indexValue(i), num(2, 'i32')], 'i32'), num(1, 'i32')], 'f32');
  const [number, start] = [load(touched, safe(add(row, constant(-1)), limit, 'row')), load(offsets, safe(add(row, constant(-1)), limit + 1, 'start'))];
  const inner = call('select', [odd, number, start], 'i32');
  const value = call('select', [call('eq', [indexValue(i), num(0, 'i32')], 'f32'), total, inner], 'i32');
  const to = indexValue(add(scale(counted, 2), constant(3)));
  const draft = {
    name: 'segments', paths: [path],
    grid: [{ name: 'i', extent: 2 * limit + 3, to }],
    stages: [{ kind: 'store' as const, loops: [], buffer: packed, index: i, value }],
  };
  const closed = closeNest(draft);
  lowering.finish(lowering.patterns.add(signature, closed.kernel, closed.buffers), closed.buffers, draft.paths);
  return packed;
}

/** The loop over touched rows. */
export function rowLoop(of: Segments): DraftLoop {
  return { name: 'row', extent: of.limit, to: load(of.packed, constant(0)) };
}

/** The number of touched row `row` (a loop variable of `rowLoop`), in [0, rows). */
export function rowNumber(of: Segments): Value {
  return load(of.packed, add(scale(variable('row', of.limit), 2), constant(1)));
}

/** Where a touched row's elements stand on the result's row axes. */
export function rowPlaces(scatter: Node, number: Index): Map<Axis, Index> {
  if (!isKind(scatter, 'scatter')) throw new Error('segments belong to scatters');
  const { rows } = scatterAxes(scatter);
  const places = unravel(number, rows.map((axis) => axis.size));
  return new Map(rows.map((axis, i) => [axis, places[i] ?? constant(0)]));
}

/** What sums a row's segment at one place of the other axes: the loop, what it reads first, and the value. */
export function segmentSum(of: Segments, scatter: Node, rest: Coordinates, reader: Reader): { loops: DraftLoop[]; lets: { name: string; value: Value }[]; value: Value } {
  if (!isKind(scatter, 'scatter')) throw new Error('segments belong to scatters');
  const axes = scatterAxes(scatter);
  const row = scale(variable('row', of.limit), 2);
  const loop = {
    name: 'p', extent: of.entries, typical: Math.max(1, of.entries / of.limit),
    from: load(of.packed, add(row, constant(2))), to: load(of.packed, add(row, constant(4))),
  };
  const entry: Value = { kind: 'local', name: 'entry', dtype: 'i32' };
  const places = entryPlaces(axes, dynamic(entry, 'entry', 0, of.entries - 1));
  for (const axis of axes.rest) places.set(axis, rest.get(axis) ?? constant(0));
  return { loops: [loop], lets: [{ name: 'entry', value: load(of.order, variable('p', of.entries)) }], value: reader.at(input(scatter), places) };
}
