/**
 * @file Clause `causal`: no token depends on a later token or on another sequence. Judged on effect classes (effects.ts), for the logits of
 * the whole model, and for a family's block apart from what feeds it. Losses may mix tokens; they are behind neither.
 */
import type { ExpertFamily, Node } from '../graph/graph.js';
import { residualsOf, type Analysis } from './analysis.js';
import { chainTo, effectsOf, type Effect } from './effects.js';
import { describe, type Verdict } from './report.js';

export function checkCausal({ graph, effects }: Analysis): Verdict {
  return verdict(graph.logits, effects);
}

/** The same of the family's residual writes alone, their residual input taken as its own token's. */
export function checkCausalBlock(analysis: Analysis, family: ExpertFamily): Verdict {
  const verdicts = residualsOf(analysis, family).map(({ write }) => verdict(write, effectsOf([write], analysis.stream)));
  return verdicts.find(({ holds }) => !holds) ?? verdicts[0] ?? { holds: true, evidence: 'the family writes nothing to the residual stream' };
}

function verdict(root: Node, effects: ReadonlyMap<Node, Effect>): Verdict {
  const effect = effects.get(root) ?? 'any';
  if (effect === 'any') {
    const chain = chainTo(root, effects);
    const [culprit] = chain;
    const what = culprit?.op.kind === 'input' ? 'holds later tokens' : 'lets a token see later tokens or other sequences';
    return { holds: false, evidence: `${culprit ? describe(culprit) : 'an operation'} ${what}`, chain };
  }
  if (effect !== 'past') return { holds: true, evidence: 'each token depends on itself alone' };
  const readers = [...effects].filter(([node, own]) => own === 'past' && (node.op.kind === 'attention' || node.op.kind === 'shift' || node.op.kind === 'position'));
  const paths = [...new Set(readers.map(([node]) => describe(node)))];
  const more = paths.length > 3 ? ` and ${paths.length - 3} more` : '';
  return { holds: true, evidence: `only the past is read, by ${paths.slice(0, 3).join(', ')}${more}` };
}
