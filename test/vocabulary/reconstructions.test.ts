/**
 * @file What dictionaries reconstruct and the losses that train them, in loops over every latent: values, and the gradient of each parameter against
 * finite differences. Each stands beside a feed-forward layer whose activations it explains.
 */
import { describe, expect, test } from 'vitest';
import { differentiate } from '../../compiler/autodiff/differentiate.js';
import { evaluate } from '../reference/interpret.js';
import { at, expectClose, range, relu, sum, top } from '../support/brute.js';
import { numbers } from '../support/random.js';
import { elaborateText } from '../support/spec.js';

const [D, N, T] = [range(4), range(6), range(6)];
/** An element of a parameter of the dictionary. */
type Read = (path: string, ...at: readonly number[]) => number;
/** Row of a token: what the dictionary reads, and what it explains. */
interface Activations {
  readonly source: (t: number) => readonly number[];
  readonly target: (t: number) => readonly number[];
}

const spec = (sae: string, loss: string): string => `language 1
use std.transformer { embed, mlp, lm_head }
use std.losses { l1 }
use std.sae { topk_sae, gated_sae, matryoshka_sae, transcoder, matryoshka_error }
use std.objectives { squared_error, unexplained }
arch A { dims { d = 4; ctx = 3; vocab = 8 }
  embed {}
  layers 1 { ffn: mlp { width = 8 }\n sae: ${sae} }
  lm_head {}
  loss it = mean(layers)(${loss}) }`;

/** The loss and its gradients; `formula` is of parameters and of the activations the dictionary was given. `frozen` reads what no gradient moves. */
function expectLoss(sae: string, loss: string, formula: (read: Read, activations: Activations, frozen: Read) => number): void {
  const { graph, context } = elaborateText(spec(sae, loss), { batch: 2, time: 3 });
  const own = graph.params.filter(({ path }) => path.startsWith('layers.0.sae.') && !path.includes('.norm.'));
  const params = new Map(graph.params.map((param, i) => [param.path, numbers(i + 1, param.axes.reduce((n, axis) => n * axis.size, 1))]));
  const node = graph.losses[0]?.node ?? expect.fail('no loss');
  const taps = ['source', 'target'].map((name) => graph.taps.get(`layers.0.sae.${name}`) ?? graph.taps.get('layers.0.sae.target') ?? expect.fail(`no ${name}`));
  const gradients = differentiate(context.build, node, own.map((param) => context.build.param(param))).map((gradient, i) => gradient ?? expect.fail(`${own[i]?.path} is not trained`));
  const [value, source, target, ...slopes] = evaluate([node, ...taps, ...gradients], { params, inputs: new Map([['tokens', [1, 2, 3, 4, 5, 6]], ['targets', [2, 3, 4, 5, 6, 7]]]) });
  const reader = (values: ReadonlyMap<string, ArrayLike<number>>): Read => (path, ...places) => {
    const param = own.find((each) => each.path === `layers.0.sae.${path}`) ?? expect.fail(`no ${path} among ${own.map((each) => each.path).join(', ')}`);
    return values.get(param.path)?.[places.reduce((n, place, axis) => n * (param.axes[axis]?.size ?? 0) + place, 0)] ?? Number.NaN;
  };
  const row = (values: ArrayLike<number> | undefined) => (t: number): number[] => D.map((i) => values?.[t * 4 + i] ?? Number.NaN);
  const frozen = reader(new Map([...params].map(([path, values]) => [path, values.slice()])));
  const total = (): number => formula(reader(params), { source: row(source), target: row(target) }, frozen);
  expectClose(value ?? [], [total()], 'loss');
  own.forEach(({ path }, i) => {
    const values = params.get(path) ?? new Float64Array();
    const expected = values.map((before, j) => {
      values[j] = before + 1e-5;
      const above = total();
      values[j] = before - 1e-5;
      const below = total();
      values[j] = before;
      return (above - below) / 2e-5;
    });
    expectClose(slopes[i] ?? [], expected, `gradient of ${path}`);
  });
}

