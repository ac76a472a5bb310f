/**
 * @file The first step: operations that kernels know nothing of become ones they do. Softmax and logsumexp become reductions and elementwise functions,
 * gradient controls disappear, `sums.ts` cuts and gathers sums, and `products.ts` says how products run.
 */
import type { Axis, Node, Procedure } from '../graph/graph.js';
import { topological } from '../graph/walk.js';
import { input, isKind, without, type NodeOf } from './facts.js';
import type { GroupedOuterProduct, GroupedProduct } from './grouped.js';
import { NodeMap, NodeSet, type ReadonlyNodeMap, type ReadonlyNodeSet } from './node-map.js';
import { NodeMaker } from './node-maker.js';
import { Products } from './products.js';
import { expandRandom } from './random.js';
import { Sums, type Total } from './sums.js';

export interface Decomposed {
  readonly procedures: readonly Procedure[];
  /** Operands before users; follows the order in which the graph was made. */
  readonly order: readonly Node[];
  readonly totals: ReadonlyNodeMap<Total>;
  /** See `Products`. */
  readonly contractions: ReadonlyNodeSet;
  readonly grouped: ReadonlyNodeMap<GroupedProduct>;
  readonly outers: ReadonlyNodeMap<GroupedOuterProduct>;
  /** See `NodeMaker`. */
  readonly lookups: ReadonlyNodeSet;
  /** Node numbers are below this. */
  readonly size: number;
  /** A number no node has. */
  readonly freshId: () => number;
}

/** Rewrites all procedures at once, so that what they share stays shared. */
export function decompose(procedures: readonly Procedure[]): Decomposed {
  const roots = procedures.flatMap(rootsOf);
  const given = topological(roots).sort((a, b) => a.id - b.id);
  const touched = new NodeSet(procedures.flatMap((procedure) => procedure.updates.flatMap((update) => update.touched ?? [])));
  const rewritten = new NodeMap<Node>();
  const maker = new NodeMaker(given);
  const sums = new Sums(maker, new NodeSet(roots), rewritten);
  const products = new Products(maker, sums, touched);
  const decomposer = new Decomposer(maker, sums, products);
  const at = (node: Node): Node => rewritten.get(node) ?? node;
  for (const node of given) rewritten.set(node, decomposer.rewrite(node, node.inputs.map(at)));
  return {
    procedures: procedures.map(({ name, outputs, updates }) => ({
      name,
      outputs: outputs.map((output) => ({ name: output.name, node: at(output.node) })),
      updates: updates.map((update) => ({ ...update, value: at(update.value), ...(update.touched ? { touched: at(update.touched) } : {}) })),
    })),
    order: maker.order, totals: sums.totals, contractions: products.contractions, grouped: products.grouped, outers: products.outers, lookups: maker.lookups,
    size: maker.size, freshId: () => maker.freshId(),
  };
}

class Decomposer {
  constructor(private readonly maker: NodeMaker, private readonly sums: Sums, private readonly products: Products) {}

  /** What `old` becomes, its operands having become `inputs`. */
  rewrite(old: Node, inputs: readonly Node[]): Node {
    const { maker, sums, products } = this;
    const node = inputs.every((x, i) => x === old.inputs[i]) ? old : maker.changed(old, { inputs });
    switch (node.op.kind) {
      case 'random': return isKind(node, 'random') ? expandRandom(node, (op, operands, type) => maker.make(op, operands, type, node)) : maker.keep(node);
      case 'stop_gradient': case 'surrogate': return input(node);
      case 'expand': return node.op.axes.length === 0 ? input(node) : maker.keep(node);
      case 'reduce': return sums.reduction(old, sums.withoutUnits(node));
      case 'contract': return products.product(old, node);
      case 'scatter': return products.scatter(old, node);
      case 'softmax': {
        const { exp, sum } = this.exponentials(input(node), node.op.over, node);
        return maker.map('div', [exp, sum], node);
      }
      case 'logsumexp': {
        const { max, sum } = this.exponentials(input(node), node.op.over, node);
        return maker.map('add', [maker.map('log', [sum], node), max], node);
      }
      case 'position': return maker.keep(isKind(node, 'position') ? this.inCountingOrder(node) : node);
      case 'map': return sums.sumTree(old, node) ?? maker.keep(node);
      default: return maker.keep(node);
    }
  }

  private exponentials(x: Node, over: readonly Axis[], like: Node): { max: Node; exp: Node; sum: Node } {
    const { maker } = this;
    const max = maker.make({ kind: 'reduce', fn: 'max', over }, [x], { axes: without(x.axes, over), dtype: 'f32' }, like);
    const exp = maker.map('exp', [maker.map('sub', [x, max], like)], like);
    const sum = maker.make({ kind: 'reduce', fn: 'sum', over }, [exp], { axes: max.axes, dtype: 'f32' }, like);
    return { max, exp, sum };
  }

  /** A position whose index has its axes in the order in which entries are counted: those it is not counted along, those that sort before `by`, the rest. */
  private inCountingOrder(node: NodeOf<'position'>): Node {
    const index = input(node);
    const by = node.inputs[1];
    const { along } = node.op;
    const sorted = along.filter((axis) => by?.axes.includes(axis));
    const axes = [...without(index.axes, along), ...without(along, sorted), ...sorted];
    return this.maker.changed(node, { inputs: [this.maker.make({ kind: 'order', axes }, [index], { axes, dtype: 'i32' }, node), ...(by ? [by] : [])] });
  }
}

function rootsOf(procedure: Procedure): Node[] {
  return [...procedure.outputs.map((output) => output.node), ...procedure.updates.flatMap((u) => (u.touched ? [u.value, u.touched] : [u.value]))];
}
