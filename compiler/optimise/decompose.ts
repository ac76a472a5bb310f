/**
 * @file The first step: operations that kernels know nothing of become ones they do. Softmax and logsumexp become reductions and elementwise
 * functions; gradient controls disappear; long sums with few results are cut into chunks that run in parallel; sums over everything are
 * gathered into one (`Total`).
 */
import type { Axis, Node, Op, Procedure, ScalarFn, TensorType } from '../graph/graph.js';
import { Keys } from '../graph/key.js';
import { topological } from '../graph/walk.js';
import { chunkLength, replaceFirst } from './chunks.js';
import { NodeMap, NodeSet, type ReadonlyNodeMap, type ReadonlyNodeSet } from './node-map.js';
import { groupedOuter, groupedProduct, type GroupedOuterProduct, type GroupedProduct } from './grouped.js';
import { expandRandom } from './random.js';
import { input, isKind, isRowScatter, product, sameOrder, scatterAxes, union, viewKind, without, type NodeOf } from './facts.js';

/** A scalar that is a sum over all elements of several tensors, chunk by chunk: `node` holds the partial sums, [chunks]. */
export interface Total {
  readonly node: Node;
  readonly chunks: Axis;
  readonly leaves: readonly TotalLeaf[];
}

/** `value`: summed over all its elements. `squares`: the sum of squares of a scatter, from its touched rows; `value` are the squares. */
export type TotalLeaf = { readonly kind: 'value'; readonly value: Node } | { readonly kind: 'squares'; readonly scatter: Node; readonly value: Node };

export interface Decomposed {
  readonly procedures: readonly Procedure[];
  /** Operands before users; follows the order in which the graph was made. */
  readonly order: readonly Node[];
  readonly totals: ReadonlyNodeMap<Total>;
  /** Products that run as contractions; the others are sums in a loop nest. */
  readonly contractions: ReadonlyNodeSet;
  /** Those that run as a product a row of a table, and scatters whose rows are sums of outer products. */
  readonly grouped: ReadonlyNodeMap<GroupedProduct>;
  readonly outers: ReadonlyNodeMap<GroupedOuterProduct>;
  /** Rows of tables as looked up by something finer than a token, and products as large: too large to be stored. */
  readonly lookups: ReadonlyNodeSet;
  /** Node numbers are below this. */
  readonly size: number;
  /** A number no node has. */
  readonly freshId: () => number;
}

const TOTAL_CHUNKS = 1024;

/** Rewrites all procedures at once, so that what they share stays shared. */
export function decompose(procedures: readonly Procedure[]): Decomposed {
  return new Decomposer(procedures).run();
}

class Decomposer {
  private readonly rewritten = new NodeMap<Node>();
  private readonly order: Node[] = [];
  private readonly kept = new NodeSet();
  private readonly totals = new NodeMap<Total>();
  private readonly contractions = new NodeSet();
  private readonly grouped = new NodeMap<GroupedProduct>();
  private readonly outers = new NodeMap<GroupedOuterProduct>();
  private readonly lookups = new NodeSet();
  private readonly keys = new Keys();
  private readonly shared = new Map<string, Node>();
  private readonly all: readonly Node[];
  private readonly users = new NodeMap<Node[]>();
  private readonly wanted: ReadonlyNodeSet;
  /** Scatters whose rows updates touch one by one. */
  private readonly touched: ReadonlyNodeSet;
  private ids = 0;
  private axes = 0;

  constructor(private readonly procedures: readonly Procedure[]) {
    const roots = procedures.flatMap(rootsOf);
    this.wanted = new NodeSet(roots);
    this.touched = new NodeSet(procedures.flatMap((procedure) => procedure.updates.flatMap((update) => update.touched ?? [])));
    this.all = topological(roots).sort((a, b) => a.id - b.id);
    for (const node of this.all) node.inputs.forEach((x, i) => {
      if (node.inputs.indexOf(x) !== i) return;
      const users = this.users.get(x);
      if (users) users.push(node);
      else this.users.set(x, [node]);
    });
  }

