/**
 * @file Short ways to write kernels by hand, and data for them.
 */
import type { ScalarFn } from '../../compiler/graph/graph.js';
import type { Contraction, DType, Expr, Slot } from '../../compiler/kernels/kernel.js';

export const f = (value: number): Expr => ({ kind: 'number', value, dtype: 'f32' });
export const i = (value: number): Expr => ({ kind: 'number', value, dtype: 'i32' });
export const v = (name: string): Expr => ({ kind: 'var', name, dtype: 'i32' });
export const local = (name: string, dtype: DType = 'f32'): Expr => ({ kind: 'local', name, dtype });
export const load = (slot: number, index: Expr, dtype: DType = 'f32'): Expr => ({ kind: 'load', slot, index, dtype });
export const call = (fn: ScalarFn, ...args: Expr[]): Expr => ({ kind: 'call', fn, args, dtype: fn === 'to_i32' ? 'i32' : fn === 'to_f32' ? 'f32' : (args[args.length - 1]?.dtype ?? 'f32') });
export const truth = (fn: 'lt' | 'le' | 'eq', a: Expr, b: Expr): Expr => ({ kind: 'call', fn, args: [a, b], dtype: 'f32' });
export const add = (...xs: Expr[]): Expr => xs.reduce((a, b) => call('add', a, b));
export const mul = (...xs: Expr[]): Expr => xs.reduce((a, b) => call('mul', a, b));
/** a * by + b. */
export const at = (a: Expr, by: number, b: Expr): Expr => add(mul(a, i(by)), b);

export const slot = (name: string, size: number, access: Slot['access'] = 'read', dtype: DType = 'f32'): Slot => ({ name, size, access, dtype });
export const base = { about: ['made by a test'], flops: 1, bytes: 1 };

/** Numbers in [-1, 1) from a seed. */
export function noise(size: number, seed = 1): Float32Array<ArrayBuffer> {
  let state = seed * 2654435761 + 12345;
  return new Float32Array(size).map(() => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) / 8388608 - 1;
  });
}

/** Whole numbers in [0, below). */
export const choices = (size: number, below: number, seed = 1): Int32Array<ArrayBuffer> =>
  Int32Array.from(noise(size, seed), (x) => Math.min(below - 1, Math.floor(((x + 1) / 2) * below)));

/** Largest |a - b| over the largest |b|. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let difference = 0;
  let scale = 1e-30;
  for (let k = 0; k < expected.length; k++) {
    const a = actual[k] ?? NaN;
    const b = expected[k] ?? NaN;
    if (Number.isNaN(a) || Number.isNaN(b)) return Infinity;
    difference = Math.max(difference, Math.abs(a - b));
    scale = Math.max(scale, Math.abs(b));
  }
  return difference / scale;
}

/** a matrix product with either operand transposed; slots a, b, c. */
export function matmul(batch: number, m: number, n: number, k: number, transposed: { a: boolean; b: boolean }): Contraction {
  const start = (size: number): Expr => mul(v('batch'), i(size));
  return {
    ...base, kind: 'contraction', name: 'matrix_product', batch, m, n, k,
    slots: [slot('a', batch * m * k), slot('b', batch * k * n), slot('c', batch * m * n, 'write')],
    a: load(0, add(start(m * k), transposed.a ? at(v('k'), m, v('m')) : at(v('m'), k, v('k')))),
    b: load(1, add(start(k * n), transposed.b ? at(v('n'), k, v('k')) : at(v('k'), n, v('n')))),
    store: { slot: 2, index: add(start(m * n), at(v('m'), n, v('n'))), value: local('acc') },
  };
}
