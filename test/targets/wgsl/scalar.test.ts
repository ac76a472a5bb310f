/** @file Scalar functions on the device against float64, over ordinary and extreme arguments. */
import { describe, expect, it } from 'vitest';
import type { ScalarFn } from '../../../compiler/graph/graph.js';
import type { Expr, Nest } from '../../../compiler/kernels/kernel.js';
import { runKernel } from '../../support/gpu.js';
import { base, call, choices, f, i, load, noise, slot, truth, v } from '../../support/kernels.js';
import { device } from './device.js';

/** erf by its Taylor series, and by the continued fraction of erfc. */
function erf(x: number): number {
  const t = Math.abs(x);
  if (t > 3) {
    let fraction = 0;
    for (let n = 60; n >= 1; n--) fraction = n / 2 / (t + fraction);
    return Math.sign(x) * (1 - Math.exp(-t * t) / (Math.sqrt(Math.PI) * (t + fraction)));
  }
  let term = x;
  let sum = x;
  for (let n = 1; n < 100; n++) {
    term *= (-x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}

function elementwise(size: number, value: Expr, operands = 1): Nest {
  return {
    ...base, kind: 'nest', name: 'elementwise', grid: [{ name: 'p', extent: size }],
    slots: [...Array.from({ length: operands }, (_, k) => slot(`x${k}`, size)), slot('y', size, 'write')],
    stages: [{ kind: 'store', loops: [], slot: operands, index: v('p'), value }],
  };
}

const x = load(0, v('p'));
/** -range .. range, zero and tiny numbers included. */
const spread = (range: number): Float32Array<ArrayBuffer> => Float32Array.from([...noise(4000), 0, 1e-6, -1e-6, 1e-3, 1, -1], (value) => value * range);
const positive = (values: Float32Array<ArrayBuffer>): Float32Array<ArrayBuffer> => values.map((value) => Math.abs(value) + 1e-4);

describe('scalar functions', () => {
  /** Arguments, reference, and the error allowed: absolute, and relative to the result. */
  const cases: [ScalarFn, Float32Array<ArrayBuffer>, (x: number) => number, number, number][] = [
    ['erf', spread(6), erf, 1.5e-7, 3e-7],
    ['tanh', spread(12), Math.tanh, 0, 1e-6],
    ['tanh', spread(0.5), Math.tanh, 0, 1e-6],
    ['tanh', spread(1e30), Math.tanh, 1e-6, 0],
    ['exp', spread(20), Math.exp, 0, 2e-6],
    ['log', positive(spread(100)), Math.log, 2e-6, 2e-6],
    ['sqrt', positive(spread(100)), Math.sqrt, 0, 5e-7],
    ['rsqrt', positive(spread(100)), (a) => 1 / Math.sqrt(a), 0, 5e-7],
    ['reciprocal', positive(spread(100)), (a) => 1 / a, 0, 5e-7],
    ['sin', spread(3), Math.sin, 2e-7, 0],
    ['cos', spread(3), Math.cos, 2e-7, 0],
    ['sin', spread(12000), Math.sin, 2e-7, 0],
    ['cos', spread(12000), Math.cos, 2e-7, 0],
    ['sin', spread(100_000), Math.sin, 5e-6, 0],
    ['abs', spread(10), Math.abs, 0, 0],
    ['neg', spread(10), (a) => -a, 0, 0],
    ['sign', spread(10), Math.sign, 0, 0],
    ['floor', spread(10), Math.floor, 0, 0],
  ];
  for (const [fn, values, reference, absolute, relative] of cases)
    it(`${fn} up to ${Math.max(...values).toPrecision(2)}`, async (test) => {
      const on = await device(test);
      const [, y] = await runKernel(on, elementwise(values.length, call(fn, x)), [values, undefined]);
      let worst = 0;
      values.forEach((value, at) => {
        const expected = reference(value);
        const excess = Math.abs((y?.[at] ?? NaN) - expected) / (absolute + relative * Math.abs(expected) || Number.MIN_VALUE);
        if (!(excess <= worst)) worst = excess;
      });
      expect(worst).toBeLessThanOrEqual(1);
    });

  it('is_finite tells NaN and infinities from numbers', async (test) => {
    const on = await device(test);
    const values = Float32Array.of(0, -1, 3e38, NaN, Infinity, -Infinity, 1e-45);
    const [, y] = await runKernel(on, elementwise(7, call('is_finite', x)), [values, undefined]);
    expect(Array.from(y ?? [])).toEqual([1, 1, 1, 0, 0, 0, 1]);
  });

  it('pow, comparisons, select, and infinite literals', async (test) => {
    const on = await device(test);
    const [a, b] = [Float32Array.of(2, -2, -2, 0, 9, 4), Float32Array.of(3, 3, 2, 0, 0.5, -1)];
    const y = load(1, v('p'));
    const run = async (value: Expr): Promise<number[]> => Array.from((await runKernel(on, elementwise(6, value, 2), [a, b, undefined]))[2] ?? []);
    (await run(call('pow', x, y))).forEach((value, at) => expect(value).toBeCloseTo([8, -8, 4, 1, 3, 0.25][at] ?? NaN, 5));
    (await run(call('pow', x, f(2)))).forEach((value, at) => expect(value).toBeCloseTo([4, 4, 4, 0, 81, 16][at] ?? NaN, 4));
    expect(await run(truth('lt', x, y))).toEqual([1, 1, 1, 0, 0, 0]);
    expect(await run(truth('le', x, y))).toEqual([1, 1, 1, 1, 0, 0]);
    expect(await run(truth('eq', x, y))).toEqual([0, 0, 0, 1, 0, 0]);
    expect(await run(call('select', truth('lt', x, y), f(1.5), f(-Infinity)))).toEqual([1.5, 1.5, 1.5, -Infinity, -Infinity, -Infinity]);
    expect(await run(call('sub', x, call('sub', y, call('neg', x))))).toEqual([-3, -3, -2, 0, -0.5, 1].map((value) => (value === 0 ? 0 : value)));
    expect(await run(call('sub', x, call('add', y, f(-1))))).toEqual([0, -4, -3, 1, 9.5, 6]);
  });

  it('i32: div and mod by anything, conversions', async (test) => {
    const on = await device(test);
    const values = Float32Array.from(choices(200, 5000, 6));
    const index = call('to_i32', x);
    for (const by of [1, 2, 3, 8, 24, 1024]) {
      const kernel = elementwise(200, call('to_f32', { kind: 'call', fn: 'add', dtype: 'i32', args: [{ kind: 'call', fn: 'mul', dtype: 'i32', args: [call('div', index, i(by)), i(10000)] }, call('mod', index, i(by))] }));
      const [, y] = await runKernel(on, kernel, [values, undefined]);
      expect(Array.from(y ?? [])).toEqual(Array.from(values, (value) => Math.fround(Math.floor(value / by) * 10000 + (value % by))));
    }
  });
});
