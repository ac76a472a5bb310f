/**
 * @file The contract table: what holds of each family of experts, found on the graph, alike layers in one row.
 */
import type { ContractReport, FamilyContract, Verdict } from '../contract/report.js';
import { joinLayers, byLayer } from './layers.js';
import { table } from './table.js';
import { percent, whole } from './units.js';

export interface VerdictReport {
  readonly holds: boolean;
  readonly value: number | null;
  readonly evidence: string;
}

export interface ContractRow {
  /** `layers.*.ffn.experts` */
  readonly family: string;
  readonly layers: readonly number[];
  readonly units: number;
  readonly additive: VerdictReport;
  readonly causal: VerdictReport;
  readonly active: VerdictReport;
  readonly private: VerdictReport;
  readonly bypass: VerdictReport;
}

const CLAUSES = ['additive', 'causal', 'active', 'private', 'bypass'] as const;

export function contractRows(report: ContractReport): ContractRow[] {
  const groups = byLayer(report.families, (f) => f.family.path, alike);
  return groups.map(({ path, layers, first }) => ({
    family: joinLayers(path, layers, layers.length),
    layers,
    units: first.units,
    additive: verdict(first.additive),
    causal: verdict(first.causal),
    active: verdict(first.active),
    private: verdict(first.private),
    bypass: verdict(first.bypass),
  }));
}

/** The evidence names paths of one layer, so it is not compared. */
const alike = (f: FamilyContract): string => JSON.stringify([f.units, ...CLAUSES.map((c) => [f[c].holds, f[c].value])]);

const verdict = (v: Verdict): VerdictReport => ({ holds: v.holds, value: v.value ?? null, evidence: v.evidence });

/** Lines of the table, then a line of evidence for each clause that does not hold. */
export function contractTable(rows: readonly ContractRow[], { causal, training }: { readonly causal: { readonly holds: boolean; readonly evidence: string }; readonly training: string | null }, heading: (text: string) => string): string[] {
  const cell = (v: VerdictReport, text: (value: number) => string): string => (v.value === null ? (v.holds ? 'yes' : 'no') : v.holds ? text(v.value) : `${text(v.value)}, no`);
  const lines = table(
    [
      { title: 'experts', align: 'left' }, { title: 'units', align: 'right' }, { title: 'active/token', align: 'right' }, { title: 'additive', align: 'left' },
      { title: 'causal', align: 'left' }, { title: 'private', align: 'left' }, { title: 'bypass', align: 'right' },
    ],
    rows.map((r) => [r.family, whole(r.units), cell(r.active, whole), cell(r.additive, String), cell(r.causal, String), cell(r.private, String), cell(r.bypass, percent)]),
    heading,
  );
  const failing = rows.flatMap((r) => CLAUSES.filter((c) => !r[c].holds).map((c) => `not ${c}: ${r.family}: ${r[c].evidence}`));
  const whether = causal.holds ? 'the whole model is causal' : `the model is not causal: ${causal.evidence}`;
  const inTraining = training !== null && causal.holds ? [`in training it is not: ${training}`] : [];
  return [...(rows.length === 0 ? ['no experts'] : lines), ...failing, whether, ...inTraining];
}
