/**
 * @file Clause `bypass <= p% flops`: how much of a block's computation goes around its experts.
 *
 * Definition. The block's residual write is split into the terms it is a sum of; a term is a bypass when no expert's parameter stands behind
 * it. The bypass is the forward FLOPs of what only bypass terms need (what they share with expert terms, such as the norm in front, is
 * the experts'), divided by the forward FLOPs of everything between the residual stream and the block's write. Attention and other blocks
 * without experts are residual writes of their own: their share of the layer is reported in the evidence, not in the value. Of a table that
 * several layers read, the block with the largest bypass counts.
 */
import type { ExpertFamily, Node, Param, ResidualAdd } from '../graph/graph.js';
import { flops } from '../graph/ops.js';
import { dependentsOf, linearOperands } from './additive.js';
import { blockBehind, blockOf, layerOf, residualsOf, type Analysis } from './analysis.js';
import type { Verdict } from './report.js';

export function checkBypass(analysis: Analysis, family: ExpertFamily): Verdict {
  const [first, ...others] = residualsOf(analysis, family).map((add) => ({ add, verdict: bypassOf(add, analysis) }));
  if (!first) return { holds: false, evidence: 'not in a layer: the family writes nothing to the residual stream' };
  if (others.length === 0) return first.verdict;
  const worst = others.reduce((a, b) => ((b.verdict.value ?? 0) > (a.verdict.value ?? 0) ? b : a), first);
  const rest = [first, ...others].filter((each) => each !== worst).map(({ add }) => add.path);
  return { ...worst.verdict, evidence: `${worst.verdict.evidence}; no more in ${rest.join(', ')}` };
}

function bypassOf(add: ResidualAdd, analysis: Analysis): Verdict {
  const { graph } = analysis;
  const tokens = graph.batch.size * graph.time.size;
  const work = (nodes: readonly Node[]): number => nodes.reduce((sum, node) => sum + flops(node), 0) / tokens;
  const experts = new Set(graph.families.flatMap((each) => each.members));
  const nodes = blockOf(add, analysis);
  const dependent = dependentsOf(experts, nodes);
  const terms = bypassTerms(add.write, dependent);
  const forExperts = new Set(blockBehind(expertOperands(nodes, dependent, terms), analysis));
  const around = blockBehind(terms, analysis).filter((node) => !forExperts.has(node));
  const block = work(nodes);
  const value = block > 0 ? work(around) / block : 0;
  const others = othersInLayer(add, experts, analysis);
  const theirs = others.reduce((sum, other) => sum + work(blockOf(other, analysis)), 0);
  const share = theirs > 0 ? `; ${others.map(({ path }) => path).join(', ')}: ${percent(theirs / (theirs + block))} of the layer` : '';
  const costliest = around.reduce<Node | undefined>((most, node) => (most && flops(most) >= flops(node) ? most : node), undefined);
  const chain = costliest && value > 0 ? [costliest, ...(costliest === add.write ? [] : [add.write])] : undefined;
  const count = terms.length === 1 ? '1 term' : `${terms.length} terms`;
  return { holds: true, value, ...(chain && { chain }), evidence: `${percent(value)} of the ${Math.round(block)} FLOPs per token of ${add.path}, in ${count} without experts${share}` };
}

export const percent = (fraction: number): string => `${(100 * fraction).toFixed(1).replace(/\.0$/, '')}%`;

/** The summands of `write` that no expert stands behind. */
function bypassTerms(write: Node, dependent: ReadonlySet<Node>): Node[] {
  const terms = new Set<Node>();
  const seen = new Set<Node>();
  const stack = [write];
  for (let node = stack.pop(); node; node = stack.pop()) {
    if (seen.has(node)) continue;
    seen.add(node);
    if (dependent.has(node)) stack.push(...(isSum(node) ? node.inputs : (linearOperands(node, dependent) ?? [])));
    else terms.add(node);
  }
  return [...terms];
}

const isSum = ({ op }: Node): boolean => op.kind === 'map' && (op.fn === 'add' || op.fn === 'sub');

/** What operations with experts behind them read that has none, the bypass terms they are added to apart. */
function expertOperands(nodes: readonly Node[], dependent: ReadonlySet<Node>, terms: readonly Node[]): Node[] {
  const summands = new Set(terms);
  return nodes.flatMap((node) =>
    dependent.has(node) ? node.inputs.filter((input) => !dependent.has(input) && !(isSum(node) && summands.has(input))) : [],
  );
}

/** Residual writes of the same layer (`layers.2.`) that no expert stands behind. */
function othersInLayer(add: ResidualAdd, experts: ReadonlySet<Param>, analysis: Analysis): ResidualAdd[] {
  const layer = layerOf(add);
  return analysis.graph.residual.filter(
    (other) =>
      other !== add &&
      layerOf(other) === layer &&
      !blockOf(other, analysis).some(({ op }) => op.kind === 'param' && experts.has(op.param)),
  );
}
