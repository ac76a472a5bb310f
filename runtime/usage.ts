/**
 * @file Which members each choice of a model picks, by domain: what its pools and experts are used for.
 *
 * Counts are choices, not gate mass. `lift` compares a member's share of a domain's choices with its mean share over domains, each domain weighing
 * the same: 1 is no preference, 2 is twice as often as elsewhere. It says nothing of cause, and small counts give large lifts by chance: rows with
 * fewer choices than `least` are left out of rankings.
 */
import type { Corpus, Window } from './data/corpus.js';
import type { Executor } from './executor.js';

export interface ChoiceUsage {
  /** `layers.2.ffn.opened` */
  readonly path: string;
  readonly members: number;
  /** Domain -> how often each member was chosen. */
  readonly counts: ReadonlyMap<string, Float64Array>;
}

export interface UsageOptions {
  /** Windows per domain at most (default 16). */
  readonly windows?: number;
  readonly signal?: AbortSignal;
}

/** Runs the program's `eval` entry over validation windows and counts its choices. Empty for a model that chooses nothing. */
export async function choiceUsage(session: Executor, corpus: Corpus, options: UsageOptions = {}): Promise<ChoiceUsage[]> {
  const { batch, time, choices = [] } = session.program;
  const usage = choices.map(({ path, members }) => ({ path, members, counts: new Map<string, Float64Array>() }));
  if (usage.length === 0) return [];
  const flush = async (rows: readonly Window[]): Promise<void> => {
    const tokens = new Int32Array(batch * time);
    rows.forEach((row, i) => tokens.set(row.tokens, i * time));
    session.run('eval', { tokens, targets: new Int32Array(batch * time).fill(-1) });
    for (const { path, members, counts } of usage) {
      const chosen = await session.read(session.output('eval', `choice.${path}`).id);
      const perRow = chosen.length / batch;
      rows.forEach((row, i) => {
        const sums = counts.get(row.domain) ?? new Float64Array(members);
        counts.set(row.domain, sums);
        for (let at = i * perRow; at < (i + 1) * perRow; at++) {
          const member = chosen[at] ?? -1;
          if (member >= 0 && member < members) sums[member] = (sums[member] ?? 0) + 1;
        }
      });
    }
  };
  let rows: Window[] = [];
  for (const window of corpus.validation(options.windows ?? 16)) {
    rows.push(window);
    if (rows.length < batch) continue;
    await flush(rows);
    rows = [];
    if (options.signal?.aborted) return usage;
  }
  if (rows.length > 0) await flush(rows);
  return usage;
}

/** A member's preference for a domain. */
export interface Preference {
  readonly member: number;
  readonly domain: string;
  readonly lift: number;
  /** Share of the domain's choices. */
  readonly share: number;
}

/** share of `member` in each domain, in the order of the counts. */
export function shares(usage: ChoiceUsage, member: number): Map<string, number> {
  return new Map([...usage.counts].map(([domain, sums]) => [domain, (sums[member] ?? 0) / Math.max(1, total(sums))]));
}

/** Each member's strongest preference, strongest first; members chosen fewer than `least` times in all are left out. */
export function preferences(usage: ChoiceUsage, least = 32): Preference[] {
  const found: Preference[] = [];
  for (let member = 0; member < usage.members; member++) {
    let times = 0;
    for (const sums of usage.counts.values()) times += sums[member] ?? 0;
    if (times < least) continue;
    const byDomain = shares(usage, member);
    const mean = [...byDomain.values()].reduce((sum, share) => sum + share, 0) / Math.max(1, byDomain.size);
    const [domain, share] = [...byDomain].reduce((best, next) => (next[1] > best[1] ? next : best), ['', -1]);
    found.push({ member, domain, lift: mean > 0 ? share / mean : 0, share });
  }
  return found.sort((a, b) => b.lift - a.lift || a.member - b.member);
}

/** Members chosen at least once. */
export function membersUsed(usage: ChoiceUsage): number {
  let used = 0;
  for (let member = 0; member < usage.members; member++) if ([...usage.counts.values()].some((sums) => (sums[member] ?? 0) > 0)) used++;
  return used;
}

function total(sums: Float64Array): number {
  return sums.reduce((a, b) => a + b, 0);
}
