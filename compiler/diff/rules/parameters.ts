/**
 * @file Parameters added, removed or of another shape: an old checkpoint cannot be loaded.
 */
import { splitLayer } from '../../show/layers.js';
import { initText, axesText } from '../../show/values.js';
import type { Change } from '../change.js';
import type { Side } from '../side.js';

export function parameters(before: Side, after: Side): readonly Change[] {
  const changes: Change[] = [...wholeLayers(before, after)];
  for (const [path, old] of before.params) {
    if (lacks(after, path)) continue;
    const now = after.params.get(path);
    if (now === undefined) {
      changes.push({ path, kind: 'parameter removed', severity: 'breaking', before: axesText(old.axes), after: null, origins: [], reason: 'checkpoints hold a parameter that is no more' });
    } else if (!sameShape(old.axes, now.axes)) {
      changes.push({ path, kind: 'parameter reshaped', severity: 'breaking', before: axesText(old.axes), after: axesText(now.axes), origins: [], reason: 'checkpoints hold another shape' });
    }
  }
  for (const [path, now] of after.params) {
    if (before.params.has(path) || lacks(before, path)) continue;
    changes.push({ path, kind: 'parameter added', severity: 'breaking', before: null, after: `${axesText(now.axes)} ${initText(now.init)}`, origins: [], reason: 'checkpoints do not hold it' });
  }
  return changes;
}

/** Whether the side has fewer layers than the path needs. */
function lacks(side: Side, path: string): boolean {
  const layer = splitLayer(path).layer;
  const count = layerCount(side, path);
  return layer !== undefined && count !== undefined && layer >= count;
}

function layerCount(side: Side, path: string): number | undefined {
  const count = side.layers.get(path.split('.')[0] ?? '')?.count.value;
  return count?.kind === 'number' ? count.value : undefined;
}

/** Layers that only one side has, each with all its parameters at once. */
function wholeLayers(before: Side, after: Side): readonly Change[] {
  const of = (side: Side, other: Side): ReadonlyMap<string, number> => {
    const layers = new Map<string, number>();
    for (const path of side.params.keys()) {
      const layer = path.split('.').slice(0, 2).join('.');
      if (lacks(other, path)) layers.set(layer, (layers.get(layer) ?? 0) + 1);
    }
    return layers;
  };
  const text = (n: number): string => `${n} parameter${n === 1 ? '' : 's'}`;
  return [
    ...[...of(before, after)].map(([path, n]): Change => ({ path, kind: 'parameter removed', severity: 'breaking', before: text(n), after: null, origins: [], reason: 'the layer is no more' })),
    ...[...of(after, before)].map(([path, n]): Change => ({ path, kind: 'parameter added', severity: 'breaking', before: null, after: text(n), origins: [], reason: 'the layer is new' })),
  ];
}

/** Sizes decide; what an axis is called does not matter to a checkpoint. */
export function sameShape(a: readonly { readonly size: number }[], b: readonly { readonly size: number }[]): boolean {
  return a.length === b.length && a.every((axis, i) => axis.size === b[i]?.size);
}
