/**
 * @file Experts of limited capacity and random routing against loops that hand out places one after the other.
 */
import { describe, expect, test } from 'vitest';
import { causality } from '../../compiler/graph/ops.js';
import { topological } from '../../compiler/graph/walk.js';
import { type Read, at, expectLayer, range, relu, sigmoid, silu, softmax, sum, tokens, top } from '../support/brute.js';
import { elaborateLayer } from '../support/layer.js';
import { evaluate } from '../reference/interpret.js';
import { randomNumbers, uniformAt } from '../reference/random.js';

const size = { batch: 2, time: 5, d: 4 };
const E = 3;
const D = range(4);
type X = (b: number, t: number, i: number) => number;
const logits = (read: Read, x: X, b: number, t: number, n = E): number[] => range(n).map((e) => sum(4, (i) => x(b, t, i) * read('logits.w', i, e)));
const mlp = (read: Read, x: X, b: number, t: number, e: number, o: number): number => sum(3, (f) => relu(sum(4, (i) => x(b, t, i) * read('experts.read', e, i, f))) * read('experts.write', e, f, o));

interface Sent {
  readonly b: number;
  readonly t: number;
  /** Which of the token's choices. */
  readonly j: number;
  readonly e: number;
  readonly gate: number;
}

/** Hands out places, first come first served; gives what found one. */
function served(queue: readonly Sent[], room: number, group: (sent: Sent) => number): Sent[] {
  const taken = new Map<string, number>();
  return queue.filter((sent) => {
    const key = `${group(sent)} ${sent.e}`;
    const before = taken.get(key) ?? 0;
    taken.set(key, before + 1);
    return before < room;
  });
}

const outputs = (sent: readonly Sent[], read: Read, x: X): number[] =>
  tokens(size, (b, t) => D.map((o) => sent.filter((s) => s.b === b && s.t === t).reduce((y, s) => y + s.gate * mlp(read, x, b, t, s.e, o), 0)));

/** Every choice of every token: first choices, then second ones, each in the order of tokens. */
const choices = (count: number, of: (b: number, t: number) => readonly { e: number; gate: number }[]): Sent[] =>
  range(count).flatMap((j) => range(2).flatMap((b) => range(5).flatMap((t) => { const c = of(b, t)[j]; return c ? [{ b, t, j, ...c }] : []; })));

const switched = (settings: string): string => `use std.routing { switch }\nblock layer(x[d]) -> y[d] { return switch(x; count = ${E}, width = 3, ${settings}) }`;
const probable = (read: Read, x: X, k: number) => (b: number, t: number): { e: number; gate: number }[] => {
  const p = softmax(logits(read, x, b, t));
  return top(p, k).map((e) => ({ e, gate: at(p, e) }));
};
const batchRoom = (factor: number, k: number): number => Math.ceil((factor * 10 * k) / E);
const sequenceRoom = (factor: number, k: number): number => Math.ceil((factor * 5 * k) / E);

describe('capacity: tokens that find no room are dropped', () => {
  test.each([1, 2, 3, 4])('over the batch, in order (Fedus et al. 2021, section 2.2), seed %i', (seed) => {
    let dropped = 0;
    expectLayer({
      text: switched('capacity = 0.75'), size, seed,
      equation: (read, x) => {
        const all = choices(1, probable(read, x, 1));
        const sent = served(all, batchRoom(0.75, 1), () => 0);
        dropped = all.length - sent.length;
        return outputs(sent, read, x);
      },
    });
    expect(dropped).toBeGreaterThan(0);
  });

  test('first choices before second ones, over each sequence (Lepikhin et al. 2020, Algorithm 1)', () => {
    expectLayer({
      text: switched('take = 2, capacity = 0.6, within = sequence'), size,
      equation: (read, x) => outputs(served(choices(2, probable(read, x, 2)), sequenceRoom(0.6, 2), ({ b }) => b), read, x),
    });
  });

  test.each(['batch', 'sequence'])('by priority over the %s: tokens with the largest gate first (Riquelme et al. 2021, section 4.1)', (within) => {
    expectLayer({
      text: switched(`take = 2, capacity = 0.6, priority = gate, within = ${within}`), size,
      equation: (read, x) => {
        const of = probable(read, x, 2);
        const queue = choices(2, of).sort((p, q) => p.j - q.j || at(of(q.b, q.t).map((c) => c.gate), 0) - at(of(p.b, p.t).map((c) => c.gate), 0));
        return outputs(served(queue, within === 'batch' ? batchRoom(0.6, 2) : sequenceRoom(0.6, 2), ({ b }) => (within === 'batch' ? 0 : b)), read, x);
      },
    });
  });

  test.each(['batch', 'sequence'])('token by token over the %s', (within) => {
    expectLayer({
      text: switched(`take = 2, capacity = 0.6, priority = token, within = ${within}`), size,
      equation: (read, x) => {
        const queue = choices(2, probable(read, x, 2)).sort((p, q) => p.b - q.b || p.t - q.t || p.j - q.j);
        return outputs(served(queue, within === 'batch' ? batchRoom(0.6, 2) : sequenceRoom(0.6, 2), ({ b }) => (within === 'batch' ? 0 : b)), read, x);
      },
    });
  });

  test('renormalised gates keep their weight where the other choice is dropped', () => {
    const glu = (read: Read, x: X, b: number, t: number, e: number, o: number): number => {
      const into = (path: string, f: number): number => sum(4, (i) => x(b, t, i) * read(path, e, i, f));
      return sum(3, (f) => silu(into('experts.read_gate', f)) * into('experts.read_up', f) * read('experts.write', e, f, o));
    };
    expectLayer({
      text: `use std.moe { moe }\nblock layer(x[d]) -> y[d] { return moe(x; count = ${E}, take = 2, width = 3, capacity = 0.6, within = sequence) }`, size,
      equation: (read, x) => {
        const of = (b: number, t: number): { e: number; gate: number }[] => {
          const chosen = probable(read, x, 2)(b, t);
          return chosen.map(({ e, gate }) => ({ e, gate: gate / sum(2, (j) => at(chosen.map((c) => c.gate), j)) }));
        };
        const sent = served(choices(2, of), sequenceRoom(0.6, 2), ({ b }) => b);
        return tokens(size, (b, t) => D.map((o) => sent.filter((s) => s.b === b && s.t === t).reduce((y, s) => y + s.gate * glu(read, x, b, t, s.e, o), 0)));
      },
    });
  });

  test('outside training its own factor, or none', () => {
    const equation = (room: number) => (read: Read, x: X): number[] => outputs(served(choices(1, probable(read, x, 1)), room, () => 0), read, x);
    expectLayer({ text: switched('capacity = 0.75, eval_capacity = 0.5'), size, mode: 'infer', equation: equation(batchRoom(0.5, 1)) });
    expectLayer({ text: switched('capacity = 0.75'), size, mode: 'infer', equation: equation(10) });
  });

  test('room for all is no capacity', () => {
    expectLayer({ text: switched(`capacity = ${E}`), size, equation: (read, x) => outputs(choices(1, probable(read, x, 1)), read, x) });
  });
});

