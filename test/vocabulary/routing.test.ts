/**
 * @file Mixtures of feed-forward experts against their equations, computed for all experts in loops.
 */
import { describe, expect, test } from 'vitest';
import { effectsOf } from '../../compiler/contract/effects.js';
import { evaluate } from '../reference/interpret.js';
import { type Read, at, expectClose, expectLayer, range, relu, sigmoid, silu, softmax, sum, tokens, top } from '../support/brute.js';
import { elaborateLayer } from '../support/layer.js';
import { numbers } from '../support/random.js';

const size = { batch: 2, time: 3, d: 4 };
const D = range(4);
type X = (b: number, t: number, i: number) => number;

const logits = (read: Read, x: X, b: number, t: number, n: number, path = 'logits.w'): number[] => range(n).map((e) => sum(4, (i) => x(b, t, i) * read(path, i, e)));
const hidden = (read: Read, x: X, b: number, t: number, e: number, f: number, path = 'experts.read'): number => sum(4, (i) => x(b, t, i) * read(path, e, i, f));
const mlp = (read: Read, x: X, b: number, t: number, e: number, o: number): number => sum(3, (f) => relu(hidden(read, x, b, t, e, f)) * read('experts.write', e, f, o));
const glu = (read: Read, x: X, b: number, t: number, e: number, o: number): number =>
  sum(3, (f) => silu(hidden(read, x, b, t, e, f, 'experts.read_gate')) * hidden(read, x, b, t, e, f, 'experts.read_up') * read('experts.write', e, f, o));
const dense = (read: Read, x: X, b: number, t: number, width: number, o: number): number =>
  sum(width, (f) => silu(sum(4, (i) => x(b, t, i) * read('always.gate.w', i, f))) * sum(4, (i) => x(b, t, i) * read('always.up.w', i, f)) * read('always.down.w', f, o));
const weighed = (chosen: readonly number[], weight: (e: number) => number, expert: (e: number, o: number) => number): number[] => D.map((o) => chosen.reduce((y, e) => y + weight(e) * expert(e, o), 0));

test('Switch: the most probable expert times its probability (Fedus et al. 2021, eq. 1 and 2)', () => {
  expectLayer({
    text: 'use std.routing { switch }\nblock layer(x[d]) -> y[d] { return switch(x; count = 5, width = 3) }', size,
    equation: (read, x) => tokens(size, (b, t) => {
      const p = softmax(logits(read, x, b, t, 5));
      return weighed(top(p, 1), (e) => at(p, e), (e, o) => mlp(read, x, b, t, e, o));
    }),
  });
});

test('top-2 with renormalised probabilities and a shared expert (Jiang et al. 2024; Dai et al. 2024, eq. 9)', () => {
  expectLayer({
    text: 'use std.moe { moe }\nblock layer(x[d]) -> y[d] { return moe(x; count = 5, take = 2, width = 3, shared = 2) }', size,
    equation: (read, x) => tokens(size, (b, t) => {
      // the other way round: a softmax over the kept logits
      const z = logits(read, x, b, t, 5);
      const chosen = top(z, 2);
      const weights = softmax(chosen.map((e) => at(z, e)));
      return weighed(chosen, (e) => at(weights, chosen.indexOf(e)), (e, o) => glu(read, x, b, t, e, o)).map((y, o) => y + dense(read, x, b, t, 6, o));
    }),
  });
});

test('sigma-MoE: sigmoid scores do not compete (Csordas et al. 2023, section 5)', () => {
  expectLayer({
    text: 'use std.routing { sigma_moe }\nblock layer(x[d]) -> y[d] { return sigma_moe(x; count = 5, take = 2, width = 3) }', size,
    equation: (read, x) => tokens(size, (b, t) => {
      const s = logits(read, x, b, t, 5).map(sigmoid);
      return weighed(top(s, 2), (e) => at(s, e), (e, o) => mlp(read, x, b, t, e, o));
    }),
  });
});

const v3 = 'use std.routing { deepseek_moe }\nblock layer(x[d]) -> y[d] { return deepseek_moe(x; count = 8, take = 3, width = 3, groups = 4, open = 2, scale = 2.5) }';

/** The chosen experts, with loops over groups: the sum of a group's two best biased scores ranks it. */
function limited(s: readonly number[], bias: readonly number[]): number[] {
  const biased = s.map((v, e) => v + at(bias, e));
  const groupScore = range(4).map((g) => [at(biased, 2 * g), at(biased, 2 * g + 1)].sort((a, b) => b - a).slice(0, 2).reduce((a, v) => a + v, 0));
  const open = top(groupScore, 2);
  return top(biased.map((v, e) => (open.includes(Math.floor(e / 2)) ? v : -Infinity)), 3);
}

test('DeepSeek-V3: the bias selects and does not weigh; two of four groups (2412.19437, eq. 12 to 16)', () => {
  const bias = [...numbers(9, 8, -0.3, 0.3)];
  expectLayer({
    text: v3, size, states: new Map([['layer.pick.bias', bias]]),
    equation: (read, x) => tokens(size, (b, t) => {
      const s = logits(read, x, b, t, 8, 'pick.logits.w').map(sigmoid);
      const chosen = limited(s, bias);
      const total = chosen.reduce((n, e) => n + at(s, e), 0);
      return weighed(chosen, (e) => (2.5 * at(s, e)) / total, (e, o) => glu(read, x, b, t, e, o)).map((y, o) => y + dense(read, x, b, t, 3, o));
    }),
  });
});

