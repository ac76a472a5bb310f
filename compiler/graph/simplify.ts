/**
 * @file Peephole simplification as nodes are made: a table of small rules, each obviously safe.
 *
 * A rule sees an operation and its operands before the node exists and may give an equal node instead. Equal means the same values by axis;
 * the storage order of axes may differ except where a rule says so (`order` always gives what it was asked for).
 */
import type { GraphBuilder } from './build.js';
import type { Axis, Node, Op } from './graph.js';
import type { Shape } from './shape-checks.js';
import { foldMap } from './fold.js';

interface Site {
  readonly build: GraphBuilder;
  readonly inputs: readonly Node[];
  readonly shape: Shape;
}

type Rule<K extends Op['kind']> = (op: Extract<Op, { kind: K }>, x: Node, site: Site) => Node | undefined;

/** The first rule that applies, or undefined. */
export function simplify(build: GraphBuilder, op: Op, inputs: readonly Node[], shape: Shape): Node | undefined {
  const x = inputs[0];
  if (!x) return undefined;
  const site: Site = { build, inputs, shape };
  const first = <K extends Op['kind']>(rules: readonly Rule<K>[], at: Extract<Op, { kind: K }>): Node | undefined => {
    for (const rule of rules) {
      const simpler = rule(at, x, site);
      if (simpler) return simpler;
    }
    return undefined;
  };
  switch (op.kind) {
    case 'map': return first<'map'>(mapRules, op);
    case 'reduce': return first<'reduce'>(reduceRules, op);
    case 'contract': return first<'contract'>(contractRules, op);
    case 'rename': return first<'rename'>(renameRules, op);
    case 'split': return first<'split'>(splitRules, op);
    case 'merge': return first<'merge'>(mergeRules, op);
    case 'slice': return first<'slice'>(sliceRules, op);
    case 'pad': return first<'pad'>(padRules, op);
    case 'shift': return first<'shift'>(shiftRules, op);
    case 'expand': return first<'expand'>(expandRules, op);
    case 'order': return first<'order'>(orderRules, op);
    case 'gather': return first<'gather'>(gatherRules, op);
    case 'stop_gradient': return first<'stop_gradient'>(stopRules, op);
    default: return undefined;
  }
}

const sameAxes = (a: readonly Axis[], b: readonly Axis[]): boolean => a.length === b.length && a.every((axis, i) => axis === b[i]);
const disjoint = (x: Node, over: readonly Axis[]): boolean => !over.some((axis) => x.axes.includes(axis));

/** a and b in the order in which their contraction has tokens outermost, or, where that does not decide, gives `wanted`. */
export function productOrder(a: Node, b: Node, over: readonly Axis[], wanted: readonly Axis[]): readonly [Node, Node] {
  const tokens = (x: Node): boolean => x.axes.some((axis) => axis.token && !over.includes(axis));
  if (tokens(a) !== tokens(b)) return tokens(a) ? [a, b] : [b, a];
  const result = (left: Node, right: Node): Axis[] => [...left.axes, ...right.axes.filter((axis) => !left.axes.includes(axis))].filter((axis) => !over.includes(axis));
  return !sameAxes(result(a, b), wanted) && sameAxes(result(b, a), wanted) ? [b, a] : [a, b];
}

