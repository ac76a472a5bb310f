/**
 * @file Kernels of grouped products: the inverted index of the entries, shared by all products with the same indices, then one kernel over its segments.
 */
import type { Axis, Node } from '../graph/graph.js';
import type { Buffer, Groups } from '../kernels/kernel.js';
import type { Home } from './access.js';
import { closeNest } from './close-nest.js';
import { Closer, SlotTable } from './close.js';
import { forward } from './contractions.js';
import { input, lastName, product, type NodeOf } from './facts.js';
import { scatterLookup, type GroupedOuterProduct, type GroupedProduct } from './grouped.js';
import { add, constant, dynamic, rowMajor, scale, unravel, variable, type Index } from './index-form.js';
import type { Lowering, Scan } from './lowering.js';
import { contractionName } from './names.js';
import { Variables } from './nests.js';
import { entryPlaces, segmentsOf, type Segments } from './segments.js';
import { Signature } from './signature.js';
import { load, num, type Value } from './value.js';

const entryLocal: Value = { kind: 'local', name: 'entry', dtype: 'i32' };
const rowLocal: Value = { kind: 'local', name: 'row', dtype: 'i32' };
const acc: Value = { kind: 'local', name: 'acc', dtype: 'f32' };

/** What a grouped product's operands are read from, without the index of its entries. */
export function scanGrouped(lowering: Lowering, { x, table }: GroupedProduct): Scan {
  return lowering.scan([{ node: x, compute: false }, { node: table, compute: false }]);
}

/** Launches `contract`, storing `root` (itself, or the elementwise value its epilogue computes). */
export function launchGrouped(lowering: Lowering, contract: Node, { x, table, lookup, within, kept }: GroupedProduct, root: Node): void {
  const of = segmentsOf(lowering, lookup);
  const covered = root === contract ? [contract] : [contract, ...lowering.between(contract, root)];
  const home = lowering.home(root);
  if (mayMiss(lowering, lookup.node)) storeMissed(lowering, contract, root, home);
  const signature = signatureOf(lowering, 'grouped', of, new Set(covered), home);
  signature.node(root);
  const known = lowering.patterns.find(signature);
  if (known) return void lowering.finish(known.kernel, known.buffers, lowering.pathsOf(covered));
  const axes = lowering.schedule.layout(contract);
  const places = entryPlaces(lookup, dynamic(entryLocal, 'entry', 0, of.entries - 1));
  const n = flatten('n', axes.filter((axis) => kept.includes(axis)), places);
  const k = flatten('k', x.axes.filter((axis) => within.includes(axis)), places);
  const row = unravel(dynamic(rowLocal, 'row', 0, of.rows - 1), lookup.rows.map((axis) => axis.size));
  const inTable = new Map([...places, ...lookup.rows.map((axis, i): [Axis, Index] => [axis, row[i] ?? constant(0)])]);

  const reader = lowering.reader(new Set(covered), new Map([[contract, acc]]));
  const rootPlaces = forward(contract, root, places, lowering);
  const slots = new SlotTable();
  const closer = new Closer(slots);
  const [first, second] = [closer.value(reader.at(x, places)), closer.value(reader.at(table, inTable))];
  const groups = groupsOf(of, closer);
  const value = closer.value(reader.at(root, rootPlaces));
  const store = { slot: slots.write(home.buffer), index: closer.index(placeIn(home, rootPlaces)), value };
  const kernel = {
    kind: 'grouped_contraction' as const, name: `grouped_${contractionName(contract, root)}`, slots: slots.slots(),
    about: [slots.about(), `${of.entries} entries in at most ${of.limit} groups, n ${n}, k ${k}`],
    flops: 2 * of.entries * n * k, bytes: bytesOf(slots.buffers), of: groups, n, k, a: first, b: second, store,
  };
  lowering.finish(lowering.patterns.add(signature, kernel, slots.buffers), slots.buffers, lowering.pathsOf(covered));
}

