/**
 * @file Which optimiser group owns a parameter, and what is frozen.
 */
import type { OptimizerGroup } from '../model/model.js';

/** Whether `prefix` names `path` or something above it. Layer numbers of the path may be left out: `layers.ffn` matches `layers.2.ffn.experts.read`. */
export function matches(prefix: string, path: string): boolean {
  const wanted = prefix === '' ? [] : prefix.split('.');
  const segments = path.split('.');
  let next = 0;
  for (const name of wanted) {
    while (segments[next] !== name) {
      if (!/^\d+$/.test(segments[next] ?? '')) return false;
      next++;
    }
    next++;
  }
  return true;
}

/** The last group that matches; undefined when none does. */
export function groupOf(groups: readonly OptimizerGroup[], path: string): OptimizerGroup | undefined {
  return groups.findLast((group) => matches(group.path, path));
}

/** Whether the group that owns a parameter or state keeps it as it is. */
export function isFrozen(groups: readonly OptimizerGroup[], path: string): boolean {
  return groupOf(groups, path)?.frozen === true;
}
