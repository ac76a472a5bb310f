/**
 * @file The primitives of lists of whole numbers (settings of type `ints`): what block code computes from them before anything runs, and `values`,
 * which makes a tensor of one. `max(list)` and `min(list)` are in `builtins.ts`.
 */
import type { Builtin, Site } from './site.js';
import { describeValue, number, tensor } from './values.js';

export const listBuiltins: Readonly<Record<string, Builtin>> = {
  /** The numbers of a list along an axis of its length, i32. */
  values: { settings: ['axis'], run: (s) => tensor(values(s)) },
  /** The sum of a list. */
  total: { settings: [], run: (s) => number(list(s).reduce((sum, value) => sum + value, 0)) },
  /** Of each entry, the sum of those before it: where each part begins when parts of these sizes stand one after another. */
  starts: { settings: [], run: (s) => { let sum = 0; return { kind: 'list', values: list(s).map((value) => (sum += value) - value) }; } },
  /** The square roots of a list of squares. */
  roots: { settings: [], run: (s) => ({ kind: 'list', values: list(s).map((value) => wholeRoot(s, value)) }) },
};

function list(s: Site): readonly number[] {
  const value = s.value(0);
  if (value.kind === 'list') return value.values;
  return s.context.fail('ARCH2012', { owner: s.name, name: 'argument 1', expected: 'a list of whole numbers', got: describeValue(value) }, s.call.span);
}

function wholeRoot(s: Site, square: number): number {
  const root = Math.round(Math.sqrt(square));
  if (square > 0 && root * root === square) return root;
  return s.context.fail('ARCH3006', { what: `the square root of ${square}`, got: Math.sqrt(square) }, s.call.span, { notes: s.context.notes(s.frame) });
}

/** A choice among constants by the place, one comparison for each place where the list changes. */
function values(s: Site): ReturnType<Site['tensor']> {
  const all = list(s);
  const axis = s.axis('axis');
  const { build } = s;
  if (all.length !== axis.size) s.context.fail('ARCH3002', { axis: axis.name, sizes: [all.length, axis.size] }, s.call.span, { notes: s.context.notes(s.frame) });
  const first = build.expand(build.constant(all[0] ?? 0, 'i32'), [axis]);
  return all.reduce((x, value, i) => (i === 0 || value === all[i - 1] ? x : build.select(build.le(i, build.iota(axis)), build.constant(value, 'i32'), x)), first);
}
