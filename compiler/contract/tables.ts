/**
 * @file How a forward pass reads the parameters of an expert family: through choices (`gather` by index), or whole.
 *
 * A *table* is a member or anything computed from members before a token is involved (a normalised row is still its unit's row). Of each
 * table the analysis knows which axes number units; a table in which units have been summed, compared or normalised together is *mixed*.
 */
import type { Axis, ExpertFamily, Node, Param } from '../graph/graph.js';
import { isToken, valueInputs } from '../graph/cost.js';
import { sizeOf } from '../graph/ops.js';
import type { Analysis } from './analysis.js';

export interface Table {
  readonly members: ReadonlySet<Param>;
  readonly unitAxes: ReadonlySet<Axis>;
  /** The operation in which one unit's numbers entered another's. */
  readonly mixed?: Node;
}

/** One choice of units: the rows of `table` at the indices. */
export interface ChoiceRead {
  readonly node: Node;
  readonly table: Table;
  /** Identifies the choice: the nodes of its indices. */
  readonly indices: readonly Node[];
  /** Axes that number the units one token reads. */
  readonly axes: readonly Axis[];
  /** Units one token reads. */
  readonly units: number;
}

/** A table met by a token without a choice: all its units take part. */
export interface WholeRead {
  readonly node: Node;
  readonly table: Table;
}

export interface FamilyReads {
  readonly choices: readonly ChoiceRead[];
  readonly whole: readonly WholeRead[];
}

/** Every place of the forward pass where the family's parameters meet a token. */
export function readsOf({ effects, users, leaves }: Analysis, family: ExpertFamily): FamilyReads {
  const tables = new Map<Node, Table>();
  const choices: ChoiceRead[] = [];
  const whole: WholeRead[] = [];
  const pending = new Set<Node>();
  const add = (node: Node, table: Table): void => {
    tables.set(node, table);
    for (const user of users.get(node) ?? []) pending.add(user);
  };
  for (const param of family.members) {
    const leaf = leaves.get(param);
    if (leaf) add(leaf, { members: new Set([param]), unitAxes: new Set(param.axes.filter((axis) => family.axes.includes(axis))) });
  }
  // Operands have lower numbers than what is made of them, so the lowest has all its tables known.
  for (let node = lowest(pending); node; node = lowest(pending)) {
    pending.delete(node);
    const [first] = node.inputs;
    const source = first && tables.get(first);
    if (node.op.kind === 'gather' && source && node.op.axes.every((axis) => source.unitAxes.has(axis))) {
      const indices = node.inputs.slice(1);
      const numbering = new Set([...indices.flatMap((index) => index.axes), ...source.unitAxes]);
      const axes = node.axes.filter((axis) => numbering.has(axis) && !isToken(axis));
      choices.push({ node, table: source, indices, axes, units: sizeOf(axes) });
    } else if (effects.get(node) === 'none' && node.op.kind !== 'gather') {
      add(node, derived(node, valueInputs(node).flatMap((input) => tables.get(input) ?? [])));
    } else {
      for (const input of valueInputs(node)) {
        const table = tables.get(input);
        if (table) whole.push({ node, table });
      }
    }
  }
  return { choices, whole };
}

function lowest(nodes: Iterable<Node>): Node | undefined {
  let found: Node | undefined;
  for (const node of nodes) if (!found || node.id < found.id) found = node;
  return found;
}

/** Whether the clause-relevant members stand behind a table. */
export const holdsAny = (table: Table, members: ReadonlySet<Param>): boolean => [...table.members].some((member) => members.has(member));

function derived(node: Node, operands: readonly Table[]): Table {
  const members = new Set(operands.flatMap((table) => [...table.members]));
  const before = new Set(operands.flatMap((table) => [...table.unitAxes]));
  const { op } = node;
  const isUnit = (axis: Axis): boolean => before.has(axis);
  const earlier = operands.find((table) => table.mixed)?.mixed;
  const kept = new Set(node.axes.filter(isUnit));
  const table = (unitAxes: ReadonlySet<Axis>, mixes: boolean): Table => {
    const mixed = earlier ?? (mixes ? node : undefined);
    return mixed ? { members, unitAxes, mixed } : { members, unitAxes };
  };
  switch (op.kind) {
    case 'rename':
      return table(isUnit(op.from) ? kept.add(op.to) : kept, false);
    case 'split':
      return table(isUnit(op.axis) ? new Set([...kept, ...op.into]) : kept, false);
    case 'merge':
      return table(op.axes.some(isUnit) ? kept.add(op.into) : kept, false);
    case 'slice':
      return table(isUnit(op.axis) && op.into ? kept.add(op.into) : kept, isUnit(op.axis) && !op.into);
    case 'concat':
    case 'pad':
      return table(kept.add(op.into), false);
    case 'reduce':
    case 'contract':
    case 'softmax':
    case 'logsumexp':
      return table(kept, op.over.some(isUnit));
    case 'shift':
      return table(kept, isUnit(op.axis));
    case 'scatter':
    case 'attention':
    case 'attention_grad':
    case 'top':
    case 'top_product':
    case 'position':
      return table(kept, true);
    default:
      // Elementwise over two members with different axes pairs units with units.
      return table(kept, operands.some((operand) => operand.unitAxes.size !== before.size));
  }
}
