/**
 * @file Every primitive in one table: its shape rule and gradient in words, what it lets mix, and what it costs.
 * `shapes.ts` and `autodiff/rules.ts` implement the first two; the causality analysis reads the third; `show` adds up the fourth.
 */
import type { Axis, Node, Op } from './graph.js';

/** What a result element may depend on, along the axes of the operands.
 *  `pointwise`: only on elements at the same place of every axis. `mixes`: on other places along the given axes.
 *  `past`: along the given axes on the same and earlier places only. */
export type Causality =
  | { readonly kind: 'pointwise' }
  | { readonly kind: 'mixes'; readonly axes: readonly Axis[] }
  | { readonly kind: 'past'; readonly axes: readonly Axis[] };

type NodeOf<K extends Op['kind']> = Node & { readonly op: Extract<Op, { kind: K }> };

export interface OpInfo<K extends Op['kind']> {
  readonly shape: string;
  readonly gradient: string;
  /** In words; `causality` computes it. */
  readonly mixes: string;
  readonly causality: (node: NodeOf<K>) => Causality;
  /** Floating-point operations of one evaluation. Conventions: a multiplication and an addition count two, an elementwise function one, a
   *  softmax 5 an element, a logsumexp 4; views and lookups none; attention counts the causal half of all pairs. */
  readonly flops: (node: NodeOf<K>) => number;
}

const pointwise = (): Causality => ({ kind: 'pointwise' });
const mixing = (axes: readonly Axis[]): Causality => (axes.length === 0 ? { kind: 'pointwise' } : { kind: 'mixes', axes });
const free = (): number => 0;

/** Elements of a tensor. */
export function sizeOf(axes: readonly Axis[]): number {
  return axes.reduce((n, axis) => n * axis.size, 1);
}
const operandSize = (node: Node, i = 0): number => sizeOf(node.inputs[i]?.axes ?? []);

const leaf = { gradient: 'a leaf: gradients end here', mixes: 'nothing', causality: pointwise, flops: free } as const;
const view = { mixes: 'the axis is another after it', flops: free } as const;

/** Score and value products of causal attention: half of all pairs. */
function attentionPairs(node: Node, heads: Axis): number {
  const q = node.inputs[0]?.axes ?? [];
  const time = q.find((axis) => axis.token === 'time')?.size ?? 1;
  const batch = q.find((axis) => axis.token === 'batch')?.size ?? 1;
  return batch * heads.size * ((time * (time + 1)) / 2);
}
/** Counting entries in their order: past tokens only, where time comes first in the order and no other sequence is counted. */
function positionCausality(along: readonly Axis[], by: Node | undefined): Causality {
  const [first] = along.filter((axis) => axis.size > 1 && !by?.axes.includes(axis));
  const past = first?.token === 'time' && !along.some((axis) => axis.token === 'batch');
  return past ? { kind: 'past', axes: along } : mixing(along);
}
const timeAxes = (node: Node): readonly Axis[] => (node.inputs[0]?.axes ?? []).filter((axis) => axis.token === 'time');