test('DeepSeek-V3: the bias moves by the sign of the missing tokens, after the step and outside the gradient (2408.15664, Algorithm 1)', () => {
  const { context, params } = elaborateLayer(v3, size);
  const values = new Map(params.map((param, i) => [param.path, numbers(i, param.axes.reduce((n, axis) => n * axis.size, 1))]));
  const x = numbers(50, 24);
  const w = values.get('layer.pick.logits.w') ?? new Float64Array();
  const bias = [...numbers(9, 8, -0.3, 0.3)];
  const counts = new Array<number>(8).fill(0);
  for (const token of range(6)) {
    const s = range(8).map((e) => sigmoid(sum(4, (i) => (x[token * 4 + i] ?? 0) * (w[i * 8 + e] ?? 0))));
    for (const e of limited(s, bias)) counts[e] = at(counts, e) + 1;
  }
  const [update] = context.updates;
  if (!update) throw new Error('no update');
  const [moved] = evaluate([update.value], { params: values, inputs: new Map([['x', x]]), states: new Map([['layer.pick.bias', bias]]) });
  expectClose(moved ?? [], bias.map((v, e) => v + 1e-3 * Math.sign(18 / 8 - at(counts, e))), 'bias');
  expect(new Set(counts).size).toBeGreaterThan(1);
});

test('expert choice: each expert takes its best tokens of the sequence (Zhou et al. 2022, eq. 1 to 3)', () => {
  expectLayer({
    text: 'use std.routing { expert_choice }\nblock layer(x[d]) -> y[d] { return expert_choice(x; count = 4, capacity = 2, width = 3) }', size,
    equation: (read, x) => range(2).flatMap((b) => {
      const p = range(3).map((t) => softmax(logits(read, x, b, t, 4)));
      const y = range(3).map(() => D.map(() => 0));
      for (const e of range(4)) {
        for (const t of top(p.map((row) => at(row, e)), 2)) {
          for (const o of D) {
            const row = y[t] ?? [];
            row[o] = at(row, o) + at(p[t], e) * mlp(read, x, b, t, e, o);
          }
        }
      }
      return y.flat();
    }),
  });
});

test('ReMoE: every expert, weighed by the relu of its logit (Wang et al. 2024, eq. 5 and 6)', () => {
  expectLayer({
    text: 'use std.routing { remoe }\nblock layer(x[d]) -> y[d] { return remoe(x; count = 4, width = 3) }', size,
    equation: (read, x) => tokens(size, (b, t) => {
      const g = logits(read, x, b, t, 4).map(relu);
      return weighed(range(4), (e) => at(g, e), (e, o) => sum(3, (f) => silu(hidden(read, x, b, t, e, f, 'experts.read_w')) * hidden(read, x, b, t, e, f, 'experts.read_up') * read('experts.write', e, f, o)));
    }),
  });
});

describe('expert threshold (Sun et al. 2026)', () => {
  const text = 'use std.routing { expert_threshold }\nblock layer(x[d]) -> y[d] { return expert_threshold(x; count = 4, take = 2, width = 3, momentum = 0.1) }';
  const thresholds = [0.3, 0.5, 0.6, 0.2];
  const states = new Map([['layer.threshold', thresholds]]);
  test.each(['train', 'infer'] as const)('every expert whose score exceeds its threshold, in %s', (mode) => {
    expectLayer({
      text, size, states, mode,
      equation: (read, x) => tokens(size, (b, t) => {
        const s = logits(read, x, b, t, 4).map(sigmoid);
        return weighed(range(4).filter((e) => at(s, e) > at(thresholds, e)), (e) => at(s, e), (e, o) => mlp(read, x, b, t, e, o));
      }),
    });
  });
  test('each threshold moves towards the score that lets 3 of the 6 tokens through', () => {
    const { context, params } = elaborateLayer(text, size);
    const values = new Map(params.map((param, i) => [param.path, numbers(20 + i, param.axes.reduce((n, axis) => n * axis.size, 1))]));
    const x = numbers(30, 24);
    const w = values.get('layer.logits.w') ?? new Float64Array();
    const [update] = context.updates;
    const [moved] = evaluate([update?.value ?? expect.fail('no update')], { params: values, inputs: new Map([['x', x]]), states });
    expectClose(moved ?? [], thresholds.map((c, e) => {
      const scores = range(6).map((n) => sigmoid(sum(4, (i) => at([...x], n * 4 + i) * at([...w], i * 4 + e)))).sort((p, q) => q - p);
      return c + 0.1 * (at(scores, 2) - c);
    }), 'threshold');
  });
  test('no token depends on another', () => {
    const { y } = elaborateLayer(text, size);
    expect([...effectsOf([y]).values()].filter((effect) => effect === 'any' || effect === 'past')).toEqual([]);
  });
});
