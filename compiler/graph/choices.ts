/**
 * @file What is counted to see what experts are used for: each family's units as they are looked up, and the choices that route to them.
 *
 * A unit of a family over several axes (pool, expert) is chosen by several choices together; its number is row-major over the family's axes. A choice that only
 * completes such a number (expert within whichever pool) says nothing by itself and is left out.
 */
import type { GraphBuilder } from './build.js';
import type { ChoiceTap, Graph, Node } from './graph.js';
import { topological } from './walk.js';

/** Choices made for each token: routers first, then families, in the order of the graph. */
export function usageTaps(build: GraphBuilder, graph: Graph): readonly ChoiceTap[] {
  const units: ChoiceTap[] = [];
  const covered = new Set<Node>();
  const found = new Set<string>();
  for (const node of topological([graph.logits])) {
    const [first, ...indices] = node.inputs;
    const table = unnamed(first);
    if (node.op.kind !== 'gather' || table?.op.kind !== 'param') continue;
    const { axes } = node.op;
    const family = graph.families.find((f) => f.members.some((member) => table.op.kind === 'param' && table.op.param === member));
    if (!family || found.has(family.path) || axes.length !== family.axes.length) continue;
    found.add(family.path);
    let unit = indices[0];
    indices.slice(1).forEach((index, i) => {
      if (unit) unit = build.add(build.mul(unit, axes[i + 1]?.size ?? 1), index);
      covered.add(index);
    });
    if (indices.length === 1 && unit) covered.add(unit);
    else if (unit) unit = indices.filter(isPartial).reduce((whole, index) => build.select(build.lt(index, 0), build.constant(-1, 'i32'), whole), unit);
    if (unit) units.push({ path: family.path, index: unit, members: axes.reduce((n, axis) => n * axis.size, 1) });
  }
  const routers = (graph.choices ?? []).filter(({ index }) => !covered.has(index));
  return [...routers, ...units].filter(({ index }) => index.axes.includes(graph.batch) && index.axes.includes(graph.time));
}

/** A choice some places of which choose nothing. */
const isPartial = (index: Node): boolean => index.op.kind === 'map' && index.op.fn === 'select';

/** A table as it was declared, where a layer reads it under axes of its own. */
function unnamed(table: Node | undefined): Node | undefined {
  return table?.op.kind === 'rename' ? unnamed(table.inputs[0]) : table;
}