  run(): Decomposed {
    const { all } = this;
    this.ids = all.reduce((max, node) => Math.max(max, node.id), 0) + 1;
    for (const node of all) for (const axis of node.axes) this.axes = Math.max(this.axes, axis.id + 1);
    for (const node of all) this.rewritten.set(node, this.rewrite(node));
    const at = (node: Node): Node => this.rewritten.get(node) ?? node;
    const procedures = this.procedures.map((p) => ({
      name: p.name,
      outputs: p.outputs.map((output) => ({ name: output.name, node: at(output.node) })),
      updates: p.updates.map((update) => ({ target: update.target, value: at(update.value), ...(update.touched ? { touched: at(update.touched) } : {}), ...(update.unit ? { unit: update.unit } : {}) })),
    }));
    return { procedures, order: this.order, totals: this.totals, contractions: this.contractions, grouped: this.grouped, outers: this.outers, lookups: this.lookups, size: this.ids, freshId: () => this.ids++ };
  }

  private rewrite(old: Node): Node {
    const inputs = old.inputs.map((x) => this.rewritten.get(x) ?? x);
    const node = inputs.every((x, i) => x === old.inputs[i]) ? old : { ...old, id: this.ids++, inputs };
    switch (node.op.kind) {
      case 'random': if (isKind(node, 'random')) return expandRandom(node, (op, operands, type) => this.make(op, operands, type, node)); break;
      case 'stop_gradient': case 'surrogate': return input(node);
      case 'expand': if (node.op.axes.length === 0) return input(node); break;
      case 'reduce': return this.reduction(old, this.withoutUnits(node));
      case 'contract': return this.product(old, node);
      case 'softmax': {
        const { exp, sum } = this.exponentials(input(node), node.op.over, node);
        return this.map('div', [exp, sum], node);
      }
      case 'logsumexp': {
        const { max, sum } = this.exponentials(input(node), node.op.over, node);
        return this.map('add', [this.map('log', [sum], node), max], node);
      }
      case 'scatter': {
        const apart = this.entriesApart(node);
        return this.outer(old, apart) ?? this.count(old, apart) ?? this.keep(apart);
      }
      case 'position': return this.keep(isKind(node, 'position') ? this.inCountingOrder(node) : node);
      case 'map': return this.sumTree(old, node) ?? this.keep(node);
      default: break;
    }
    return this.keep(node);
  }

  private exponentials(x: Node, over: readonly Axis[], like: Node): { max: Node; exp: Node; sum: Node } {
    const max = this.make({ kind: 'reduce', fn: 'max', over }, [x], { axes: without(x.axes, over), dtype: 'f32' }, like);
    const exp = this.map('exp', [this.map('sub', [x, max], like)], like);
    const sum = this.make({ kind: 'reduce', fn: 'sum', over }, [exp], { axes: max.axes, dtype: 'f32' }, like);
    return { max, exp, sum };
  }

  /** A scatter whose entries have the very axis they are placed along (the gradient of a permutation): the entries' one is renamed. */
  private entriesApart(node: Node): Node {
    if (!isKind(node, 'scatter')) return node;
    const same = node.op.axes.filter((axis) => node.inputs.some((x) => x.axes.includes(axis)));
    if (same.length === 0) return node;
    const inputs = same.reduce<readonly Node[]>((xs, from) => {
      const to = this.axis(from.name, from.size);
      return xs.map((x) => (x.axes.includes(from) ? this.make({ kind: 'rename', from, to }, [x], { axes: replaceFirst(x.axes, [from], [to]), dtype: x.dtype }, node) : x));
    }, node.inputs);
    return { ...node, id: this.ids++, inputs };
  }

  /** A sum over an axis of one element is that element. */
  private withoutUnits(node: Node): Node {
    if (!isKind(node, 'reduce') && !isKind(node, 'contract')) return node;
    const units = node.op.over.filter((axis) => axis.size === 1);
    if (units.length === 0) return node;
    const inputs = node.inputs.map((x) => units.reduce((y, axis) => this.make({ kind: 'slice', axis, start: 0 }, [y], { axes: without(y.axes, [axis]), dtype: y.dtype }, node), x));
    return { ...node, id: this.ids++, op: { ...node.op, over: without(node.op.over, units) }, inputs };
  }

