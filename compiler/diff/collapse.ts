/**
 * @file The same change in several layers is said once: `layers.[0-2].ffn.gain`, or `layers.*.ffn.gain` for all.
 */
import { byLayer, joinLayers } from '../show/layers.js';
import type { Change } from './change.js';

/** `layerCount`: of the larger of the two specs, by the path of the layers. */
export function collapse(changes: readonly Change[], layerCount: ReadonlyMap<string, number>): readonly Change[] {
  return byLayer(changes, (c) => c.path, (c) => JSON.stringify([c.kind, c.severity, c.before, c.after])).map(({ path, layers, first }) => ({
    ...first,
    path: joinLayers(path, layers, layerCount.get(path.split('.')[0] ?? '')),
  }));
}
