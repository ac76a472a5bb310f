/**
 * @file Which updates are made together, and which scalars they share.
 */
import type { Node, Update } from '../graph/graph.js';
import type { ReadonlyNodeSet } from './node-map.js';

export interface UpdateGroup {
  /** Updates of one parameter and its moments, or of one state. */
  readonly updates: readonly Update[];
  readonly touched: Node | undefined;
}

/** Updates of a parameter and of its moments belong together; every other update stands alone. */
export function groupUpdates(updates: readonly Update[]): UpdateGroup[] {
  const groups = new Map<string, Update[]>();
  for (const update of updates) {
    const { target } = update;
    const key = 'init' in target ? target.path : (target.moment?.param ?? target.path);
    const group = groups.get(key);
    if (group) group.push(update);
    else groups.set(key, [update]);
  }
  return [...groups.values()].map((group) => ({ updates: group, touched: group.find((update) => update.touched)?.touched }));
}

/** Numbers that the updates of several parameters, or one of touched rows, use (a clipping factor) live beside the host's scalars, where they cost
 *  no slot. */
export function sharedScalars(groups: readonly UpdateGroup[], stored: ReadonlyNodeSet): Set<Node> {
  const seen = new Map<Node, number>();
  const kept = new Set<Node>();
  groups.forEach((group, i) => {
    const visited = new Set<Node>();
    const walk = (node: Node): void => {
      if (visited.has(node)) return;
      visited.add(node);
      const computed = node.op.kind === 'reduce' || node.op.kind === 'contract' || stored.has(node);
      if (computed && node.axes.length === 0 && node.dtype === 'f32') {
        if (group.touched || (seen.get(node) ?? i) !== i) kept.add(node);
        seen.set(node, i);
      } else if (node.op.kind === 'map' && !stored.has(node)) node.inputs.forEach(walk);
    };
    for (const update of group.updates) walk(update.value);
  });
  return kept;
}