  // ---- products

  private product(old: Node, given: Node): Node {
    const grouped = this.groupedProduct(old, given);
    if (grouped) return grouped;
    const node = this.withoutUnits(given);
    if (!isKind(node, 'contract')) return this.keep(node);
    const [a, b] = [input(node), input(node, 1)];
    const over = node.op.over;
    if (over.length === 0) return this.make({ kind: 'map', fn: 'mul' }, [a, b], node, node);
    const looksUp = this.lookups.has(a) || this.lookups.has(b);
    const m = product(a.axes.filter((axis) => !b.axes.includes(axis) && !over.includes(axis)));
    const n = product(b.axes.filter((axis) => !a.axes.includes(axis) && !over.includes(axis)));
    const dense = !looksUp && Math.min(m, n) >= 4 && product(over) >= 4;
    if (dense) {
      const kept = this.keep(node);
      this.contractions.add(kept);
      return kept;
    }
    if (chunkLength(node.axes, over, union(a.axes, b.axes)) !== undefined || node.axes.length === 0) {
      const square = this.make({ kind: 'map', fn: 'mul' }, [a, b], { axes: union(a.axes, b.axes), dtype: 'f32' }, node);
      return this.reduction(old, { ...node, id: this.ids++, op: { kind: 'reduce', fn: 'sum', over }, inputs: [square] });
    }
    return this.keep(node);
  }

  /** A position whose index has its axes in the order in which entries are counted: those it is not counted along, those that sort before `by`, the rest. */
  private inCountingOrder(node: NodeOf<'position'>): Node {
    const index = input(node);
    const by = node.inputs[1];
    const { along } = node.op;
    const sorted = along.filter((axis) => by?.axes.includes(axis));
    const axes = [...without(index.axes, along), ...without(along, sorted), ...sorted];
    return { ...node, id: this.ids++, inputs: [this.make({ kind: 'order', axes }, [index], { axes, dtype: 'i32' }, node), ...(by ? [by] : [])] };
  }

  /** A product whose operand is the matrix each entry picks: one for each entry, then summed over the entries that are. */
  private groupedProduct(old: Node, node: Node): Node | undefined {
    const found = isKind(node, 'contract') ? groupedProduct(node) : undefined;
    if (!isKind(node, 'contract') || !found || this.lookups.has(found.table)) return undefined;
    const { lookup, within, kept } = found;
    if (this.isLarge(found.x, within, kept)) return undefined;
    const over = without(node.op.over, within);
    const axes = over.length === 0 ? node.axes : [...lookup.entries, ...kept];
    const each = this.make({ kind: 'contract', over: within }, node.inputs, { axes, dtype: 'f32' }, node);
    this.contractions.add(each);
    this.grouped.set(each, found);
    if (over.length === 0) return each;
    const sum = this.withoutUnits({ ...node, id: this.ids++, op: { kind: 'reduce', fn: 'sum', over }, inputs: [each] });
    if (!isKind(sum, 'reduce') || sum.op.over.length > 0) return this.reduction(old, sum);
    return sameOrder(input(sum).axes, node.axes) ? input(sum) : this.make({ kind: 'order', axes: node.axes }, sum.inputs, node, node);
  }

  /** Whether an operand is looked up and larger than the other side, so that storing it would be storing rows. */
  private isLarge(operand: Node, own: readonly Axis[], other: readonly Axis[]): boolean {
    return this.lookups.has(operand) && product(own) > product(other);
  }

  /** A scatter whose rows are sums of outer products; where updates touch its rows one by one, they make them themselves. */
  private outer(old: Node, node: Node): Node | undefined {
    const found = isRowScatter(node) && !this.touched.has(old) ? groupedOuter(node) : undefined;
    if (!found || this.isLarge(found.a, found.m, found.n) || this.isLarge(found.b, found.n, found.m)) return undefined;
    this.outers.set(node, found);
    return this.keep(node);
  }