describe('what depends on which tokens', () => {
  const kinds = (settings: string): string[] => {
    const { y } = elaborateLayer(switched(settings), size);
    return topological([y]).filter((node) => node.op.kind === 'position').map((node) => causality(node).kind);
  };
  test.each([
    ['capacity = 1.25, within = sequence', 'past'], ['capacity = 1.25', 'mixes'], ['take = 2, capacity = 1.25, within = sequence', 'mixes'],
    ['capacity = 1.25, within = sequence, priority = gate', 'mixes'], ['take = 2, capacity = 1.25, within = sequence, priority = token', 'past'],
  ])('%s: %s', (settings, kind) => {
    expect(kinds(settings)).toEqual([kind]);
  });
});

describe('GShard (Lepikhin et al. 2020, Algorithm 1)', () => {
  const text = `use std.routing { gshard }\nblock layer(x[d]) -> y[d] { return gshard(x; count = ${E}, width = 3, threshold = 0.8, capacity = 0.9, eval_capacity = 0.7) }`;
  const gates = (read: Read, x: X, b: number, t: number): { e: number; gate: number }[] => {
    const p = softmax(logits(read, x, b, t));
    const [first = 0, second = 0] = top(p, 2);
    const total = at(p, first) + at(p, second);
    return [{ e: first, gate: at(p, first) / total }, { e: second, gate: at(p, second) / total }];
  };

  test('the second expert stays with probability g2 / threshold, and takes no room where it goes', () => {
    let gone = 0;
    expectLayer({
      text, size,
      equation: (read, x) => {
        const all = choices(2, (b, t) => gates(read, x, b, t));
        // the element's number: [batch, time, k], row-major
        const kept = all.filter((s) => s.j === 0 || uniformAt((s.b * 5 + s.t) * 2 + s.j, 1, 0, 0) < s.gate / 0.8);
        gone = all.length - kept.length;
        return outputs(served(kept, sequenceRoom(0.9, 2), ({ b }) => b), read, x);
      },
    });
    expect(gone).toBeGreaterThan(2);
  });

  test('outside training it stays', () => {
    expectLayer({ text, size, mode: 'infer', equation: (read, x) => outputs(served(choices(2, (b, t) => gates(read, x, b, t)), sequenceRoom(0.7, 2), ({ b }) => b), read, x) });
  });
});