const squared = (a: readonly number[], b: readonly number[]): number => sum(a.length, (i) => (at(a, i) - at(b, i)) ** 2);
const meanOver = (f: (t: number) => number): number => sum(T.length, f) / T.length;
/** The encoding of a row. */
const encode = (read: Read, x: readonly number[], n: number, centred: boolean): number => sum(4, (i) => (at(x, i) - (centred ? read('centre', i) : 0)) * read('experts.read', n, i));
const decode = (read: Read, f: readonly number[]): number[] => D.map((o) => sum(f.length, (n) => at(f, n) * read('experts.write', n, o)) + read('centre', o));

describe.each([['transcoder', false], ['skip transcoder', true]])('a %s', (_, skip) => {
  /** What layer writes from what it reads: TopK latents, and the linear map (Dunefsky et al. 2024; Paulo et al. 2025, eq. 2). */
  const guess = (read: Read, x: readonly number[]): number[] => {
    const z = N.map((n) => relu(encode(read, x, n, false) + read('experts.bias', n)));
    const kept = top(z, 2);
    const y = decode(read, z.map((a, n) => (kept.includes(n) ? a : 0)));
    return D.map((o) => at(y, o) + (skip ? sum(4, (i) => read('across', i, o) * at(x, i)) : 0));
  };
  const sae = `transcoder { x = ffn.input; output = ffn; latents = 6; take = 2; skip = ${skip} }`;
  test('by squared error', () => {
    expectLoss(sae, 'squared_error(sae.target, sae.reconstruction)', (read, { source, target }) => meanOver((t) => squared(target(t), guess(read, source(t)))));
  });
  test('by the fraction of variance it leaves', () => {
    expectLoss(sae, 'unexplained(sae.target, sae.reconstruction)', (read, { source, target }) => {
      const mean = D.map((o) => meanOver((t) => at(target(t), o)));
      return meanOver((t) => squared(target(t), guess(read, source(t)))) / meanOver((t) => squared(target(t), mean));
    });
  });
});

test('Gated: reconstruction, sparsity of the gates, and what the gates alone decode to a decoder held fixed (Rajamanoharan et al. 2024, eq. 8)', () => {
  const loss = 'squared_error(sae.target, sae.reconstruction) + 0.1 * l1(sae.gate) + squared_error(sae.target, sae.auxiliary)';
  expectLoss('gated_sae { latents = 6 }', loss, (read, { target }, frozen) => meanOver((t) => {
    const x = target(t);
    const shared = N.map((n) => encode(read, x, n, true));
    const gate = N.map((n) => relu(at(shared, n) + read('experts.gate_bias', n)));
    const f = N.map((n) => (at(gate, n) > 0 ? relu(Math.exp(read('experts.r', n)) * at(shared, n) + read('experts.size_bias', n)) : 0));
    return squared(x, decode(read, f)) + 0.1 * gate.reduce((a, b) => a + b, 0) + squared(x, decode(frozen, gate));
  }));
});

test('Matryoshka: the mean over levels of what the first 2, 3 and 6 latents leave (Bussmann et al. 2025, eq. 4)', () => {
  expectLoss('matryoshka_sae { latents = 6; take = 3 }', 'matryoshka_error(sae.target, sae.reconstruction)', (read, { target }) => meanOver((t) => {
    const x = target(t);
    const z = N.map((n) => relu(encode(read, x, n, true) + read('experts.bias', n)));
    const kept = top(z, 3);
    return sum(3, (level) => squared(x, decode(read, z.map((a, n) => (kept.includes(n) && n < at([2, 3, 6], level) ? a : 0))))) / 3;
  }));
});

test('TopK: squared error', () => {
  expectLoss('topk_sae { latents = 6; take = 2 }', 'squared_error(sae.target, sae.reconstruction)', (read, { target }) => meanOver((t) => {
    const z = N.map((n) => encode(read, target(t), n, true) + read('experts.bias', n));
    const kept = top(z, 2);
    return squared(target(t), decode(read, z.map((a, n) => (kept.includes(n) ? relu(a) : 0))));
  }));
});