  /** A scatter into a few places (how often each pool was chosen): for each place, a sum over all entries of those that go there. */
  private count(old: Node, node: Node): Node | undefined {
    if (!isRowScatter(node) || this.touched.has(old)) return undefined;
    const { entries, rest, summed } = scatterAxes(node);
    const places = product(node.op.axes);
    if (places > 64 || product(entries) * product(rest) * places > 1 << 20 || node.op.axes.some((axis) => entries.includes(axis))) return undefined;
    let value = input(node);
    for (const [i, axis] of node.op.axes.entries()) {
      const place = this.make({ kind: 'iota', axis }, [], { axes: [axis], dtype: 'f32' }, node);
      const index = this.map('to_f32', [input(node, i + 1)], node);
      const here = this.make({ kind: 'map', fn: 'eq' }, [index, place], { axes: union(index.axes, place.axes), dtype: 'f32' }, node);
      const zero = this.make({ kind: 'const', value: 0 }, [], { axes: [], dtype: 'f32' }, node);
      value = this.make({ kind: 'map', fn: 'select' }, [here, value, zero], { axes: union(here.axes, value.axes), dtype: 'f32' }, node);
    }
    const ordered = this.make({ kind: 'order', axes: [...summed, ...node.axes] }, [value], { axes: [...summed, ...node.axes], dtype: 'f32' }, node);
    return this.reduction(old, { ...node, id: this.ids++, op: { kind: 'reduce', fn: 'sum', over: summed }, inputs: [ordered] });
  }

  // ---- long reductions

  private reduction(old: Node, node: Node): Node {
    if (!isKind(node, 'reduce')) return this.keep(node);
    const x = input(node);
    if (node.op.over.length === 0) return x;
    if (node.op.fn === 'sum' && node.axes.length === 0 && node.dtype === 'f32') {
      const leaf = totalLeaf(node);
      if (this.inSumTree(old)) return this.keep(node);
      if (leaf.kind === 'squares' || product(x.axes) >= 2048) return this.total([leaf], [], node);
      return this.keep(node);
    }
    const length = chunkLength(node.axes, node.op.over, x.axes);
    if (length === undefined) return this.keep(node);
    const { fn, over } = node.op;
    const all = product(over);
    const line = this.axis('line', all);
    const chunk = this.axis('chunk', all / length);
    const within = this.axis('within', length);
    const first = over.length === 1 && over[0] ? over[0] : line;
    const flat = first === line ? this.make({ kind: 'merge', axes: over, into: line }, [x], { axes: replaceFirst(x.axes, over, [line]), dtype: x.dtype }, node) : x;
    const cut = this.make({ kind: 'split', axis: first, into: [chunk, within] }, [flat], { axes: replaceFirst(flat.axes, [first], [chunk, within]), dtype: x.dtype }, node);
    const partial = this.make({ kind: 'reduce', fn, over: [within] }, [cut], { axes: [chunk, ...node.axes], dtype: x.dtype }, node);
    return this.make({ kind: 'reduce', fn, over: [chunk] }, [partial], { axes: node.axes, dtype: x.dtype }, node);
  }

  // ---- sums over everything

  /** Whether a scalar sum is one term of a larger sum that will be gathered. */
  private inSumTree(old: Node): boolean {
    const users = this.users.get(old) ?? [];
    return users.length === 1 && !this.wanted.has(old) && users[0] !== undefined && isScalarAdd(users[0]) && users[0].inputs.filter((x) => x === old).length === 1;
  }

  private sumTree(old: Node, node: Node): Node | undefined {
    if (!isScalarAdd(node) || this.inSumTree(old)) return undefined;
    const leaves: TotalLeaf[] = [];
    const others: Node[] = [];
    const open = [...old.inputs].reverse();
    for (let x = open.pop(); x; x = open.pop()) {
      const now = this.rewritten.get(x) ?? x;
      if (!this.inSumTree(x)) others.push(now);
      else if (isScalarAdd(x)) open.push(...[...x.inputs].reverse());
      else if (isKind(now, 'reduce') && now.op.fn === 'sum') leaves.push(totalLeaf(now));
      else others.push(now);
    }
    const work = leaves.reduce((n, leaf) => n + (leaf.kind === 'value' ? product(leaf.value.axes) : 2048), 0);
    return leaves.length > 0 && work >= 2048 ? this.total(leaves, others, node) : undefined;
  }

