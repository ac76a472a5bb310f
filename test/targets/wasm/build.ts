/**
 * @file Short ways to write expressions and kernels for tests.
 */
import type { ScalarFn } from '../../../compiler/graph/graph.js';
import type { Contraction, DType, Expr, Loop, Nest, Slot, Stage } from '../../../compiler/kernels/kernel.js';

export const v = (name: string): Expr => ({ kind: 'var', name, dtype: 'i32' });
export const local = (name: string, dtype: DType = 'f32'): Expr => ({ kind: 'local', name, dtype });
export const n = (value: number): Expr => ({ kind: 'number', value, dtype: 'f32' });
export const int = (value: number): Expr => ({ kind: 'number', value, dtype: 'i32' });
export const load = (slot: number, index: Expr, dtype: DType = 'f32'): Expr => ({ kind: 'load', slot, index, dtype });
export const f = (fn: ScalarFn, ...args: readonly Expr[]): Expr => ({ kind: 'call', fn, args, dtype: 'f32' });
export const i = (fn: ScalarFn, ...args: readonly Expr[]): Expr => ({ kind: 'call', fn, args, dtype: 'i32' });
/** a * by + b */
export const at = (a: Expr, by: number, b: Expr): Expr => i('add', i('mul', a, int(by)), b);

export const slot = (name: string, size: number, access: Slot['access'] = 'read', dtype: DType = 'f32'): Slot => ({ name, size, access, dtype });
export const store = (to: number, index: Expr, value: Expr, loops: readonly Loop[] = []): Stage => ({ kind: 'store', loops, slot: to, index, value });

const base = { about: [], flops: 0, bytes: 0 };
export const nest = (name: string, slots: readonly Slot[], grid: readonly Loop[], stages: readonly Stage[]): Nest => ({ kind: 'nest', name, slots, grid, stages, ...base });
export const contraction = (name: string, slots: readonly Slot[], rest: Omit<Contraction, 'kind' | 'name' | 'slots' | keyof typeof base>): Contraction => ({ kind: 'contraction', name, slots, ...base, ...rest });

/** Every element within `tolerance` of the reference, relative to 1 + its size; NaN where it is NaN. */
export function worstError(got: readonly number[], wanted: readonly number[]): number {
  if (got.length !== wanted.length) return Infinity;
  return got.reduce((worst, value, at) => {
    const reference = wanted[at] ?? NaN;
    if (Number.isNaN(reference) && Number.isNaN(value)) return worst;
    const error = Math.abs(value - reference) / (1 + Math.abs(reference));
    return Number.isNaN(error) ? Infinity : Math.max(worst, error);
  }, 0);
}
