/**
 * @file Index arithmetic as linear forms: a constant plus integer multiples of atoms, where an atom is a loop variable, a value read at run time, or
 * a quotient or remainder that did not simplify. Ranges known from the loops make most quotients and remainders disappear, so that contiguous
 * accesses come out as plain `m * K + k`.
 */
import type { Value } from './value.js';

export type Atom =
  | { readonly kind: 'var'; readonly name: string; readonly key: string; readonly lo: number; readonly hi: number }
  | { readonly kind: 'value'; readonly value: Value; readonly key: string; readonly lo: number; readonly hi: number }
  | { readonly kind: 'div' | 'mod'; readonly of: Index; readonly by: number; readonly key: string; readonly lo: number; readonly hi: number };

export interface Term {
  readonly atom: Atom;
  readonly by: number;
}

export interface Index {
  /** Sorted: largest multiple first. */
  readonly terms: readonly Term[];
  readonly constant: number;
  /** Equal keys, equal indices (within one kernel). */
  readonly key: string;
  /** The smallest and largest value it can take. */
  readonly lo: number;
  readonly hi: number;
}

function make(terms: readonly Term[], constant: number): Index {
  let lo = constant;
  let hi = constant;
  let key = '';
  for (const { atom, by } of terms) {
    lo += by * (by > 0 ? atom.lo : atom.hi);
    hi += by * (by > 0 ? atom.hi : atom.lo);
    key += by === 1 ? `${atom.key}+` : `${by}*${atom.key}+`;
  }
  return { terms, constant, key: key + String(constant), lo, hi };
}

const small: Index[] = Array.from({ length: 16 }, (_, i) => make([], i));

export function constant(value: number): Index {
  return small[value] ?? make([], value);
}

/** A loop variable: 0 <= name < extent. */
export function variable(name: string, extent: number): Index {
  return make([{ atom: { kind: 'var', name, key: name, lo: 0, hi: extent - 1 }, by: 1 }], 0);
}

/** An i32 value computed at run time, known to lie in [lo, hi]; `key` is unique to it within the kernel. */
export function dynamic(value: Value, key: string, lo: number, hi: number): Index {
  return make([{ atom: { kind: 'value', value, key, lo, hi }, by: 1 }], 0);
}

const ordered = (a: Term, b: Term): number => b.by - a.by || (a.atom.key < b.atom.key ? -1 : a.atom.key > b.atom.key ? 1 : 0);

/** The form of these terms, equal atoms joined, quotients and remainders of one number joined again. */
function normal(terms: readonly Term[], offset: number): Index {
  if (terms.length === 0) return constant(offset);
  const sums = new Map<string, Term>();
  let remainders = false;
  for (const term of terms) {
    const known = sums.get(term.atom.key);
    const by = (known?.by ?? 0) + term.by;
    if (by === 0) sums.delete(term.atom.key);
    else sums.set(term.atom.key, known ? { atom: known.atom, by } : term);
    remainders ||= term.atom.kind === 'mod';
  }
  if (remainders) {
    const joined = rejoin(sums, offset);
    if (joined) return joined;
  }
  return make([...sums.values()].sort(ordered), offset);
}

/** (x / c) * c + x % c = x, where all of (x / c) * c is among the terms. */
function rejoin(sums: ReadonlyMap<string, Term>, offset: number): Index | undefined {
  for (const { atom, by } of sums.values()) {
    if (atom.kind !== 'mod') continue;
    const quotient = divide(atom.of, atom.by);
    if (quotient.terms.length === 0) continue;
    const scaled = by * atom.by;
    if (!quotient.terms.every((term) => sums.get(term.atom.key)?.by === term.by * scaled)) continue;
    const gone = new Set([atom.key, ...quotient.terms.map((term) => term.atom.key)]);
    const rest = [...sums.values()].filter((term) => !gone.has(term.atom.key));
    return add(normal(rest, offset - quotient.constant * scaled), scale(atom.of, by));
  }
  return undefined;
}

export function add(a: Index, b: Index): Index {
  if (a.terms.length === 0 && a.constant === 0) return b;
  if (b.terms.length === 0) return b.constant === 0 ? a : make(a.terms, a.constant + b.constant);
  return normal([...a.terms, ...b.terms], a.constant + b.constant);
}

export function scale(a: Index, by: number): Index {
  if (by === 1) return a;
  if (by === 0) return constant(0);
  return make(a.terms.map((term) => ({ atom: term.atom, by: term.by * by })), a.constant * by);
}

const gcd = (a: number, b: number): number => (b === 0 ? Math.abs(a) : gcd(b, a % b));

