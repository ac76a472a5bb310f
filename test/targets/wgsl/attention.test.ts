/** @file The attention kernels against the naive formula and its derivative in float64, grouped heads and odd sizes included. */
import { describe, expect, it } from 'vitest';
import type { Attention } from '../../../compiler/kernels/kernel.js';
import { runKernel } from '../../support/gpu.js';
import { base, noise, relativeError, slot } from '../../support/kernels.js';
import { device } from './device.js';

type Shape = Pick<Attention, 'batch' | 'time' | 'heads' | 'groups' | 'keyWidth' | 'valueWidth' | 'scale'>;

function kernels(shape: Shape): Record<Attention['variant'], Attention> {
  const { batch, time, heads, groups, keyWidth, valueWidth } = shape;
  const [q, k, v] = [batch * time * heads * keyWidth, batch * time * groups * keyWidth, batch * time * groups * valueWidth];
  const [out, lse] = [batch * time * heads * valueWidth, batch * time * heads];
  const read = [slot('q', q), slot('k', k), slot('v', v)];
  const grad = [...read, slot('out', out), slot('lse', lse), slot('dout', out)];
  const make = (variant: Attention['variant'], slots: Attention['slots']): Attention => ({ ...base, ...shape, kind: 'attention', name: `attention_${variant}`, variant, slots });
  return {
    forward: make('forward', [...read, slot('out', out, 'write'), slot('lse', lse, 'write')]),
    grad_q: make('grad_q', [...grad, slot('dq', q, 'write')]),
    grad_kv: make('grad_kv', [...grad, slot('dk', k, 'write'), slot('dv', v, 'write')]),
  };
}

/** Everything at once, by the definition. */
function naive(shape: Shape, q: Float32Array, k: Float32Array, v: Float32Array, dout: Float32Array): Record<'out' | 'lse' | 'dq' | 'dk' | 'dv', Float64Array> {
  const { batch, time, heads, groups, keyWidth, valueWidth, scale } = shape;
  const result = {
    out: new Float64Array(dout.length), lse: new Float64Array(batch * time * heads),
    dq: new Float64Array(q.length), dk: new Float64Array(k.length), dv: new Float64Array(v.length),
  };
  const addTo = (array: Float64Array, at: number, value: number): void => void (array[at] = (array[at] ?? 0) + value);
  for (let b = 0; b < batch; b++)
    for (let h = 0; h < heads; h++) {
      const g = Math.floor((h * groups) / heads);
      for (let t = 0; t < time; t++) {
        const row = (b * time + t) * heads + h;
        const scores: number[] = [];
        for (let s = 0; s <= t; s++) {
          let dot = 0;
          for (let e = 0; e < keyWidth; e++) dot += (q[row * keyWidth + e] ?? 0) * (k[((b * time + s) * groups + g) * keyWidth + e] ?? 0);
          scores.push(dot * scale);
        }
        const top = Math.max(...scores);
        const lse = top + Math.log(scores.reduce((sum, score) => sum + Math.exp(score - top), 0));
        result.lse[row] = lse;
        const weights = scores.map((score) => Math.exp(score - lse));
        const dweights = weights.map((weight, s) => {
          let dot = 0;
          for (let e = 0; e < valueWidth; e++) {
            const at = ((b * time + s) * groups + g) * valueWidth + e;
            addTo(result.out, row * valueWidth + e, weight * (v[at] ?? 0));
            addTo(result.dv, at, weight * (dout[row * valueWidth + e] ?? 0));
            dot += (dout[row * valueWidth + e] ?? 0) * (v[at] ?? 0);
          }
          return dot;
        });
        const delta = dweights.reduce((sum, dweight, s) => sum + dweight * (weights[s] ?? 0), 0);
        weights.forEach((weight, s) => {
          const dscore = weight * ((dweights[s] ?? 0) - delta) * scale;
          for (let e = 0; e < keyWidth; e++) {
            const at = ((b * time + s) * groups + g) * keyWidth + e;
            addTo(result.dq, row * keyWidth + e, dscore * (k[at] ?? 0));
            addTo(result.dk, at, dscore * (q[row * keyWidth + e] ?? 0));
          }
        });
      }
    }
  return result;
}

describe('attention', () => {
  for (const [batch, time, heads, groups, keyWidth, valueWidth] of [
    [1, 1, 1, 1, 1, 1], [2, 7, 3, 1, 5, 7], [1, 63, 4, 2, 8, 16], [2, 65, 2, 2, 33, 9], [1, 129, 2, 1, 64, 32], [1, 20, 1, 1, 130, 140],
  ] as const)
    it(`batch ${batch}, time ${time}, heads ${heads}/${groups}, widths ${keyWidth} and ${valueWidth}`, async (test) => {
      const on = await device(test);
      const shape: Shape = { batch, time, heads, groups, keyWidth, valueWidth, scale: 3 / Math.sqrt(keyWidth) };
      const { forward, grad_q, grad_kv } = kernels(shape);
      const size = (at: number): number => forward.slots[at]?.size ?? 0;
      const [q, k, v, dout] = [noise(size(0)), noise(size(1), 2), noise(size(2), 3), noise(size(3), 4)];
      const expected = naive(shape, q, k, v, dout);
      const results = await runKernel(on, forward, [q, k, v]);
      expect(relativeError(results[3] ?? [], expected.out)).toBeLessThan(1e-5);
      expect(relativeError(results[4] ?? [], expected.lse)).toBeLessThan(1e-5);
      const given = [q, k, v, results[3], results[4], dout];
      const [dq] = (await runKernel(on, grad_q, given)).slice(6);
      const [dk, dv] = (await runKernel(on, grad_kv, given)).slice(6);
      // One position: the softmax is constant, and only rounding is left.
      const tolerance = (of: Float64Array): number => (time === 1 && !of.some((x) => Math.abs(x) > 1e-9) ? Infinity : 2e-5);
      expect(relativeError(dq ?? [], expected.dq)).toBeLessThanOrEqual(tolerance(expected.dq));
      expect(relativeError(dk ?? [], expected.dk)).toBeLessThanOrEqual(tolerance(expected.dk));
      expect(relativeError(dv ?? [], expected.dv)).toBeLessThan(2e-5);
    });

  it('survives large scores, and gives the same bits twice', async (test) => {
    const on = await device(test);
    const shape: Shape = { batch: 1, time: 70, heads: 2, groups: 2, keyWidth: 16, valueWidth: 16, scale: 100 };
    const { forward } = kernels(shape);
    const [q, k, v] = [noise(forward.slots[0]?.size ?? 0), noise(forward.slots[1]?.size ?? 0, 2), noise(forward.slots[2]?.size ?? 0, 3)];
    const first = await runKernel(on, forward, [q, k, v]);
    const second = await runKernel(on, forward, [q, k, v]);
    expect(first[3]).toEqual(second[3]);
    const expected = naive(shape, q, k, v, new Float32Array(first[3]?.length ?? 0));
    expect(relativeError(first[3] ?? [], expected.out)).toBeLessThan(1e-3);
  });
});
