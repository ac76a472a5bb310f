/**
 * @file Parameters added, removed or of another shape: an old checkpoint cannot be loaded.
 */
import { initText, axesText } from '../../show/values.js';
import type { Change } from '../change.js';
import type { Side } from '../side.js';

export function parameters(before: Side, after: Side): readonly Change[] {
  const changes: Change[] = [];
  for (const [path, old] of before.params) {
    const now = after.params.get(path);
    if (now === undefined) {
      changes.push({ path, kind: 'parameter removed', severity: 'breaking', before: axesText(old.axes), after: null, origins: [], reason: 'checkpoints hold a parameter that is no more' });
    } else if (!sameShape(old.axes, now.axes)) {
      changes.push({ path, kind: 'parameter reshaped', severity: 'breaking', before: axesText(old.axes), after: axesText(now.axes), origins: [], reason: 'checkpoints hold another shape' });
    }
  }
  for (const [path, now] of after.params) {
    if (before.params.has(path)) continue;
    changes.push({ path, kind: 'parameter added', severity: 'breaking', before: null, after: `${axesText(now.axes)} ${initText(now.init)}`, origins: [], reason: 'checkpoints do not hold it' });
  }
  return changes;
}

/** Sizes decide; what an axis is called does not matter to a checkpoint. */
export function sameShape(a: readonly { readonly size: number }[], b: readonly { readonly size: number }[]): boolean {
  return a.length === b.length && a.every((axis, i) => axis.size === b[i]?.size);
}
