/**
 * @file Makes the nodes of the decomposed graph: equal ones once, each kept in the order in which operands come before users. It also knows which values
 * are too large to be stored.
 */
import type { Axis, Node, Op, ScalarFn, TensorType } from '../graph/graph.js';
import { Keys } from '../graph/key.js';
import { input, isKind, isRowScatter, product, scatterAxes, union, viewKind } from './facts.js';
import { NodeMap, NodeSet } from './node-map.js';

export class NodeMaker {
  /** Operands before users. */
  readonly order: Node[] = [];
  /** Rows of tables as looked up by something finer than a token, and products as large: too large to be stored. */
  readonly lookups = new NodeSet();
  private readonly users = new NodeMap<Node[]>();
  private readonly kept = new NodeSet();
  private readonly keys = new Keys();
  private readonly shared = new Map<string, Node>();
  private ids: number;
  private axes = 0;

  /** `given`: the nodes that will be rewritten, all of them. */
  constructor(given: readonly Node[]) {
    this.ids = given.reduce((max, node) => Math.max(max, node.id), 0) + 1;
    for (const node of given) {
      for (const axis of node.axes) this.axes = Math.max(this.axes, axis.id + 1);
      for (const x of new Set(node.inputs)) {
        const users = this.users.get(x);
        if (users) users.push(node);
        else this.users.set(x, [node]);
      }
    }
  }

  /** Who reads a given node. */
  usersOf(node: Node): readonly Node[] {
    return this.users.get(node) ?? [];
  }

  /** Node numbers are below this. */
  get size(): number {
    return this.ids;
  }
  freshId(): number {
    return this.ids++;
  }

  axis(name: string, size: number): Axis {
    return { id: this.axes++, name, size };
  }

  /** The node with something changed, not yet kept. */
  changed(node: Node, by: Partial<Pick<Node, 'op' | 'inputs'>>): Node {
    return { ...node, id: this.ids++, ...by };
  }

  map(fn: ScalarFn, inputs: readonly Node[], like: Node): Node {
    const [a, b] = inputs;
    const axes = a && b ? union(...[a.axes, b.axes].sort((p, q) => q.length - p.length)) : (a?.axes ?? []);
    return this.make({ kind: 'map', fn }, inputs, { axes, dtype: 'f32' }, like);
  }

  /** The node of an operation, with the path and place of `like`; an equal one that is kept already serves. */
  make(op: Op, inputs: readonly Node[], type: TensorType, like: Node): Node {
    const key = this.keys.key(op, inputs, type);
    const known = this.shared.get(key);
    if (known) return known;
    const node: Node = { id: this.ids++, op, inputs, axes: type.axes, dtype: type.dtype, path: like.path, ...(like.span ? { span: like.span } : {}) };
    this.shared.set(key, node);
    return this.keep(node);
  }

  keep(node: Node): Node {
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

/** Rows of a table looked up by something finer than a token: [batch, time, heads, k, d]. */
function isLargeLookup(node: Node): boolean {
  if (!isKind(node, 'gather')) return false;
  const index = union(...node.inputs.slice(1).map((x) => x.axes));
  return node.axes.length > index.length && index.some((axis) => !axis.token);
}
