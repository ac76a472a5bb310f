/**
 * @file How many units fire for one token in a layer, its families together: what `active <= n per token` bounds.
 */
import type { LayerContract } from '../contract/report.js';
import { byLayer, joinLayers } from './layers.js';
import { whole } from './units.js';

export interface ActivityRow {
  /** Layers that are alike: `layers.*`, `layers.[1,3]`; outside layers the path of the block. */
  readonly path: string;
  readonly layers: readonly number[];
  /** At most, for one token. */
  readonly active: number;
  /** Families by path, without the layer where they are of the layer itself. */
  readonly parts: readonly { readonly family: string; readonly active: number }[];
}

/** @param count how many layers the model has */
export function activityRows(layers: readonly LayerContract[], count: number): ActivityRow[] {
  const rows = layers.map((layer) => ({ ...layer, parts: layer.parts.map((part) => ({ ...part, family: within(part.family, layer.path) })) }));
  return byLayer(rows, (row) => row.path, (row) => JSON.stringify(row.parts)).map(({ path, layers: alike, first }) => ({
    path: joinLayers(path, alike, count), layers: alike, active: first.active, parts: first.parts,
  }));
}

const within = (path: string, layer: string): string => (path.startsWith(`${layer}.`) ? path.slice(layer.length + 1) : path);

/** `at most 12 units fire per token in each of layers.*: ffn.experts 8 + memory.experts 4` */
export function activityLines(rows: readonly ActivityRow[]): string[] {
  return rows.map(({ path, layers, active, parts }) => {
    const sum = parts.length > 1 ? `: ${parts.map((part) => `${part.family} ${whole(part.active)}`).join(' + ')}` : '';
    return `at most ${whole(active)} ${active === 1 ? 'unit fires' : 'units fire'} per token in ${layers.length > 1 ? 'each of ' : ''}${path}${sum}`;
  });
}
