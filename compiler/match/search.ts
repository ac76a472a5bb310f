/**
 * @file Finds the whole number for which a quantity comes nearest to a target: doubling (or halving) from where it stands until the target is passed, then
 * bisection. The quantity must grow, or fall, with the number; numbers for which there is no model (3 heads of 128 dims) are stepped over.
 */

/** The quantity for a number; undefined where there is no such model. */
export type Measure = (value: number) => number | undefined;

export interface Point {
  readonly value: number;
  readonly quantity: number;
}

export type Outcome =
  | { readonly kind: 'found'; readonly point: Point; readonly tried: number; readonly monotone: boolean }
  /** The quantity is the same for every number tried. */
  | { readonly kind: 'flat' }
  /** The target lies beyond `limit`, the last number there is a model for; `refused`: the next, for which there is none. */
  | { readonly kind: 'beyond'; readonly limit: Point; readonly refused?: number };

/** Larger numbers are not tried. */
export const LARGEST = 2 ** 30;
/** How many numbers without a model are stepped over, on either side. */
const STEPS = 32;

/** @param start a number there is a model for. @returns of two equally near numbers, the one with the smaller quantity */
export function nearest(given: Measure, start: number, target: number): Outcome {
  const known = new Map<number, number | undefined>();
  const measure = (value: number): number | undefined => {
    if (!known.has(value)) known.set(value, given(value));
    return known.get(value);
  };
  const points = (): Point[] => [...known].flatMap(([value, quantity]) => (quantity === undefined ? [] : [{ value, quantity }])).sort((a, b) => a.value - b.value);
  const first = pointAt(measure, start);
  if (first === undefined) throw new RangeError(`there is no model for ${start}, where the search starts`);

  const slope = slopeAt(measure, first);
  if (slope === undefined) return { kind: 'flat' };
  const found = (point: Point): Outcome => ({ kind: 'found', point, tried: points().length, monotone: isMonotone(points(), slope) });
  if (first.quantity === target) return found(first);

  const { before, past, refused } = walk(measure, first, target, first.quantity < target === slope > 0);
  if (past === undefined) return { kind: 'beyond', limit: before, refused };
  const [a, b] = bisect(measure, before, past, target);
  return found(nearer(a, b, target));
}

function pointAt(measure: Measure, value: number): Point | undefined {
  const quantity = measure(value);
  return quantity === undefined ? undefined : { value, quantity };
}

/** 1: grows with the number, -1: falls, undefined: neither, as far as a few numbers tell. */
function slopeAt(measure: Measure, { value: start, quantity }: Point): 1 | -1 | undefined {
  for (const value of [2 * start, start + 1, 4 * start, 16 * start, Math.floor(start / 2), start - 1, Math.floor(start / 4), 1]) {
    if (value < 1 || value === start || value > LARGEST) continue;
    const other = measure(value);
    if (other !== undefined && other !== quantity) return other > quantity === value > start ? 1 : -1;
  }
  return undefined;
}

interface Walked {
  /** The last point on this side of the target. */
  readonly before: Point;
  readonly past?: Point;
  /** Where there is no point past the target: the number after `before`. */
  readonly refused?: number;
}

/** From `first` up or down, until the target is passed or there are no more numbers. */
function walk(measure: Measure, first: Point, target: number, up: boolean): Walked {
  const passed = ({ quantity }: Point): boolean => quantity === target || quantity > target !== first.quantity > target;
  for (let before = first; ; ) {
    const value = up ? Math.min(LARGEST, Math.max(1, 2 * before.value)) : Math.floor(before.value / 2);
    if (value === before.value) return { before };
    const next = around(measure, value, (other) => (up ? other > before.value : other < before.value)) ?? lastBefore(measure, before.value, value);
    if (next === undefined) return { before, refused: up ? before.value + 1 : before.value - 1 };
    if (passed(next)) return { before, past: next };
    before = next;
  }
}

/** The point nearest to `value`, at most `STEPS` away, among those allowed. */
function around(measure: Measure, value: number, allowed: (value: number) => boolean): Point | undefined {
  for (let step = 0; step <= STEPS; step++) {
    for (const other of step === 0 ? [value] : [value - step, value + step]) {
      const point = other >= 0 && other <= LARGEST && allowed(other) ? pointAt(measure, other) : undefined;
      if (point !== undefined) return point;
    }
  }
  return undefined;
}

/** The point nearest to `refused`, between it and `from`, found by bisection as if every number up to it had a model. */
function lastBefore(measure: Measure, from: number, refused: number): Point | undefined {
  let [good, bad] = [from, refused];
  while (Math.abs(good - bad) > 1) {
    const middle = Math.floor((good + bad) / 2);
    if (measure(middle) === undefined) bad = middle;
    else good = middle;
  }
  return good === from ? undefined : pointAt(measure, good);
}

/** Neighbours around the target: no number between them has a model, as far as `STEPS` reach. */
function bisect(measure: Measure, before: Point, past: Point, target: number): [Point, Point] {
  let [a, b] = [before, past];
  for (let middle = between(measure, a, b); middle !== undefined; middle = between(measure, a, b)) {
    // a is never at the target itself
    if (middle.quantity !== target && middle.quantity > target === a.quantity > target) a = middle;
    else b = middle;
  }
  return [a, b];
}

/** A point strictly between two, as near to their middle as there is one. */
function between(measure: Measure, a: Point, b: Point): Point | undefined {
  const [low, high] = [Math.min(a.value, b.value), Math.max(a.value, b.value)];
  return around(measure, Math.floor((low + high) / 2), (value) => value > low && value < high);
}

function nearer(a: Point, b: Point, target: number): Point {
  const [left, right] = [Math.abs(a.quantity - target), Math.abs(b.quantity - target)];
  if (left === right) return a.quantity <= b.quantity ? a : b;
  return left < right ? a : b;
}

const isMonotone = (points: readonly Point[], slope: 1 | -1): boolean => points.every((point, i) => i === 0 || slope * (point.quantity - (points[i - 1]?.quantity ?? point.quantity)) >= 0);
