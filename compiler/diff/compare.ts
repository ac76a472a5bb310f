/**
 * @file The differences of two specs: every rule in turn, layers collapsed, sorted by path; and what they do to size and work.
 */
import type { Change, Severity } from './change.js';
import { collapse } from './collapse.js';
import { contract } from './rules/contract.js';
import { dims } from './rules/dims.js';
import { documentation } from './rules/documentation.js';
import { entries } from './rules/entries.js';
import { formulas } from './rules/formulas.js';
import { initialisers } from './rules/initialisers.js';
import { losses } from './rules/losses.js';
import { parameters } from './rules/parameters.js';
import { settings } from './rules/settings.js';
import { training } from './rules/training.js';
import type { Side } from './side.js';

/** Each looks at one kind of difference. `formulas` comes after them: it speaks only where they are silent. */
const RULES = [parameters, initialisers, entries, settings, dims, losses, contract, training, documentation] as const;

export interface Delta {
  readonly name: string;
  readonly unit: 'count' | 'bytes';
  readonly before: number;
  readonly after: number;
}

export interface Comparison {
  readonly formatVersion: '1.0';
  readonly before: { readonly spec: string; readonly arch: string };
  readonly after: { readonly spec: string; readonly arch: string };
  readonly deltas: readonly Delta[];
  /** Sorted by path. */
  readonly changes: readonly Change[];
  readonly summary: Readonly<Record<Severity, number>>;
}

export function compare(before: Side, after: Side): Comparison {
  const found = RULES.flatMap((rule) => rule(before, after));
  const structural = found.filter((c) => !c.path.startsWith('train.') && c.kind !== 'documentation changed' && !c.path.startsWith('contract.'));
  found.push(...formulas(before, after, structural));
  const changes = [...collapse(found, layerCounts(before, after))].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : a.kind < b.kind ? -1 : 1));
  const many = (severity: Severity): number => changes.filter((c) => c.severity === severity).length;
  return {
    formatVersion: '1.0',
    before: { spec: before.spec, arch: before.model.name },
    after: { spec: after.spec, arch: after.model.name },
    deltas: deltas(before, after),
    changes,
    summary: { breaking: many('breaking'), dangerous: many('dangerous'), neutral: many('neutral') },
  };
}

function deltas(before: Side, after: Side): readonly Delta[] {
  const [a, b] = [before.cost.total, after.cost.total];
  const line = (name: string, unit: Delta['unit'], x: number | undefined, y: number | undefined): Delta[] => (x === undefined || y === undefined ? [] : [{ name, unit, before: x, after: y }]);
  return [
    ...line('params', 'count', a.parameters, b.parameters),
    ...line('active params per token', 'count', a.activeParameters, b.activeParameters),
    ...line('FLOPs per token', 'count', a.flops, b.flops),
    ...line('FLOPs per token, training', 'count', a.trainingFlops, b.trainingFlops),
    ...line('weights', 'bytes', a.weightBytes, b.weightBytes),
    ...line('optimizer state', 'bytes', a.optimizerBytes, b.optimizerBytes),
    ...line('activations', 'bytes', a.activationBytes, b.activationBytes),
    ...line('kernels', 'count', before.kernels?.distinct, after.kernels?.distinct),
    ...line('launches per step', 'count', before.kernels?.launches, after.kernels?.launches),
  ];
}

function layerCounts(before: Side, after: Side): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const side of [before, after]) {
    for (const [path, l] of side.layers) if (l.count.value.kind === 'number') counts.set(path, Math.max(counts.get(path) ?? 0, l.count.value.value));
  }
  return counts;
}
