/**
 * @file Kernels with a form of their own: attention and its gradients, top, top_product, and the partial sums of a total.
 */
import type { Axis, Node } from '../graph/graph.js';
import type { Attention, Buffer, Slot, Top, TopProduct } from '../kernels/kernel.js';
import { closeNest } from './close-nest.js';
import { Closer, SlotTable, unused } from './close.js';
import type { DraftStage } from './draft.js';
import { input, isKind, lastName, product, sameOrder, scatterAxes, type NodeOf } from './facts.js';
import { add, constant, divide, dynamic, rowMajor, scale, unravel, variable, type Index } from './index-form.js';
import { indexValue, type Home } from './access.js';
import type { Lowering } from './lowering.js';
import type { Total, TotalLeaf } from './sums.js';
import { Variables } from './nests.js';
import { segmentSum, segmentsOf, rowLoop, type Segments } from './segments.js';
import { Signature } from './signature.js';
import { call, load, type Value } from './value.js';

// ---- choices

export function launchTop(lowering: Lowering, node: NodeOf<'top'>): number {
  const { axis, take } = node.op;
  const x = input(node);
  lowering.requireAll(lowering.scan([{ node: x, compute: false }]));
  const slots = new SlotTable();
  const home = lowering.home(node);
  const rows = home.layout.filter((a) => a !== take);
  const places = rowPlaces(rows);
  places.set(axis, variable('n', axis.size));
  const value = new Closer(slots).value(lowering.reader().at(x, places));
  const count = product(rows);
  const kernel: Top = {
    kind: 'top', name: `top_${lastName(node.path)}`, slot: slots.write(home.buffer), slots: slots.slots(), about: [slots.about(), `the ${take.size} largest of ${axis.size}`],
    flops: count * axis.size, bytes: 4 * count * (axis.size + take.size), rows: count, extent: axis.size, take: take.size, value,
  };
  return lowering.finish(kernel, slots.buffers, lowering.pathsOf([node]));
}

export function launchTopProduct(lowering: Lowering, node: NodeOf<'top_product'>): number {
  const { half, axis, take } = node.op;
  const x = input(node);
  lowering.requireAll(lowering.scan([{ node: x, compute: false }]));
  const slots = new SlotTable();
  const home = lowering.home(node);
  const rows = home.layout.filter((a) => a !== take);
  const places = rowPlaces(rows);
  places.set(axis, variable('n', axis.size));
  const reader = lowering.reader();
  const closer = new Closer(slots);
  const [first, second] = [0, 1].map((i) => closer.value(reader.at(x, new Map([...places, [half, constant(i)]]))));
  if (!first || !second) throw new Error('two halves');
  const count = product(rows);
  const kernel: TopProduct = {
    kind: 'top_product', name: `top_product_${lastName(node.path)}`, slot: slots.write(home.buffer), slots: slots.slots(),
    about: [slots.about(), `the ${take.size} largest of ${axis.size} x ${axis.size} sums`],
    flops: count * (2 * axis.size + take.size ** 2), bytes: 4 * count * (2 * axis.size + take.size), rows: count, extent: axis.size, take: take.size, first, second,
  };
  return lowering.finish(kernel, slots.buffers, lowering.pathsOf([node]));
}

function rowPlaces(rows: readonly Axis[]): Map<Axis, Index> {
  const size = product(rows);
  const at = unravel(size === 1 ? constant(0) : variable('row', size), rows.map((axis) => axis.size));
  return new Map(rows.map((axis, i) => [axis, at[i] ?? constant(0)]));
}

// ---- attention

/** The buffer holding `node` exactly over `layout`, row-major; copies it there if it is stored otherwise. */
export function exactBuffer(lowering: Lowering, node: Node, layout: readonly Axis[]): Buffer {
  lowering.requireAll(lowering.scan([{ node, compute: false }]));
  if (!lowering.isInline(node)) {
    const stored = lowering.home(node);
    if (stored.offset === 0 && sameOrder(stored.layout, layout)) return stored.buffer;
  }
  const variables = new Variables();
  const places = variables.places(layout);
  const index = rowMajor(layout.map((axis) => places.get(axis) ?? constant(0)), layout.map((axis) => axis.size));
  const ready = lowering.contiguous(node, layout, places, index.key);
  if (ready) return ready;
  const home = lowering.buffers.temp(node, layout);
  const closed = closeNest({
    name: `copy_${lastName(node.path)}`, paths: [], grid: variables.loops(layout),
    stages: [{ kind: 'store', loops: [], buffer: home.buffer, index, value: lowering.reader().at(node, places) }],
  });
  lowering.finish(closed.kernel, closed.buffers, lowering.pathsOf([node]));
  return home.buffer;
}

