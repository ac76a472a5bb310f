/**
 * @file Abstract interpretation over effect classes: for every node, which tokens may influence an element of it.
 *
 * `none`: no token (parameters, constants). `own`: only the token at the element's own batch and time. `past`: that token and earlier
 * ones of its sequence. `any`: later tokens or other sequences too. The classes are ordered, an operation passes on the worst of its
 * operands, and only operations along a token axis (or that move data in or out of one) raise it. Sound, not complete: data that
 * leaves a token axis (`rename`, `slice`, `split`) is `any` even where a later mask would hide it.
 */
import type { Node } from '../graph/graph.js';
import { isToken, nodesBehind, valueInputs } from '../graph/cost.js';
import { causality } from '../graph/ops.js';

export type Effect = 'none' | 'own' | 'past' | 'any';

const ORDER: readonly Effect[] = ['none', 'own', 'past', 'any'];

const worst = (effects: Iterable<Effect>): Effect => ORDER[Math.max(0, ...[...effects].map((effect) => ORDER.indexOf(effect)))] ?? 'any';

/**
 * The effect of every node behind `roots`. A node of `own` is taken as its own token's whatever is behind it, so that a block can be
 * judged apart from what feeds it.
 */
export function effectsOf(roots: Iterable<Node>, own: ReadonlySet<Node> = new Set()): Map<Node, Effect> {
  const effects = new Map<Node, Effect>();
  for (const node of nodesBehind(roots, own)) {
    if (own.has(node)) {
      effects.set(node, 'own');
      continue;
    }
    const operands = worst(valueInputs(node).map((input) => effects.get(input) ?? 'any'));
    effects.set(node, worst([operands, effectAt(node, effects)]));
  }
  return effects;
}

/** What the operation itself adds to the effects of its operands: ops.ts says along which axes it mixes what tokens have entered. */
function effectAt(node: Node, effects: ReadonlyMap<Node, Effect>): Effect {
  const { op } = node;
  if (op.kind === 'input') return op.name === 'targets' ? 'any' : 'own';
  if (op.kind === 'random') return 'own';
  // A lookup moves what is in the table; its indices are only read at their own place.
  const moved = op.kind === 'gather' ? node.inputs.slice(0, 1) : valueInputs(node);
  if (!moved.some((input) => (effects.get(input) ?? 'any') !== 'none')) return 'none';
  const mixing = causality(node);
  if (mixing.kind === 'pointwise' || !mixing.axes.some(isToken)) return 'none';
  return mixing.kind === 'past' && mixing.axes.every((axis) => axis.token !== 'batch') ? 'past' : 'any';
}

/** The path of operations from the first node at which `root` became `any` down to `root`. */
export function chainTo(root: Node, effects: ReadonlyMap<Node, Effect>): Node[] {
  const chain = [root];
  for (let node: Node | undefined = root; node; ) {
    node = valueInputs(node).find((input) => effects.get(input) === 'any');
    if (node) chain.unshift(node);
  }
  return chain;
}
