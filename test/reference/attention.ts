/**
 * @file Causal attention and its gradient by the definitions, with the full matrix of weights.
 */
import type { Axis } from '../../compiler/graph/graph.js';
import { Tensor } from './tensor.js';

/** softmax over s <= t of scale * q[t] . k[s], for one batch element, head and group. */
function weights(scale: number, q: Tensor, k: Tensor, [, time, heads, key]: readonly [Axis, Axis, Axis, Axis], groups: Axis, b: number, h: number): { weight: number[][]; lse: number[] } {
  const g = Math.floor((h * groups.size) / heads.size);
  const weight: number[][] = [];
  const lse: number[] = [];
  for (let t = 0; t < time.size; t++) {
    const scores: number[] = [];
    for (let s = 0; s <= t; s++) {
      let score = 0;
      for (let e = 0; e < key.size; e++) score += value(q, [b, t, h, e]) * value(k, [b, s, g, e]);
      scores.push(scale * score);
    }
    const max = Math.max(...scores);
    const sum = scores.reduce((total, score) => total + Math.exp(score - max), 0);
    weight.push(scores.map((score) => Math.exp(score - max) / sum));
    lse.push(max + Math.log(sum));
  }
  return { weight, lse };
}

/** Element of a tensor by positions on its own axes. */
function value(x: Tensor, positions: readonly number[]): number {
  let offset = 0;
  for (const [i, axis] of x.axes.entries()) offset = offset * axis.size + (positions[i] ?? 0);
  return x.data[offset] ?? NaN;
}

function add(x: Tensor, positions: readonly number[], amount: number): void {
  let offset = 0;
  for (const [i, axis] of x.axes.entries()) offset = offset * axis.size + (positions[i] ?? 0);
  x.data[offset] = (x.data[offset] ?? NaN) + amount;
}

function four(x: Tensor | undefined): readonly [Axis, Axis, Axis, Axis] {
  const [a, b, c, d] = x?.axes ?? [];
  if (!a || !b || !c || !d) throw new Error('attention needs four axes');
  return [a, b, c, d];
}

const zeros = (axes: readonly Axis[] | undefined): Tensor => Tensor.fill(axes ?? [], () => 0);

/** (out, lse) of inputs (q, k, v). */
export function evaluateAttention(scale: number, inputs: readonly Tensor[], results: readonly (readonly Axis[])[]): Tensor[] {
  const [q, k, v] = inputs;
  if (!q || !k || !v) throw new Error('attention needs q, k and v');
  const axes = four(q);
  const [batch, time, heads] = axes;
  const [groups, width] = [four(k)[2], four(v)[3]];
  const [out, lse] = [zeros(results[0]), zeros(results[1])];
  for (let b = 0; b < batch.size; b++) {
    for (let h = 0; h < heads.size; h++) {
      const g = Math.floor((h * groups.size) / heads.size);
      const row = weights(scale, q, k, axes, groups, b, h);
      for (let t = 0; t < time.size; t++) {
        add(lse, [b, t, h], row.lse[t] ?? NaN);
        for (let s = 0; s <= t; s++) {
          for (let f = 0; f < width.size; f++) add(out, [b, t, h, f], (row.weight[t]?.[s] ?? NaN) * value(v, [b, s, g, f]));
        }
      }
    }
  }
  return [out, lse];
}

/** (dq, dk, dv) of inputs (q, k, v, out, lse, dout); out and lse are recomputed, not believed. */
export function evaluateAttentionGrad(scale: number, inputs: readonly Tensor[], results: readonly (readonly Axis[])[]): Tensor[] {
  const [q, k, v, , , dout] = inputs;
  if (!q || !k || !v || !dout) throw new Error('the gradient of attention needs q, k, v and dout');
  const axes = four(q);
  const [batch, time, heads, key] = axes;
  const [groups, width] = [four(k)[2], four(v)[3]];
  const [dq, dk, dv] = [zeros(results[0]), zeros(results[1]), zeros(results[2])];
  for (let b = 0; b < batch.size; b++) {
    for (let h = 0; h < heads.size; h++) {
      const g = Math.floor((h * groups.size) / heads.size);
      const { weight } = weights(scale, q, k, axes, groups, b, h);
      for (let t = 0; t < time.size; t++) {
        const p = weight[t] ?? [];
        const dp = p.map((_, s) => {
          let sum = 0;
          for (let f = 0; f < width.size; f++) sum += value(dout, [b, t, h, f]) * value(v, [b, s, g, f]);
          return sum;
        });
        const mean = p.reduce((sum, w, s) => sum + w * (dp[s] ?? NaN), 0);
        for (const [s, w] of p.entries()) {
          const dscore = scale * w * ((dp[s] ?? NaN) - mean);
          for (let e = 0; e < key.size; e++) {
            add(dq, [b, t, h, e], dscore * value(k, [b, s, g, e]));
            add(dk, [b, s, g, e], dscore * value(q, [b, t, h, e]));
          }
          for (let f = 0; f < width.size; f++) add(dv, [b, s, g, f], w * value(dout, [b, t, h, f]));
        }
      }
    }
  }
  return [dq, dk, dv];
}

