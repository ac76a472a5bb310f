/**
 * @file What each node would cost and read, and whose rows it could be computed in, judged before anything is known to be stored.
 */
import type { Node } from '../graph/graph.js';
import type { Decomposed } from './decompose.js';
import { callCost, product, sameSet, viewKind } from './facts.js';
import { isPassing, isReduction, rowsSuit } from './kinds.js';
import { NodeMap, NodeSet, type ReadonlyNodeMap } from './node-map.js';

/** Cheaper values are computed again rather than stored. */
export const CHEAP = 3;
const SATURATED = 1000;
export const none: readonly Node[] = [];

export class Estimates {
  /** Operations of one evaluation, back to what is probably stored. */
  readonly cost: NodeMap<number>;
  /** Stored tensors it is computed from. */
  readonly sources: NodeMap<readonly Node[]>;
  /** Values with several users that are probably stored, so that what reads them is cheap. */
  readonly costly: NodeSet;
  /** Reductions whose rows a node could be computed in, latest last. */
  private readonly reach: NodeMap<readonly Node[]>;
  /** The same, without those behind values that are probably stored. */
  readonly direct: NodeMap<readonly Node[]>;
  /** The first reduction of the nest a reduction would be in. */
  readonly cluster: NodeMap<Node>;

  constructor(
    private readonly whole: Decomposed,
    private readonly users: ReadonlyNodeMap<readonly Node[]>,
    private readonly position: ReadonlyNodeMap<number>,
    private readonly maxSlots: number,
  ) {
    const { size } = whole;
    this.cost = new NodeMap(size);
    this.sources = new NodeMap(size);
    this.costly = new NodeSet([], size);
    this.reach = new NodeMap(size);
    this.direct = new NodeMap(size);
    this.cluster = new NodeMap(size);
  }

  /** Takes in the next node, in order. */
  add(node: Node): void {
    const { op, inputs } = node;
    const reduction = isReduction(node, this.whole.contractions);
    if (isPassing(node)) {
      let cost = op.kind === 'map' ? callCost(op.fn) : op.kind === 'gather' ? 2 : op.kind === 'scatter' ? 3 : 0;
      const size = product(node.axes);
      // what is smaller is computed less often: outside the loop over the rest
      for (const x of inputs) cost += (this.cost.get(x) ?? 0) * Math.min(1, product(x.axes) / size);
      const sources = this.union(inputs.map((x) => this.sources.get(x) ?? none));
      const inRow = inputs.some((x) => (this.reach.get(x) ?? none).some((r) => r.axes.length < node.axes.length));
      const users = this.users.get(node) ?? none;
      const worthwhile = cost > CHEAP || largeSources(node, sources) > 1;
      const operand = users.some((user) => user.op.kind === 'contract' || user.op.kind === 'attention_grad');
      const likely = op.kind === 'map' && users.length > 1 && !this.whole.lookups.has(node) && worthwhile && (!inRow || operand);
      this.cost.set(node, likely ? 0 : Math.min(cost, SATURATED));
      this.sources.set(node, likely ? [node] : sources);
      if (likely) this.costly.add(node);
    } else {
      this.cost.set(node, 0);
      this.sources.set(node, op.kind === 'const' || op.kind === 'iota' || op.kind === 'scalar' ? none : [node]);
    }
    if (reduction) {
      const inner = inputs.flatMap((x) => this.reach.get(x) ?? none).filter((r) => sameSet(r.axes, node.axes)).at(-1);
      this.cluster.set(node, inner ? (this.cluster.get(inner) ?? inner) : node);
      this.reach.set(node, [node]);
      this.direct.set(node, [node]);
    } else if (op.kind === 'map' || viewKind(node) === 'identity') {
      const direct = this.union(inputs.map((x) => (this.costly.has(x) ? none : this.direct.get(x)) ?? none));
      if (direct.length > 0) this.direct.set(node, direct);
      const all = this.union(inputs.map((x) => this.reach.get(x) ?? none));
      if (all.length > 0) this.reach.set(node, all.filter((r) => rowsSuit(r.axes, node.axes)).sort((a, b) => (this.position.get(a) ?? 0) - (this.position.get(b) ?? 0)).slice(-3));
    }
  }

  /** Short lists of nodes joined, each node once. */
  union(lists: readonly (readonly Node[])[]): readonly Node[] {
    let all: Node[] | undefined;
    let first: readonly Node[] = none;
    for (const list of lists) {
      if (list.length === 0 || list === first) continue;
      if (first.length === 0) {
        first = list;
        continue;
      }
      all ??= [...first];
      for (const node of list) if (all.length < this.maxSlots + 2 && !all.includes(node)) all.push(node);
    }
    return all ?? first;
  }

  /** The kernel a stored node would be computed in. */
  kernelOf(node: Node): number {
    const reduction = this.reach.get(node)?.at(-1);
    const first = reduction ? (this.cluster.get(reduction) ?? reduction) : node;
    return this.position.get(first) ?? -1;
  }
}

/** How many of the tensors a value is computed from are as large as itself. */
export function largeSources(node: Node, sources: readonly Node[]): number {
  const size = product(node.axes);
  let count = 0;
  for (const source of sources) if (2 * product(source.axes) > size) count++;
  return count;
}
