/**
 * @file Choices of which some are dropped: nothing is read, counted or written for those, whatever is made of the choice.
 */
import { describe, expect, test } from 'vitest';
import { evaluate } from '../reference/interpret.js';
import { at, expectLayer, range, sum, tokens, top } from '../support/brute.js';
import { elaborateLayer } from '../support/layer.js';

const size = { batch: 1, time: 3, d: 4 };
/** The best two of x's places, of which those with a positive score stay. */
const kept = (row: readonly number[]): number[] => top(row, 2).filter((i) => at(row, i) > 0);
const KEPT = 'axis k = 2, e = 2\n  let best = top(x; over = d, take = k)\n  let pick = keep(best, best.score > 0)';
const layer = (axes: string, value: string): string => `block layer(x[d]) -> ${axes} {\n  ${KEPT}\n  return ${value}\n}`;

const rows = [[3, -1, 2, 1], [-4, -2, -1, -3], [-1, 5, -2, -3]];
const flat = rows.flat();
function valueOf(text: string): number[] {
  const { y } = elaborateLayer(text, size);
  return [...(evaluate([y], { params: new Map(), inputs: new Map([['x', flat]]) })[0] ?? [])];
}

describe('a dropped choice', () => {
  test('reads rows of zeros, and gives no gradient', () => {
    expectLayer({
      text: `block layer(x[d]) -> y[e] {\n  ${KEPT}\n  param table[d, e] ~ normal(0, 1)\n  return sum(k)(pick.score * table[pick])\n}`, size,
      equation: (read, x) => tokens(size, (b, t) => {
        const row = range(4).map((i) => x(b, t, i));
        return range(2).map((e) => kept(row).reduce((y, i) => y + at(row, i) * read('table', i, e), 0));
      }),
    });
  });

  test('has no place and is not counted', () => {
    expect(valueOf(layer('y[k]', 'pick.score'))).toEqual([3, 2, 0, 0, 5, 0]);
    expect(valueOf(`block layer(x[d]) -> y[d] {\n  ${KEPT}\n  return x * 0 + count(pick)\n}`)).toEqual(rows.flatMap(() => [1, 1, 1, 0]));
    expect(valueOf(`block layer(x[d]) -> y[d] {\n  ${KEPT}\n  return chosen(pick; along = k)\n}`)).toEqual(rows.flatMap((row) => range(4).map((i) => (kept(row).includes(i) ? 1 : 0))));
    // five choices fall on nothing or stand alone
    expect(valueOf(layer('y[k]', 'position(pick; along = [time, k])'))).toEqual([0, 0, 0, 0, 0, 0]);
  });

  test('stays dropped as a pair, as one of a pair, and as a choice among choices', () => {
    const pairs = 'axis g = 2, m = 2\n  let of[g, m] = split(x; axis = d, into = [g, m])\n  axis k = 2\n  let best = top(of; over = [g, m], take = k)\n  let pick = keep(best, best.score > 0)';
    const text = (axes: string, value: string): string => `block layer(x[d]) -> ${axes} {\n  ${pairs}\n  return ${value}\n}`;
    const chosenIn = (of: (i: number) => number): number[] => rows.flatMap((row) => range(2).map((n) => kept(row).filter((i) => of(i) === n).length)).map((count) => Math.min(count, 1));
    expect(valueOf(text('y[g]', 'chosen(which(pick; axis = g); along = k)'))).toEqual(chosenIn((i) => Math.floor(i / 2)));
    expect(valueOf(text('y[m]', 'chosen(which(pick; axis = m); along = k)'))).toEqual(chosenIn((i) => i % 2));
    const joined = `block layer(x[d]) -> y[p] {\n  ${pairs}\n  axis p = 4\n  return chosen(join(which(pick; axis = g), which(pick; axis = m); into = p); along = k)\n}`;
    expect(valueOf(joined)).toEqual(rows.flatMap((row) => range(4).map((i) => (kept(row).includes(i) ? 1 : 0))));
    // the best of the kept two, looked up in the choice itself
    const among = `block layer(x[d]) -> y[d] {\n  ${KEPT}\n  axis one = 1\n  let first = top(pick.score; over = k, take = one)\n  let some = pick[keep(first, first.score > 2.5)]\n  return chosen(some; along = one)\n}`;
    expect(valueOf(among)).toEqual(rows.flatMap((row) => range(4).map((i) => (at(row, i) > 2.5 ? 1 : 0))));
  });
});

describe('mistakes', () => {
  const failing = (value: string): string => {
    try {
      elaborateLayer(layer('y[k]', value), size);
      return 'none';
    } catch (error) {
      return error instanceof Error ? error.message.slice(0, 8) : '';
    }
  };
  test.each([
    ['keep(x, x)', 'ARCH2012'], ['position(x; along = time)', 'ARCH2012'], ['position(best)', 'ARCH2011'], ['position(best; along = e)', 'ARCH3010'],
    ['position(best; along = k, over = d)', 'ARCH2002'], ['position(best; along = time, by = x)', 'ARCH3010'], ['pick.score * ramp(0, 1)', 'ARCH2011'],
  ])('%s: %s', (value, code) => {
    expect(failing(value)).toBe(code);
  });
  test('none where there is none', () => {
    expect(failing('position(best; along = time)')).toBe('none');
    expect(sum(6, (i) => at(valueOf(layer('y[k]', 'position(best; along = [time, k])')), i))).toBe(3);
  });
});
