/**
 * @file Sparse autoencoders and transcoders against their equations, written out for every latent.
 */
import { describe, expect, test } from 'vitest';
import { differentiate } from '../../compiler/autodiff/differentiate.js';
import { evaluate } from '../reference/interpret.js';
import { type Read, at, expectLayer, range, relu, sum, tokens, top } from '../support/brute.js';
import { elaborateText } from '../support/spec.js';

const size = { batch: 2, time: 2, d: 3 };
const D = range(3);
type X = (b: number, t: number, i: number) => number;

/** A layer that gives the block's reconstruction, by way of a wrapper that decodes again from the returned activations. */
const pre = (read: Read, x: X, b: number, t: number, n: number, centred = true, bias = 'f.experts.bias'): number =>
  sum(3, (i) => (x(b, t, i) - (centred ? read('f.centre', i) : 0)) * read('f.experts.read', n, i)) + read(bias, n);
const using = (call: string, block: string): string => `use std.sae { ${block} }\nblock layer(x[d]) -> y[n] {\n  let f[n] = ${call}\n  return f\n}`;

test('TopK: relu of the k largest (Gao et al. 2024, eq. 2)', () => {
  expectLayer({
    text: using('topk_sae(x; latents = 6, take = 2)', 'topk_sae'), size, except: ['x'],
    equation: (read, x) => tokens(size, (b, t) => {
      const z = range(6).map((n) => pre(read, x, b, t, n));
      return top(z, 2).map((n) => relu(at(z, n)));
    }),
  });
});

describe('k annealed from 5 to 2 over 4 steps', () => {
  const text = using('topk_sae(x; latents = 6, take = 2, first = 5, anneal = 4)', 'topk_sae');
  test.each([[1, 5], [2, 4], [3, 3], [4, 2], [9, 2]])('at step %i the %i largest fire', (step, k) => {
    expectLayer({
      text, size, except: ['x'], step,
      equation: (read, x) => tokens(size, (b, t) => {
        const z = range(6).map((n) => pre(read, x, b, t, n));
        // 2 + 3 (1 - t / 4) is 4.25 after one step: ranks 0 to 4
        return range(5).map((rank) => (rank < k ? relu(at(z, at(top(z, 6), rank))) : 0));
      }),
    });
  });
  test('outside training 2 fire, and no more are looked up', () => {
    expectLayer({
      text, size, except: ['x'], mode: 'infer',
      equation: (read, x) => tokens(size, (b, t) => {
        const z = range(6).map((n) => pre(read, x, b, t, n));
        return top(z, 2).map((n) => relu(at(z, n)));
      }),
    });
  });
});

describe('GroupMax: the largest of each group (EleutherAI/sparsify)', () => {
  test('as a dictionary', () => {
    expectLayer({
      text: using('groupmax_sae(x; latents = 6, groups = 2)', 'groupmax_sae'), size, except: ['x'],
      equation: (read, x) => tokens(size, (b, t) => range(2).map((g) => Math.max(...range(3).map((m) => relu(sum(3, (i) => (x(b, t, i) - read('f.centre', i)) * read('f.experts.read', g, m, i)) + read('f.experts.bias', g, m)))))),
    });
  });
  test('as a gate on all', () => {
    expectLayer({
      text: 'use std.linear { linear }\nuse std.selection { group_max }\nblock layer(x[d]) -> y[e] { axis e = 6\n let z[e] = linear(x; to = e)\n return group_max(z; groups = 3) }', size,
      equation: (read, x) => tokens(size, (b, t) => {
        const z = range(6).map((e) => sum(3, (i) => x(b, t, i) * read('z.w', i, e)));
        return z.map((v, e) => (v >= at(z, e ^ 1) ? v : 0));
      }),
    });
  });
});

test('BatchTopK: the k * tokens largest of the batch; a threshold outside training (Bussmann et al. 2024)', () => {
  const text = using('batch_topk_sae(x; latents = 6, take = 2)', 'batch_topk_sae');
  expectLayer({
    text, size, except: ['x'],
    equation: (read, x) => {
      const all = tokens(size, (b, t) => range(6).map((n) => relu(pre(read, x, b, t, n))));
      const kept = top(all, 8);
      return all.map((z, i) => (kept.includes(i) ? z : 0));
    },
  });
  expectLayer({
    text, size, except: ['x'], mode: 'infer', states: new Map([['layer.f.threshold', [0.4]]]),
    equation: (read, x) => tokens(size, (b, t) => range(6).map((n) => {
      const z = relu(pre(read, x, b, t, n));
      return z >= 0.4 ? z : 0;
    })),
  });
});

