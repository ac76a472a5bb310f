/**
 * @file Holds a contract report against the clauses a spec declares; each violation is a diagnostic that points at the clause and shows
 * the operations that break it.
 */
import { diagnose, type Extras } from '../diagnostics/catalogue.js';
import type { Diagnostic, Diagnostics, Related } from '../diagnostics/diagnostic.js';
import type { Node } from '../graph/graph.js';
import type { Clause } from '../model/model.js';
import { describe, type ContractReport, type LayerContract, type Verdict } from './report.js';

/** Reports every declared clause that the graph violates. Families that break one clause (one a layer, mostly) share a diagnostic. */
export function checkContract(report: ContractReport, clauses: readonly Clause[], diagnostics: Diagnostics): void {
  for (const clause of clauses) {
    const { name } = clause;
    if (name === 'causal') {
      if (!report.causal.holds) diagnostics.report(violation(clause, [{ path: 'logits', verdict: report.causal }], 1));
    } else if (report.families.length === 0) {
      diagnostics.report(diagnose('ARCH5006', { clause: name }, clause.span));
    } else if (name === 'active' && clause.bound !== undefined) {
      const broken = overfull(report, clause.bound);
      if (broken.length > 0) diagnostics.report(violation(clause, broken, report.layers.length, report.layers.every(isSingle) ? 'families' : 'layers'));
    } else {
      const broken = report.families.map((family) => ({ path: family.family.path, verdict: family[name] })).filter(({ verdict }) => violates(verdict, clause));
      if (broken.length > 0) diagnostics.report(violation(clause, broken, report.families.length));
    }
  }
}

interface Broken {
  readonly path: string;
  readonly verdict: Verdict;
}

const isSingle = ({ parts }: LayerContract): boolean => parts.length === 1;

/** Layers in which more than `bound` units fire, all families together. */
function overfull({ layers, families }: ContractReport, bound: number): Broken[] {
  return layers.filter(({ active }) => active > bound).map((layer) => {
    const only = isSingle(layer) ? families.find(({ family }) => family.path === layer.parts[0]?.family) : undefined;
    if (only) return { path: only.family.path, verdict: { ...only.active, value: layer.active } };
    const parts = layer.parts.map((part) => `${part.active} of ${part.family}`);
    return { path: layer.path, verdict: { holds: false, value: layer.active, evidence: `${parts.join(' + ')} = ${layer.active}` } };
  });
}

/** A bound is on the value; without one the verdict decides. Fractions are compared with room for rounding. */
function violates(verdict: Verdict, clause: Clause): boolean {
  if (clause.bound === undefined) return !verdict.holds;
  return verdict.value === undefined || verdict.value > clause.bound * (1 + 1e-12);
}

function violation(clause: Clause, broken: readonly Broken[], all: number, what: 'families' | 'layers' = 'families'): Diagnostic {
  const worst = broken.reduce((a, b) => ((b.verdict.value ?? 0) > (a.verdict.value ?? 0) ? b : a));
  const { path: subject, verdict } = worst;
  const params = { subject, reason: verdict.evidence };
  const extras: Extras = { related: places(verdict.chain ?? []), notes: notesOf(broken, worst, `${all} ${what}`) };
  switch (clause.name) {
    case 'additive':
      return diagnose('ARCH5001', params, clause.span, extras);
    case 'causal':
      return diagnose('ARCH5002', params, clause.span, extras);
    case 'private':
      return diagnose('ARCH5003', params, clause.span, extras);
    case 'active':
      return diagnose('ARCH5004', { ...params, bound: clause.bound ?? 0 }, clause.span, extras);
    case 'bypass':
      return diagnose('ARCH5005', { ...params, bound: clause.bound ?? 0 }, clause.span, extras);
  }
}

function notesOf(broken: readonly Broken[], worst: Broken, all: string): string[] {
  const chain = worst.verdict.chain ?? [];
  const others = broken.length - 1;
  return [
    ...(chain.length > 1 ? [`path: ${shorten(chain).join(' -> ')}`] : []),
    ...(others > 0 ? [`so ${others === 1 ? 'does 1 other' : `do ${others} others`} of ${all}`] : []),
  ];
}

/** At most seven steps: the first three, the last three, and how many lie between. Neighbours of one name are one step. */
function shorten(chain: readonly Node[]): string[] {
  const steps = chain.map(describe).filter((step, index, all) => step !== all[index - 1]);
  return steps.length <= 7 ? steps : [...steps.slice(0, 3), `(${steps.length - 6} more)`, ...steps.slice(-3)];
}

/** The distinct places in the source along a chain, the culprit first, five at most. */
function places(chain: readonly Node[]): Related[] {
  const related = new Map<string, Related>();
  for (const node of chain) {
    if (!node.span) continue;
    const place = `${node.span.file}:${node.span.start}`;
    if (!related.has(place)) related.set(place, { span: node.span, label: related.size === 0 ? `${describe(node)} breaks it` : `then ${describe(node)}` });
  }
  return [...related.values()].slice(0, 5);
}
