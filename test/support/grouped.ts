/**
 * @file Grouped products by hand: kernels as the optimiser writes them, entries sorted by the row they pick, and what they must give, by plain loops.
 */
import type { Expr, GroupedContraction, GroupedOuter, Groups } from '../../compiler/kernels/kernel.js';
import { add, at, base, call, choices, f, i, load, local, mul, noise, slot, v } from './kernels.js';

export interface Mixture {
  readonly tokens: number;
  readonly take: number;
  readonly rows: number;
  /** Sizes of a row's matrix. */
  readonly k: number;
  readonly n: number;
  /** The row each entry picks, -1 for none: [tokens, take]. */
  readonly picks: readonly number[];
  /** Whether the matrices are [n, k] in memory. */
  readonly transposed?: boolean;
}

/** Mixtures that fit no tile: even choices, rows nobody picks, entries that pick nothing, one row that takes all, and no entry at all. */
export function mixtures(): readonly (Mixture & { readonly name: string })[] {
  const even = (tokens: number, take: number, rows: number, seed: number): number[] => [...choices(tokens * take, rows, seed)];
  return [
    { name: 'one choice', tokens: 61, take: 1, rows: 5, k: 37, n: 29, picks: even(61, 1, 5, 3) },
    { name: 'two choices, matrices transposed', tokens: 70, take: 2, rows: 4, k: 16, n: 70, picks: even(70, 2, 4, 4), transposed: true },
    { name: 'rows nobody picks', tokens: 40, take: 1, rows: 9, k: 9, n: 12, picks: even(40, 1, 9, 5).map((row) => (row % 3 === 0 ? 7 : row)) },
    { name: 'entries that pick nothing', tokens: 33, take: 2, rows: 3, k: 20, n: 8, picks: even(33, 2, 3, 6).map((row, e) => (e % 4 === 1 ? -1 : row)) },
    { name: 'one row takes all', tokens: 150, take: 1, rows: 8, k: 24, n: 33, picks: Array<number>(150).fill(6) },
    { name: 'long sums', tokens: 620, take: 1, rows: 2, k: 530, n: 9, picks: even(620, 1, 2, 7).map((row, e) => (e % 9 === 0 ? 1 - row : 0)) },
    { name: 'no entry', tokens: 12, take: 1, rows: 3, k: 8, n: 8, picks: Array<number>(12).fill(-1) },
    { name: 'one entry', tokens: 5, take: 1, rows: 3, k: 5, n: 4, picks: [-1, -1, 2, -1, -1] },
  ];
}

/** [count, then for each touched row its number and where it starts, the end], and the entries in order. What is not used must not be read. */
export function sorted({ picks, rows }: Mixture): { segments: Int32Array<ArrayBuffer>; order: Int32Array<ArrayBuffer> } {
  const limit = Math.min(picks.length, rows);
  const segments = new Int32Array(2 * limit + 3).fill(1 << 28);
  const order = new Int32Array(picks.length).fill(1 << 28);
  let [count, end] = [0, 0];
  for (let row = 0; row < rows; row++) {
    const entries = picks.flatMap((pick, e) => (pick === row ? [e] : []));
    if (entries.length === 0) continue;
    segments.set([row, end], 2 * count++ + 1);
    order.set(entries, end);
    end += entries.length;
  }
  segments[0] = count;
  segments[2 * count + 2] = end;
  return { segments, order };
}

const word = (slotAt: number, index: Expr): Expr => load(slotAt, index, 'i32');
const entry = local('entry', 'i32');
const row = local('row', 'i32');

function groupsOf({ picks, rows }: Mixture, segments: number, order: number): Groups {
  return {
    groups: Math.min(picks.length, rows), entries: picks.length, count: word(segments, i(0)), row: word(segments, at(v('g'), 2, i(1))),
    from: word(segments, at(v('g'), 2, i(2))), to: word(segments, at(v('g'), 2, i(4))), entry: word(order, v('p')),
  };
}