/** Launches a scatter's rows, adding outer products; rows without entries are left alone. */
export function launchOuter(lowering: Lowering, scatter: NodeOf<'scatter'>, outer: GroupedOuterProduct): void {
  const { a, b } = outer;
  const lookup = scatterLookup(scatter);
  const of = segmentsOf(lowering, lookup);
  lowering.requireAll(lowering.scan([{ node: a, compute: false }, { node: b, compute: false }]));
  const home = lowering.home(scatter);
  const signature = signatureOf(lowering, 'grouped outer', of, new Set([scatter]), home);
  signature.node(scatter);
  const known = lowering.patterns.find(signature);
  if (known) return void lowering.finish(known.kernel, known.buffers, lowering.pathsOf([scatter]));
  const last = home.layout.at(-1);
  // n runs along the last axis, so that neighbours are stored together
  const [left, right, mAxes, nAxes] = last && outer.m.includes(last) ? [b, a, outer.n, outer.m] : [a, b, outer.m, outer.n];
  const places = entryPlaces(lookup, dynamic(entryLocal, 'entry', 0, of.entries - 1));
  const [m, n] = [flatten('m', home.layout.filter((axis) => mAxes.includes(axis)), places), flatten('n', home.layout.filter((axis) => nAxes.includes(axis)), places)];
  const row = unravel(dynamic(rowLocal, 'row', 0, of.rows - 1), lookup.rows.map((axis) => axis.size));
  const inTable = new Map([...places, ...lookup.rows.map((axis, i): [Axis, Index] => [axis, row[i] ?? constant(0)])]);
  const reader = lowering.reader();
  const slots = new SlotTable();
  const closer = new Closer(slots);
  const [first, second] = [closer.value(reader.at(left, places)), closer.value(reader.at(right, places))];
  const groups = groupsOf(of, closer);
  const store = { slot: slots.write(home.buffer), index: closer.index(placeIn(home, inTable)), value: closer.value(acc) };
  const kernel = {
    kind: 'grouped_outer' as const, name: `grouped_outer_${lastName(scatter.path)}`, slots: slots.slots(),
    about: [slots.about(), `${of.entries} entries in at most ${of.limit} groups, m ${m}, n ${n}`],
    flops: 2 * of.entries * m * n, bytes: bytesOf(slots.buffers), of: groups, m, n, a: first, b: second, store,
  };
  lowering.finish(lowering.patterns.add(signature, kernel, slots.buffers), slots.buffers, lowering.pathsOf([scatter]));
}

function signatureOf(lowering: Lowering, word: string, of: Segments, members: ReadonlySet<Node>, home: Home): Signature {
  const signature = new Signature(lowering, members);
  signature.word(`${word} ${of.entries} ${of.rows}`);
  signature.buffer(of.packed);
  signature.buffer(of.order);
  signature.home(home);
  return signature;
}

function groupsOf(of: Segments, closer: Closer): Groups {
  const g = variable('g', of.limit);
  const word = (at: Index): Value => load(of.packed, at);
  return {
    groups: of.limit, entries: of.entries, count: closer.value(word(constant(0))), row: closer.value(word(add(scale(g, 2), constant(1)))),
    from: closer.value(word(add(scale(g, 2), constant(2)))), to: closer.value(word(add(scale(g, 2), constant(4)))),
    entry: closer.value(load(of.order, variable('p', of.entries))),
  };
}

/** Lets one variable run through `axes`; says where that puts each of them. */
function flatten(name: string, axes: readonly Axis[], places: Map<Axis, Index>): number {
  const size = product(axes);
  const at = unravel(size === 1 ? constant(0) : variable(name, size), axes.map((axis) => axis.size));
  axes.forEach((axis, i) => places.set(axis, at[i] ?? constant(0)));
  return size;
}

function placeIn(home: Home, places: ReadonlyMap<Axis, Index>): Index {
  const at = rowMajor(home.layout.map((axis) => places.get(axis) ?? constant(0)), home.layout.map((axis) => axis.size));
  return home.offset === 0 ? at : add(at, constant(home.offset));
}

const bytesOf = (buffers: readonly Buffer[]): number => 4 * buffers.reduce((sum, buffer) => sum + buffer.size, 0);

/** Whether an entry may pick no row of the table: its product is zero, and no group has it. */
function mayMiss(lowering: Lowering, node: NodeOf<'gather'> | NodeOf<'scatter'>): boolean {
  return node.op.axes.some((axis, i) => {
    const [lo, hi] = lowering.range(input(node, i + 1));
    return lo < 0 || hi >= axis.size;
  });
}

/** Stores what an entry without a row gives, everywhere. */
function storeMissed(lowering: Lowering, contract: Node, root: Node, home: Home): void {
  const variables = new Variables();
  const places = variables.places(home.layout);
  const members = new Set(root === contract ? [contract] : [contract, ...lowering.between(contract, root)]);
  const value = lowering.reader(members, new Map([[contract, num(0)]])).at(root, places);
  const closed = closeNest({
    name: `missed_${lastName(root.path)}`, paths: [], grid: variables.loops(home.layout),
    stages: [{ kind: 'store', loops: [], buffer: home.buffer, index: placeIn(home, places), value }],
  });
  lowering.finish(closed.kernel, closed.buffers, lowering.pathsOf([root]));
}