const mapRules: readonly Rule<'map'>[] = [
  // arithmetic on constants, x + 0, x * 1, x ^ 2, ...
  (op, _x, { build, inputs, shape }) => foldMap(build, op.fn, inputs, shape),
  // f(expand(x), y): where y has the repeated axes anyway, x broadcasts by itself
  (op, _x, { build, inputs, shape }) => {
    const bare = inputs.map((input, i) => {
      const inner = input.op.kind === 'expand' ? input.inputs[0] : undefined;
      if (!inner || input.op.kind !== 'expand') return input;
      const others = inputs.flatMap((other, j) => (j === i ? [] : other.op.kind === 'expand' ? (other.inputs[0]?.axes ?? []) : other.axes));
      return input.op.axes.every((axis) => others.includes(axis)) ? inner : input;
    });
    if (bare.every((input, i) => input === inputs[i])) return undefined;
    const simpler = build.make(op, bare);
    return sameAxes(simpler.axes, shape.axes) ? simpler : build.order(simpler, shape.axes);
  },
  // two scatters to the same places are one
  (op, a, { build, inputs: [, b] }) => {
    if (op.fn !== 'add' || a.op.kind !== 'scatter' || b?.op.kind !== 'scatter') return undefined;
    const [left, right] = [a.inputs[0], b.inputs[0]];
    const sameIndices = a.inputs.length === b.inputs.length && a.inputs.slice(1).every((index, i) => index === b.inputs[i + 1]);
    if (!left || !right || !sameIndices || !sameAxes(a.op.axes, b.op.axes) || !sameAxes(a.op.result, b.op.result)) return undefined;
    return build.scatter(build.add(left, right), a.op.axes, a.inputs.slice(1), a.op.result);
  },
];

const reduceRules: readonly Rule<'reduce'>[] = [
  (op, x) => (op.over.length === 0 ? x : undefined),
  // sum of repeats: a multiple; max of repeats: the value
  (op, x, { build }) => {
    const inner = x.op.kind === 'expand' ? x.inputs[0] : undefined;
    if (!inner) return undefined;
    const repeated = op.over.filter((axis) => !inner.axes.includes(axis));
    if (repeated.length === 0) return undefined;
    const kept = x.axes.filter((axis) => !inner.axes.includes(axis) && !repeated.includes(axis));
    const count = op.fn === 'sum' ? repeated.reduce((n, axis) => n * axis.size, 1) : 1;
    const once = build.reduce(op.fn, inner, op.over.filter((axis) => inner.axes.includes(axis)));
    return build.expand(x.dtype === 'i32' && count === 1 ? once : build.mul(once, count), kept);
  },
  // sum of a sum
  (op, x, { build }) => (x.op.kind === 'reduce' && x.op.fn === op.fn && x.inputs[0] ? build.reduce(op.fn, x.inputs[0], [...x.op.over, ...op.over]) : undefined),
  // sum of a product: a contraction when both factors have a summed axis; a factor without any goes outside. A square stays a sum of squares.
  // The operand of tokens stands first, so that they come outermost; else the operands stand so that the axes keep the reduction's order.
  (op, x, { build, shape }) => {
    const [a, b] = x.inputs;
    if (op.fn !== 'sum' || x.op.kind !== 'map' || x.op.fn !== 'mul' || x.dtype !== 'f32' || !a || !b || a === b) return undefined;
    const [first, second] = productOrder(a, b, op.over, shape.axes);
    return build.contract(first, second, op.over);
  },
  // sum of -x, x / c and c-free quotients: outside
  (op, x, { build }) => {
    const [a, b] = x.inputs;
    if (op.fn !== 'sum' || x.op.kind !== 'map' || x.dtype !== 'f32' || !a) return undefined;
    if (x.op.fn === 'neg') return build.neg(build.sum(a, op.over));
    return x.op.fn === 'div' && b && disjoint(b, op.over) ? build.div(build.sum(a, op.over), b) : undefined;
  },
];

const contractRules: readonly Rule<'contract'>[] = [
  // an operand that only repeats along axes of the other broadcasts by itself
  (op, a, { build, inputs: [, b], shape }) => {
    if (!b) return undefined;
    const bare = (x: Node, other: Node): Node =>
      x.op.kind === 'expand' && x.inputs[0] && x.op.axes.every((axis) => other.axes.includes(axis)) ? x.inputs[0] : x;
    const left = bare(a, b);
    const right = bare(b, left);
    return left === a && right === b ? undefined : build.order(build.contract(left, right, op.over), shape.axes);
  },
];

