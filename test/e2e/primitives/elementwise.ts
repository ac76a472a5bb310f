/**
 * @file Elementwise functions over odd sizes, broadcast in all ways, and where float arithmetic is delicate.
 */
import type { BinaryFn, UnaryFn } from '../../../compiler/graph/graph.js';
import type { Case, Cases } from '../batch.js';

const sizes = [1, 7, 63, 65];
const unary: readonly (readonly [UnaryFn, number, number])[] = [
  ['neg', -1, 1], ['exp', -3, 3], ['log', 0.01, 5], ['sqrt', 0.01, 5], ['rsqrt', 0.1, 5], ['tanh', -3, 3], ['erf', -3, 3], ['sin', -3, 3], ['cos', -3, 3],
  ['abs', -1, 1], ['reciprocal', 0.2, 2], ['sign', -1, 1], ['floor', -5, 5],
];
const binary: readonly BinaryFn[] = ['add', 'sub', 'mul', 'div', 'pow', 'max', 'min', 'lt', 'le', 'eq'];

const each = <T>(items: readonly T[], name: (item: T, i: number) => string, make: (item: T, i: number) => Case): Cases => Object.fromEntries(items.map((item, i) => [name(item, i), make(item, i)]));

export const elementwise: Cases = {
  ...each(unary, ([fn], i) => `${fn} of ${sizes[i % 4]}`, ([fn, low, high], i) => (l, b) => b.map(fn, l.param('x', [l.axis('n', sizes[i % 4] ?? 1)], low, high))),
  ...each(binary, (fn) => `${fn} broadcast both ways`, (fn, i) => (l, b) => {
    const [n, m, k] = [l.axis('n', sizes[i % 4] ?? 1), l.axis('m', 3), l.axis('k', 5)];
    return b.map(fn, l.param('x', [n, m], 0.5, 2), l.param('y', [m, k], 0.5, 2));
  }),
  ...each(['max', 'min'] as const, (fn) => `${fn} of equals`, (fn) => (l, b) => {
    const n = l.axis('n', 65);
    return b.map(fn, l.ties('x', [n]), l.ties('y', [n]));
  }),
  ...each([2, 3, 4, 1, 0, -1, -2], (e) => `x ^ ${e} of negative x`, (e) => (l, b) => b.pow(l.param('x', [l.axis('n', 7)], -2, -0.3), e)),
  ...each([0.5, -0.5, 2.5], (e) => `x ^ ${e}`, (e) => (l, b) => b.pow(l.param('x', [l.axis('n', 7)], 0.3, 2), e)),
  'tanh far out': (l, b) => b.tanh(l.param('x', [l.axis('n', 9)], 0, 0, [-1000, -100, -50, -20, 0, 20, 50, 100, 1000])),
  'erf far out': (l, b) => b.erf(l.param('x', [l.axis('n', 7)], 0, 0, [-30, -6, -4, 0, 4, 6, 30])),
  'sin and cos of large angles': (l, b) => {
    const x = l.param('x', [l.axis('n', 63)], -200, 200);
    return b.add(b.sin(x), b.mul(b.cos(x), 2));
  },
  'gelu, silu and sigmoid far out': (l, b) => {
    const x = l.param('x', [l.axis('n', 11)], 0, 0, [-80, -20, -8, -3, -0.5, 0, 0.5, 3, 8, 20, 80]);
    const gelu = b.mul(b.mul(x, 0.5), b.add(1, b.erf(b.mul(x, Math.SQRT1_2))));
    const sigmoid = b.div(1, b.add(1, b.exp(b.neg(x))));
    return b.add(gelu, b.mul(x, sigmoid));
  },
  'select, every operand broadcast': (l, b) => {
    const [n, m] = [l.axis('n', 63), l.axis('m', 5)];
    return b.select(b.lt(l.constant('c', [n, m]), 0), l.param('x', [n]), l.param('y', [m]));
  },
  'is_finite of numbers that are not': (l, b) => b.isFinite(l.constant('x', [l.axis('n', 6)], [NaN, Infinity, -Infinity, 0, 3.4e38, -1e-40])),
  'conversions and whole numbers': (l, b) => {
    const n = l.axis('n', 7);
    const i = l.indices('i', [n], 100, [0, 1, 6, 7, 8, 48, 99]);
    const x = l.constant('x', [n], [-1.9, -1, -0.5, 0, 0.5, 1, 1.9]);
    return { quotient: b.div(i, 7), rest: b.mod(i, 7), cut: b.toI32(x), float: b.mul(b.toF32(i), 0.5), larger: b.max(i, 9) };
  },
  'and, or, not, comparisons': (l, b) => {
    const n = l.axis('n', 65);
    const [x, y] = [l.ties('x', [n]), l.ties('y', [n])];
    return { both: b.and(b.gt(x, y), b.ge(x, 1)), either: b.or(b.ne(x, y), b.not(b.lt(x, 1))) };
  },
  'one value used many times': (l, b) => {
    const n = l.axis('n', 63);
    const x = l.param('x', [n]);
    const e = b.exp(x);
    const s = b.add(b.mul(e, x), b.mul(e, e));
    return b.add(b.mul(s, e), b.div(s, b.add(e, 1)));
  },
  'iota, constants, numbers without axes': (l, b) => {
    const [n, m] = [l.axis('n', 7), l.axis('m', 65)];
    return b.add(b.mul(b.iota(n), l.param('scale', [])), b.div(b.iota(m), l.param('by', [], 1, 2)));
  },
  'stop_gradient, and a surrogate': (l, b) => {
    const n = l.axis('n', 65);
    const [x, theta] = [l.param('x', [n]), l.param('theta', [], 0, 0.1)];
    const gate = b.surrogate(b.ge(x, theta), [x, theta], [b.mul(x, 10), b.constant(-2)]);
    return b.add(b.mul(gate, b.iota(n)), b.mul(b.stopGradient(b.exp(x)), x));
  },
};