export function launchAttention(lowering: Lowering, node: NodeOf<'attention'> | NodeOf<'attention_grad'>, parts: readonly (Node | undefined)[]): number {
  const { heads, groups, key, value, scale: by } = node.op;
  const operands = node.inputs.map((x) => exactBuffer(lowering, x, x.axes));
  const results = (node.results ?? []).map((type, i) => {
    const part = parts[i];
    return (part ? lowering.home(part) : lowering.buffers.temp({ ...node, axes: type.axes }, type.axes)).buffer;
  });
  const [batch, time] = node.inputs[0]?.axes ?? [];
  const [b, t] = [batch?.size ?? 1, time?.size ?? 1];
  const pairs = b * heads.size * ((t * (t + 1)) / 2);
  const shape = { batch: b, time: t, heads: heads.size, groups: groups.size, keyWidth: key.size, valueWidth: value.size, scale: by };
  const launch = (variant: Attention['variant'], names: readonly string[], reads: readonly Buffer[], writes: readonly Buffer[], flops: number): number => {
    const all = [...reads, ...writes];
    const taken = new Set<string>();
    const slots = all.map((buffer, i): Slot => ({ name: unused(names[i] ?? 'x', taken), dtype: 'f32', access: i < reads.length ? 'read' : 'write', size: buffer.size }));
    const kernel: Attention = {
      kind: 'attention', variant, name: variant === 'forward' ? 'attention' : `attention_${variant}`, slots,
      about: [`batch ${b}, time ${t}, heads ${heads.size} in ${groups.size} groups, widths ${key.size} and ${value.size}`],
      flops: pairs * flops, bytes: 4 * all.reduce((n, buffer) => n + buffer.size, 0), ...shape,
    };
    return lowering.finish(kernel, all, lowering.pathsOf([node]));
  };
  const widths = key.size + value.size;
  if (isKind(node, 'attention')) return launch('forward', ['q', 'k', 'v', 'out', 'lse'], operands, results, 2 * widths + 5);
  const given = ['q', 'k', 'v', 'out', 'lse', 'dout'];
  launch('grad_q', [...given, 'dq'], operands, results.slice(0, 1), 2 * widths + 2 * key.size + 5);
  return launch('grad_kv', [...given, 'dk', 'dv'], operands, results.slice(1), 4 * widths + 5);
}

// ---- sums over everything

/** Adds each leaf, chunk by chunk, to the partial sums: the first stores them, the others add to them. */
export function launchTotal(lowering: Lowering, total: Total): number {
  const home = lowering.home(total.node);
  let place = 0;
  total.leaves.forEach((leaf, i) => {
    // a dense gradient is made anyway: its squares are summed from there
    const stored = leaf.kind === 'squares' && lowering.whole.outers.has(leaf.scatter) && lowering.schedule.dense.has(leaf.scatter);
    place = launchLeaf(lowering, total, stored ? { kind: 'value', value: leaf.value } : leaf, home, i === 0);
  });
  return place;
}

