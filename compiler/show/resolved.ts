/**
 * @file `show --resolved`: every value, flat and sorted, with where it came from.
 */
import type { Model } from '../model/model.js';
import { widthOf } from './table.js';

/** `layers.ffn.count: 8  (spec, pools.arch:16)`, the origins in one column as far as that is possible. */
export function resolvedText(model: Model): string {
  const lines = [...model.resolved].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  const heads = lines.map((l) => `${l.path}: ${l.value}`);
  const column = Math.min(60, Math.max(0, ...heads.map(widthOf)));
  return lines.map((l, i) => `${(heads[i] ?? '').padEnd(column)}  (${l.origin.kind === 'set' ? l.origin.text : `${l.origin.kind}, ${l.origin.text}`})`).join('\n');
}
