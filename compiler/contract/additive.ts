/**
 * @file Clause `additive`: what the family's block adds to the residual stream is a sum over units of coefficient * write row, so that the
 * ledger of a prediction closes with no error term.
 *
 * Followed backwards from the residual write through operations that are linear in the write rows (sums, sign, views, products with something that
 * does not depend on the write rows) down to the write table itself. A norm, an activation or a product of two things that both depend
 * on the write rows breaks it; so does a residual stream that is not a plain sum.
 */
import type { ExpertFamily, Node, Param, ResidualAdd } from '../graph/graph.js';
import { isView, valueInputs } from '../graph/cost.js';
import { describe, type Verdict } from './report.js';
import { blockOf, residualsOf, type Analysis } from './analysis.js';

export function checkAdditive(analysis: Analysis, family: ExpertFamily): Verdict {
  const writes = new Set(family.members.filter((member) => member.expert?.role === 'write'));
  if (writes.size === 0) return { holds: false, evidence: 'the family declares no write rows' };
  const adds = residualsOf(analysis, family);
  if (adds.length === 0) return { holds: false, evidence: 'no write to the residual stream depends on the family' };
  const dependent = new Map(adds.map((add) => [add, dependentsOf(writes, blockOf(add, analysis))]));
  const reached = adds.filter((add) => dependent.get(add)?.has(add.write));
  if (reached.length === 0) return { holds: false, evidence: `${adds.map(({ path }) => path).join(', ')} does not depend on the family's write rows` };
  for (const add of reached) {
    if (!isPlainSum(add)) return { holds: false, evidence: `${describe(add.after)} is not residual + write`, chain: [add.after] };
    const chain = firstNonlinear(add.write, dependent.get(add) ?? new Set(), analysis);
    if (!chain) continue;
    const [culprit] = chain;
    return { holds: false, evidence: `${culprit ? describe(culprit) : 'an operation'} is not linear in the write rows`, chain };
  }
  const which = reached.length > 1 ? `each of ${reached.map(({ path }) => path).join(', ')}` : reached[0]?.path ?? '';
  return { holds: true, evidence: `${which} is a sum of coefficient * row of ${[...writes].map((param) => param.path).join(', ')}` };
}

/** Whether the stream after is the stream before plus the write, whatever the order of their axes. */
function isPlainSum({ before, write, after }: ResidualAdd): boolean {
  const bare = (node: Node): Node => {
    const [inner] = node.inputs;
    return inner && (node.op.kind === 'order' || node.op.kind === 'expand') ? bare(inner) : node;
  };
  const { op, inputs } = bare(after);
  const operands = new Set(inputs.map(bare));
  return op.kind === 'map' && op.fn === 'add' && operands.has(bare(before)) && operands.has(bare(write));
}

/** Of `nodes` (operands first), those whose value depends on one of `params`. */
export function dependentsOf(params: ReadonlySet<Param>, nodes: readonly Node[]): Set<Node> {
  const dependent = new Set<Node>();
  for (const node of nodes) {
    if ((node.op.kind === 'param' && params.has(node.op.param)) || valueInputs(node).some((input) => dependent.has(input))) dependent.add(node);
  }
  return dependent;
}

/**
 * The operands in which `node` is linear, given that it is to be linear in the `dependent` nodes; `undefined` where it is not. A product
 * or quotient is linear in its one dependent factor, its other must not depend on them.
 */
export function linearOperands(node: Node, dependent: ReadonlySet<Node>): readonly Node[] | undefined {
  const { op } = node;
  const inputs = valueInputs(node);
  const hits = inputs.filter((input) => dependent.has(input));
  const onlyFirst = inputs.slice(1).some((input) => dependent.has(input)) ? undefined : hits;
  if (isView(node) || op.kind === 'surrogate') return hits;
  switch (op.kind) {
    case 'map':
      if (op.fn === 'add' || op.fn === 'sub' || op.fn === 'neg') return hits;
      if (op.fn === 'mul') return hits.length === 1 ? hits : undefined;
      if (op.fn === 'div') return onlyFirst;
      if (op.fn === 'select') return inputs[0] && dependent.has(inputs[0]) ? undefined : hits;
      return undefined;
    case 'reduce':
      return op.fn === 'sum' ? hits : undefined;
    case 'contract':
      return hits.length === 1 ? hits : undefined;
    case 'gather':
    case 'scatter':
      return onlyFirst;
    default:
      return undefined;
  }
}

/** The chain from the first operation that is not linear in the write rows to the residual write, or nothing. */
function firstNonlinear(write: Node, dependent: ReadonlySet<Node>, { effects }: Analysis): Node[] | undefined {
  const cause = new Map<Node, Node | undefined>([[write, undefined]]);
  const stack = [write];
  for (let node = stack.pop(); node; node = stack.pop()) {
    // A table computed from write rows before any token: it holds the rows that are really added.
    if (effects.get(node) === 'none') continue;
    const operands = linearOperands(node, dependent);
    if (!operands) {
      const chain: Node[] = [];
      for (let at: Node | undefined = node; at; at = cause.get(at)) chain.push(at);
      return chain;
    }
    for (const operand of operands) {
      if (cause.has(operand)) continue;
      cause.set(operand, node);
      stack.push(operand);
    }
  }
  return undefined;
}
