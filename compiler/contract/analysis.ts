/**
 * @file What all clauses look at, computed once: the forward nodes, their effect classes and the residual stream.
 */
import type { Graph, Node } from '../graph/graph.js';
import { nodesBehind } from '../graph/cost.js';
import { effectsOf, type Effect } from './effects.js';

export interface Analysis {
  readonly graph: Graph;
  /** What the logits need, operands first. */
  readonly forward: readonly Node[];
  readonly effects: ReadonlyMap<Node, Effect>;
  /** The states of the residual stream between writes. A block is what lies between them and its write. */
  readonly stream: ReadonlySet<Node>;
}

export function analysisOf(graph: Graph): Analysis {
  const effects = effectsOf([graph.logits]);
  return { graph, forward: [...effects.keys()], effects, stream: new Set(graph.residual.flatMap((add) => [add.before, add.after])) };
}

/** The nodes between the residual stream and `roots`, roots included, the stream left out, operands first. */
export function blockBehind(roots: Iterable<Node>, { stream }: Analysis): Node[] {
  return nodesBehind(roots, stream).filter((node) => !stream.has(node));
}
