/**
 * @file Small questions about nodes that every step of lowering asks: sizes, which operations are views, what a lookup's axes are.
 */
import type { Axis, Node, Op, ScalarFn } from '../graph/graph.js';

export type OpOf<K extends Op['kind']> = Extract<Op, { kind: K }>;
export type NodeOf<K extends Op['kind']> = Node & { readonly op: OpOf<K> };

export function isKind<K extends Op['kind']>(node: Node, kind: K): node is NodeOf<K> {
  return node.op.kind === kind;
}

export function product(axes: readonly Axis[]): number {
  let n = 1;
  for (const axis of axes) n *= axis.size;
  return n;
}

export function input(node: Node, i = 0): Node {
  const found = node.inputs[i];
  if (!found) throw new Error(`${node.op.kind} lacks operand ${i}`);
  return found;
}

export function without(axes: readonly Axis[], gone: readonly Axis[]): Axis[] {
  return axes.filter((axis) => !gone.includes(axis));
}

export function sameSet(a: readonly Axis[], b: readonly Axis[]): boolean {
  return a.length === b.length && a.every((axis) => b.includes(axis));
}

export function sameOrder(a: readonly Axis[], b: readonly Axis[]): boolean {
  return a.length === b.length && a.every((axis, i) => axis === b[i]);
}

/** The axes of all operands, each once, in order of appearance. */
export function union(...lists: readonly (readonly Axis[])[]): Axis[] {
  return [...new Set(lists.flat())];
}

/** Operations that only say where an element comes from. `identity`: at the same place of every axis. */
export function viewKind(node: Node): 'identity' | 'bijection' | 'pick' | 'fill' | undefined {
  switch (node.op.kind) {
    case 'expand': case 'order': return 'identity';
    case 'rename': case 'split': case 'merge': return 'bijection';
    case 'slice': return 'pick';
    case 'pad': case 'concat': case 'shift': return 'fill';
    default: return undefined;
  }
}

/** A slice of an axis of one element: all there is. */
export function isUnitSlice(node: Node): boolean {
  return isKind(node, 'slice') && node.op.into === undefined && node.op.axis.size === 1;
}

/** Rough cost of one evaluation, an addition being 1. */
export function callCost(fn: ScalarFn): number {
  switch (fn) {
    case 'exp': case 'log': case 'tanh': case 'erf': case 'sin': case 'cos': case 'pow': return 10;
    case 'div': case 'sqrt': case 'rsqrt': case 'reciprocal': case 'mod': return 3;
    default: return 1;
  }
}

/** How a scatter's axes relate. Entries are the points of `entries`; each adds its value, an element of `rest` at a time, to one row. */
export interface ScatterAxes {
  /** Axes of the value and the indices that number the entries. */
  readonly entries: readonly Axis[];
  /** Axes of the result an entry carries by itself. */
  readonly shared: readonly Axis[];
  /** Axes of the result that number rows: `shared` and the looked-up ones, in the order of the result. */
  readonly rows: readonly Axis[];
  /** The rest of the result's axes. */
  readonly rest: readonly Axis[];
  /** Entries that differ in these axes add to one result element. */
  readonly summed: readonly Axis[];
}

export function scatterAxes(node: NodeOf<'scatter'>): ScatterAxes {
  let axes = known.get(node);
  if (!axes) known.set(node, (axes = findAxes(node)));
  return axes;
}
const known = new WeakMap<Node, ScatterAxes>();

function findAxes(node: NodeOf<'scatter'>): ScatterAxes {
  const { op } = node;
  const indices = union(...node.inputs.slice(1).map((x) => x.axes));
  const rest = op.result.filter((axis) => !op.axes.includes(axis) && !indices.includes(axis));
  const entries = union(indices, input(node).axes.filter((axis) => !rest.includes(axis)));
  const shared = op.result.filter((axis) => !op.axes.includes(axis) && indices.includes(axis));
  const rows = op.result.filter((axis) => !rest.includes(axis));
  return { entries, shared, rows, rest, summed: entries.filter((axis) => !shared.includes(axis)) };
}

/** Whether a lookup reads the very row that an entry of the scatter goes to. */
export function isSameLookup(gather: Node, scatter: Node): boolean {
  return isKind(gather, 'gather') && isKind(scatter, 'scatter') && sameOrder(gather.op.axes, scatter.op.axes)
    && gather.inputs.length === scatter.inputs.length && gather.inputs.slice(1).every((x, i) => x === scatter.inputs[i + 1]);
}

/** True for a scatter whose entries stay within their token: the gradient of a lookup in a table that each token has for itself. The others
 *  add into the rows of a table shared by tokens, through an inverted index. */
export function isLocalScatter(node: NodeOf<'scatter'>): boolean {
  const axes = scatterAxes(node);
  const work = product(axes.summed) * product(node.axes);
  return !axes.summed.some((axis) => axis.token) && (product(axes.summed) <= 4096 || work <= 1 << 16);
}

/** A scatter into rows: see `isLocalScatter`. */
export function isRowScatter(node: Node): node is NodeOf<'scatter'> {
  return isKind(node, 'scatter') && !isLocalScatter(node);
}

/** `layers.2.ffn.activation` -> `activation`, `layers.2.norm.gain~grad` -> `gain_grad`; an identifier. */
export function lastName(path: string): string {
  let name = names.get(path);
  if (name === undefined) names.set(path, (name = makeName(path)));
  return name;
}
const names = new Map<string, string>();

function makeName(path: string): string {
  const gradient = path.includes('~grad');
  const parts = path.replaceAll('~grad', '').split('.').filter((part) => part !== '' && !/^\d+$/.test(part));
  const last = (parts.at(-1) ?? 'value').replace(/[^A-Za-z0-9_]/g, '_').replace(/^(\d)/, '_$1');
  return gradient ? `${last}_grad` : last;
}
