/**
 * @file Making and reading kernel expressions. Index arithmetic arrives here already simplified (`index-form.ts`); targets use `affineIn` to see strides.
 */
import type { ScalarFn } from '../graph/graph.js';
import type { DType, Expr } from '../kernels/kernel.js';

export function number(value: number, dtype: DType = 'i32'): Expr {
  return { kind: 'number', value, dtype };
}
export function variable(name: string): Expr {
  return { kind: 'var', name, dtype: 'i32' };
}
export function local(name: string, dtype: DType): Expr {
  return { kind: 'local', name, dtype };
}
export function load(slot: number, index: Expr, dtype: DType): Expr {
  return { kind: 'load', slot, index, dtype };
}
export function call(fn: ScalarFn, args: readonly Expr[], dtype: DType): Expr {
  return { kind: 'call', fn, args, dtype };
}

/** Calls `see` for `expr` and every expression in it. */
export function visitExpr(expr: Expr, see: (expr: Expr) => void): void {
  see(expr);
  if (expr.kind === 'load') visitExpr(expr.index, see);
  else if (expr.kind === 'call') for (const arg of expr.args) visitExpr(arg, see);
}

/** Whether `name` (a loop variable or local) occurs in `expr`. */
export function mentions(expr: Expr, name: string): boolean {
  switch (expr.kind) {
    case 'number': return false;
    case 'var': case 'local': return expr.name === name;
    case 'load': return mentions(expr.index, name);
    case 'call': return expr.args.some((arg) => mentions(arg, name));
  }
}

/** expr = stride * name + rest, with `name` not in `rest`: the form of an i32 index expression in one loop variable, or undefined if it is not
 *  linear in it. A stride of 0 means the variable does not occur. */
export function affineIn(expr: Expr, name: string): { readonly stride: number; readonly rest: Expr } | undefined {
  if (!mentions(expr, name)) return { stride: 0, rest: expr };
  if (expr.kind === 'var') return { stride: 1, rest: number(0) };
  if (expr.kind !== 'call') return undefined;
  const [a, b] = expr.args;
  if (!a || !b || expr.dtype !== 'i32') return undefined;
  const [x, y] = [affineIn(a, name), affineIn(b, name)];
  if (!x || !y) return undefined;
  switch (expr.fn) {
    case 'add': return { stride: x.stride + y.stride, rest: sum(x.rest, y.rest) };
    case 'sub': return { stride: x.stride - y.stride, rest: isZero(y.rest) ? x.rest : call('sub', [x.rest, y.rest], 'i32') };
    case 'mul':
      if (b.kind === 'number') return { stride: x.stride * b.value, rest: scaled(x.rest, b) };
      return a.kind === 'number' ? { stride: y.stride * a.value, rest: scaled(y.rest, a) } : undefined;
    default: return undefined;
  }
}

const isZero = (expr: Expr): boolean => expr.kind === 'number' && expr.value === 0;
const sum = (a: Expr, b: Expr): Expr => (isZero(a) ? b : isZero(b) ? a : call('add', [a, b], 'i32'));
function scaled(rest: Expr, by: Expr & { kind: 'number' }): Expr {
  return rest.kind === 'number' ? number(rest.value * by.value) : call('mul', [rest, by], 'i32');
}