export const ops: { readonly [K in Op['kind']]: OpInfo<K> } = {
  param: { ...leaf, shape: 'its own axes' },
  state: { ...leaf, shape: 'its own axes', gradient: 'none' },
  input: { ...leaf, shape: 'as the program declares it', gradient: 'a leaf; none for i32' },
  scalar: { ...leaf, shape: '[]', gradient: 'none' },
  const: { ...leaf, shape: '[]', gradient: 'none' },
  iota: { ...leaf, shape: '[axis]', gradient: 'none' },
  map: {
    shape: 'the axes of the operand with most, then the missing ones of the others in order; same-named different axes are refused',
    gradient: 'the derivative times dy, summed over the axes the operand lacks; none through comparisons, floor, sign and conversions; max and min: to the first of equals',
    mixes: 'nothing', causality: pointwise,
    flops: (node) => sizeOf(node.axes),
  },
  reduce: {
    shape: 'the operand without `over`',
    gradient: 'sum: dy repeated; max and min: dy to the first place that attains it (in the order of `over`)',
    mixes: '`over`', causality: (node) => mixing(node.op.over), flops: (node) => operandSize(node),
  },
  contract: {
    shape: 'axes of a not summed, then axes of b that a lacks and that are not summed; `over` in both',
    gradient: 'da = contract(dy, b) over the axes of b that a lacks; db likewise: never a broadcast product',
    mixes: '`over`', causality: (node) => mixing(node.op.over), flops: (node) => 2 * sizeOf(node.axes) * sizeOf(node.op.over),
  },
  softmax: {
    shape: 'the operand', gradient: 'y * (dy - sum(dy * y))',
    mixes: '`over`', causality: (node) => mixing(node.op.over), flops: (node) => 5 * sizeOf(node.axes),
  },
  logsumexp: {
    shape: 'the operand without `over`', gradient: 'dy * softmax(x)',
    mixes: '`over`', causality: (node) => mixing(node.op.over), flops: (node) => 4 * operandSize(node),
  },
  rename: { ...view, shape: '`from` becomes `to`, of the same size', gradient: 'rename back', causality: (node) => mixing([node.op.from]) },
  split: { ...view, shape: '`axis` becomes `into`, in its place', gradient: 'merge', causality: (node) => mixing([node.op.axis]) },
  merge: { ...view, shape: '`axes` become `into`, where the first of them stood', gradient: 'split', causality: (node) => mixing(node.op.axes) },
  slice: { ...view, shape: '`axis` becomes `into`, or is gone', gradient: 'pad', causality: (node) => mixing([node.op.axis]) },
  pad: { ...view, shape: '`axis` becomes `into`; without `axis`, `into` comes first', gradient: 'slice', causality: (node) => mixing(node.op.axis ? [node.op.axis] : []) },
  concat: { ...view, shape: 'the first operand with `into` for its part', gradient: 'a slice for each', causality: (node) => mixing(node.op.parts) },
  shift: {
    ...view, shape: 'the operand', gradient: 'shift by -by', mixes: '`axis`; only its past when `by` is positive',
    causality: (node) => (node.op.by >= 0 ? { kind: 'past', axes: [node.op.axis] } : mixing([node.op.axis])),
  },
  expand: { shape: 'the operand, then the new axes', gradient: 'sum over the new axes', mixes: 'nothing', causality: pointwise, flops: free },
  order: { shape: 'the same axes in the order asked for', gradient: 'dy', mixes: 'nothing', causality: pointwise, flops: free },
  top: {
    shape: 'the operand without `axis`, then `take`; i32', gradient: 'none (the scores are looked up by the result, and gradients go that way)',
    mixes: '`axis`', causality: (node) => mixing([node.op.axis]), flops: (node) => operandSize(node),
  },
  top_product: {
    shape: 'the operand without `half` and `axis`, then `take`; i32', gradient: 'none, as top',
    mixes: '`half` and `axis`', causality: (node) => mixing([node.op.half, node.op.axis]),
    flops: (node) => operandSize(node) + (sizeOf(node.axes) / node.op.take.size) * node.op.take.size ** 2,
  },
  position: {
    shape: 'the index; f32', gradient: 'none',
    mixes: '`along`; of time only the past, when it comes first in the order and batch is not in `along`',
    causality: (node) => positionCausality(node.op.along, node.inputs[1]),
    flops: (node) => sizeOf(node.axes) * (node.inputs.length > 1 ? Math.max(1, sizeOf(node.op.along) / node.op.members) : 1),
  },
  gather: {
    shape: 'the axes of the indices, then those of the table that are neither looked up nor in an index',
    gradient: 'scatter of dy; none to the indices', mixes: '`axes` of the table', causality: (node) => mixing(node.op.axes), flops: free,
  },
  scatter: {
    shape: '`result`', gradient: 'gather of dy',
    mixes: 'the axes of the value and the indices that the result lacks, or that it is placed along',
    causality: (node) => mixing([...new Set(node.inputs.flatMap((input) => input.axes))].filter((axis) => !node.op.result.includes(axis) || node.op.axes.includes(axis))),
    flops: (node) => operandSize(node),
  },
  attention: {
    shape: 'q[batch, time, h, e], k[batch, time, g, e], v[batch, time, g, f] -> out[batch, time, h, f], lse[batch, time, h]',
    gradient: 'attention_grad; none through lse', mixes: 'time, its past only; heads and groups',
    causality: (node) => ({ kind: 'past', axes: timeAxes(node) }),
    flops: (node) => attentionPairs(node, node.op.heads) * (2 * node.op.key.size + 2 * node.op.value.size + 5),
  },
  attention_grad: {
    shape: 'q, k, v, out, lse, dout -> dq, dk, dv', gradient: 'none (no second derivatives)',
    mixes: 'time, in both directions', causality: (node) => mixing(timeAxes(node)),
    flops: (node) => attentionPairs(node, node.op.heads) * (4 * node.op.key.size + 4 * node.op.value.size + 10),
  },
  part: { shape: 'one result of a tuple', gradient: 'into its place of the tuple', mixes: 'nothing', causality: pointwise, flops: free },
  stop_gradient: { shape: 'the operand', gradient: 'none', mixes: 'nothing', causality: pointwise, flops: free },
  surrogate: { shape: 'the value', gradient: 'to each x: its partial times dy; none to the value', mixes: 'nothing', causality: pointwise, flops: free },
  random: { ...leaf, shape: 'the axes asked for', gradient: 'none', flops: (node) => sizeOf(node.axes) },
};

function info<K extends Op['kind']>(kind: K): OpInfo<K> {
  return ops[kind];
}

/** Calls `use` with the table's row for the node's operation. */
function row<T>(node: Node, use: <K extends Op['kind']>(info: OpInfo<K>, node: NodeOf<K>) => T): T {
  const visit = <K extends Op['kind']>(op: Extract<Op, { kind: K }>, kind: K): T => use(info(kind), { ...node, op });
  return visit(node.op, node.op.kind);
}

/** Floating-point operations of one evaluation of `node`. */
export function flops(node: Node): number {
  return row(node, (entry, typed) => entry.flops(typed));
}

/** What `node` lets mix. */
export function causality(node: Node): Causality {
  return row(node, (entry, typed) => entry.causality(typed));
}
