/**
 * @file Values with two forms: `a if training else b`, states and their updates, in training and outside it.
 */
import { describe, expect, test } from 'vitest';
import { compile } from '../../compiler/pipeline.js';
import { evaluate } from '../reference/interpret.js';
import { expectClose, expectLayer, range, sum, tokens } from '../support/brute.js';
import { elaborateLayer } from '../support/layer.js';
import { numbers } from '../support/random.js';
import { reader } from '../support/spec.js';

const size = { batch: 2, time: 3, d: 4 };
const normed = 'use std.norms { batch_norm }\nblock layer(x[d]) -> y[d] { return batch_norm(x) }';

const statistics = (x: (b: number, t: number, i: number) => number, i: number): { mean: number; variance: number } => {
  const all = range(2).flatMap((b) => range(3).map((t) => x(b, t, i)));
  const mean = sum(6, (n) => all[n] ?? 0) / 6;
  return { mean, variance: sum(6, (n) => ((all[n] ?? 0) - mean) ** 2) / 6 };
};

describe('batch normalisation', () => {
  test('in training: statistics of the batch, through which the gradient flows', () => {
    const paths = expectLayer({
      text: normed, size,
      equation: (read, x) => tokens(size, (b, t) => range(4).map((i) => {
        const { mean, variance } = statistics(x, i);
        return ((x(b, t, i) - mean) / Math.sqrt(variance + 1e-5)) * read('gain', i) + read('bias', i);
      })),
    });
    expect(paths).toEqual(['gain', 'bias']);
  });

  test('outside training: the running statistics', () => {
    const [mean, variance] = [numbers(7, 4), numbers(8, 4, 0.5, 2)];
    expectLayer({
      text: normed, size, mode: 'infer', states: new Map([['layer.running_mean', mean], ['layer.running_var', variance]]),
      equation: (read, x) => tokens(size, (b, t) => range(4).map((i) => ((x(b, t, i) - (mean[i] ?? 0)) / Math.sqrt((variance[i] ?? 0) + 1e-5)) * read('gain', i) + read('bias', i))),
    });
  });

  test('the running statistics move by the momentum, the variance unbiased', () => {
    const { context, x } = elaborateLayer(normed, size);
    const data = numbers(3, 24);
    const at = (b: number, t: number, i: number): number => data[(b * 3 + t) * 4 + i] ?? 0;
    expect(context.updates.map(({ target }) => target.path)).toEqual(['layer.running_mean', 'layer.running_var']);
    const [mean, variance] = evaluate(context.updates.map(({ value }) => value), { params: new Map(), inputs: new Map([['x', data]]), states: new Map([['layer.running_mean', new Float64Array(4).fill(2)]]) });
    expect(x.axes).toHaveLength(3);
    expectClose(mean ?? [], range(4).map((i) => 0.9 * 2 + 0.1 * statistics(at, i).mean), 'mean');
    expectClose(variance ?? [], range(4).map((i) => 0.9 + 0.1 * statistics(at, i).variance * 6 / 5), 'variance');
  });

  test('pooled axes share their statistics; the parameters are the same in both modes', () => {
    const text = `use std.norms { batch_norm }
use std.linear { linear }
block layer(x[d]) -> y[h, n] { axis h = 2, n = 3
  return batch_norm(linear(x; to = [h, n]); pooled = n, affine = false) }`;
    const paths = expectLayer({
      text, size,
      equation: (read, x) => {
        const z = (b: number, t: number, h: number, n: number): number => sum(4, (i) => x(b, t, i) * read('w', i, h, n));
        return tokens(size, (b, t) => range(2).flatMap((h) => {
          const all = range(2).flatMap((b2) => range(3).flatMap((t2) => range(3).map((n) => z(b2, t2, h, n))));
          const mean = all.reduce((a, v) => a + v, 0) / 18;
          const variance = all.reduce((a, v) => a + (v - mean) ** 2, 0) / 18;
          return range(3).map((n) => (z(b, t, h, n) - mean) / Math.sqrt(variance + 1e-5));
        }));
      },
    });
    const inferred = elaborateLayer(text, size, 'infer');
    expect(inferred.params.map((param) => param.path)).toEqual(paths.map((path) => `layer.${path}`));
    expect(inferred.context.updates).toEqual([]);
  });
});

test('the pipeline trains on one form and judges causality, evaluates and samples with the other', () => {
  const text = `language 1
use std.transformer { embed, lm_head }
use std.norms { batch_norm }
use std.losses { next_token }
block mix(x[d]) -> y[d] { return batch_norm(x) }
arch A {
  dims { d = 4; ctx = 4; vocab = 8 }
  embed {}
  layers 1 { ffn: mix {} }
  lm_head {}
  loss ce = next_token(lm_head.logits)
  contract { causal }
}`;
  const compiled = compile({ entry: 'test.arch', read: reader({ 'test.arch': text }), upTo: 'graph', batch: 2 });
  expect(compiled.diagnostics.all.map((d) => d.message)).toEqual([]);
  expect(compiled.graph?.updates).toHaveLength(2);
  expect(compiled.graph?.inference?.updates).toEqual([]);
});
