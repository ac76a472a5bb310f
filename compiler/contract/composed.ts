/**
 * @file Units composed of several families' rows: the coefficient of one family's write rows is computed from rows of another, so all units of the
 * one share the other's. Which units are chosen, and how a softmax weighs them, is competition, not sharing.
 */
import type { ExpertFamily, Node, ResidualAdd } from '../graph/graph.js';
import { nodesBehind, valueInputs } from '../graph/cost.js';
import { dependentsOf, linearOperands } from './additive.js';
import { blockOf, residualsOf, type Analysis } from './analysis.js';

export interface Composition {
  /** The family whose write rows it is about, and the one whose rows they are weighed by. */
  readonly writes: ExpertFamily;
  readonly rows: ExpertFamily;
  /** From a row of `rows` to the coefficient. */
  readonly chain: readonly Node[];
}

/** Every pair of families of which one's units are computed with the other's rows. Families over the same axes are the same units in two parts. */
export function compositionsOf(analysis: Analysis): Composition[] {
  const { families } = analysis.graph;
  if (families.length < 2) return [];
  return families.flatMap((writes) =>
    residualsOf(analysis, writes).slice(0, 1).flatMap((add) => {
      const coefficients = coefficientsOf(analysis, writes, add);
      return families.filter((rows) => rows !== writes && !sameUnits(rows, writes)).flatMap((rows) => {
        const chain = coefficients.map((coefficient) => chainTo(rows, coefficient, analysis)).find((found) => found !== undefined);
        return chain ? [{ writes, rows, chain }] : [];
      });
    }),
  );
}

const sameUnits = (a: ExpertFamily, b: ExpertFamily): boolean => a.axes.length === b.axes.length && a.axes.every((axis) => b.axes.includes(axis));

/** What the family's write rows are multiplied by on their way to the residual stream. */
function coefficientsOf(analysis: Analysis, family: ExpertFamily, add: ResidualAdd): Node[] {
  const writes = new Set(family.members.filter((member) => member.expert?.role === 'write'));
  const dependent = dependentsOf(writes, blockOf(add, analysis));
  const found = new Set<Node>();
  const seen = new Set<Node>();
  const visit = (node: Node): void => {
    if (seen.has(node) || !dependent.has(node)) return;
    seen.add(node);
    const operands = linearOperands(node, dependent) ?? valueInputs(node);
    for (const input of valueInputs(node)) if (!dependent.has(input) && (node.op.kind === 'contract' || node.op.kind === 'map')) found.add(input);
    operands.forEach(visit);
  };
  visit(add.write);
  return [...found];
}

/** The operations from a row of the family to `coefficient`, if it is computed from one otherwise than by a choice or a softmax. */
function chainTo(family: ExpertFamily, coefficient: Node, { stream }: Analysis): Node[] | undefined {
  const rows = new Set(family.members);
  const competes = (node: Node): boolean => node.op.kind === 'top' || node.op.kind === 'top_product' || node.op.kind === 'softmax';
  const within = nodesBehind([coefficient], stream);
  const stops = new Set(within.filter((node) => stream.has(node) || competes(node)));
  const reached = new Map<Node, Node | undefined>();
  for (const node of within) {
    if (stops.has(node)) continue;
    const from = valueInputs(node).find((input) => reached.has(input));
    if ((node.op.kind === 'param' && rows.has(node.op.param)) || from) reached.set(node, from);
  }
  if (!reached.has(coefficient)) return undefined;
  const chain: Node[] = [];
  for (let at: Node | undefined = coefficient; at; at = reached.get(at)) chain.unshift(at);
  return chain;
}
