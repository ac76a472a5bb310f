/**
 * @file Clause `active <= n per token`: how many units can fire for one token in one layer.
 *
 * A unit fires when its write row enters the token's output, so the number is the sum over distinct choices made of the write table of
 * the sizes of the choice's axes (token axes apart). A family without write rows is counted by all its members. A table that meets a
 * token without a choice, or in which rows were mixed before the choice, makes every unit active. A table that several layers read counts in each of them; the clause bounds the sum over the
 * families that one layer reads.
 */
import type { ExpertFamily, Node, Param } from '../graph/graph.js';
import { sizeOf } from '../graph/ops.js';
import { blockOf, layerOf, residualsOf, type Analysis } from './analysis.js';
import { describe, type LayerContract, type Verdict } from './report.js';
import { holdsAny, type FamilyReads } from './tables.js';

export interface Active {
  /** Of the family, in the layer that reads most of it. */
  readonly verdict: Verdict;
  /** Units of the family that fire per token, by layer. */
  readonly byLayer: ReadonlyMap<string, number>;
}

/** What of a family fires. */
export function checkActive(analysis: Analysis, family: ExpertFamily, reads: FamilyReads): Active {
  const all = sizeOf(family.axes);
  const members = writeMembers(family);
  const layersOf = layerFinder(analysis, family);
  const whole = reads.whole.filter((read) => holdsAny(read.table, members));
  /** Layer -> the indices of a choice -> what it is. */
  const layers = new Map<string, Map<string, { units: number; text: string; node: Node }>>();
  for (const read of reads.choices) {
    if (!holdsAny(read.table, members)) continue;
    const axes = read.axes.map((axis) => `${axis.name} ${axis.size}`);
    for (const layer of layersOf(read.node)) {
      const choices = layers.get(layer) ?? new Map<string, { units: number; text: string; node: Node }>();
      layers.set(layer, choices.set(read.indices.map(({ id }) => id).join(), { units: read.units, text: `${axes.join(' x ') || '1'}${read.node.path && ` in ${read.node.path}`}`, node: read.node }));
    }
  }
  const byLayer = new Map([...layers].map(([layer, choices]) => [layer, [...choices.values()].reduce((sum, choice) => sum + choice.units, 0)]));
  for (const { node } of whole) for (const layer of layersOf(node)) byLayer.set(layer, all);
  const [first] = whole;
  if (first) {
    const evidence = `all ${all} units take part for every token: ${describe(first.node)} reads the whole table`;
    return { verdict: { holds: false, value: all, evidence, chain: [first.node] }, byLayer };
  }
  const mixed = reads.choices.find((read) => read.table.mixed && holdsAny(read.table, members));
  if (mixed?.table.mixed) {
    for (const layer of layersOf(mixed.node)) byLayer.set(layer, all);
    const evidence = `all ${all} units take part in what is chosen: ${describe(mixed.table.mixed)} mixes their rows`;
    return { verdict: { holds: false, value: all, evidence, chain: [mixed.table.mixed, mixed.node] }, byLayer };
  }
  if (layers.size === 0) return { verdict: { holds: true, value: 0, evidence: 'no unit is read in the forward pass' }, byLayer };
  const value = Math.max(...byLayer.values());
  const texts = [...layers.values()].map((choices) => [...choices.values()].map((choice) => choice.text).join(' + '));
  const where = layers.size > 1 ? ' in a layer' : '';
  const largest = [...layers.values()].flatMap((choices) => [...choices.values()]).reduce((a, b) => (b.units > a.units ? b : a));
  return { verdict: { holds: true, value, chain: [largest.node], evidence: `at most ${value} of ${all} units${where}: ${[...new Set(texts)].join('; ')}` }, byLayer };
}

/** The sums over the families that stand in one layer, in the order in which layers read them. */
export function layerContracts(families: readonly { readonly family: string; readonly active: Active }[]): LayerContract[] {
  const layers = new Map<string, { family: string; active: number }[]>();
  for (const { family, active } of families) {
    for (const [path, count] of active.byLayer) layers.set(path, [...(layers.get(path) ?? []), { family, active: count }]);
  }
  return [...layers].map(([path, parts]) => ({ path, active: parts.reduce((sum, part) => sum + part.active, 0), parts }));
}

/** The layers whose residual writes a node is behind; a node behind none of them is its own path's. */
function layerFinder(analysis: Analysis, family: ExpertFamily): (node: Node) => readonly string[] {
  const blocks = residualsOf(analysis, family).map((add) => ({ layer: layerOf(add), nodes: new Set(blockOf(add, analysis)) }));
  return (node) => {
    const layers = new Set(blocks.filter(({ nodes }) => nodes.has(node)).map(({ layer }) => layer));
    return layers.size > 0 ? [...layers] : [node.path];
  };
}

/** The parameters whose rows are the units' outputs; all members where none is declared. */
function writeMembers(family: ExpertFamily): ReadonlySet<Param> {
  const writes = family.members.filter((member) => member.expert?.role === 'write');
  return new Set(writes.length > 0 ? writes : family.members);
}