const tokenOf = (take: number): Expr => (take === 1 ? entry : call('div', entry, i(take)));

/** y[entry, n] = score[entry] * max(x[token] w[row] + bias[n], -0.5); slots x, w, segments, order, score, bias, y. */
export function forward(mixture: Mixture): GroupedContraction {
  const { tokens, take, rows, k, n, picks, transposed } = mixture;
  return {
    ...base, kind: 'grouped_contraction', name: 'grouped', of: groupsOf(mixture, 2, 3), n, k,
    slots: [
      slot('x', tokens * k), slot('w', rows * k * n), slot('segments', 2 * Math.min(picks.length, rows) + 3, 'read', 'i32'), slot('order', picks.length, 'read', 'i32'),
      slot('score', picks.length), slot('bias', n), slot('y', picks.length * n, 'write'),
    ],
    a: load(0, at(tokenOf(take), k, v('k'))),
    b: load(1, at(row, k * n, transposed ? at(v('n'), k, v('k')) : at(v('k'), n, v('n')))),
    store: { slot: 6, index: at(entry, n, v('n')), value: mul(load(4, entry), call('max', add(local('acc'), load(5, v('n'))), f(-0.5))) },
  };
}

/** dw[row, k, n] = sum over the entries of row of x[token, k] dy[entry, n]; slots x, dy, segments, order, dw (which starts as it is). */
export function outer(mixture: Mixture): GroupedOuter {
  const { tokens, take, rows, k, n, picks } = mixture;
  return {
    ...base, kind: 'grouped_outer', name: 'grouped_outer', of: groupsOf(mixture, 2, 3), m: k, n,
    slots: [
      slot('x', tokens * k), slot('dy', picks.length * n), slot('segments', 2 * Math.min(picks.length, rows) + 3, 'read', 'i32'),
      slot('order', picks.length, 'read', 'i32'), slot('dw', rows * k * n, 'read_write'),
    ],
    a: load(0, at(tokenOf(take), k, v('m'))),
    b: load(1, at(entry, n, v('n'))),
    store: { slot: 4, index: at(row, k * n, at(v('m'), n, v('n'))), value: local('acc') },
  };
}

export function dataOf(mixture: Mixture) {
  const { tokens, rows, k, n, picks } = mixture;
  return {
    ...sorted(mixture), x: noise(tokens * k, 1), w: noise(rows * k * n, 2), score: noise(picks.length, 3), bias: noise(n, 4), dy: noise(picks.length * n, 5), dw: noise(rows * k * n, 6),
  };
}

/** What `forward` gives, NaN where nothing is stored; and `outer`, where rows nobody picked keep what they held. */
export function expected(mixture: Mixture): { y: Float64Array; dw: Float64Array } {
  const { take, k, n, picks, transposed } = mixture;
  const { x, w, score, bias, dy, dw: before } = dataOf(mixture);
  const y = new Float64Array(picks.length * n).fill(NaN);
  const dw = Float64Array.from(before);
  for (const pick of new Set(picks)) if (pick >= 0) dw.fill(0, pick * k * n, (pick + 1) * k * n);
  picks.forEach((pick, e) => {
    if (pick < 0) return;
    const token = Math.floor(e / take);
    for (let c = 0; c < n; c++) {
      let sum = 0;
      for (let j = 0; j < k; j++) {
        sum += (x[token * k + j] ?? NaN) * (w[pick * k * n + (transposed ? c * k + j : j * n + c)] ?? NaN);
        const place = (pick * k + j) * n + c;
        dw[place] = (dw[place] ?? NaN) + (x[token * k + j] ?? NaN) * (dy[e * n + c] ?? NaN);
      }
      y[e * n + c] = (score[e] ?? NaN) * Math.max(sum + (bias[c] ?? NaN), -0.5);
    }
  });
  return { y, dw };
}
