/**
 * @file What all clauses look at, computed once: the forward nodes, their effect classes, their users and the residual stream.
 */
import type { ExpertFamily, Graph, Node, Param, ResidualAdd } from '../graph/graph.js';
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
  /** What lies between the residual stream and a write to it, the write included, operands first. */
  readonly blocks: ReadonlyMap<ResidualAdd, readonly Node[]>;
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
  const stream = new Set(graph.residual.flatMap((add) => [add.before, add.after]));
  const blocks = new Map(graph.residual.map((add) => [add, blockBehind([add.write], { stream })]));
  return { graph, effects, users, leaves, stream, blocks };
}

/** The nodes between the residual stream and `roots`, roots included, the stream left out, operands first. */
export function blockBehind(roots: Iterable<Node>, { stream }: Pick<Analysis, 'stream'>): Node[] {
  return nodesBehind(roots, stream).filter((node) => !stream.has(node));
}

/** The nodes behind one residual write, down to the stream. */
export const blockOf = (add: ResidualAdd, { blocks }: Analysis): readonly Node[] => blocks.get(add) ?? [];

/** The layer a residual write stands in, `layers.2`; outside layers, its own path. */
export const layerOf = ({ path }: ResidualAdd): string => (path.includes('.') ? path.slice(0, path.lastIndexOf('.')) : path);

/**
 * The residual writes that depend on the family: its block's, or those of every layer that reads a shared table. Where none does, the write around
 * the family, if there is one.
 */
export function residualsOf(analysis: Analysis, family: ExpertFamily): readonly ResidualAdd[] {
  const members = new Set(family.members);
  const found = analysis.graph.residual.filter((add) => blockOf(add, analysis).some(({ op }) => op.kind === 'param' && members.has(op.param)));
  return found.length > 0 ? found : analysis.graph.residual.filter((add) => `${family.block}.`.startsWith(`${add.path}.`)).slice(-1);
}
