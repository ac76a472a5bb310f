/**
 * @file Gather and scatter: repeated indices, indices outside, several axes; and the fused forms experts are made of.
 */
import type { Cases } from '../batch.js';

export const lookups: Cases = {
  'gather of rows, repeated and outside': (l, b) => {
    const [n, d, k] = [l.axis('n', 7), l.axis('d', 65), l.axis('k', 9)];
    return b.exp(b.gather(l.param('table', [n, d]), [n], [l.indices('i', [k], 7, [4, 0, 4, 4, 2, 7, -1, 6, 100])]));
  },
  'gather of one row for all': (l, b) => {
    const [n, d, k] = [l.axis('n', 7), l.axis('d', 3), l.axis('k', 65)];
    return b.gather(l.param('table', [n, d]), [n], [l.indices('i', [k], 7, Array.from({ length: 65 }, () => 5))]);
  },
  'an embedding of tokens': (l, b) => {
    const [v, d, batch, time] = [l.axis('v', 65), l.axis('d', 7), l.axis('batch', 3), l.axis('time', 63)];
    return b.gather(l.param('table', [v, d]), [v], [l.indices('tokens', [batch, time], 65)]);
  },
  'gather of numbers': (l, b) => { const [n, k] = [l.axis('n', 63), l.axis('k', 65)]; return b.exp(b.gather(l.param('x', [n]), [n], [l.indices('i', [k], 63)])); },
  'gather along several axes, one shared, from indices of different axes': (l, b) => {
    const [p, h, n, d, k, o] = [l.axis('p', 3), l.axis('h', 2), l.axis('n', 7), l.axis('d', 5), l.axis('k', 3), l.axis('o', 2)];
    return b.exp(b.gather(l.param('table', [p, h, n, d]), [p, n], [l.indices('i', [o], 3, [2, 0]), l.indices('j', [o, h, k], 7)]));
  },
  'gather along several axes, one index outside': (l, b) => {
    const [p, n, d, k] = [l.axis('p', 3), l.axis('n', 7), l.axis('d', 5), l.axis('k', 5)];
    return b.gather(l.param('table', [p, n, d]), [p, n], [l.indices('i', [k], 3, [0, -1, 2, 1, 2]), l.indices('j', [k], 7, [6, 3, 7, 0, 6])]);
  },
  'gather along an axis in the middle': (l, b) => { const [d, n, e, k] = [l.axis('d', 3), l.axis('n', 7), l.axis('e', 5), l.axis('k', 9)]; return b.exp(b.gather(l.param('table', [d, n, e]), [n], [l.indices('i', [k], 7)])); },
  'gather by an index that has the axis looked up': (l, b) => { const [n, d] = [l.axis('n', 63), l.axis('d', 3)]; return b.exp(b.gather(l.param('table', [d, n]), [n], [l.indices('i', [n], 63)])); },
  'gather of a computed table': (l, b) => {
    const [n, d, k] = [l.axis('n', 7), l.axis('d', 5), l.axis('k', 9)];
    return b.gather(b.tanh(l.param('table', [n, d])), [n], [l.indices('i', [k], 7)]);
  },
  'gather of indices, and by those': (l, b) => {
    const [n, m, k] = [l.axis('n', 7), l.axis('m', 9), l.axis('k', 5)];
    const through = b.gather(l.indices('first', [m], 7), [m], [l.indices('second', [k], 9)]);
    return { through, y: b.gather(l.param('x', [n]), [n], [through]) };
  },
  'scatter of rows, repeated and outside': (l, b) => {
    const [n, d, k] = [l.axis('n', 7), l.axis('d', 65), l.axis('k', 9)];
    return b.exp(b.scatter(l.param('value', [k, d]), [n], [l.indices('i', [k], 7, [4, 0, 4, 4, 2, 7, -1, 6, 100])], [n, d]));
  },
  'scatter of numbers': (l, b) => { const [n, k] = [l.axis('n', 9), l.axis('k', 65)]; return b.exp(b.scatter(l.param('value', [k], -0.2, 0.2), [n], [l.indices('i', [k], 9)], [n])); },
  'scatter for each row': (l, b) => {
    const [t, n, k] = [l.axis('t', 63), l.axis('n', 7), l.axis('k', 3)];
    return b.exp(b.scatter(l.param('value', [t, k]), [n], [l.indices('i', [t, k], 7)], [t, n]));
  },
  'scatter along several axes, one shared, of a value that repeats': (l, b) => {
    const [p, h, n, d, k] = [l.axis('p', 3), l.axis('h', 2), l.axis('n', 7), l.axis('d', 5), l.axis('k', 3)];
    return b.exp(b.scatter(l.param('value', [h, d]), [p, n], [l.indices('i', [h, k], 3), l.indices('j', [k], 7)], [p, h, n, d]));
  },
  'counts of a choice': (l, b) => {
    const [t, n, k] = [l.axis('t', 65), l.axis('n', 7), l.axis('k', 3)];
    return b.scatter(b.expand(b.constant(1), [t, k]), [n], [l.indices('i', [t, k], 7)], [n]);
  },
  'experts: gathered dot, gathered weighted sum': (l, b) => {
    const [t, d, n, h, k] = [l.axis('t', 9), l.axis('d', 33), l.axis('n', 63), l.axis('h', 2), l.axis('k', 3)];
    const [x, u, v, s] = [l.param('x', [t, d]), l.param('u', [n, d]), l.param('v', [n, d]), l.param('s', [t, h, k])];
    const pick = l.indices('pick', [t, h, k], 63);
    const activation = b.mul(b.softmax(s, [k]), b.tanh(b.contract(x, b.gather(u, [n], [pick]), [d])));
    return b.contract(activation, b.gather(v, [n], [pick]), [h, k]);
  },
  'experts in pools: gathered by two indices': (l, b) => {
    const [t, d, p, n, o, h, k] = [l.axis('t', 7), l.axis('d', 17), l.axis('p', 3), l.axis('n', 9), l.axis('o', 2), l.axis('h', 2), l.axis('k', 3)];
    const [x, u, v, s] = [l.param('x', [t, d]), l.param('u', [p, n, d]), l.param('v', [p, n, d]), l.param('s', [t, o, h, k])];
    const [pool, pick] = [l.indices('pool', [t, o], 3), l.indices('pick', [t, o, h, k], 9)];
    const activation = b.mul(b.softmax(s, [k]), b.tanh(b.contract(x, b.gather(u, [p, n], [pool, pick]), [d])));
    return b.contract(activation, b.gather(v, [p, n], [pool, pick]), [o, h, k]);
  },
  'experts with matrices: gathered products': (l, b) => {
    const [t, d, n, k, f] = [l.axis('t', 7), l.axis('d', 9), l.axis('n', 5), l.axis('k', 2), l.axis('f', 3)];
    const [x, up, down, s] = [l.param('x', [t, d]), l.param('up', [n, d, f]), l.param('down', [n, f, d]), l.param('s', [t, k])];
    const pick = l.indices('pick', [t, k], 5);
    const hidden = b.max(b.contract(x, b.gather(up, [n], [pick]), [d]), 0);
    return b.contract(b.mul(s, hidden), b.gather(down, [n], [pick]), [k, f]);
  },
};