/** a = multiple * by + rest, coefficient by coefficient. */
function separate(a: Index, by: number): { multiple: Index; rest: Index } {
  const quotient = Math.floor(a.constant / by);
  return {
    multiple: make(a.terms.flatMap((term) => (term.by % by === 0 ? [{ atom: term.atom, by: term.by / by }] : [])), quotient),
    rest: make(a.terms.filter((term) => term.by % by !== 0), a.constant - quotient * by),
  };
}

/** floor(a / by), a >= 0. */
export function divide(a: Index, by: number): Index {
  if (by === 1) return a;
  const { multiple, rest } = separate(a, by);
  if (rest.lo >= 0 && rest.hi < by) return multiple;
  if (rest.lo < 0) return quotientAtom(a, by);
  return add(multiple, divideRest(rest, by));
}

function divideRest(rest: Index, by: number): Index {
  const common = rest.terms.reduce((g, term) => gcd(g, term.by), by);
  if (common > 1) return divide(make(rest.terms.map((t) => ({ atom: t.atom, by: t.by / common })), Math.floor(rest.constant / common)), by / common);
  const atom = single(rest);
  if (atom?.kind === 'mod' && atom.by % by === 0) return modulo(divide(atom.of, by), atom.by / by);
  // (a + x / c) / by = (a * c + x) / (by * c), so that equal quotients look equal
  const nested = rest.terms.find((term) => term.by === 1 && term.atom.kind === 'div');
  if (nested?.atom.kind === 'div') {
    const others = make(rest.terms.filter((term) => term !== nested), rest.constant);
    return divide(add(scale(others, nested.atom.by), nested.atom.of), by * nested.atom.by);
  }
  return quotientAtom(rest, by);
}

/** a - by * floor(a / by), a >= 0. */
export function modulo(a: Index, by: number): Index {
  if (by === 1) return constant(0);
  const { rest } = separate(a, by);
  if (rest.lo >= 0 && rest.hi < by) return rest;
  if (rest.lo < 0) return remainderAtom(a, by);
  const common = rest.terms.reduce((g, term) => gcd(g, term.by), by);
  if (common > 1) {
    const left = rest.constant % common;
    const inner = make(rest.terms.map((t) => ({ atom: t.atom, by: t.by / common })), (rest.constant - left) / common);
    return add(scale(modulo(inner, by / common), common), constant(left));
  }
  const atom = single(rest);
  if (atom?.kind === 'mod' && atom.by % by === 0) return modulo(atom.of, by);
  return remainderAtom(rest, by);
}

const single = (a: Index): Atom | undefined => (a.terms.length === 1 && a.constant === 0 && a.terms[0]?.by === 1 ? a.terms[0].atom : undefined);

function quotientAtom(of: Index, by: number): Index {
  return make([{ atom: { kind: 'div', of, by, key: `(${of.key})/${by}`, lo: Math.floor(of.lo / by), hi: Math.floor(of.hi / by) }, by: 1 }], 0);
}
function remainderAtom(of: Index, by: number): Index {
  return make([{ atom: { kind: 'mod', of, by, key: `(${of.key})%${by}`, lo: 0, hi: Math.min(by - 1, of.lo >= 0 ? of.hi : by - 1) }, by: 1 }], 0);
}

/** Row-major position of `coordinates` in a space of these sizes. */
export function rowMajor(coordinates: readonly Index[], sizes: readonly number[]): Index {
  const terms: Term[] = [];
  let offset = 0;
  let stride = 1;
  for (let i = sizes.length - 1; i >= 0; i--) {
    const at = coordinates[i];
    if (!at) throw new Error('a coordinate for every axis');
    for (const term of at.terms) terms.push(stride === 1 ? term : { atom: term.atom, by: term.by * stride });
    offset += at.constant * stride;
    stride *= sizes[i] ?? 1;
  }
  return normal(terms, offset);
}

/** The coordinates of position `at` in a space of these sizes: the inverse of `rowMajor`. */
export function unravel(at: Index, sizes: readonly number[]): Index[] {
  const result: Index[] = [];
  let stride = 1;
  for (let i = sizes.length - 1; i >= 0; i--) {
    const size = sizes[i] ?? 1;
    result[i] = i === 0 ? divide(at, stride) : modulo(divide(at, stride), size);
    stride *= size;
  }
  return result;
}

/** Calls `see` for each linear form in `at`, itself and those inside quotients and remainders. */
export function forms(at: Index, see: (form: Index) => void): void {
  see(at);
  for (const { atom } of at.terms) if (atom.kind === 'div' || atom.kind === 'mod') forms(atom.of, see);
}
