/**
 * @file Scalar values inside a kernel being built. They are `Expr`s of the kernels form, except that loads name a buffer instead of a slot and
 * address it by an `Index` (a linear form that still knows its loop variables). `finish.ts` turns them into `Expr`s.
 *
 * Values are compared by identity: the reader makes each one once for each point, so that shared work shows as a shared object.
 */
import type { ScalarFn } from '../graph/graph.js';
import type { Buffer, DType } from '../kernels/kernel.js';
import type { Index } from './index-form.js';

export type Value =
  | { readonly kind: 'number'; readonly value: number; readonly dtype: DType }
  | { readonly kind: 'index'; readonly index: Index; readonly dtype: 'i32' }
  | { readonly kind: 'local'; readonly name: string; readonly dtype: DType }
  | { readonly kind: 'load'; readonly buffer: Buffer; readonly index: Index; readonly dtype: DType }
  | { readonly kind: 'call'; readonly fn: ScalarFn; readonly args: readonly Value[]; readonly dtype: DType };

export function num(value: number, dtype: DType = 'f32'): Value {
  return { kind: 'number', value, dtype };
}

export function load(buffer: Buffer, index: Index): Value {
  return { kind: 'load', buffer, index, dtype: buffer.dtype };
}

const isNumber = (x: Value | undefined, value: number): boolean => x?.kind === 'number' && x.value === value;

/** A call, with the identities that cost nothing to see: x * 1, x + 0, x / 1, a select whose condition is known. */
export function call(fn: ScalarFn, args: readonly Value[], dtype: DType): Value {
  const [a, b, c] = args;
  if (fn === 'to_i32' && a?.kind === 'call' && a.fn === 'to_f32' && a.args[0]?.dtype === 'i32') return a.args[0];
  if (a && b) {
    if (fn === 'mul' && dtype === 'i32' && (isNumber(a, 0) || isNumber(b, 0))) return num(0, 'i32');
    if (fn === 'mul' && isNumber(a, 1)) return b;
    if (fn === 'mul' && isNumber(b, 1)) return a;
    if (fn === 'add' && isNumber(a, 0)) return b;
    if ((fn === 'add' || fn === 'sub') && isNumber(b, 0)) return a;
    if (fn === 'div' && isNumber(b, 1)) return a;
    if (fn === 'select' && c && a.kind === 'number') return a.value === 0 ? c : b;
  }
  return { kind: 'call', fn, args, dtype };
}

/** A value and everything it is made of, operands after users, each object once. Addresses count as parts. */
export function visit(value: Value, seen: Set<Value>, enter: (value: Value) => void): void {
  if (seen.has(value)) return;
  seen.add(value);
  enter(value);
  for (const part of parts(value)) visit(part, seen, enter);
}

/** The values directly inside: arguments, and what an address is computed from. */
export function parts(value: Value): readonly Value[] {
  switch (value.kind) {
    case 'call': return value.args;
    case 'load': case 'index': return indexValues(value.index);
    default: return none;
  }
}
const none: readonly Value[] = [];

/** Values an address depends on (chosen rows, entries of a segment). */
export function indexValues(index: Index): readonly Value[] {
  let found: Value[] | undefined;
  const walk = (at: Index): void => {
    for (const { atom } of at.terms) {
      if (atom.kind === 'value') (found ??= []).push(atom.value);
      else if (atom.kind !== 'var') walk(atom.of);
    }
  };
  walk(index);
  return found ?? none;
}
