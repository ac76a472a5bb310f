/**
 * @file Sums: long ones with few results are cut into chunks that run in parallel, and sums over everything are gathered into one (`Total`).
 */
import type { Axis, Node } from '../graph/graph.js';
import { chunkLength, replaceFirst } from './chunks.js';
import { input, isKind, isRowScatter, product, without } from './facts.js';
import { NodeMap, type ReadonlyNodeMap, type ReadonlyNodeSet } from './node-map.js';
import type { NodeMaker } from './node-maker.js';

/** A scalar that is a sum over all elements of several tensors, chunk by chunk: `node` holds the partial sums, [chunks]. */
export interface Total {
  readonly node: Node;
  readonly chunks: Axis;
  readonly leaves: readonly TotalLeaf[];
}

/** `value`: summed over all its elements. `squares`: the sum of squares of a scatter, from its touched rows; `value` are the squares. */
export type TotalLeaf = { readonly kind: 'value'; readonly value: Node } | { readonly kind: 'squares'; readonly scatter: Node; readonly value: Node };

const TOTAL_CHUNKS = 1024;
/** Fewer elements are summed where their sum is used. */
const LARGE = 2048;

export class Sums {
  readonly totals = new NodeMap<Total>();

  /** `wanted`: outputs and updates, which no larger sum may swallow. `rewritten`: what given nodes have become so far. */
  constructor(private readonly maker: NodeMaker, private readonly wanted: ReadonlyNodeSet, private readonly rewritten: ReadonlyNodeMap<Node>) {}

  /** A reduction, cut where it is long. `old`: the given node it comes from. */
  reduction(old: Node, node: Node): Node {
    const { maker } = this;
    if (!isKind(node, 'reduce')) return maker.keep(node);
    const x = input(node);
    const { fn, over } = node.op;
    if (over.length === 0) return x;
    if (fn === 'sum' && node.axes.length === 0 && node.dtype === 'f32') {
      const leaf = totalLeaf(node);
      const whole = !this.isTerm(old) && (leaf.kind === 'squares' || product(x.axes) >= LARGE);
      return whole ? this.total([leaf], [], node) : maker.keep(node);
    }
    const length = chunkLength(node.axes, over, x.axes);
    if (length === undefined) return maker.keep(node);
    const { dtype } = x;
    const all = product(over);
    const line = maker.axis('line', all);
    const chunk = maker.axis('chunk', all / length);
    const within = maker.axis('within', length);
    const first = over.length === 1 && over[0] ? over[0] : line;
    const flat = first === line ? maker.make({ kind: 'merge', axes: over, into: line }, [x], { axes: replaceFirst(x.axes, over, [line]), dtype }, node) : x;
    const cut = maker.make({ kind: 'split', axis: first, into: [chunk, within] }, [flat], { axes: replaceFirst(flat.axes, [first], [chunk, within]), dtype }, node);
    const partial = maker.make({ kind: 'reduce', fn, over: [within] }, [cut], { axes: [chunk, ...node.axes], dtype }, node);
    return maker.make({ kind: 'reduce', fn, over: [chunk] }, [partial], { axes: node.axes, dtype }, node);
  }

  /** A scalar addition as the total of all large sums among its terms; undefined where there is none. */
  sumTree(old: Node, node: Node): Node | undefined {
    if (!isScalarAdd(node) || this.isTerm(old)) return undefined;
    const leaves: TotalLeaf[] = [];
    const others: Node[] = [];
    const open = [...old.inputs].reverse();
    for (let x = open.pop(); x; x = open.pop()) {
      const now = this.rewritten.get(x) ?? x;
      if (!this.isTerm(x)) others.push(now);
      else if (isScalarAdd(x)) open.push(...[...x.inputs].reverse());
      else if (isKind(now, 'reduce') && now.op.fn === 'sum') leaves.push(totalLeaf(now));
      else others.push(now);
    }
    const work = leaves.reduce((n, leaf) => n + (leaf.kind === 'value' ? product(leaf.value.axes) : LARGE), 0);
    return leaves.length > 0 && work >= LARGE ? this.total(leaves, others, node) : undefined;
  }

  /** A sum over axes of one element each is the element there. */
  withoutUnits(node: Node): Node {
    if (!isKind(node, 'reduce') && !isKind(node, 'contract')) return node;
    const units = node.op.over.filter((axis) => axis.size === 1);
    if (units.length === 0) return node;
    const inputs = node.inputs.map((x) => units.reduce((y, axis) => this.maker.make({ kind: 'slice', axis, start: 0 }, [y], { axes: without(y.axes, [axis]), dtype: y.dtype }, node), x));
    return this.maker.changed(node, { op: { ...node.op, over: without(node.op.over, units) }, inputs });
  }

  /** Whether a scalar sum is one term of a larger sum that will be gathered. */
  private isTerm(old: Node): boolean {
    const [user, another] = this.maker.usersOf(old);
    return user !== undefined && another === undefined && !this.wanted.has(old) && isScalarAdd(user) && user.inputs.filter((x) => x === old).length === 1;
  }

  private total(leaves: readonly TotalLeaf[], others: readonly Node[], like: Node): Node {
    const { maker } = this;
    const operands = leaves.map((leaf) => (leaf.kind === 'value' ? leaf.value : leaf.scatter));
    const fresh = maker.axis('chunk', TOTAL_CHUNKS);
    const node = maker.make({ kind: 'part', index: 0 }, operands, { axes: [fresh], dtype: 'f32' }, like);
    const chunks = node.axes[0] ?? fresh;
    this.totals.set(node, { node, chunks, leaves });
    const sum = maker.make({ kind: 'reduce', fn: 'sum', over: [chunks] }, [node], { axes: [], dtype: 'f32' }, like);
    return others.reduce((a, b) => maker.map('add', [a, b], like), sum);
  }
}

const isScalarAdd = (node: Node): boolean => isKind(node, 'map') && node.op.fn === 'add' && node.axes.length === 0 && node.dtype === 'f32';

function totalLeaf(node: Node): TotalLeaf {
  const x = input(node);
  const [a, b] = x.inputs;
  if (isKind(x, 'map') && x.op.fn === 'mul' && a && a === b && isRowScatter(a)) return { kind: 'squares', scatter: a, value: x };
  if (isKind(x, 'map') && x.op.fn === 'pow' && a && isRowScatter(a) && b && isKind(b, 'const') && b.op.value === 2) return { kind: 'squares', scatter: a, value: x };
  return { kind: 'value', value: x };
}