describe('noise of the seed', () => {
  test('Switch: jitter of the router\'s input (Fedus et al. 2021, appendix F)', () => {
    const by = 0.4;
    expectLayer({
      text: switched(`jitter = ${by}`), size,
      equation: (read, x) => {
        const jittered: X = (b, t, i) => x(b, t, i) * (1 - by + 2 * by * uniformAt((b * 5 + t) * 4 + i, 1, 0, 0));
        return outputs(choices(1, probable(read, jittered, 1)), read, x);
      },
    });
    expectLayer({ text: switched(`jitter = ${by}`), size, mode: 'infer', equation: (read, x) => outputs(choices(1, probable(read, x, 1)), read, x) });
  });

  test('top-k with learned noise (Shazeer et al. 2017, eq. 3 to 5)', () => {
    const normals = randomNumbers('normal', 2 * 5 * E, 1, 0, 0);
    const layer = (mode: 'train' | 'infer', noise: number): string[] => expectLayer({
      text: switched('take = 2, noisy = true, renormalise = true'), size, mode,
      equation: (read, x) => outputs(choices(2, (b, t) => {
        const z = range(E).map((e) => {
          const [clean, spread] = ['logits.clean.w', 'logits.spread.w'].map((path) => sum(4, (i) => x(b, t, i) * read(path, i, e)));
          return (clean ?? 0) + noise * at(normals, (b * 5 + t) * E + e) * Math.log(1 + Math.exp(spread ?? 0));
        });
        // the softmax is over what is kept
        const chosen = top(z, 2);
        const gates = softmax(chosen.map((e) => at(z, e)));
        return chosen.map((e, j) => ({ e, gate: at(gates, j) }));
      }), read, x),
    });
    expect(layer('train', 1)).toEqual(layer('infer', 0));
  });

  test('Gumbel noise makes the best score a draw from the softmax (Gumbel 1954)', () => {
    const z = [0, 1, -0.5];
    const wanted = softmax(z);
    const counts = z.map(() => 0);
    const text = 'use std.noise { gumbel_noise }\nblock layer(x[d]) -> y[d] { return gumbel_noise(x; scale = 1) }';
    const layer = elaborateLayer(text, { batch: 20, time: 100, d: 3 });
    const [noisy] = evaluate([layer.y], { params: new Map(), inputs: new Map([['x', Float64Array.from({ length: 6000 }, (_, i) => at(z, i % 3))]]) });
    for (const row of range(2000)) {
      const [best = 0] = top(range(3).map((i) => noisy?.[row * 3 + i] ?? NaN), 1);
      counts[best] = at(counts, best) + 1;
    }
    // three standard deviations of a share of 2000
    counts.forEach((count, i) => expect(Math.abs(count / 2000 - at(wanted, i))).toBeLessThan(3 * Math.sqrt(at(wanted, i) * (1 - at(wanted, i)) / 2000)));
    const plain = elaborateLayer(text, { batch: 1, time: 1, d: 3 }, 'infer');
    expect(plain.y).toBe(plain.x);
  });

  test('product-key memory: noise on the scores of the sub-keys', () => {
    const noise = 0.7;
    const gumbel = (at: number): number => -Math.log(Math.max(-Math.log(Math.max(uniformAt(at, 1, 0, 0), 1e-7)), 1e-7));
    const text = (scale: number): string => `use std.memory { product_memory }\nblock layer(x[d]) -> y[d] { return product_memory(x; heads = 2, keys = 3, take = 4, query = 4, norm = none, noise = ${scale}) }`;
    const equation = (scale: number) => (read: Read, x: X): number[] => tokens(size, (b, t) => {
      const y = D.map(() => 0);
      for (const h of range(2)) {
        const score = (half: number, n: number): number => sum(2, (e) => (sum(4, (i) => x(b, t, i) * read('flat.w', i, h, half, e)) + read('flat.b', h, half, e)) * read('pick.key', h, half, n, e))
          + (scale === 0 ? 0 : scale * gumbel((((b * 5 + t) * 2 + h) * 2 + half) * 3 + n));
        const all = range(9).map((slot) => score(0, Math.floor(slot / 3)) + score(1, slot % 3));
        const chosen = top(all, 4);
        softmax(chosen.map((slot) => at(all, slot))).forEach((g, j) => D.forEach((o) => { y[o] = at(y, o) + g * read('experts.write', at(chosen, j), o); }));
      }
      return y;
    });
    expectLayer({ text: text(noise), size, equation: equation(noise) });
    expectLayer({ text: text(noise), size, mode: 'infer', equation: equation(0) });
  });

  test.each([['token', 5], ['batch', 0]])('sigma-MoE: experts left out for each %s (Csordas et al. 2023, section 5)', (drop, perToken) => {
    let gone = 0;
    const layer = (mode: 'train' | 'infer', dropped: (b: number, t: number, e: number) => boolean): void => void expectLayer({
      text: `use std.routing { sigma_moe }\nblock layer(x[d]) -> y[d] { return sigma_moe(x; count = 6, take = 2, width = 3, drop = 0.3, drop_for = ${drop}) }`, size, mode,
      equation: (read, x) => {
        gone = 0;
        return outputs(choices(2, (b, t) => {
          const s = logits(read, x, b, t, 6).map((z, e) => (dropped(b, t, e) ? -1 : sigmoid(z)));
          gone += s.filter((v) => v < 0).length;
          return top(s, 2).map((e) => ({ e, gate: at(s, e) }));
        }), read, x);
      },
    });
    layer('train', (b, t, e) => uniformAt((perToken > 0 ? (b * 5 + t) * 6 : 0) + e, 1, 0, 0) < 0.3);
    expect(gone).toBeGreaterThan(0);
    layer('infer', () => false);
    expect(gone).toBe(0);
  });
});
