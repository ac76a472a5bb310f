/**
 * @file Rewrites of whole graphs. `sinkGathers`: choose first, multiply after.
 *
 *     gather(contract(a, table, over e), [n], [index])  ->  contract(a, gather(table, [n], [index]), over e)
 *
 * The scores of a choice are computed densely to choose, and looked up to be used. Computing the few that are used again from the looked-up
 * rows makes their gradient touch those rows only, instead of every row through a mostly zero [tokens, n] matrix. The lookup passes through
 * elementwise functions, slices and renames on its way down to the product.
 */
import type { GraphBuilder } from './build.js';
import type { Axis, Node, Op } from './graph.js';
import { topological } from './walk.js';

/** Rebuilds what `roots` need, operands first. `replace` may give another node for one (its operands already rebuilt). Returns old -> new;
 *  nodes outside map to themselves. */
export function rebuild(builder: GraphBuilder, roots: readonly Node[], replace: (node: Node) => Node | undefined): (node: Node) => Node {
  const made = new Map<Node, Node>();
  const at = (node: Node): Node => made.get(node) ?? node;
  builder.lenient(() => {
    for (const node of topological(roots)) {
      builder.at(node.path, node.span, () => {
        const inputs = node.inputs.map(at);
        const same = inputs.every((input, i) => input === node.inputs[i]) ? node : builder.make(node.op, inputs, node);
        made.set(node, replace(same) ?? same);
      });
    }
  });
  return at;
}

/** Sinks lookups into products where at most a quarter of the rows is looked up. Returns old -> new, for the nodes behind `roots`. */
export function sinkGathers(builder: GraphBuilder, roots: readonly Node[]): (node: Node) => Node {
  return rebuild(builder, roots, (node) => {
    const [table, ...indices] = node.inputs;
    if (node.op.kind !== 'gather' || !table) return undefined;
    return worthwhile(table, node.op.axes, indices) ? sink(builder, table, node.op.axes, indices, node.axes) : undefined;
  });
}

function worthwhile(table: Node, axes: readonly Axis[], indices: readonly Node[]): boolean {
  const size = (list: Iterable<Axis>): number => [...list].reduce((n, axis) => n * axis.size, 1);
  const looked = new Set(indices.flatMap((index) => index.axes).filter((axis) => !table.axes.includes(axis) || axes.includes(axis)));
  return 4 * size(looked) <= size(axes);
}

/** `gather(x, axes, indices)` with the lookup inside a product, in the order `result`; undefined when there is no product to enter. */
function sink(builder: GraphBuilder, x: Node, axes: readonly Axis[], indices: readonly Node[], result: readonly Axis[]): Node | undefined {
  const inner = descend(builder, x, { axes, indices });
  return inner && builder.order(inner, result);
}

/** Where to look: one index for each axis. */
interface Places {
  readonly axes: readonly Axis[];
  readonly indices: readonly Node[];
}

/** The part of `places` that concerns axes of `x`. */
function placesOf(x: Node, { axes, indices }: Places): Places {
  const own = (_: unknown, i: number): boolean => axes.some((axis, n) => n === i && x.axes.includes(axis));
  return { axes: axes.filter(own), indices: indices.filter(own) };
}

function descend(builder: GraphBuilder, x: Node, places: Places): Node | undefined {
  const [first, second] = x.inputs;
  const has = (node: Node): boolean => placesOf(node, places).axes.length > 0;
  switch (x.op.kind) {
    case 'contract': {
      const { over } = x.op;
      if (!first || !second || has(first) === has(second)) return undefined;
      if (places.indices.some((index) => index.axes.some((axis) => over.includes(axis)))) return undefined;
      return builder.contract(lookUp(builder, first, places), lookUp(builder, second, places), over);
    }
    case 'map': {
      const inner = x.inputs.map((input) => (has(input) ? descend(builder, input, placesOf(input, places)) : undefined));
      if (inner.every((input) => input === undefined)) return undefined;
      return builder.make(x.op, x.inputs.map((input, i) => inner[i] ?? lookUp(builder, input, places)));
    }
    case 'order':
      return first && descend(builder, first, places);
    case 'slice': case 'rename': {
      const inner = first && distribute(builder, x.op, first);
      return inner && descend(builder, inner, places);
    }
    default:
      return undefined;
  }
}

/** x looked up along those of the axes it has; a slice or rename between two lookups is moved out of the way, so that they become one. */
function lookUp(builder: GraphBuilder, x: Node, places: Places): Node {
  const { axes, indices } = placesOf(x, places);
  if (axes.length === 0) return x;
  const [below] = x.inputs;
  const inner = below?.op.kind === 'order' ? below.inputs[0] : below;
  const view = x.op.kind === 'slice' || x.op.kind === 'rename' ? x.op : undefined;
  const table = view && inner?.op.kind === 'gather' ? distribute(builder, view, inner) : undefined;
  return builder.gather(table ?? x, axes, indices);
}

/** The slice or rename `view` of `x`, applied to the operands of `x` instead. */
function distribute(builder: GraphBuilder, view: Extract<Op, { kind: 'slice' | 'rename' }>, x: Node): Node | undefined {
  const [from, to] = view.kind === 'slice' ? [view.axis, view.into] : [view.from, view.to];
  const apply = (node: Node): Node => (node.axes.includes(from) ? builder.make(view, [node]) : node);
  const clash = (node: Node): boolean => to !== undefined && node.axes.includes(to);
  if (x.inputs.some(clash)) return undefined;
  switch (x.op.kind) {
    case 'contract': case 'map':
      return builder.make(x.op, x.inputs.map(apply));
    case 'order':
      return x.inputs[0] && apply(x.inputs[0]);
    case 'gather': {
      const [table, ...indices] = x.inputs;
      if (!table) return undefined;
      return builder.make(x.op, [x.op.axes.includes(from) ? table : apply(table), ...indices.map(apply)]);
    }
    default:
      return undefined;
  }
}
