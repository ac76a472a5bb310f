/**
 * @file How products run: as a contraction where both sides have something to reuse, as one for each row of a table where every entry picks a matrix, else
 * as a sum in a loop nest. And scatters, whose rows are sums of such products.
 */
import type { Axis, Node } from '../graph/graph.js';
import { chunkLength } from './chunks.js';
import { input, isKind, isRowScatter, product, sameOrder, scatterAxes, union, without } from './facts.js';
import { groupedOuter, groupedProduct, type GroupedOuterProduct, type GroupedProduct } from './grouped.js';
import { NodeMap, NodeSet, type ReadonlyNodeSet } from './node-map.js';
import type { NodeMaker } from './node-maker.js';
import type { Sums } from './sums.js';

export class Products {
  /** Products that run as contractions; the others are sums in a loop nest. */
  readonly contractions = new NodeSet();
  /** Those that run as a product a row of a table, and scatters whose rows are sums of outer products. */
  readonly grouped = new NodeMap<GroupedProduct>();
  readonly outers = new NodeMap<GroupedOuterProduct>();

  /** `touched`: scatters whose rows updates touch one by one. */
  constructor(private readonly maker: NodeMaker, private readonly sums: Sums, private readonly touched: ReadonlyNodeSet) {}

  /** `old`: the given node that `given` comes from. */
  product(old: Node, given: Node): Node {
    const grouped = this.groupedProduct(old, given);
    if (grouped) return grouped;
    const { maker } = this;
    const node = this.sums.withoutUnits(given);
    if (!isKind(node, 'contract')) return maker.keep(node);
    const [a, b] = [input(node), input(node, 1)];
    const over = node.op.over;
    if (over.length === 0) return maker.make({ kind: 'map', fn: 'mul' }, [a, b], node, node);
    const looksUp = maker.lookups.has(a) || maker.lookups.has(b);
    const m = product(a.axes.filter((axis) => !b.axes.includes(axis) && !over.includes(axis)));
    const n = product(b.axes.filter((axis) => !a.axes.includes(axis) && !over.includes(axis)));
    const dense = !looksUp && Math.min(m, n) >= 4 && product(over) >= 4;
    if (dense) {
      const kept = maker.keep(node);
      this.contractions.add(kept);
      return kept;
    }
    if (chunkLength(node.axes, over, union(a.axes, b.axes)) !== undefined || node.axes.length === 0) {
      const terms = maker.make({ kind: 'map', fn: 'mul' }, [a, b], { axes: union(a.axes, b.axes), dtype: 'f32' }, node);
      return this.sums.reduction(old, maker.changed(node, { op: { kind: 'reduce', fn: 'sum', over }, inputs: [terms] }));
    }
    return maker.keep(node);
  }

  scatter(old: Node, given: Node): Node {
    const node = this.entriesApart(given);
    return this.outer(old, node) ?? this.count(old, node) ?? this.maker.keep(node);
  }

  /** A product whose operand is the matrix each entry picks: one for each entry, then summed over the entries that are. */
  private groupedProduct(old: Node, node: Node): Node | undefined {
    const { maker } = this;
    const found = isKind(node, 'contract') ? groupedProduct(node) : undefined;
    if (!isKind(node, 'contract') || !found || maker.lookups.has(found.table)) return undefined;
    const { lookup, within, kept } = found;
    if (this.isLarge(found.x, within, kept)) return undefined;
    const over = without(node.op.over, within);
    const axes = over.length === 0 ? node.axes : [...lookup.entries, ...kept];
    const each = maker.make({ kind: 'contract', over: within }, node.inputs, { axes, dtype: 'f32' }, node);
    this.contractions.add(each);
    this.grouped.set(each, found);
    if (over.length === 0) return each;
    const sum = this.sums.withoutUnits(maker.changed(node, { op: { kind: 'reduce', fn: 'sum', over }, inputs: [each] }));
    if (!isKind(sum, 'reduce') || sum.op.over.length > 0) return this.sums.reduction(old, sum);
    return sameOrder(input(sum).axes, node.axes) ? input(sum) : maker.make({ kind: 'order', axes: node.axes }, sum.inputs, node, node);
  }

  /** Whether an operand is looked up and larger than the other side, so that storing it would be storing rows. */
  private isLarge(operand: Node, own: readonly Axis[], other: readonly Axis[]): boolean {
    return this.maker.lookups.has(operand) && product(own) > product(other);
  }

  /** A scatter whose entries have the very axis they are placed along (the gradient of a permutation): the entries' one is renamed. */
  private entriesApart(node: Node): Node {
    if (!isKind(node, 'scatter')) return node;
    const same = node.op.axes.filter((axis) => node.inputs.some((x) => x.axes.includes(axis)));
    if (same.length === 0) return node;
    const inputs = same.reduce<readonly Node[]>((xs, from) => {
      const to = this.maker.axis(from.name, from.size);
      return xs.map((x) => (x.axes.includes(from) ? this.maker.make({ kind: 'rename', from, to }, [x], { axes: x.axes.map((axis) => (axis === from ? to : axis)), dtype: x.dtype }, node) : x));
    }, node.inputs);
    return this.maker.changed(node, { inputs });
  }

  /** A scatter whose rows are sums of outer products; where updates touch its rows one by one, they make them themselves. */
  private outer(old: Node, node: Node): Node | undefined {
    const found = isRowScatter(node) && !this.touched.has(old) ? groupedOuter(node) : undefined;
    if (!found || this.isLarge(found.a, found.m, found.n) || this.isLarge(found.b, found.n, found.m)) return undefined;
    this.outers.set(node, found);
    return this.maker.keep(node);
  }

  /** A scatter into a few places (how often each pool was chosen): for each place, a sum over all entries of those that go there. */
  private count(old: Node, node: Node): Node | undefined {
    if (!isRowScatter(node) || this.touched.has(old)) return undefined;
    const { maker } = this;
    const { entries, rest, summed } = scatterAxes(node);
    const places = product(node.op.axes);
    if (places > 64 || product(entries) * product(rest) * places > 1 << 20 || node.op.axes.some((axis) => entries.includes(axis))) return undefined;
    let value = input(node);
    for (const [i, axis] of node.op.axes.entries()) {
      const place = maker.make({ kind: 'iota', axis }, [], { axes: [axis], dtype: 'f32' }, node);
      const index = maker.map('to_f32', [input(node, i + 1)], node);
      const here = maker.make({ kind: 'map', fn: 'eq' }, [index, place], { axes: union(index.axes, place.axes), dtype: 'f32' }, node);
      const zero = maker.make({ kind: 'const', value: 0 }, [], { axes: [], dtype: 'f32' }, node);
      value = maker.make({ kind: 'map', fn: 'select' }, [here, value, zero], { axes: union(here.axes, value.axes), dtype: 'f32' }, node);
    }
    const ordered = maker.make({ kind: 'order', axes: [...summed, ...node.axes] }, [value], { axes: [...summed, ...node.axes], dtype: 'f32' }, node);
    return this.sums.reduction(old, maker.changed(node, { op: { kind: 'reduce', fn: 'sum', over: summed }, inputs: [ordered] }));
  }
}
