import { describe, expect, it } from 'vitest';
import type { ScalarFn } from '../../../compiler/graph/graph.js';
import { erf } from '../../reference/erf.js';
import { f, load, nest, slot, store, v } from './build.js';
import { runWasm } from './run.js';

const POINTS = 20_001;
const words = new Int32Array(1);
const floats = new Float32Array(words.buffer);

/** Distance from |x| to the next f32. */
function ulp(x: number): number {
  floats[0] = Math.abs(x);
  const value = floats[0];
  words[0] = (words[0] ?? 0) + 1;
  return floats[0] - value;
}

/** The largest error in units in the last place; results that overflow or vanish in f32 must do so here too. */
function worst(got: readonly number[], wanted: (i: number) => number): number {
  return got.reduce((most, value, i) => {
    const exact = wanted(i);
    if (!Number.isFinite(Math.fround(exact)) || !Number.isFinite(value)) return Object.is(Math.fround(exact), value) ? most : Infinity;
    return Math.max(most, Math.abs(value - exact) / ulp(exact));
  }, 0);
}

const even = (low: number, high: number) => Float32Array.from({ length: POINTS }, (_, i) => low + ((high - low) * i) / (POINTS - 1));
const geometric = (low: number, high: number) => Float32Array.from({ length: POINTS }, (_, i) => low * (high / low) ** (i / (POINTS - 1)));

const unary = (fn: ScalarFn) => nest(fn, [slot('x', POINTS), slot('y', POINTS, 'write')], [{ name: 'i', extent: POINTS }], [store(1, v('i'), f(fn, load(0, v('i'))))]);

const cases: readonly (readonly [ScalarFn, (x: number) => number, readonly Float32Array[]])[] = [
  ['exp', Math.exp, [even(-103, 88.7), even(-1, 1)]],
  ['log', Math.log, [geometric(1e-44, 3.4e38), even(0.5, 2)]],
  ['tanh', Math.tanh, [even(-12, 12), even(-1, 1)]],
  ['erf', erf, [even(-6, 6), even(-1.2, 1.2)]],
  ['sin', Math.sin, [even(-10, 10), geometric(1, 1e6)]],
  ['cos', Math.cos, [even(-10, 10), geometric(1, 1e6)]],
];

describe('functions', () => {
  for (const [fn, exact, ranges] of cases) {
    it(`${fn} is within 4 units in the last place`, async () => {
      for (const x of ranges) {
        for (const relaxed of [false, true]) {
          const { y } = await runWasm(unary(fn), { x }, { threads: 1, relaxed });
          expect(worst(y ?? [], (i) => exact(x[i] ?? NaN))).toBeLessThan(4);
        }
      }
    });
  }

  it('pow is within 4 units in the last place, whatever the signs', async () => {
    const kernel = nest('pow', [slot('x', POINTS), slot('e', POINTS), slot('y', POINTS, 'write')], [{ name: 'i', extent: POINTS }], [store(2, v('i'), f('pow', load(0, v('i')), load(1, v('i'))))]);
    const x = Float32Array.from({ length: POINTS }, (_, i) => (i % 3 === 0 ? -1 : 1) * 10 ** (((i * 37) % 1000) / 150 - 3));
    const e = Float32Array.from({ length: POINTS }, (_, i) => (i % 3 === 0 ? (i % 11) - 5 : ((i * 91) % 1000) / 100 - 5));
    const { y } = await runWasm(kernel, { x, e }, { threads: 1 });
    expect(worst(y ?? [], (i) => (x[i] ?? NaN) ** (e[i] ?? NaN))).toBeLessThan(4);
  });

  it('special values', async () => {
    const given = [0, -0, NaN, Infinity, -Infinity, -1, 200, -200];
    const x = new Float32Array(POINTS);
    x.set(given);
    const of = async (fn: ScalarFn) => ((await runWasm(unary(fn), { x }, { threads: 1 }))['y'] ?? []).slice(0, given.length);
    expect(await of('exp')).toEqual([1, 1, NaN, Infinity, 0, Math.fround(Math.exp(-1)), Infinity, 0]);
    expect(await of('log')).toEqual([-Infinity, -Infinity, NaN, Infinity, NaN, NaN, Math.fround(Math.log(200)), NaN]);
    expect((await of('tanh')).map((y) => y + 0)).toEqual([0, 0, NaN, 1, -1, expect.closeTo(Math.tanh(-1), 6), 1, -1]);
    expect((await of('erf')).map((y) => y + 0)).toEqual([0, 0, NaN, 1, -1, expect.closeTo(erf(-1), 6), 1, -1]);
    expect(await of('is_finite')).toEqual([1, 1, 0, 0, 0, 1, 1, 1]);
    expect((await of('sign')).map((y) => y + 0).filter((_, i) => i !== 2)).toEqual([0, 0, 1, -1, -1, 1, -1]);
  });
});
