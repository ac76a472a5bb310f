/**
 * @file Clause `active <= n per token`: how many units of a family can fire for one token.
 *
 * A unit fires when its write row enters the token's output, so the number is the sum over distinct choices made of the write table of
 * the sizes of the choice's axes (token axes apart). A family without write rows is counted by all its members. A table that meets a
 * token without a choice makes every unit active.
 */
import type { ExpertFamily, Param } from '../graph/graph.js';
import { sizeOf } from '../graph/ops.js';
import { describe, type Verdict } from './report.js';
import { holdsAny, type FamilyReads } from './tables.js';

export function checkActive(family: ExpertFamily, reads: FamilyReads): Verdict {
  const all = sizeOf(family.axes);
  const members = writeMembers(family);
  const whole = reads.whole.find((read) => holdsAny(read.table, members));
  if (whole) {
    return {
      holds: false,
      value: all,
      evidence: `all ${all} units take part for every token: ${describe(whole.node)} reads the whole table`,
      chain: [whole.node],
    };
  }
  const choices = new Map<string, { units: number; text: string }>();
  for (const read of reads.choices) {
    if (!holdsAny(read.table, members)) continue;
    const axes = read.axes.map((axis) => `${axis.name} ${axis.size}`);
    choices.set(read.indices.map(({ id }) => id).join(), { units: read.units, text: `${axes.join(' x ') || '1'}${read.node.path && ` in ${read.node.path}`}` });
  }
  const value = [...choices.values()].reduce((sum, choice) => sum + choice.units, 0);
  if (choices.size === 0) return { holds: true, value: 0, evidence: 'no unit is read in the forward pass' };
  return { holds: true, value, evidence: `at most ${value} of ${all} units: ${[...choices.values()].map((choice) => choice.text).join(' + ')}` };
}

/** The parameters whose rows are the units' outputs; all members where none is declared. */
export function writeMembers(family: ExpertFamily): ReadonlySet<Param> {
  const writes = family.members.filter((member) => member.expert?.role === 'write');
  return new Set(writes.length > 0 ? writes : family.members);
}
