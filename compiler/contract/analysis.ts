/**
 * @file What all clauses look at, computed once: the forward nodes, their effect classes, their users and the residual stream.
 */
import type { Graph, Node, Param } from '../graph/graph.js';
import { nodesBehind, valueInputs } from '../graph/cost.js';
import { effectsOf, type Effect } from './effects.js';

export interface Analysis {
  readonly graph: Graph;
  /** Of every node the logits need, operands first. */
  readonly effects: ReadonlyMap<Node, Effect>;
  /** Who reads a node, in forward order. */
  readonly users: ReadonlyMap<Node, readonly Node[]>;
  /** Where each parameter stands in the forward pass. */
  readonly leaves: ReadonlyMap<Param, Node>;
  /** The states of the residual stream between writes. A block is what lies between them and its write. */
  readonly stream: ReadonlySet<Node>;
}

export function analysisOf(graph: Graph): Analysis {
  const effects = effectsOf([graph.logits]);
  const forward = [...effects.keys()];
  const users = new Map<Node, Node[]>();
  const leaves = new Map<Param, Node>();
  for (const node of forward) {
    if (node.op.kind === 'param') leaves.set(node.op.param, node);
    for (const input of new Set(valueInputs(node))) {
      const known = users.get(input);
      if (known) known.push(node);
      else users.set(input, [node]);
    }
  }
  return { graph, effects, users, leaves, stream: new Set(graph.residual.flatMap((add) => [add.before, add.after])) };
}

/** The nodes between the residual stream and `roots`, roots included, the stream left out, operands first. */
export function blockBehind(roots: Iterable<Node>, { stream }: Analysis): Node[] {
  return nodesBehind(roots, stream).filter((node) => !stream.has(node));
}
