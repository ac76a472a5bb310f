/**
 * @file Holds a contract report against the clauses a spec declares; each violation is a diagnostic that points at the clause and shows
 * the operations that break it.
 */
import type { Diagnostics, Related } from '../diagnostics/diagnostic.js';
import type { Node } from '../graph/graph.js';
import type { Clause } from '../model/model.js';
import { percent } from './bypass.js';
import { describe, type ContractReport, type FamilyContract, type Verdict } from './report.js';

const CODES: Record<Clause['name'], string> = { additive: 'ARCH5001', causal: 'ARCH5002', private: 'ARCH5003', active: 'ARCH5004', bypass: 'ARCH5005' };

/** Clauses about experts, in a model without any. */
const NO_EXPERTS = 'ARCH5006';

const HELP: Record<Clause['name'], string> = {
  additive: 'let the block return the weighted sum of write rows itself; move norms and activations before the write, or drop the clause',
  causal: 'mix tokens through causal attention or a shift to the past only; statistics over tokens belong into losses',
  private: 'give every member all the axes of its family, and read all members by the same choice',
  active: 'take fewer experts, or raise the bound',
  bypass: 'make the terms without experts smaller, or raise the bound',
};

/** Reports every declared clause that the graph violates. Families that break a clause in the same way (one per layer) share a diagnostic. */
export function checkContract(report: ContractReport, clauses: readonly Clause[], diagnostics: Diagnostics): void {
  for (const clause of clauses) {
    if (clause.name === 'causal') {
      if (!report.causal.holds) violation(clause, 'the model is not causal', [{ path: 'logits', verdict: report.causal }], diagnostics);
      continue;
    }
    if (report.families.length === 0) {
      diagnostics.report({
        code: NO_EXPERTS,
        severity: 'warning',
        message: `contract clause \`${clause.name}\` speaks of experts, but this model has none`,
        span: clause.span,
        related: [],
        notes: [],
        fixes: [],
      });
      continue;
    }
    const broken = report.families.flatMap((family) => {
      const verdict = family[clause.name];
      return violates(verdict, clause) ? [{ path: family.family.path, verdict }] : [];
    });
    if (broken.length > 0) violation(clause, title(clause, report.families, broken), broken, diagnostics);
  }
}

interface Broken {
  readonly path: string;
  readonly verdict: Verdict;
}

function violates(verdict: Verdict, clause: Clause): boolean {
  if (clause.bound === undefined) return !verdict.holds;
  return verdict.value === undefined || verdict.value > clause.bound * (1 + 1e-12);
}

function title(clause: Clause, families: readonly FamilyContract[], broken: readonly Broken[]): string {
  const worst = Math.max(...broken.map(({ verdict }) => verdict.value ?? 0));
  const [first] = broken;
  const who = `${first?.path ?? ''}${broken.length > 1 ? ` and ${broken.length - 1} more of ${families.length} families` : ''}`;
  switch (clause.name) {
    case 'active':
      return `up to ${worst} experts fire per token${clause.bound === undefined ? '' : `, more than ${clause.bound}`}: ${who}`;
    case 'bypass':
      return `${percent(worst)} of the FLOPs go around the experts${clause.bound === undefined ? '' : `, more than ${percent(clause.bound)}`}: ${who}`;
    case 'private':
      return `experts are not private: ${who}`;
    default:
      return `experts are not ${clause.name}: ${who}`;
  }
}

function violation(clause: Clause, message: string, broken: readonly Broken[], diagnostics: Diagnostics): void {
  const evidence = new Map<string, string>();
  for (const { path, verdict } of broken) {
    const text = verdict.evidence.replace(/\b(\w+)\.\d+\./g, '$1.*.');
    if (!evidence.has(text)) evidence.set(text, `${path}: ${verdict.evidence}`);
  }
  const chain = broken[0]?.verdict.chain ?? [];
  const notes = [...evidence.values()].slice(0, 5);
  if (chain.length > 1) notes.push(`path: ${shorten(chain).join(' -> ')}`);
  diagnostics.report({
    code: CODES[clause.name],
    severity: 'error',
    message,
    span: clause.span,
    label: 'declared here',
    related: places(chain),
    notes,
    help: HELP[clause.name],
    fixes: [],
  });
}

/** At most seven steps: the first three, the last three, and how many lie between. Steps of the same name are one. */
function shorten(chain: readonly Node[]): string[] {
  const steps = chain.map(describe).filter((step, index, all) => step !== all[index - 1]);
  return steps.length <= 7 ? steps : [...steps.slice(0, 3), `(${steps.length - 6} more)`, ...steps.slice(-3)];
}

/** The distinct places in the source along a chain, the culprit first, five at most. */
function places(chain: readonly Node[]): Related[] {
  const related = new Map<string, Related>();
  for (const node of chain) {
    if (!node.span) continue;
    const key = `${node.span.file}:${node.span.start}`;
    if (!related.has(key)) related.set(key, { span: node.span, label: related.size === 0 ? `${describe(node)} breaks it` : `then ${describe(node)}` });
  }
  return [...related.values()].slice(0, 5);
}
