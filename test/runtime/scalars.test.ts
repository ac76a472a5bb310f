import { expect, it } from 'vitest';
import { scalarValue, scalarValues } from '../../runtime/scalars.js';

const cosine = { kind: 'schedule', name: 'lr', base: 2, warmup: 10, steps: 110, shape: 'cosine', floor: 0.1 } as const;

it('warms up linearly to the base', () => {
  expect([1, 5, 10].map((step) => scalarValue(cosine, step))).toEqual([0.2, 1, 2]);
});

it('decays by a cosine to floor * base at the last step, and stays there', () => {
  expect(scalarValue(cosine, 35)).toBeCloseTo(2 * (0.1 + 0.9 * (0.5 + Math.SQRT1_2 / 2)), 14);
  expect(scalarValue(cosine, 60)).toBeCloseTo(2 * 0.55, 14);
  expect(scalarValue(cosine, 110)).toBeCloseTo(0.2, 14);
  expect(scalarValue(cosine, 200)).toBeCloseTo(0.2, 14);
});

it('decays linearly, or not at all', () => {
  expect(scalarValue({ ...cosine, shape: 'linear', floor: 0 }, 85)).toBeCloseTo(0.5, 14);
  expect(scalarValue({ ...cosine, shape: 'constant' }, 85)).toBe(2);
  expect(scalarValue({ ...cosine, warmup: 0, shape: 'constant' }, 1)).toBe(2);
});

it('ramps over the first steps', () => {
  const ramp = { kind: 'ramp', name: 'w', from: 1, to: 3, over: 4 } as const;
  expect([1, 2, 4, 9].map((step) => scalarValue(ramp, step))).toEqual([1.5, 2, 3, 3]);
  expect(scalarValue({ ...ramp, over: 0 }, 1)).toBe(3);
});

it('corrects the bias of a moving average in float64', () => {
  // 1 - beta^n = (1 - beta) * (1 + beta + ... + beta^(n-1))
  let sum = 0;
  for (let i = 0; i < 1000; i++) sum += 0.999 ** i;
  expect(scalarValue({ kind: 'bias_correction', beta: 0.999 }, 1000)).toBeCloseTo(0.001 * sum, 12);
});

it('fills the scalars tensor in order', () => {
  expect([...scalarValues([{ kind: 'step' }, { kind: 'bias_correction', beta: 0.5 }], 2)]).toEqual([2, 0.75]);
});
