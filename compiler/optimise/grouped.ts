/**
 * @file Recognises products that run as one matrix product a row of a table: entries pick rows, and each row is a matrix. Sorted by row, the entries of a row are
 * a matrix too, so a table is read once a tile of entries rather than once an entry. Their adjoint, the gradient of the table, is an outer product summed over
 * the entries of each row. Nothing is dropped and nothing padded: Gale et al. 2022, "MegaBlocks", arXiv 2211.15841.
 */
import type { Axis, Node } from '../graph/graph.js';
import { input, isKind, product, scatterAxes, union, without, type NodeOf } from './facts.js';

/** Entries that look up rows of a table: which axes number the entries, and which the rows. */
export interface Lookup {
  /** Inputs after the first are the indices on `op.axes`. */
  readonly node: NodeOf<'gather'> | NodeOf<'scatter'>;
  readonly entries: readonly Axis[];
  readonly rows: readonly Axis[];
}

/** sum over `within` of x * (the row each entry picks). */
export interface GroupedProduct {
  readonly x: Node;
  readonly lookup: Lookup;
  readonly table: Node;
  /** Summed axes of a row's matrix, and its others. */
  readonly within: readonly Axis[];
  readonly kept: readonly Axis[];
}

/** A scatter that adds a * b to the row each entry picks: `a` has the axes `m` of the row, `b` the others, `n`. */
export interface GroupedOuterProduct {
  readonly a: Node;
  readonly b: Node;
  readonly m: readonly Axis[];
  readonly n: readonly Axis[];
}

/** Axes of a matrix shorter than this, and rows with fewer entries on average, are not worth packing. */
const SHORTEST = 4;
const ENTRIES_PER_ROW = 4;

export function scatterLookup(node: NodeOf<'scatter'>): Lookup {
  const { entries, rows } = scatterAxes(node);
  return { node, entries, rows };
}

/** The grouped product a contraction is, up to a sum over the entries that remain in `over`. */
export function groupedProduct(node: NodeOf<'contract'>): GroupedProduct | undefined {
  const [first, second] = [input(node), input(node, 1)];
  return withLookup(first, inOrder(second), node.op.over) ?? withLookup(second, inOrder(first), node.op.over);
}

function withLookup(x: Node, gather: Node, over: readonly Axis[]): GroupedProduct | undefined {
  if (!isKind(gather, 'gather')) return undefined;
  const table = input(gather);
  const indices = union(...gather.inputs.slice(1).map((index) => index.axes));
  const rows = table.axes.filter((axis) => gather.op.axes.includes(axis) || indices.includes(axis));
  const rest = without(table.axes, rows);
  const within = rest.filter((axis) => over.includes(axis));
  const kept = without(rest, within);
  if (within.some((axis) => !x.axes.includes(axis)) || kept.some((axis) => x.axes.includes(axis))) return undefined;
  const entries = union(indices, without(x.axes, within));
  return worthwhile(entries, rows, within, kept) ? { x, table, within, kept, lookup: { node: gather, entries, rows } } : undefined;
}

/** The grouped outer product a scatter is. */
export function groupedOuter(node: NodeOf<'scatter'>): GroupedOuterProduct | undefined {
  const value = inOrder(input(node));
  if (!isKind(value, 'map') || value.op.fn !== 'mul') return undefined;
  const { entries, rows, rest } = scatterAxes(node);
  const [a, b] = [input(value), input(value, 1)];
  const [m, n] = [rest.filter((axis) => a.axes.includes(axis)), rest.filter((axis) => b.axes.includes(axis))];
  if (m.some((axis) => n.includes(axis)) || m.length + n.length !== rest.length) return undefined;
  return worthwhile(entries, rows, m, n) ? { a, b, m, n } : undefined;
}

function worthwhile(entries: readonly Axis[], rows: readonly Axis[], m: readonly Axis[], n: readonly Axis[]): boolean {
  return product(m) >= SHORTEST && product(n) >= SHORTEST && product(entries) >= ENTRIES_PER_ROW * product(rows);
}

function inOrder(node: Node): Node {
  return node.op.kind === 'order' ? inOrder(input(node)) : node;
}
