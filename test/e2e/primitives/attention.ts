/**
 * @file Causal attention: grouped heads, widths of keys and values that differ, lengths that are no multiple of a tile.
 */
import type { Case, Cases } from '../batch.js';

interface Shape {
  readonly time: number; readonly heads: number; readonly groups: number; readonly key: number; readonly value: number; readonly batch?: number; readonly range?: number }

const fast: readonly Shape[] = [
  { time: 1, heads: 2, groups: 2, key: 3, value: 2 },
  { time: 7, heads: 4, groups: 2, key: 8, value: 8 },
  { time: 63, heads: 3, groups: 1, key: 5, value: 7, batch: 1 },
];
/** Compiling these takes a software adapter long. */
const more: readonly Shape[] = [
  { time: 65, heads: 4, groups: 2, key: 33, value: 9, batch: 1 },
  { time: 7, heads: 6, groups: 3, key: 4, value: 4, range: 12 },
];

const cases = (shapes: readonly Shape[]): Cases => Object.fromEntries(shapes.map(({ time, heads, groups, key, value, batch = 2, range = 1 }): readonly [string, Case] => [
  `${heads} heads over ${groups} groups, ${time} positions, keys of ${key}, values of ${value}`,
  (l, b) => {
    const [n, t] = [b.axis('batch', batch, 'batch'), b.axis('time', time, 'time')];
    const [h, g, e, f] = [l.axis('h', heads), l.axis('g', groups), l.axis('e', key), l.axis('f', value)];
    const [q, k, v] = [l.param('q', [n, t, h, e], -range, range), l.param('k', [n, g, t, e], -range, range), l.param('v', [n, t, g, f])];
    const { out, lse } = b.attention(q, k, v, { heads: h, groups: g, key: e, value: f, scale: key ** -0.5 });
    return { y: out, lse };
  },
]));

export const attention = cases(fast);
export const moreAttention = cases(more);
