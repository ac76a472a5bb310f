/**
 * @file The search for the nearest whole number, against trying every number.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Measure, nearest, type Outcome } from '../../compiler/match/search.js';

/** The smallest distance to the target over all numbers up to `most`. */
function leastDistance(measure: Measure, target: number, most: number): number {
  const quantities = Array.from({ length: most + 1 }, (_, value) => measure(value)).filter((q) => q !== undefined);
  return Math.min(...quantities.map((q) => Math.abs(q - target)));
}

const pointOf = (outcome: Outcome) => (outcome.kind === 'found' ? outcome.point : undefined);

describe('the nearest whole number', () => {
  it('is that of brute force, for quantities that grow by any steps', () => {
    const steps = fc.array(fc.nat(9), { minLength: 40, maxLength: 120 });
    fc.assert(
      fc.property(steps, fc.nat(), fc.nat(), fc.boolean(), (grows, startAt, aim, falls) => {
        const sums = grows.reduce<number[]>((all, step) => [...all, (all.at(-1) ?? 0) + step], [0]);
        const measure: Measure = (value) => (value < sums.length ? (falls ? -1 : 1) * (sums[value] ?? 0) : undefined);
        const least = Math.min(measure(0) ?? 0, measure(sums.length - 1) ?? 0);
        const target = least + (aim % ((sums.at(-1) ?? 0) + 1));
        const start = startAt % sums.length;
        const outcome = nearest(measure, start, target);
        // a plateau as far as the first probes reach looks flat
        if (outcome.kind === 'flat') {
          for (const probe of [start + 1, 2 * start, start - 1]) expect(measure(probe) ?? measure(start)).toBe(measure(start));
          return;
        }
        const point = pointOf(outcome);
        expect(point?.quantity).toBe(point && measure(point.value));
        expect(Math.abs((point?.quantity ?? Infinity) - target)).toBe(leastDistance(measure, target, sums.length - 1));
      }),
      { numRuns: 400, seed: 7 },
    );
  });

  it('is found among the numbers there is a model for', () => {
    const divisors: Measure = (value) => (value > 0 && 96 % value === 0 ? value * 10 : undefined);
    for (let target = 10; target <= 960; target += 7) {
      const point = pointOf(nearest(divisors, 4, target));
      expect([target, Math.abs((point?.quantity ?? Infinity) - target)]).toEqual([target, leastDistance(divisors, target, 96)]);
    }
    const multiples: Measure = (value) => (value > 0 && value % 8 === 0 ? value * value : undefined);
    expect(pointOf(nearest(multiples, 128, 101 * 101))).toEqual({ value: 104, quantity: 10_816 });
    expect(pointOf(nearest(multiples, 128, 99 * 99))).toEqual({ value: 96, quantity: 9216 });
  });

  it('of two equally near is the smaller quantity', () => {
    expect(pointOf(nearest((value) => 10 * value, 1, 45))).toEqual({ value: 4, quantity: 40 });
    expect(pointOf(nearest((value) => 1000 - 10 * value, 1, 955))).toEqual({ value: 5, quantity: 950 });
  });

  it('takes few tries, however far it is', () => {
    let tries = 0;
    const outcome = nearest((value) => { tries++; return 3 * value; }, 256, 3e8 + 1);
    expect(pointOf(outcome)).toEqual({ value: 100_000_000, quantity: 300_000_000 });
    expect(tries).toBeLessThan(60);
  });

  it('says where the numbers end', () => {
    expect(nearest((value) => 100 + value, 8, 50)).toEqual({ kind: 'beyond', limit: { value: 0, quantity: 100 } });
    expect(nearest((value) => (value > 0 ? 100 + value : undefined), 8, 50)).toEqual({ kind: 'beyond', limit: { value: 1, quantity: 101 }, refused: 0 });
    expect(nearest((value) => (value <= 1003 ? value : undefined), 8, 5000)).toEqual({ kind: 'beyond', limit: { value: 1003, quantity: 1003 }, refused: 1004 });
    expect(nearest((value) => Math.min(value, 5), 4, 100)).toMatchObject({ kind: 'beyond', limit: { quantity: 5 } });
  });

  it('says that nothing changes, and that a quantity goes up and down', () => {
    expect(nearest(() => 7, 8, 5000)).toEqual({ kind: 'flat' });
    expect(nearest((value) => (value === 12 ? 0 : value), 8, 13)).toMatchObject({ kind: 'found', point: { value: 13 }, monotone: false });
    expect(nearest((value) => value, 8, 30)).toMatchObject({ kind: 'found', monotone: true });
  });
});
