/**
 * @file Parameters that start from other values: an old checkpoint loads, a new run differs.
 */
import { initText } from '../../show/values.js';
import type { Change } from '../change.js';
import type { Side } from '../side.js';
import { sameShape } from './parameters.js';

export function initialisers(before: Side, after: Side): readonly Change[] {
  const changes: Change[] = [];
  for (const [path, old] of before.params) {
    const now = after.params.get(path);
    if (now === undefined || !sameShape(old.axes, now.axes)) continue;
    const [from, to] = [initText(old.init), initText(now.init)];
    if (from !== to) changes.push({ path, kind: 'initialiser changed', severity: 'dangerous', before: from, after: to, origins: [], reason: 'new runs start elsewhere' });
  }
  return changes;
}
