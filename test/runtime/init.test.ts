import { expect, it } from 'vitest';
import { initialValues } from '../../runtime/init.js';
import type { InitInfo } from '../../runtime/program.js';

const values = (init: InitInfo, path: string, seed: number, start: number, count: number): Float32Array => {
  const out = new Float32Array(count);
  initialValues(init, path, seed, start, out);
  return out;
};
const standard = { kind: 'normal', mean: 0, std: 1 } as const;
const mean = (xs: Float32Array, f: (x: number) => number): number => xs.reduce((sum, x) => sum + f(x), 0) / xs.length;

it('makes the same values whole and in chunks', () => {
  const whole = values(standard, 'a.w', 1, 0, 1003);
  expect([...values(standard, 'a.w', 1, 0, 400), ...values(standard, 'a.w', 1, 400, 603)]).toEqual([...whole]);
});

it('makes normal values: moments and tails', () => {
  const n = 200_000;
  const xs = values({ kind: 'normal', mean: 3, std: 0.5 }, 'a.w', 1, 0, n).map((x) => (x - 3) / 0.5);
  // Standard errors: 1/sqrt(n), sqrt(2/n), sqrt(15/n), sqrt(96/n); four of them.
  expect(Math.abs(mean(xs, (x) => x))).toBeLessThan(4 / Math.sqrt(n));
  expect(Math.abs(mean(xs, (x) => x ** 2) - 1)).toBeLessThan(4 * Math.sqrt(2 / n));
  expect(Math.abs(mean(xs, (x) => x ** 3))).toBeLessThan(4 * Math.sqrt(15 / n));
  expect(Math.abs(mean(xs, (x) => x ** 4) - 3)).toBeLessThan(4 * Math.sqrt(96 / n));
  expect(Math.abs(mean(xs, (x) => (x > 2 ? 1 : 0)) - 0.0227501)).toBeLessThan(4 * Math.sqrt(0.0227501 / n));
});

it('makes uniform values in range', () => {
  const xs = values({ kind: 'uniform', low: -2, high: 4 }, 'a.w', 1, 0, 100_000);
  expect(xs.every((x) => x >= -2 && x <= 4)).toBe(true);
  expect(Math.abs(mean(xs, (x) => x) - 1)).toBeLessThan((4 * Math.sqrt(3)) / Math.sqrt(100_000));
  expect(Math.abs(mean(xs, (x) => (x - 1) ** 2) - 3)).toBeLessThan(0.05);
});

it('keeps parameters, seeds and neighbours independent', () => {
  const n = 100_000;
  const base = values(standard, 'layers.0.w', 1, 0, n);
  const correlation = (other: Float32Array): number => base.reduce((sum, x, i) => sum + x * (other[i] ?? 0), 0) / n;
  for (const other of [values(standard, 'layers.1.w', 1, 0, n), values(standard, 'layers.0.w', 2, 0, n), values(standard, 'layers.0.w', 1, 4, n)]) {
    expect(Math.abs(correlation(other))).toBeLessThan(4 / Math.sqrt(n));
  }
  for (const lag of [1, 2, 3]) expect(Math.abs(correlation(base.subarray(lag)))).toBeLessThan(4.1 / Math.sqrt(n));
});

it('fills constants', () => {
  expect([...values({ kind: 'zeros' }, 'x', 1, 0, 2), ...values({ kind: 'ones' }, 'x', 1, 0, 1), ...values({ kind: 'constant', value: 7 }, 'x', 1, 0, 1)]).toEqual([0, 0, 1, 7]);
});
