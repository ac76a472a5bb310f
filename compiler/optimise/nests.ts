/**
 * @file Writes a nest unit down: loops over its rows, its reductions and stores as stages.
 */
import type { Axis, Node } from '../graph/graph.js';
import type { Coordinates, Reader } from './access.js';
import { closeNest } from './close-nest.js';
import type { DraftLoop, DraftReduce, DraftStage, DraftStore } from './draft.js';
import { input, isKind, scatterAxes, without } from './facts.js';
import { constant, rowMajor, variable, add, type Index } from './index-form.js';
import type { Lowering } from './lowering.js';
import { nestName } from './names.js';
import { reducedAxes } from './kinds.js';
import { Signature } from './signature.js';
import { rowLoop, rowNumber, rowPlaces, segmentSum } from './segments.js';
import type { NestUnit, Store } from './units.js';
import { call, type Value } from './value.js';

/** Loop variables, one for each axis and kernel. */
export class Variables {
  private readonly names = new Map<Axis, string>();
  private readonly taken = new Set(['row', 'entry', 'p', 'i', 'j', 'acc', 'batch_', 'n_', 'k_', 'm_']);

  loop(axis: Axis): DraftLoop {
    return { name: this.name(axis), extent: axis.size };
  }
  place(axis: Axis): Index {
    return axis.size === 1 ? constant(0) : variable(this.name(axis), axis.size);
  }
  loops(axes: readonly Axis[]): DraftLoop[] {
    return axes.filter((axis) => axis.size > 1).map((axis) => this.loop(axis));
  }
  places(axes: readonly Axis[]): Map<Axis, Index> {
    return new Map(axes.map((axis) => [axis, this.place(axis)]));
  }
  private name(axis: Axis): string {
    const known = this.names.get(axis);
    if (known !== undefined) return known;
    const base = axis.name.replace(/[^A-Za-z0-9_]/g, '_').replace(/^(\d)/, '_$1').replace(/^(t\d+|(sum|max|min)\d+)$/, '$1_') || 'axis';
    let free = base;
    for (let n = 2; this.taken.has(free); n++) free = `${base}_${n}`;
    this.taken.add(free);
    this.names.set(axis, free);
    return free;
  }
}

/** Closes a unit; the launch takes its place. */
export function writeNest(lowering: Lowering, unit: NestUnit): void {
  const signature = signatureOf(lowering, unit);
  const known = lowering.patterns.find(signature);
  if (known) return void lowering.finish(known.kernel, known.buffers, lowering.pathsOf(unit.members), unit.place);
  const variables = new Variables();
  const locals = new Map<Node, Value>();
  const reader = lowering.reader(unit.members, locals);
  const stores = unit.steps.flatMap((step) => (step.kind === 'store' ? [step.store] : []));
  const order = stores[0]?.home.layout ?? unit.rows;
  const rows = [...order.filter((axis) => unit.rows.includes(axis)), ...without(unit.rows, order)];
  const grid = variables.loops(rows);
  const places = variables.places(rows);
  const stages: DraftStage[] = [];
  if (unit.segments) {
    const { scatter, of } = unit.segments;
    grid.unshift(rowLoop(of));
    const number: Value = { kind: 'local', name: 'row_number', dtype: 'i32' };
    stages.push({ kind: 'let', name: 'row_number', value: rowNumber(of) });
    for (const [axis, at] of rowPlaces(scatter, reader.index(number, 0, of.rows - 1))) places.set(axis, at);
    if (!isKind(scatter, 'scatter')) throw new Error('segments belong to scatters');
    reader.segment = { scatter, row: new Map(places) };
    const rest = variables.places(scatterAxes(scatter).rest);
    stages.push({ kind: 'reduce', name: 'sum0', fn: 'sum', dtype: 'f32', ...segmentSum(of, scatter, rest, reader) });
    locals.set(scatter, { kind: 'local', name: 'sum0', dtype: 'f32' });
  }
  for (const step of unit.steps) {
    stages.push(step.kind === 'store' ? storeStage(step.store, unit, places, variables, reader) : reduceStage(step.node, places, variables, reader, locals));
  }
  const closed = closeNest({ name: nestName(unit, (node) => lowering.isInline(node)), grid, stages, paths: [] });
  const kernel = lowering.patterns.add(signature, closed.kernel, closed.buffers);
  lowering.finish(kernel, closed.buffers, lowering.pathsOf(unit.members), unit.place);
}

function signatureOf(lowering: Lowering, unit: NestUnit): Signature {
  const signature = new Signature(lowering, unit.members);
  signature.word(unit.update ? 'update' : 'nest');
  signature.list(unit.rows);
  if (unit.segments) {
    const { scatter, of } = unit.segments;
    signature.word(`${of.entries} ${of.rows} ${of.limit}`);
    signature.buffer(of.packed);
    signature.buffer(of.order);
    signature.node(input(scatter));
    signature.node(scatter);
  }
  for (const step of unit.steps) {
    signature.word(step.kind);
    if (step.kind === 'store') signature.home(step.store.home);
    signature.node(step.kind === 'store' ? step.store.node : step.node);
  }
  return signature;
}

function reduceStage(node: Node, rows: Coordinates, variables: Variables, reader: Reader, locals: Map<Node, Value>): DraftReduce {
  const over = reducedAxes(node);
  const order = node.inputs[0]?.axes ?? [];
  const sorted = [...order.filter((axis) => over.includes(axis)), ...without(over, order)];
  const places = new Map([...rows, ...variables.places(sorted)]);
  const fn = isKind(node, 'reduce') ? node.op.fn : 'sum';
  const name = `${fn}${locals.size}`;
  const value = summand(node, rows, places, reader);
  locals.set(node, { kind: 'local', name, dtype: node.dtype });
  return { kind: 'reduce', name, fn, dtype: node.dtype, loops: variables.loops(sorted), lets: [], value };
}

/** What a reduction adds up, at one point of its rows and summed axes. */
function summand(node: Node, rows: Coordinates, places: Coordinates, reader: Reader): Value {
  if (isKind(node, 'scatter')) return reader.placed(node, rows, places);
  if (isKind(node, 'contract')) return call('mul', [reader.at(input(node), places), reader.at(input(node, 1), places)], 'f32');
  return reader.at(input(node), places);
}

function storeStage(store: Store, unit: NestUnit, rows: Coordinates, variables: Variables, reader: Reader): DraftStore {
  const { node, home } = store;
  const inner = home.layout.filter((axis) => !unit.rows.includes(axis) && !(unit.segments && rows.has(axis)));
  const places = new Map([...rows, ...variables.places(inner)]);
  const at = home.layout.map((axis) => places.get(axis) ?? constant(0));
  const index = rowMajor(at, home.layout.map((axis) => axis.size));
  return { kind: 'store', loops: variables.loops(inner), buffer: home.buffer, index: home.offset === 0 ? index : add(index, constant(home.offset)), value: reader.at(node, places) };
}

