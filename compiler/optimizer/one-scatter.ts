/**
 * @file The gradient of a table that several lookups read, as one scatter: the entries of the lookups stand side by side along an axis of lookups.
 *
 * A lookup's entries are products of a weight for each entry and a row for each token (activation * dy). They stay products: weights, rows and
 * indices of all lookups are put side by side, and an entry's value is computed where the table's row is summed. Where one lookup has fewer
 * entries for a token than another, the missing ones point outside the table.
 */
import type { GraphBuilder } from '../graph/build.js';
import type { Axis, Node, Op } from '../graph/graph.js';

export type Scatter = Node & { readonly op: Extract<Op, { kind: 'scatter' }> };

/** `grad` itself, or, where it is a sum of scatters into the same rows, one scatter. The order of axes stays. */
export function oneScatter(build: GraphBuilder, grad: Node): Node {
  const summed = summands(grad);
  // a term that the sum repeats along an axis is no scatter
  if (summed.some((term) => term.axes.length !== grad.axes.length)) return grad;
  const terms = summed.map((term) => build.order(term, grad.axes));
  const scatters = terms.filter(isScatter);
  const [first] = scatters;
  if (!first || scatters.length < 2 || scatters.length < terms.length) return grad;
  const { axes } = first.op;
  if (!scatters.every(({ op }) => op.axes.length === axes.length && op.axes.every((axis, i) => axis === axes[i]))) return grad;
  const entries = scatters.map((scatter) => entryAxes(scatter, grad.axes));
  const common = (entries[0] ?? []).filter((axis) => entries.every((list) => list.includes(axis)));
  const own = entries.map((list) => list.filter((axis) => !common.includes(axis)));
  if (own.some((list) => list.some((axis) => axis.token !== undefined || grad.axes.includes(axis)))) return grad;

  const entry = build.axis('entry', Math.max(...own.map(sizeOf)));
  const lookup = build.axis('lookup', scatters.length);
  const products = scatters.map((scatter) => factorsOf(build, scatter, grad.axes));
  const factors = products.every((list) => list.length === 2) ? products : scatters.map(({ inputs }) => inputs.slice(0, 1));
  const joined = (lists: readonly (readonly Node[])[], place: (x: Node, own: readonly Axis[]) => Node): Node[] =>
    (lists[0] ?? []).map((_, which) => sideBySide(build, lists.map((list, i) => place(list[which] ?? grad, own[i] ?? [])), lookup));
  const values = joined(factors, (x, of) => (of.some((axis) => x.axes.includes(axis)) ? flat(build, x, of, entry) : x));
  const indices = joined(scatters.map(({ inputs }) => inputs.slice(1)), (x, of) => (sizeOf(of) === entry.size ? flat(build, x, of, entry) : build.sub(flat(build, build.add(x, 1), of, entry), 1)));
  return build.scatter(values.reduce((a, b) => build.mul(a, b)), axes, indices, grad.axes);
}

/** The terms of a sum, in order. */
function summands(node: Node): Node[] {
  const sum = node.op.kind === 'map' && node.op.fn === 'add';
  return sum || node.op.kind === 'order' ? node.inputs.flatMap(summands) : [node];
}

export const isScatter = (node: Node): node is Scatter => node.op.kind === 'scatter';
const sizeOf = (axes: readonly Axis[]): number => axes.reduce((n, axis) => n * axis.size, 1);

/** Axes of the value and the indices that are not the row's own. */
function entryAxes(scatter: Scatter, result: readonly Axis[]): Axis[] {
  const [value, ...indices] = scatter.inputs;
  const indexed = new Set(indices.flatMap((index) => index.axes));
  const more = value?.axes.filter((axis) => !result.includes(axis) || scatter.op.axes.includes(axis)) ?? [];
  return [...new Set([...indexed, ...more])];
}

/** The weight and the row of a scatter whose value is such a product, else the value. */
export function factorsOf(build: GraphBuilder, { op, inputs: [value, ...indices] }: Scatter, result: readonly Axis[]): readonly Node[] {
  if (!value) return [];
  const indexed = indices.flatMap((index) => index.axes);
  const ofRow = (x: Node): boolean => x.axes.some((axis) => result.includes(axis) && !op.axes.includes(axis) && !indexed.includes(axis));
  const [a, b] = operands(build, value);
  if (!a || !b || ofRow(a) === ofRow(b)) return [value];
  return ofRow(b) ? [a, b] : [b, a];
}

/** Of a product, its operands, also where it has been given other axes. */
function operands(build: GraphBuilder, { op, inputs }: Node): readonly Node[] {
  const [inner] = inputs;
  if (op.kind === 'map' && op.fn === 'mul') return inputs;
  if (op.kind === 'order' && inner) return operands(build, inner);
  if (op.kind === 'rename' && inner) return operands(build, inner).map((x) => (x.axes.includes(op.from) ? build.rename(x, op.from, op.to) : x));
  return [];
}

/** `x` with its axes `own` as the first places of `entry`; zero behind them. */
function flat(build: GraphBuilder, x: Node, own: readonly Axis[], entry: Axis): Node {
  const whole = build.expand(x, own.filter((axis) => !x.axes.includes(axis)));
  if (own.length === 0) return build.pad(whole, undefined, 0, entry);
  const part = build.axis('part', sizeOf(own));
  const kept = whole.axes.filter((axis) => !own.includes(axis));
  return build.pad(build.merge(build.order(whole, [...kept, ...own]), own, part), part, 0, entry);
}

/** How many tensors are put side by side in one kernel, which binds them all. */
const AT_ONCE = 6;

/** All along `lookup`, each over the axes of all. */
function sideBySide(build: GraphBuilder, nodes: readonly Node[], lookup: Axis): Node {
  const axes = [...new Set(nodes.flatMap((node) => node.axes))];
  const [tokens, others] = [axes.filter((axis) => axis.token), axes.filter((axis) => !axis.token)];
  const placed = nodes.map((node, i) => {
    const one = build.axis(`lookup${i}`, 1);
    const whole = build.expand(node, [...axes.filter((axis) => !node.axes.includes(axis)), one]);
    return { part: one, node: build.order(whole, [...tokens, one, ...others]) };
  });
  const join = (list: typeof placed, into: Axis): Node => build.concat(list.map(({ node }) => node), list.map(({ part }) => part), into);
  let list = placed;
  while (list.length > AT_ONCE) {
    list = Array.from({ length: Math.ceil(list.length / AT_ONCE) }, (_, i) => {
      const some = list.slice(i * AT_ONCE, (i + 1) * AT_ONCE);
      const part = build.axis(`lookups${i}`, some.reduce((n, one) => n + one.part.size, 0));
      return { part, node: join(some, part) };
    });
  }
  return join(list, lookup);
}
