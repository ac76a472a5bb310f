/**
 * @file Clause `private`: each unit owns its parameters. True when every member has all the family's axes, no other family claims it, no
 * operation mixes the rows of different units before a token chooses among them, all members are read by the same choices (so that the rows
 * read for unit i belong to unit i), and no unit is composed with rows of another family.
 */
import type { ExpertFamily, Graph, Node, Param } from '../graph/graph.js';
import type { Composition } from './composed.js';
import { describe, type Verdict } from './report.js';
import type { FamilyReads } from './tables.js';

export function checkPrivate(graph: Graph, family: ExpertFamily, { choices, whole }: FamilyReads, compositions: readonly Composition[]): Verdict {
  const names = (axes: readonly { readonly name: string }[]): string => axes.map((axis) => axis.name).join(', ');
  if (family.members.length === 0) return { holds: false, evidence: 'the family has no parameters of its own' };
  for (const member of family.members) {
    const missing = family.axes.filter((axis) => !member.axes.includes(axis));
    if (missing.length > 0) {
      return { holds: false, evidence: `${member.path} has no axis ${names(missing)}: units that differ there share its rows` };
    }
    const other = graph.families.find((rival) => rival !== family && rival.members.includes(member));
    if (other) return { holds: false, evidence: `${member.path} also belongs to ${other.path}` };
  }
  for (const { node, table } of [...choices, ...whole]) {
    if (table.mixed) {
      return { holds: false, evidence: `${describe(table.mixed)} mixes the rows of different units`, chain: [table.mixed, node] };
    }
  }
  const composed = compositions.find(({ writes, rows }) => writes === family || rows === family);
  if (composed) {
    const { writes, rows, chain } = composed;
    const evidence = writes === family ? `all its units compute with the rows of ${rows.path}` : `all units of ${writes.path} compute with its rows`;
    return { holds: false, evidence, chain };
  }
  /** Member -> the choices it is read by; a whole read is the empty choice. */
  const readBy = new Map<Param, ReadonlySet<number>[]>(family.members.map((member) => [member, []]));
  const record = (members: Iterable<Param>, indices: ReadonlySet<number>): void => {
    for (const member of members) readBy.set(member, [...(readBy.get(member) ?? []), indices]);
  };
  for (const { table, indices } of choices) record(table.members, new Set(indices.flatMap(origins).map(({ id }) => id)));
  for (const { table } of whole) record(table.members, new Set());
  for (const [member, own] of readBy) {
    for (const [rival, others] of readBy) {
      if (others.length === 0) continue;
      const stray = own.find((indices) => !others.some((other) => isSubset(indices, other) || isSubset(other, indices)));
      if (!stray) continue;
      const read = choices.find((choice) => choice.table.members.has(member) && choice.indices.flatMap(origins).every(({ id }) => stray.has(id)));
      return {
        holds: false,
        evidence: `${member.path} and ${rival.path} are read by different choices, so no unit owns both`,
        ...(read && { chain: [read.node] }),
      };
    }
  }
  return { holds: true, evidence: `every member has the axes ${names(family.axes)} and is read by the family's own choices only` };
}

/** A choice and, where it picks some members of another (`all[some]`), that one. */
function origins(index: Node): Node[] {
  const [from] = index.inputs;
  return index.op.kind === 'gather' && from ? [index, ...origins(from)] : [index];
}

const isSubset = (a: ReadonlySet<number>, b: ReadonlySet<number>): boolean => [...a].every((id) => b.has(id));
