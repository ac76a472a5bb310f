/**
 * @file Keeps kernels within the buffers a target binds: values are stored until no expression reads more.
 */
import type { Node } from '../graph/graph.js';
import type { Decomposed } from './decompose.js';
import { none, type Estimates } from './estimates.js';
import { input, isRowScatter, product } from './facts.js';
import { isPassing, isReduction } from './kinds.js';
import { NodeMap, type NodeSet, type ReadonlyNodeSet } from './node-map.js';

export interface Budget {
  readonly whole: Decomposed;
  readonly order: readonly Node[];
  readonly estimates: Estimates;
  readonly maxSlots: number;
  /** Scalars that share the buffer of the host's. */
  readonly kept: ReadonlySet<Node>;
  /** Values of a scatter's touched rows, never stored. */
  readonly sparse: ReadonlyNodeSet;
}

/** Adds to `stored`, operands first. */
export function withinSlots({ whole, order, estimates, maxSlots, kept, sparse }: Budget, stored: NodeSet): void {
  const reads = new NodeMap<readonly Node[]>();
  const scalars = order.filter((node) => node.op.kind === 'scalar' || kept.has(node)).slice(0, 1);
  const of = (x: Node): readonly Node[] => {
    if (stored.has(x) && !kept.has(x)) return [x];
    return x.op.kind === 'scalar' || kept.has(x) ? scalars : (reads.get(x) ?? [x]);
  };
  for (const node of order) {
    if (node.op.kind === 'const' || node.op.kind === 'iota') reads.set(node, none);
    const scatter = isRowScatter(node);
    // both read an inverted index, whose making writes five lists
    const inverts = scatter || node.op.kind === 'position';
    if (!inverts && !isPassing(node) && !isReduction(node, whole.contractions)) continue;
    const budget = inverts ? maxSlots - 6 : maxSlots - 1;
    let all = estimates.union(node.inputs.map(of));
    if (all.length > budget) {
      const storable = (x: Node): boolean => isPassing(x) && !stored.has(x) && !sparse.has(x) && of(x).length > 1 && !(scatter && product(x.axes) >= product(input(node).axes));
      // what may be stored first; then what lookups read; lookups themselves only if nothing else helps
      const inside = (x: Node): void => {
        if (!whole.lookups.has(x) || stored.has(x) || !isPassing(x)) return;
        for (const y of x.inputs) {
          if (storable(y) && !whole.lookups.has(y)) stored.add(y);
          else inside(y);
        }
        reads.set(x, estimates.union(x.inputs.map(of)));
      };
      const attempts: ((x: Node) => void)[] = [(x) => storable(x) && !whole.lookups.has(x) && stored.add(x), inside, (x) => storable(x) && stored.add(x)];
      for (const attempt of attempts) {
        for (const x of [...node.inputs].sort((p, q) => of(q).length - of(p).length)) {
          if (all.length <= budget) break;
          attempt(x);
          all = estimates.union(node.inputs.map(of));
        }
      }
    }
    if (isPassing(node)) reads.set(node, all);
  }
}