  private total(leaves: readonly TotalLeaf[], others: readonly Node[], like: Node): Node {
    const operands = leaves.map((leaf) => (leaf.kind === 'value' ? leaf.value : leaf.scatter));
    const fresh = this.axis('chunk', TOTAL_CHUNKS);
    const node = this.make({ kind: 'part', index: 0 }, operands, { axes: [fresh], dtype: 'f32' }, like);
    const chunks = node.axes[0] ?? fresh;
    this.totals.set(node, { node, chunks, leaves });
    const sum = this.make({ kind: 'reduce', fn: 'sum', over: [chunks] }, [node], { axes: [], dtype: 'f32' }, like);
    return others.reduce((a, b) => this.map('add', [a, b], like), sum);
  }

  // ---- nodes

  private axis(name: string, size: number): Axis {
    return { id: this.axes++, name, size };
  }

  private map(fn: ScalarFn, inputs: readonly Node[], like: Node): Node {
    const [a, b] = inputs;
    const axes = a && b ? union(...[a.axes, b.axes].sort((p, q) => q.length - p.length)) : (a?.axes ?? []);
    return this.make({ kind: 'map', fn }, inputs, { axes, dtype: 'f32' }, like);
  }

  private make(op: Op, inputs: readonly Node[], type: TensorType, like: Node): Node {
    const key = this.keys.key(op, inputs, type);
    const known = this.shared.get(key);
    if (known) return known;
    const node: Node = { id: this.ids++, op, inputs, axes: type.axes, dtype: type.dtype, path: like.path, ...(like.span ? { span: like.span } : {}) };
    this.shared.set(key, node);
    return this.keep(node);
  }

  private keep(node: Node): Node {
    if (this.kept.has(node)) return node;
    this.kept.add(node);
    this.order.push(node);
    const passes = node.op.kind === 'map' || viewKind(node) !== undefined;
    if (isRowScatter(node)) this.keepApart(node);
    if (isLargeLookup(node) || (passes && node.inputs.some((x) => this.lookups.has(x)))) this.lookups.add(node);
    return node;
  }

  /** What a scatter adds to rows, where it is a product larger than its factors: computed entry by entry, never stored. */
  private keepApart(scatter: Node): void {
    if (!isKind(scatter, 'scatter')) return;
    const { entries, rest } = scatterAxes(scatter);
    if (rest.length === 0 || entries.every((axis) => axis.token)) return;
    const size = product(entries) * product(rest);
    const walk = (node: Node): void => {
      if (node.op.kind !== 'map' && viewKind(node) === undefined) return;
      if (product(node.axes) < size || node.inputs.some((x) => product(x.axes) >= size && x.op.kind !== 'map' && viewKind(x) === undefined && !this.lookups.has(x))) return;
      this.lookups.add(node);
      node.inputs.forEach(walk);
    };
    walk(input(scatter));
  }
}

function rootsOf(procedure: Procedure): Node[] {
  return [...procedure.outputs.map((output) => output.node), ...procedure.updates.flatMap((u) => (u.touched ? [u.value, u.touched] : [u.value]))];
}

const isScalarAdd = (node: Node): boolean => isKind(node, 'map') && node.op.fn === 'add' && node.axes.length === 0 && node.dtype === 'f32';

/** Rows of a table looked up by something finer than a token: [batch, time, heads, k, d]. */
function isLargeLookup(node: Node): boolean {
  if (!isKind(node, 'gather')) return false;
  const index = union(...node.inputs.slice(1).map((x) => x.axes));
  return node.axes.length > index.length && index.some((axis) => !axis.token);
}

function totalLeaf(node: Node): TotalLeaf {
  const x = input(node);
  const [a, b] = x.inputs;
  if (isKind(x, 'map') && x.op.fn === 'mul' && a && a === b && isRowScatter(a)) return { kind: 'squares', scatter: a, value: x };
  if (isKind(x, 'map') && x.op.fn === 'pow' && a && isRowScatter(a) && b && isKind(b, 'const') && b.op.value === 2) return { kind: 'squares', scatter: a, value: x };
  return { kind: 'value', value: x };
}
