/**
 * @file Views: no arithmetic, all in the index.
 */
import type { Cases } from '../batch.js';

export const views: Cases = {
  rename: (l, b) => { const n = l.axis('n', 63); const x = l.param('x', [n]); return b.add(x, b.exp(b.rename(x, n, l.axis('m', 63)))); },
  split: (l, b) => { const n = l.axis('n', 63); return b.exp(b.split(l.param('x', [n]), n, [l.axis('a', 7), l.axis('c', 9)])); },
  'merge of axes that are not neighbours': (l, b) => { const [i, j, k] = [l.axis('i', 3), l.axis('j', 5), l.axis('k', 7)]; return b.exp(b.merge(l.param('x', [i, j, k]), [k, i], l.axis('n', 21))); },
  'split of a merge, otherwise': (l, b) => {
    const [i, j, n] = [l.axis('i', 3), l.axis('j', 10), l.axis('n', 30)];
    return b.exp(b.split(b.merge(l.param('x', [i, j]), [i, j], n), n, [l.axis('p', 6), l.axis('q', 5)]));
  },
  slice: (l, b) => { const [m, n] = [l.axis('m', 7), l.axis('n', 65)]; return b.exp(b.slice(l.param('x', [m, n]), n, 2, l.axis('part', 62))); },
  'slice of one': (l, b) => { const [m, n] = [l.axis('m', 7), l.axis('n', 65)]; return b.exp(b.slice(l.param('x', [m, n]), n, 64)); },
  pad: (l, b) => { const [m, n] = [l.axis('m', 7), l.axis('n', 3)]; return b.exp(b.pad(l.param('x', [m, n]), n, 2, l.axis('into', 9))); },
  'pad of one': (l, b) => b.exp(b.pad(l.param('x', [l.axis('m', 7)]), undefined, 3, l.axis('into', 5))),
  concat: (l, b) => {
    const [m, p, q, r] = [l.axis('m', 7), l.axis('p', 63), l.axis('q', 1), l.axis('r', 65)];
    return b.exp(b.concat([l.param('x', [m, p]), l.param('y', [q, m]), l.param('z', [m, r])], [p, q, r], l.axis('into', 129)));
  },
  'concat along the first axis, of a value with itself': (l, b) => {
    const [m, n] = [l.axis('m', 7), l.axis('n', 3)];
    const x = l.param('x', [m, n]);
    return b.mul(b.concat([x, b.exp(x)], [m, m], l.axis('into', 14)), 2);
  },
  'shift to the past and to the future': (l, b) => { const [n, m] = [l.axis('n', 63), l.axis('m', 3)]; const x = l.param('x', [n, m]); return b.mul(b.shift(x, n, 2), b.shift(x, n, -3)); },
  'shift by more than there is': (l, b) => { const n = l.axis('n', 7); const x = l.param('x', [n]); return b.add(x, b.shift(x, n, 9)); },
  expand: (l, b) => b.exp(b.expand(l.param('x', [l.axis('n', 7)]), [l.axis('m', 3), l.axis('k', 5)])),
  order: (l, b) => { const [n, m, k] = [l.axis('n', 7), l.axis('m', 63), l.axis('k', 3)]; return b.order(l.param('x', [n, m, k]), [k, n, m]); },
  'rotary positions': (l, b) => {
    const [t, e, part, f] = [l.axis('t', 7), l.axis('e', 10), l.axis('part', 2), l.axis('f', 5)];
    const pair = b.split(l.param('x', [t, e]), e, [part, f]);
    const [first, second] = [b.slice(pair, part, 0), b.slice(pair, part, 1)];
    const angle = b.mul(b.iota(t), b.exp(b.mul(b.iota(f), -0.7)));
    const one = l.axis('one', 1);
    const stand = (x: typeof first): typeof first => b.expand(x, [one]);
    const turned = [b.sub(b.mul(first, b.cos(angle)), b.mul(second, b.sin(angle))), b.add(b.mul(second, b.cos(angle)), b.mul(first, b.sin(angle)))];
    return b.merge(b.concat(turned.map(stand), [one, one], part), [part, f], e);
  },
};