function launchLeaf(lowering: Lowering, total: Total, leaf: TotalLeaf, home: Home, first: boolean): number {
  const chunks = total.chunks.size;
  const c = variable('c', chunks);
  if (leaf.kind === 'value') {
    lowering.requireAll(lowering.scan([{ node: leaf.value, compute: false }]));
    const signature = new Signature(lowering, new Set());
    signature.word(first ? 'total' : 'add_to_total');
    signature.home(home);
    signature.list(leaf.value.axes);
    signature.node(leaf.value);
    const known = lowering.patterns.find(signature);
    if (known) return lowering.finish(known.kernel, known.buffers, lowering.pathsOf([leaf.value]));
    const size = product(leaf.value.axes);
    const count = Math.ceil(size / chunks);
    const at = add(scale(variable('j', count), chunks), c);
    const bounded: Index = { ...at, hi: Math.min(at.hi, size - 1) };
    const places = unravel(bounded, leaf.value.axes.map((axis) => axis.size));
    const value = lowering.reader().at(leaf.value, new Map(leaf.value.axes.map((axis, i) => [axis, places[i] ?? constant(0)])));
    const to = size % chunks === 0 ? undefined : indexValue(divide(add(constant(size + chunks - 1), scale(c, -1)), chunks));
    return accumulate(lowering, home, first, value, { extent: count, ...(to ? { to } : {}), typical: size / chunks }, leaf.value, signature);
  }
  if (!isKind(leaf.scatter, 'scatter')) throw new Error('squares of a scatter');
  const of = segmentsOf(lowering, leaf.scatter);
  const partial = rowSquares(lowering, leaf.scatter, of);
  const touched = load(of.packed, constant(0));
  const count = Math.ceil(of.limit / chunks);
  const to = indexValue(divide(add(add(dynamic(touched, 'touched', 0, of.limit), constant(chunks - 1)), scale(c, -1)), chunks));
  return accumulate(lowering, home, first, load(partial, add(scale(variable('j', count), chunks), c)), { extent: count, to }, leaf.scatter);
}

function accumulate(lowering: Lowering, home: Home, first: boolean, value: Value, loop: { extent: number; to?: Value; typical?: number }, node: Node, signature?: Signature): number {
  const c = variable('c', home.buffer.size);
  const sum: Value = { kind: 'local', name: 'sum0', dtype: 'f32' };
  const stages: DraftStage[] = [
    { kind: 'reduce', name: 'sum0', fn: 'sum', dtype: 'f32', loops: [{ name: 'j', ...loop }], lets: [], value },
    { kind: 'store', loops: [], buffer: home.buffer, index: c, value: first ? sum : call('add', [load(home.buffer, c), sum], 'f32') },
  ];
  const closed = closeNest({ name: `${first ? 'total' : 'add_to_total'}_${lastName(node.path)}`, paths: [], grid: [{ name: 'c', extent: home.buffer.size }], stages });
  const kernel = signature ? lowering.patterns.add(signature, closed.kernel, closed.buffers) : closed.kernel;
  return lowering.finish(kernel, closed.buffers, lowering.pathsOf([node]));
}

/** [limit]: for each touched row of a scatter, the sum of its squares. Places past the number of touched rows are not written. */
function rowSquares(lowering: Lowering, scatter: NodeOf<'scatter'>, of: Segments): Buffer {
  lowering.requireAll(lowering.scan([{ node: input(scatter), compute: false }]));
  const partial = lowering.buffers.list(`${scatter.path}.squares`, 'f32', of.limit);
  const signature = new Signature(lowering, new Set([scatter]));
  signature.word(`squares ${of.entries} ${of.rows}`);
  for (const buffer of [of.packed, of.order, partial]) signature.buffer(buffer);
  signature.node(scatter);
  const known = lowering.patterns.find(signature);
  if (known) {
    lowering.finish(known.kernel, known.buffers, lowering.pathsOf([scatter]));
    return partial;
  }
  const variables = new Variables();
  const { rest } = scatterAxes(scatter);
  const segment = segmentSum(of, scatter, variables.places(rest), lowering.reader());
  const g: Value = { kind: 'local', name: 'g', dtype: 'f32' };
  const closed = closeNest({
    name: `row_squares_${lastName(scatter.path)}`, paths: [], grid: [rowLoop(of)],
    stages: [
      { kind: 'reduce', name: 'sum0', fn: 'sum', dtype: 'f32', loops: variables.loops(rest), lets: [], inner: { kind: 'reduce', name: 'g', fn: 'sum', dtype: 'f32', ...segment }, value: call('mul', [g, g], 'f32') },
      { kind: 'store', loops: [], buffer: partial, index: variable('row', of.limit), value: { kind: 'local', name: 'sum0', dtype: 'f32' } },
    ],
  });
  lowering.finish(lowering.patterns.add(signature, closed.kernel, closed.buffers), closed.buffers, lowering.pathsOf([scatter]));
  return partial;
}

