/**
 * @file What the elementwise functions compute, in float64 (i32: exactly), for folding constants.
 */
import type { DType, ScalarFn } from './graph.js';

/** `fn` of numbers of type `dtype`. */
export function scalarFunction(fn: ScalarFn, dtype: DType, args: readonly number[]): number {
  const [a = NaN, b = NaN, c = NaN] = args;
  switch (fn) {
    case 'neg': return -a;
    case 'exp': return Math.exp(a);
    case 'log': return Math.log(a);
    case 'sqrt': return Math.sqrt(a);
    case 'rsqrt': return 1 / Math.sqrt(a);
    case 'tanh': return Math.tanh(a);
    case 'erf': return erf(a);
    case 'sin': return Math.sin(a);
    case 'cos': return Math.cos(a);
    case 'abs': return Math.abs(a);
    case 'sign': return Math.sign(a);
    case 'floor': return Math.floor(a);
    case 'reciprocal': return 1 / a;
    case 'to_f32': return a;
    case 'to_i32': return Math.trunc(a);
    case 'is_finite': return Number.isFinite(a) ? 1 : 0;
    case 'add': return a + b;
    case 'sub': return a - b;
    case 'mul': return a * b;
    case 'div': return dtype === 'i32' ? Math.trunc(a / b) : a / b;
    case 'pow': return a ** b;
    case 'max': return Math.max(a, b);
    case 'min': return Math.min(a, b);
    case 'lt': return a < b ? 1 : 0;
    case 'le': return a <= b ? 1 : 0;
    case 'eq': return a === b ? 1 : 0;
    case 'mod': return a % b;
    case 'select': return a !== 0 ? b : c;
  }
}

/** The inverse of the standard normal distribution function, by bisection of `erf`: -8 .. 8. */
export function normalQuantile(p: number): number {
  let [low, high] = [-8, 8];
  for (let i = 0; i < 64; i++) {
    const middle = (low + high) / 2;
    if ((1 + erf(middle / Math.SQRT2)) / 2 < p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** The error function to float64 accuracy: its Maclaurin series near 0, the continued fraction of erfc elsewhere (Abramowitz and Stegun 7.1.5, 7.1.14). */
export function erf(x: number): number {
  const z = Math.abs(x);
  if (Number.isNaN(x)) return NaN;
  if (z > 6) return Math.sign(x);
  if (z < 2.5) {
    let term = x;
    let sum = x;
    for (let n = 1; Math.abs(term) > 1e-18 * Math.abs(sum); n++) {
      term *= -(x * x) / n;
      sum += term / (2 * n + 1);
    }
    return (2 / Math.sqrt(Math.PI)) * sum;
  }
  let fraction = 0;
  for (let n = 80; n > 0; n--) fraction = n / 2 / (z + fraction);
  return Math.sign(x) * (1 - Math.exp(-z * z) / Math.sqrt(Math.PI) / (z + fraction));
}