test('JumpReLU (Rajamanoharan et al. 2024, eq. 4)', () => {
  expectLayer({
    text: using('jumprelu_sae(x; latents = 6)', 'jumprelu_sae'), size, except: ['x', 'layer.f.log_theta'],
    equation: (read, x) => tokens(size, (b, t) => range(6).map((n) => {
      const z = relu(pre(read, x, b, t, n, false));
      return z > Math.exp(read('f.log_theta', n)) ? z : 0;
    })),
  });
});

test('Gated: whether apart from how much (Rajamanoharan et al. 2024, eq. 6 and 7)', () => {
  expectLayer({
    text: using('gated_sae(x; latents = 6)', 'gated_sae'), size, except: ['x'],
    equation: (read, x) => tokens(size, (b, t) => range(6).map((n) => {
      const pi = pre(read, x, b, t, n, true, 'f.experts.gate_bias');
      const shared = pi - read('f.experts.gate_bias', n);
      return pi > 0 ? relu(Math.exp(read('f.experts.r', n)) * shared + read('f.experts.size_bias', n)) : 0;
    })),
  });
});

describe('in a model', () => {
  const spec = (sae: string, losses: string): string => `language 1
use std.transformer { embed, mlp, lm_head }
use std.losses { next_token, l1 }
use std.sae { topk_sae, groupmax_sae, batch_topk_sae, jumprelu_sae, gated_sae, matryoshka_sae, transcoder, matryoshka_error }
use std.objectives { squared_error, unexplained, step_l0 }
arch A { dims { d = 4; ctx = 3; vocab = 8 }
  embed {}
  layers 1 { ffn: mlp { width = 8 }\n ${sae} }
  lm_head {}
  ${losses} }`;
  const values = (path: string, n: number): Float64Array => Float64Array.from({ length: n }, (_, i) => Math.sin(1 + i * 1.7 + path.length));

  test.each([
    ['topk_sae { latents = 6; take = 2 }', 'loss r = mean(layers)(squared_error(sae.target, sae.reconstruction))'],
    ['topk_sae { latents = 6; take = 2; first = 5; anneal = 4 }', 'loss r = mean(layers)(squared_error(sae.target, sae.reconstruction))'],
    ['groupmax_sae { latents = 6; groups = 3 }', 'loss r = mean(layers)(squared_error(sae.target, sae.reconstruction))'],
    ['jumprelu_sae { latents = 6 }', 'loss r = mean(layers)(squared_error(sae.target, sae.reconstruction) + step_l0(sae.pre, sae.theta))'],
    ['gated_sae { latents = 6 }', 'loss r = mean(layers)(squared_error(sae.target, sae.reconstruction) + 0.1 * l1(sae.gate) + squared_error(sae.target, sae.auxiliary))'],
    ['batch_topk_sae { latents = 6; take = 2 }', 'loss r = mean(layers)(unexplained(sae.target, sae.reconstruction))'],
    ['matryoshka_sae { latents = 8; take = 2 }', 'loss r = mean(layers)(matryoshka_error(sae.target, sae.reconstruction))'],
    ['transcoder { x = ffn.input; output = ffn; latents = 6; take = 2; skip = true }', 'loss r = mean(layers)(squared_error(sae.target, sae.reconstruction))'],
  ])('%s: its loss moves the dictionary only, and the stream does not feel it', (sae, loss) => {
    const { graph, context } = elaborateText(spec(`sae: ${sae}`, loss), { batch: 2, time: 3 });
    const [total] = graph.losses;
    if (!total) throw new Error('no loss');
    const gradients = differentiate(context.build, total.node, graph.params.map((param) => context.build.param(param)));
    const moved = graph.params.filter((_, i) => gradients[i]).map((param) => param.path);
    expect(moved.length).toBeGreaterThan(2);
    expect(moved.filter((path) => !path.startsWith('layers.0.sae.'))).toEqual([]);
    expect(graph.residual.map(({ path }) => path)).toEqual(['layers.0.ffn']);
    const params = new Map(graph.params.map((param) => [param.path, values(param.path, param.axes.reduce((n, axis) => n * axis.size, 1))]));
    const [value] = evaluate([total.node], { params, inputs: new Map([['tokens', [1, 2, 3, 4, 5, 6]], ['targets', [2, 3, 4, 5, 6, 7]]]) });
    expect(value?.[0]).toBeGreaterThan(0);
  });

  test.each([
    ['annealed TopK', 'topk_sae { latents = 6; take = 1; first = 4; anneal = 4 }', (z: readonly number[]) => top(z, 4)],
    ['GroupMax', 'groupmax_sae { latents = 6; groups = 2 }', (z: readonly number[]) => [0, 3].map((from) => from + at(top(z.slice(from, from + 3), 1), 0))],
  ])('%s: decodes what it keeps; the loss and its gradients', (_, sae, kept) => {
    const { graph, context } = elaborateText(spec(`sae: ${sae}`, 'loss r = mean(layers)(squared_error(sae.target, sae.reconstruction))'), { batch: 1, time: 3 });
    const params = new Map(graph.params.map((param) => [param.path, values(param.path, param.axes.reduce((n, axis) => n * axis.size, 1))]));
    const inputs = new Map([['tokens', [1, 2, 3]], ['targets', [2, 3, 4]]]);
    const [target, loss] = [graph.taps.get('layers.0.sae.target'), graph.losses[0]?.node];
    if (!target || !loss) throw new Error('no taps');
    const own = graph.params.filter(({ path }) => /^layers\.0\.sae\.(experts|centre)/.test(path));
    const gradients = differentiate(context.build, loss, own.map((param) => context.build.param(param))).map((node) => node ?? expect.fail('no gradient'));
    // seen by tokens before the dictionary: its own parameters do not change it
    const [x = new Float64Array(), total, ...slopes] = evaluate([target, loss, ...gradients], { params, inputs });
    const of = (path: string): Float64Array => params.get(`layers.0.sae.${path}`) ?? expect.fail(path);
    const brute = (): number => {
      const [enc, bias, dec, centre] = [of('experts.read'), of('experts.bias'), of('experts.write'), of('centre')];
      return sum(3, (t) => {
        const z = range(6).map((n) => sum(4, (i) => (at([...x], t * 4 + i) - at([...centre], i)) * at([...enc], n * 4 + i)) + at([...bias], n));
        return sum(4, (o) => (kept(z).reduce((y, n) => y + relu(at(z, n)) * at([...dec], n * 4 + o), at([...centre], o)) - at([...x], t * 4 + o)) ** 2);
      }) / 3;
    };
    expect(total?.[0]).toBeCloseTo(brute(), 10);
    own.forEach(({ path }, i) => {
      const data = params.get(path) ?? new Float64Array();
      data.forEach((value, j) => {
        const shifted = [1e-5, -1e-5].map((h) => { data[j] = value + h; return brute(); });
        data[j] = value;
        expect(slopes[i]?.[j], `${path}[${j}]`).toBeCloseTo((at(shifted, 0) - at(shifted, 1)) / 2e-5, 5);
      });
    });
  });

  test('Matryoshka: level l decodes the first latents / 2^(levels - 1 - l) (Bussmann et al. 2025, eq. 4)', () => {
    const { graph } = elaborateText(spec('sae: matryoshka_sae { latents = 8; take = 3 }', 'loss r = mean(layers)(matryoshka_error(sae.target, sae.reconstruction))'), { batch: 1, time: 3 });
    const read = (path: string): Float64Array => {
      const param = graph.params.find((p) => p.path === `layers.0.sae.${path}`);
      return values(`layers.0.sae.${path}`, param?.axes.reduce((n, axis) => n * axis.size, 1) ?? 0);
    };
    const params = new Map(graph.params.map((param) => [param.path, values(param.path, param.axes.reduce((n, axis) => n * axis.size, 1))]));
    const [target, guess, loss] = ['layers.0.sae.target', 'layers.0.sae.reconstruction'].map((path) => graph.taps.get(path)).concat(graph.losses[0]?.node);
    if (!target || !guess || !loss) throw new Error('no taps');
    const [x = new Float64Array(), levels = new Float64Array(), total = new Float64Array()] = evaluate([target, guess, loss], { params, inputs: new Map([['tokens', [1, 2, 3]], ['targets', [2, 3, 4]]]) });
    const [enc, bias, dec, centre] = [read('experts.read'), read('experts.bias'), read('experts.write'), read('centre')];
    const expected = range(3).flatMap((t) => {
      const z = range(8).map((n) => relu(sum(4, (i) => ((x[t * 4 + i] ?? 0) - (centre[i] ?? 0)) * (enc[n * 4 + i] ?? 0)) + (bias[n] ?? 0)));
      const kept = top(z, 3);
      return [2, 4, 8].flatMap((first) => range(4).map((o) => kept.filter((n) => n < first).reduce((y, n) => y + at(z, n) * (dec[n * 4 + o] ?? 0), centre[o] ?? 0)));
    });
    expected.forEach((value, i) => { expect(levels[i]).toBeCloseTo(value, 10); });
    const squared = expected.map((value, i) => (value - (x[Math.floor(i / 12) * 4 + (i % 4)] ?? 0)) ** 2);
    expect(total[0]).toBeCloseTo(squared.reduce((a, v) => a + v, 0) / 9, 10);
    expect(D).toHaveLength(3);
  });
});
