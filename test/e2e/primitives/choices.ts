/**
 * @file Top-k and product-key top-k, with ties everywhere: the lowest index wins.
 */
import type { Case, Cases } from '../batch.js';

const tops = (sizes: readonly (readonly [number, number])[]): Cases => Object.fromEntries(sizes.map(([n, k]): readonly [string, Case] => [`top ${k} of ${n}, with ties`, (l, b) => {
    const [rows, over] = [l.axis('rows', 7), l.axis('n', n)];
    const score = l.ties('score', [rows, over], Math.max(2, Math.floor(n / 3)));
    const pick = b.top(score, over, l.axis('k', k));
    return { pick, y: b.gather(score, [over], [pick]) };
  }]));
const productTops = (sizes: readonly (readonly [number, number])[]): Cases => Object.fromEntries(sizes.map(([n, k]): readonly [string, Case] => [`top_product ${k} of ${n} x ${n}, with ties`, (l, b) => {
    const [rows, half, over] = [l.axis('rows', 7), l.axis('half', 2), l.axis('n', n)];
    const score = l.ties('score', [rows, half, over], Math.max(2, Math.floor(n / 3)));
    const pick = b.topProduct(score, half, over, l.axis('k', k));
    return { pick, y: b.add(b.gather(b.slice(score, half, 0), [over], [b.div(pick, n)]), b.gather(b.slice(score, half, 1), [over], [b.mod(pick, n)])) };
  }]));

export const choices: Cases = {
  ...tops([[1, 1], [7, 3], [65, 65], [300, 17]]),
  ...productTops([[1, 1], [3, 9], [63, 9]]),
  'top along the first axis': (l, b) => { const [n, m] = [l.axis('n', 63), l.axis('m', 5)]; return { pick: b.top(l.ties('score', [n, m], 9), n, l.axis('k', 4)) }; },
  'top of equals': (l, b) => { const n = l.axis('n', 65); return { pick: b.top(l.constant('score', [n], Array.from({ length: 65 }, () => -2)), n, l.axis('k', 9)) }; },
  'top where most are -infinity': (l, b) => {
    const n = l.axis('n', 9);
    return { pick: b.top(l.constant('score', [n], [-Infinity, -Infinity, 3, -Infinity, 0, -Infinity, -Infinity, 3, -1]), n, l.axis('k', 6)) };
  },
  'top of a computed score, gathered and normalised': (l, b) => {
    const [t, d, n, k] = [l.axis('t', 7), l.axis('d', 9), l.axis('n', 63), l.axis('k', 5)];
    const score = b.softmax(b.contract(l.param('x', [t, d]), l.param('w', [d, n]), [d]), [n]);
    const chosen = b.gather(score, [n], [b.top(score, n, k)]);
    return b.div(chosen, b.sum(chosen, [k]));
  },
  'top_product of numbers without ties': (l, b) => {
    const [rows, half, over] = [l.axis('rows', 33), l.axis('half', 2), l.axis('n', 63)];
    return { pick: b.topProduct(l.constant('score', [rows, half, over]), half, over, l.axis('k', 12)) };
  },
  'top_product of the first axes': (l, b) => {
    const [half, over, rows] = [l.axis('half', 2), l.axis('n', 7), l.axis('rows', 65)];
    return { pick: b.topProduct(l.ties('score', [over, half, rows], 5), half, over, l.axis('k', 4)) };
  },
  'positions in the order of entries, of few members and of many, some outside': (l, b) => {
    const [n, t, k] = [l.axis('n', 3), l.axis('t', 65), l.axis('k', 2)];
    const [few, many] = [l.indices('few', [n, t, k], 5), l.indices('many', [n, t, k], 1000)];
    const gone = b.sub(l.indices('gone', [n, t, k], 9), 2);
    return { all: b.position(few, 5, [k, n, t]), own: b.position(few, 5, [t]), many: b.position(many, 1000, [n, t, k]), gone: b.position(gone, 5, [t, k]) };
  },
  'positions in the order of a number, with ties': (l, b) => {
    const [n, t, k] = [l.axis('n', 3), l.axis('t', 65), l.axis('k', 2)];
    const pick = b.sub(l.indices('pick', [n, t, k], 7), 1);
    const [token, choice] = [l.ties('token', [n, t], 9), l.constant('choice', [t, k])];
    return { first: b.position(pick, 5, [k, n, t], token), all: b.position(pick, 5, [n, t, k], b.exp(choice)), weight: b.mul(token, b.position(pick, 5, [t], b.stopGradient(token))) };
  },
};

/** Compiling these takes a software adapter long. */
export const moreChoices: Cases = { ...tops([[7, 7], [63, 5]]), ...productTops([[7, 3], [5, 7], [65, 17]]) };
