/**
 * @file What the contract analysis finds: for each family of experts a verdict per clause, with its evidence.
 */
import type { ExpertFamily, Node } from '../graph/graph.js';

export interface Verdict {
  readonly holds: boolean;
  /** `active`: units per token. `bypass`: a fraction of FLOPs. */
  readonly value?: number;
  /** One sentence, for a table's footnote. */
  readonly evidence: string;
  /** The operations that break the clause, from the culprit to the output it spoils; of a bound, those that count most against it. */
  readonly chain?: readonly Node[];
}

export interface FamilyContract {
  readonly family: ExpertFamily;
  /** Units in the family: the product of its axes. */
  readonly units: number;
  readonly additive: Verdict;
  /** Of the block alone: its residual input is taken as its own token's. */
  readonly causal: Verdict;
  readonly active: Verdict;
  readonly private: Verdict;
  readonly bypass: Verdict;
}

/** What the families that one layer reads do together. */
export interface LayerContract {
  /** `layers.2`; outside layers, the path of the block. */
  readonly path: string;
  /** Units that can fire for one token. */
  readonly active: number;
  readonly parts: readonly { readonly family: string; readonly active: number }[];
}

export interface ContractReport {
  /** Of the logits: the whole model. */
  readonly causal: Verdict;
  /** Of the logits as they are in training, where that is another form and its tokens depend on later ones or on other sequences. */
  readonly training?: Verdict;
  readonly families: readonly FamilyContract[];
  /** Of every layer that reads experts. */
  readonly layers: readonly LayerContract[];
}

/** How evidence names a node: its operation and its spec path, `softmax in layers.0.ffn.route`. */
export function describe(node: Node): string {
  const { op } = node;
  const name =
    op.kind === 'map' || op.kind === 'reduce'
      ? op.fn
      : op.kind === 'input'
        ? `input ${op.name}`
        : op.kind === 'param'
          ? op.param.path
          : op.kind === 'state'
            ? op.state.path
            : op.kind === 'contract'
              ? 'sum'
              : op.kind.replace('_', ' ');
  return node.path && name !== node.path ? `${name} in ${node.path}` : name;
}
