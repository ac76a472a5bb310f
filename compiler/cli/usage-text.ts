/**
 * @file What a choice's members are used for, as a table: share of each domain's choices, and the lift where a member prefers one.
 */
import { type ChoiceUsage, type Preference, membersUsed, preferences, shares } from '../../runtime/usage.js';
import { table } from '../show/table.js';

/** Choices with at most this many members are shown whole; of others, those that most set a domain apart. */
const WHOLE = 16;
const TELLING = 8;
/** A preference is marked from here on. */
const MARKED = 1.5;

/** An empty line, a title, and the table. */
export function usageLines(usage: ChoiceUsage, heading: (text: string) => string): string[] {
  const domains = [...usage.counts.keys()];
  const ranked = preferences(usage);
  const whole = usage.members <= WHOLE;
  const members = whole ? Array.from({ length: usage.members }, (_, i) => i) : [...ranked].sort((a, b) => telling(b) - telling(a)).slice(0, TELLING).map(({ member }) => member);
  const rows = members.map((member) => {
    const best = ranked.find((preference) => preference.member === member);
    const mark = best && best.lift >= MARKED ? `${best.domain} x${best.lift.toFixed(1)}` : '';
    return [String(member), ...[...shares(usage, member).values()].map(percent), mark];
  });
  const used = `${membersUsed(usage)} of ${usage.members} used`;
  const title = whole ? `${usage.path}: share of each domain's choices (${used})` : `${usage.path}: those that most set a domain apart, by share of its choices (${used})`;
  const columns = [{ title: '#', align: 'right' as const }, ...domains.map((title) => ({ title, align: 'right' as const })), { title: 'prefers', align: 'left' as const }];
  return ['', title, ...table(columns, rows, heading)];
}

/** Counts by domain, and each member's preference. */
export function usageJson(usage: ChoiceUsage): object {
  return { path: usage.path, members: usage.members, counts: Object.fromEntries([...usage.counts].map(([domain, sums]) => [domain, [...sums]])), preferences: preferences(usage) };
}

/** How much of a domain's choices a member's preference explains: a rare member may prefer one by chance. */
const telling = ({ share, lift }: Preference): number => (lift < MARKED ? 0 : share * Math.log(lift));

function percent(share: number): string {
  if (share === 0) return '-';
  const digits = share >= 0.0995 ? 0 : share >= 0.00995 ? 1 : 2;
  return `${(share * 100).toFixed(digits)}%`;
}
