/**
 * @file Random numbers: their distribution, and that they depend on the place, the step, the seed and the stream and on nothing else.
 */
import { describe, expect, it } from 'vitest';
import type { Node } from '../../compiler/graph/graph.js';
import { GraphBuilder } from '../../compiler/graph/build.js';
import { lower } from '../../compiler/optimise/lower.js';
import { evaluate } from '../reference/interpret.js';
import { scalarValue } from '../../runtime/scalars.js';
import { Machine } from '../reference/run-kernels.js';
import { options } from './support.js';

function run(outputs: Readonly<Record<string, Node>>, step: number, seed = 7): Record<string, number[]> {
  const lowered = lower([{ name: 'p', outputs: Object.entries(outputs).map(([name, node]) => ({ name, node })), updates: [] }], options);
  const [program] = lowered.programs;
  if (!program) throw new Error('no program');
  const machine = new Machine(lowered.programs);
  expect(new Set(lowered.scalars.map(({ kind }) => kind))).toEqual(new Set(['noise_key']));
  machine.write('scalars', lowered.scalars.map((spec) => scalarValue(spec, step, seed)));
  machine.run(program);
  return Object.fromEntries(Object.keys(outputs).map((name) => [name, [...machine.read(program, name)]]));
}
const mean = (xs: readonly number[]): number => xs.reduce((a, b) => a + b, 0) / xs.length;
const correlation = (xs: readonly number[], ys: readonly number[]): number => {
  const [mx, my] = [mean(xs), mean(ys)];
  const spread = (zs: readonly number[], m: number): number => Math.sqrt(mean(zs.map((z) => (z - m) ** 2)));
  return mean(xs.map((x, i) => (x - mx) * ((ys[i] ?? 0) - my))) / (spread(xs, mx) * spread(ys, my));
};

describe('random numbers', () => {
  const b = new GraphBuilder();
  const axes = [b.axis('i', 60), b.axis('j', 100)];
  const uniform = b.random(axes, 0, 'uniform');
  const other = b.random(axes, 1, 'uniform');
  const normal = b.random(axes, 2, 'normal');
  const first = run({ uniform, other, normal, sum: b.sum(uniform, axes), one: b.random([], 5, 'uniform') }, 1);
  const second = run({ uniform }, 2);
  const seeds = [8, 7 + 46337, 7 + 46307].map((seed) => run({ uniform }, 1, seed));
  const of = (name: string): number[] => first[name] ?? [];

  it('are spread evenly', () => {
    const xs = of('uniform');
    expect(Math.min(...xs)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...xs)).toBeLessThan(1);
    const bins = Array.from({ length: 20 }, (_, k) => xs.filter((x) => Math.floor(x * 20) === k).length);
    // chi squared of 19 degrees: above 43.8 once in a thousand
    expect(bins.reduce((sum, n) => sum + (n - 300) ** 2 / 300, 0)).toBeLessThan(43.8);
    expect(new Set(xs).size).toBeGreaterThan(5990);
  });

  it('have no memory of neighbours, streams, steps or seeds', () => {
    const xs = of('uniform');
    const limit = 4 / Math.sqrt(xs.length);
    for (const lag of [1, 2, 100, 101]) expect(Math.abs(correlation(xs.slice(lag), xs.slice(0, -lag)))).toBeLessThan(limit);
    expect(Math.abs(correlation(xs, of('other')))).toBeLessThan(limit);
    expect(Math.abs(correlation(xs, second['uniform'] ?? []))).toBeLessThan(limit);
    for (const other of seeds) expect(Math.abs(correlation(xs, other['uniform'] ?? []))).toBeLessThan(limit);
  });

  it('are even in every moment, also over seeds and over steps of one element', () => {
    const mean4 = (xs: readonly number[]): number[] => [1, 2, 3, 4].map((power) => mean(xs.map((x) => x ** power)));
    // the standard error of the mean of 6000 uniform numbers is 0.0037
    mean4(of('uniform')).forEach((moment, i) => expect(Math.abs(moment - 1 / (i + 2))).toBeLessThan(0.015));
    const one = new GraphBuilder().random([], 0, 'uniform');
    const at = (step: number, seed: number): number => evaluate([one], { params: new Map(), step, seed })[0]?.[0] ?? NaN;
    for (const drawn of [Array.from({ length: 6000 }, (_, i) => at(1, i)), Array.from({ length: 6000 }, (_, i) => at(i + 1, 1))]) {
      mean4(drawn).forEach((moment, i) => expect(Math.abs(moment - 1 / (i + 2))).toBeLessThan(0.015));
      expect(Math.abs(correlation(drawn.slice(1), drawn.slice(0, -1)))).toBeLessThan(4 / Math.sqrt(6000));
    }
  });

  it('are those of the definition, to the bit', () => {
    const [wanted, normals] = evaluate([uniform, normal], { params: new Map(), step: 1, seed: 7 });
    // kernels run in float64 here: one rounding apart
    of('uniform').forEach((x, i) => expect(Math.fround(x)).toBe(wanted?.[i]));
    of('normal').forEach((x, i) => expect(x).toBeCloseTo(normals?.[i] ?? NaN, 5));
  });

  it('normal numbers have mean 0, variance 1 and the right tails', () => {
    const xs = of('normal');
    expect(Math.abs(mean(xs))).toBeLessThan(0.05);
    expect(Math.abs(mean(xs.map((x) => x * x)) - 1)).toBeLessThan(0.08);
    const beyond = xs.filter((x) => Math.abs(x) > 2).length / xs.length;
    expect(Math.abs(beyond - 0.0455)).toBeLessThan(0.012);
  });

  it('are the same wherever they are read', () => {
    expect(of('sum')[0]).toBeCloseTo(of('uniform').reduce((p, q) => p + q, 0), 6);
    expect(run({ uniform }, 1)['uniform']).toEqual(of('uniform'));
    expect(of('one')).toHaveLength(1);
  });
});