const renameRules: readonly Rule<'rename'>[] = [
  (op, x) => (op.from === op.to ? x : undefined),
  (op, x, { build }) => (x.op.kind === 'rename' && x.op.to === op.from && x.inputs[0] ? build.rename(x.inputs[0], x.op.from, op.to) : undefined),
  // a renamed scatter is a scatter (gradients of tables looked up under another name)
  (op, x, { build }) => {
    const value = x.inputs[0];
    if (x.op.kind !== 'scatter' || !value) return undefined;
    const indices = x.inputs.slice(1);
    if (indices.some((index) => index.axes.includes(op.from)) || [value, ...indices].some((input) => input.axes.includes(op.to))) return undefined;
    const swap = (axes: readonly Axis[]): readonly Axis[] => axes.map((axis) => (axis === op.from ? op.to : axis));
    const renamed = value.axes.includes(op.from) ? build.rename(value, op.from, op.to) : value;
    return build.scatter(renamed, swap(x.op.axes), indices, swap(x.op.result));
  },
];

const splitRules: readonly Rule<'split'>[] = [
  (op, x, { build }) => (op.into.length === 1 && op.into[0] ? build.rename(x, op.axis, op.into[0]) : undefined),
  // split of the merge it undoes
  (op, x, { build, shape }) =>
    x.op.kind === 'merge' && x.op.into === op.axis && sameAxes(x.op.axes, op.into) && x.inputs[0] ? build.order(x.inputs[0], shape.axes) : undefined,
];

const mergeRules: readonly Rule<'merge'>[] = [
  (op, x, { build }) => (op.axes.length === 1 && op.axes[0] ? build.rename(x, op.axes[0], op.into) : undefined),
  (op, x, { build }) => (x.op.kind === 'split' && sameAxes(x.op.into, op.axes) && x.inputs[0] ? build.rename(x.inputs[0], x.op.axis, op.into) : undefined),
];

const sliceRules: readonly Rule<'slice'>[] = [
  (op, x, { build }) => (op.into && op.into.size === op.axis.size ? build.rename(x, op.axis, op.into) : undefined),
  // one member of a concat, or of what a pad put there
  (op, x, { build }) => {
    if (x.op.kind !== 'concat' || x.op.into !== op.axis || !op.into) return undefined;
    let start = 0;
    for (const [i, part] of x.op.parts.entries()) {
      const member = x.inputs[i];
      if (start === op.start && part.size === op.into.size && member) return build.rename(member, part, op.into);
      start += part.size;
    }
    return undefined;
  },
];

const padRules: readonly Rule<'pad'>[] = [
  (op, x, { build }) => (op.axis && op.axis.size === op.into.size ? build.rename(x, op.axis, op.into) : undefined),
];

const shiftRules: readonly Rule<'shift'>[] = [(op, x) => (op.by === 0 ? x : undefined)];

const expandRules: readonly Rule<'expand'>[] = [
  (op, x) => (op.axes.length === 0 ? x : undefined),
  (op, x, { build }) => (x.op.kind === 'expand' && x.inputs[0] ? build.expand(x.inputs[0], [...x.op.axes, ...op.axes]) : undefined),
];

const orderRules: readonly Rule<'order'>[] = [
  (op, x) => (sameAxes(op.axes, x.axes) ? x : undefined),
  (op, x, { build }) => (x.op.kind === 'order' && x.inputs[0] ? build.order(x.inputs[0], op.axes) : undefined),
  (op, x, { build }) => (x.op.kind === 'scatter' && x.inputs[0] ? build.scatter(x.inputs[0], x.op.axes, x.inputs.slice(1), op.axes) : undefined),
];

const gatherRules: readonly Rule<'gather'>[] = [
  // a lookup in what was looked up is one lookup along more axes
  (op, x, { build, inputs, shape }) => {
    const table = x.inputs[0];
    if (x.op.kind !== 'gather' || !table) return undefined;
    const inner = x.inputs.slice(1);
    if (op.axes.some((axis) => !table.axes.includes(axis) || inner.some((index) => index.axes.includes(axis)))) return undefined;
    return build.order(build.gather(table, [...x.op.axes, ...op.axes], [...inner, ...inputs.slice(1)]), shape.axes);
  },
];

const stopRules: readonly Rule<'stop_gradient'>[] = [
  (_op, x) => (x.op.kind === 'stop_gradient' || x.op.kind === 'const' || x.op.kind === 'iota' || x.op.kind === 'input' ? x : undefined),
];
