/**
 * @file Products of tensors: every layout, sizes that are no multiple of a tile, batched, with something after them.
 */
import type { Case, Cases } from '../batch.js';

type Layout = 'ik kj' | 'ki kj' | 'ik jk' | 'ki jk';
type Sizes = readonly [m: number, k: number, n: number, layout: Layout];

const products = (sizes: readonly Sizes[]): Cases => Object.fromEntries(sizes.map(([m, k, n, layout]): readonly [string, Case] => [`[${m}, ${k}] x [${k}, ${n}], stored ${layout}`, (l, b) => {
  const [i, j, sum] = [l.axis('i', m), l.axis('j', n), l.axis('k', k)];
  return b.contract(l.param('a', layout.startsWith('ik') ? [i, sum] : [sum, i]), l.param('b', layout.endsWith('kj') ? [sum, j] : [j, sum]), [sum]);
}]));

export const contractions: Cases = {
  ...products([[1, 1, 1, 'ik kj'], [7, 63, 65, 'ki jk']]),
  'batched, over two axes, with an axis of one operand only': (l, b) => {
    const [n, i, k, m, j, only] = [l.axis('n', 3), l.axis('i', 7), l.axis('k', 5), l.axis('m', 3), l.axis('j', 9), l.axis('only', 2)];
    return b.contract(l.param('a', [n, i, k, only, m]), l.param('b', [m, k, j, n]), [k, m, only]);
  },
  'a row and a column': (l, b) => { const [i, k] = [l.axis('i', 65), l.axis('k', 63)]; return b.contract(l.param('a', [i, k]), l.param('b', [k]), [k]); },
  'everything: a dot': (l, b) => { const [i, k] = [l.axis('i', 7), l.axis('k', 9)]; return b.contract(l.param('a', [i, k]), l.param('b', [k, i]), [i, k]); },
  'with a function of it, a bias and a residual': (l, b) => {
    const [i, k, j] = [l.axis('i', 63), l.axis('k', 65), l.axis('j', 7)];
    const y = b.contract(l.param('a', [i, k]), l.param('w', [k, j], -0.2, 0.2), [k]);
    return b.add(b.tanh(b.add(y, l.param('bias', [j]))), l.param('rest', [i, j]));
  },
};

/** Compiling these takes a software adapter minutes. */
export const moreContractions: Cases = {
  ...products([[65, 7, 63, 'ki kj'], [63, 65, 7, 'ik jk'], [65, 63, 65, 'ik kj'], [1, 65, 7, 'ki kj'], [65, 1, 63, 'ik jk'], [5, 300, 6, 'ki jk']]),
  'over nothing': (l, b) => { const [i, j] = [l.axis('i', 63), l.axis('j', 7)]; return b.contract(l.param('a', [i]), l.param('b', [j, i]), []); },
  'of a tensor with itself': (l, b) => { const [i, k, j] = [l.axis('i', 7), l.axis('k', 9), l.axis('j', 7)]; const a = l.param('a', [i, k]); return b.contract(a, b.rename(a, i, j), [k]); },
  'of results of elementwise functions, split into heads': (l, b) => {
    const [i, d, h, e] = [l.axis('i', 7), l.axis('d', 15), l.axis('h', 3), l.axis('e', 5)];
    const x = b.tanh(l.param('x', [i, d]));
    return b.contract(b.split(x, d, [h, e]), b.exp(l.param('w', [h, e, l.axis('o', 9)])), [e]);
  },
  'two in a row': (l, b) => {
    const [i, k, f, j] = [l.axis('i', 7), l.axis('k', 9), l.axis('f', 63), l.axis('j', 5)];
    return b.contract(b.max(b.contract(l.param('x', [i, k]), l.param('up', [k, f]), [k]), 0), l.param('down', [f, j]), [f]);
  },
};
