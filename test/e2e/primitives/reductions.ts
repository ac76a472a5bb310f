/**
 * @file Reductions: over the last axis, another, several; odd lengths, long ones, ties.
 */
import type { Axis, Node } from '../../../compiler/graph/graph.js';
import type { Case, Cases, Leaves } from '../batch.js';

type Reduction = (l: Leaves, x: Node, over: readonly Axis[]) => Node;
const reductions: Readonly<Record<string, Reduction>> = {
  sum: (l, x, over) => l.b.sum(x, over),
  max: (l, x, over) => l.b.reduce('max', x, over),
  min: (l, x, over) => l.b.reduce('min', x, over),
  softmax: (l, x, over) => l.b.softmax(x, over),
  logsumexp: (l, x, over) => l.b.logsumexp(x, over),
};

const eachReduction = (title: string, make: (reduce: Reduction) => Case): Cases => Object.fromEntries(Object.entries(reductions).map(([name, reduce]) => [`${name} ${title}`, make(reduce)]));
const overLast = (n: number): Cases => eachReduction(`over the last axis, ${n}`, (reduce) => (l) => {
  const [rows, over] = [l.axis('m', 3), l.axis('n', n)];
  return reduce(l, l.param('x', [rows, over], -3, 3), [over]);
});
const overFirst = (n: number): Cases => eachReduction(`over the first axis, ${n}`, (reduce) => (l) => {
  const [over, columns] = [l.axis('n', n), l.axis('m', 5)];
  return reduce(l, l.param('x', [over, columns], -3, 3), [over]);
});

export const reduced: Cases = {
  ...overLast(7),
  ...overLast(65),
  ...overFirst(63),
  ...eachReduction('over two axes around a third', (reduce) => (l) => {
    const [m, n, k] = [l.axis('m', 7), l.axis('n', 5), l.axis('k', 9)];
    return reduce(l, l.param('x', [m, n, k], -3, 3), [k, m]);
  }),
  ...eachReduction('over everything', (reduce) => (l) => {
    const [m, n] = [l.axis('m', 7), l.axis('n', 9)];
    return reduce(l, l.param('x', [m, n], -3, 3), [m, n]);
  }),
  'softmax and logsumexp of large numbers': (l, b) => {
    const [m, n] = [l.axis('m', 3), l.axis('n', 7)];
    const x = l.param('x', [m, n], -300, 300);
    return b.add(b.softmax(x, [n]), b.logsumexp(x, [n]));
  },
  'a norm with a gain': (l, b) => {
    const [m, n] = [l.axis('m', 7), l.axis('n', 65)];
    const [x, gain] = [l.param('x', [m, n]), l.param('gain', [n])];
    return b.mul(b.mul(x, gain), b.rsqrt(b.add(b.mean(b.mul(x, x), [n]), 1e-5)));
  },
  'a norm over the batch': (l, b) => {
    const [m, n] = [l.axis('m', 63), l.axis('n', 7)];
    const x = l.param('x', [m, n]);
    const centred = b.sub(x, b.mean(x, [m]));
    return b.mul(centred, b.rsqrt(b.add(b.mean(b.mul(centred, centred), [m]), 1e-3)));
  },
  'a reduction of a reduction': (l, b) => {
    const [m, n] = [l.axis('m', 7), l.axis('n', 63)];
    const x = l.param('x', [m, n]);
    return b.reduce('max', b.logsumexp(x, [n]), [m]);
  },
};

/** Compiling these takes a software adapter long. */
export const moreReduced: Cases = { ...overLast(1), ...overLast(63), ...overFirst(1), ...overFirst(7), ...overFirst(65) };

export const tied: Cases = Object.fromEntries((['max', 'min'] as const).flatMap((fn): (readonly [string, Case])[] => [
  [`${fn} over the last axis, with ties`, (l, b) => { const [m, n] = [l.axis('m', 7), l.axis('n', 65)]; return b.reduce(fn, l.ties('x', [m, n]), [n]); }],
  [`${fn} over the first axis, with ties`, (l, b) => { const [m, n] = [l.axis('m', 65), l.axis('n', 7)]; return b.reduce(fn, l.ties('x', [m, n]), [m]); }],
  [`${fn} over two axes, with ties`, (l, b) => { const [m, n, k] = [l.axis('m', 7), l.axis('n', 3), l.axis('k', 5)]; return b.reduce(fn, l.ties('x', [m, n, k]), [m, k]); }],
  [`${fn} over two axes in the other order, with ties`, (l, b) => { const [m, n, k] = [l.axis('m', 7), l.axis('n', 3), l.axis('k', 5)]; return b.reduce(fn, l.ties('x', [m, n, k]), [k, m]); }],
]));

/** Long enough to be cut into chunks, or to be gathered into one total; and lengths that cannot be cut. */
export const long: Cases = {
  ...eachReduction('over 2112', (reduce) => (l) => { const n = l.axis('n', 2112); return reduce(l, l.param('x', [n], -3, 3), [n]); }),
  ...eachReduction('over 2113, a prime', (reduce) => (l) => { const n = l.axis('n', 2113); return reduce(l, l.param('x', [n], -3, 3), [n]); }),
  ...eachReduction('of 5 columns over 520 rows', (reduce) => (l) => { const [m, n] = [l.axis('m', 520), l.axis('n', 5)]; return reduce(l, l.param('x', [m, n], -3, 3), [m]); }),
  'max over 2112, with ties': (l, b) => { const n = l.axis('n', 2112); return b.reduce('max', l.ties('x', [n]), [n]); },
  'a sum of sums of squares': (l, b) => {
    const [n, m] = [l.axis('n', 2113), l.axis('m', 65)];
    const [x, y] = [l.param('x', [n]), l.param('y', [m])];
    return b.sqrt(b.add(b.sum(b.mul(x, x), [n]), b.sum(b.mul(y, y), [m])));
  },
};
