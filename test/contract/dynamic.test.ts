/**
 * @file The contract's static verdicts against experiments on random blocks, in float64 and with nothing of the compiler in between: causality
 * by changing later tokens and other sequences and looking at the bits, additivity by closing the ledger, activity by counting.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { analyseContract } from '../../compiler/contract/contract.js';
import type { Node } from '../../compiler/graph/graph.js';
import { evaluate } from '../reference/interpret.js';
import { randomParams, randomTokens } from './experiments.js';
import { shared } from './ownership.js';
import { model, SIZES, type Built, type Parts, type Workshop } from './models.js';

type Step = readonly [name: string, apply: (w: Workshop, x: Node) => Node];

/** What may happen to the coefficients [batch, time, h, k]. */
const COEFFICIENT: readonly Step[] = [
  ['rectify', (w, x) => w.g.max(x, 0)],
  ['compete', (w, x) => w.g.softmax(x, [w.k])],
  ['gate', (w, x) => w.g.mul(x, w.g.tanh(w.score))],
  ['mask', (w, x) => w.g.select(w.g.gt(w.score, 0), x, w.g.mul(x, 0.5))],
  ['look back', (w, x) => w.g.add(x, w.g.shift(x, w.time, 2))],
  ['look ahead', (w, x) => w.g.add(x, w.g.shift(x, w.time, -1))],
  ['centre over time', (w, x) => w.g.sub(x, w.g.mean(x, [w.time]))],
  ['normalise over the batch', (w, x) => w.g.div(x, w.g.add(1, w.g.sum(w.g.abs(x), [w.batch])))],
];

/** What may happen to the output [batch, time, d]. */
const OUTPUT: readonly Step[] = [
  ['scale', (w, x) => w.g.mul(x, -0.7)],
  ['gate', (w, x) => w.g.mul(x, w.g.tanh(w.x))],
  ['bypass', (w, x) => w.g.add(x, w.g.tanh(w.x))],
  ['project', (w, x) => {
    const e = w.g.axis('e', w.d.size);
    return w.g.contract(w.g.rename(x, w.d, e), w.param(`out${x.id}`, [e, w.d]), [e]);
  }],
  ['look back', (w, x) => w.g.add(x, w.g.shift(x, w.time, 1))],
  ['squash', (w, x) => w.g.tanh(x)],
  ['norm', (w, x) => w.g.mul(x, w.g.rsqrt(w.g.add(w.g.mean(w.g.mul(x, x), [w.d]), 0.1)))],
  ['reverse time', (w, x) => {
    const other = w.g.axis('other', w.time.size);
    const reversed = w.g.sub(w.time.size - 1, w.g.iota(w.time));
    return w.g.gather(w.g.rename(x, w.time, other), [other], [w.g.toI32(reversed)]);
  }],
];

interface Trial {
  readonly built: Built;
  readonly params: ReadonlyMap<string, Float64Array>;
  readonly random: () => number;
}

function partsOf(coefficient: readonly Step[], output: readonly Step[], attention: boolean): Parts {
  const apply = (w: Workshop, all: readonly Step[], start: Node): Node => all.reduce((x, [, step]) => step(w, x), start);
  return { attention, block: (w) => apply(w, output, w.output(apply(w, coefficient, w.coefficient()))) };
}

function trial(coefficient: readonly Step[], output: readonly Step[], attention: boolean, seed: number): Trial {
  const built = model(partsOf(coefficient, output, attention));
  const random = generator(seed);
  const params = new Map(
    built.graph.params.map((param) => [param.path, Float64Array.from({ length: param.axes.reduce((n, { size }) => n * size, 1) }, () => random() * 2 - 1)]),
  );
  return { built, params, random };
}

/** xorshift32, in [0, 1). */
function generator(seed: number): () => number {
  let x = Math.imul(seed + 1, 0x9e3779b9) || 1;
  return () => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return (x >>> 0) / 2 ** 32;
  };
}

const run = (node: Node, params: Trial['params'], tokens: ArrayLike<number>): Float64Array => evaluate([node], { params, inputs: new Map([['tokens', tokens]]) })[0] ?? new Float64Array();

/** True when a token later or in another sequence changes a bit of a logit. */
function leaks({ built, params, random }: Trial): boolean {
  const { time, vocab } = SIZES;
  const tokens = someTokens(random);
  const before = run(built.graph.logits, params, tokens);
  for (const [b, t] of [[0, 2], [1, 4], [0, 1], [1, 3]] as const) {
    const other = tokens.map((token, i) => (i === b * time + t ? (token + 1 + Math.floor(random() * (vocab - 1))) % vocab : token));
    const after = run(built.graph.logits, params, other);
    const changed = before.some((value, i) => {
      const place = Math.floor(i / vocab);
      const mayChange = Math.floor(place / time) === b && place % time >= t;
      return !mayChange && !Object.is(value, after[i]);
    });
    if (changed) return true;
  }
  return false;
}

interface Ledger {
  /** The block's write, its value with all write rows zero, and what each unit adds to that alone. */
  readonly whole: Float64Array;
  readonly bare: Float64Array;
  readonly units: readonly Float64Array[];
}

/** Read off a block by keeping one write row at a time. */
function ledger({ built, params }: Trial, layer: number, tokens: ArrayLike<number>): Ledger {
  const write = built.graph.residual.find(({ path }) => path === `layers.${layer}.ffn`)?.write;
  const table = built.tables[layer]?.write.path;
  const rows = params.get(table ?? '');
  if (!write || table === undefined || !rows) throw new Error('no experts');
  const only = (kept: (unit: number) => boolean): Float64Array => run(write, new Map([...params, [table, rows.map((x, i) => (kept(Math.floor(i / SIZES.d)) ? x : 0))]]), tokens);
  const bare = only(() => false);
  const units = Array.from({ length: SIZES.experts }, (_, unit) => only((other) => other === unit).map((x, i) => x - (bare[i] ?? NaN)));
  return { whole: only(() => true), bare, units };
}

const plus = (a: Float64Array, b: Float64Array): Float64Array => a.map((x, i) => x + (b[i] ?? NaN));
const total = ({ bare, units }: Ledger): Float64Array => units.reduce(plus, bare);

/** The largest difference, relative to the largest value of b. */
function distance(a: Float64Array, b: Float64Array): number {
  return Math.max(...a.map((x, i) => Math.abs(x - (b[i] ?? NaN)))) / Math.max(...b.map(Math.abs));
}

/** The most units that contribute to one token. */
function mostActive({ units }: Ledger): number {
  const { batch, time, d } = SIZES;
  const counts = Array.from({ length: batch * time }, (_, token) => units.filter((unit) => unit.subarray(token * d, (token + 1) * d).some((x) => Math.abs(x) > 1e-12)).length);
  return Math.max(...counts);
}

const someTokens = (random: () => number): Int32Array => Int32Array.from({ length: SIZES.batch * SIZES.time }, () => Math.floor(random() * SIZES.vocab));

const names = (steps: readonly Step[]): string => steps.map(([name]) => name).join(', ');
const steps = (all: readonly Step[]): fc.Arbitrary<Step[]> => fc.subarray([...all], { maxLength: 2 });

test('static verdicts agree with experiments on random blocks', () => {
  const seen = { causal: new Set<boolean>(), additive: new Set<boolean>() };
  fc.assert(
    fc.property(steps(COEFFICIENT), steps(OUTPUT), fc.boolean(), fc.integer({ min: 1, max: 1e6 }), (coefficient, output, attention, seed) => {
      // One draw of weights may hide a violation (a single unit above zero is its own norm); several do not.
      const trials = [0, 1, 2].map((draw) => trial(coefficient, output, attention, seed + draw));
      const ledgers = trials.map((each) => ledger(each, 0, someTokens(each.random)));
      const report = analyseContract(model(partsOf(coefficient, output, attention)).graph);
      const [family] = report.families;
      const what = `${names(coefficient)} | ${names(output)}`;
      const closes = ledgers.every((each) => distance(total(each), each.whole) < 1e-9);
      expect({ what, causal: report.causal.holds, additive: family?.additive.holds }).toEqual({ what, causal: !trials.some(leaks), additive: closes });
      seen.causal.add(report.causal.holds);
      seen.additive.add(family?.additive.holds ?? false);
      // A step that moves outputs between tokens moves contributions with them; elsewhere the bound is on the token's own choices.
      if (report.causal.evidence === 'each token depends on itself alone') expect(Math.max(...ledgers.map(mostActive))).toBeLessThanOrEqual(family?.active.value ?? 0);
    }),
    { seed: 7, numRuns: 30 },
  );
  expect([...seen.causal].sort()).toEqual([false, true]);
  expect([...seen.additive].sort()).toEqual([false, true]);
});

test('the ledger of two layers closes: embedding, attention and every unit alone make up the last residual stream', () => {
  const built = model({ layers: 2 });
  const { graph } = built;
  const random = generator(3);
  const params = new Map(graph.params.map((param) => [param.path, Float64Array.from({ length: param.axes.reduce((n, { size }) => n * size, 1) }, () => random() - 0.5)]));
  const tokens = someTokens(random);
  const [first, , , last] = graph.residual;
  if (!first || !last) throw new Error('no residual stream');
  const attention = graph.residual.filter(({ path }) => path.endsWith('.attention')).map(({ write }) => run(write, params, tokens));
  const experts = [0, 1].map((layer) => total(ledger({ built, params, random }, layer, tokens)));
  const sum = [...attention, ...experts].reduce(plus, run(first.before, params, tokens));
  expect(distance(sum, run(last.after, params, tokens))).toBeLessThan(1e-12);
});

/** What a table [expert, d] may go through before its rows are read. */
const TABLE: readonly Step[] = [
  ['unit norm', (w, x) => w.g.mul(x, w.g.rsqrt(w.g.sum(w.g.mul(x, x), [w.d])))],
  ['scaled by unit', (w, x) => w.g.mul(x, w.param(`scale${x.id}`, [w.expert]))],
  ['squashed', (w, x) => w.g.tanh(x)],
  ['centred over units', (w, x) => w.g.sub(x, w.g.mean(x, [w.expert]))],
  ['of the next unit', (w, x) => w.g.shift(x, w.expert, 1)],
  ['shared out by a softmax', (w, x) => w.g.mul(x, w.g.softmax(x, [w.expert]))],
];

test('static and dynamic answers agree on who owns parameters, on random tables', () => {
  const seen = new Set<boolean>();
  const table = fc.subarray([...TABLE], { maxLength: 2 });
  fc.assert(
    fc.property(table, table, fc.boolean(), fc.integer({ min: 1, max: 1e6 }), (reads, writes, elsewhere, seed) => {
      const { graph } = model({
        attention: false,
        block: (w) => {
          const read = reads.reduce((x, [, step]) => step(w, x), w.read);
          const write = writes.reduce((x, [, step]) => step(w, x), w.write);
          const coefficient = w.g.mul(w.g.softmax(w.score, [w.k]), w.g.contract(w.g.gather(read, [w.expert], [w.pick]), w.x, [w.d]));
          const other = w.g.top(w.g.contract(w.x, w.param('other', [w.d, w.h, w.expert]), [w.d]), w.expert, w.k);
          return w.g.contract(coefficient, w.g.gather(write, [w.expert], [elsewhere ? other : w.pick]), [w.h, w.k]);
        },
      });
      const [family] = analyseContract(graph).families;
      const found = shared(graph, randomParams(graph, seed), randomTokens(graph, seed));
      expect({ reads: names(reads), writes: names(writes), elsewhere, private: family?.private.holds }).toEqual({ reads: names(reads), writes: names(writes), elsewhere, private: found.length === 0 });
      seen.add(found.length === 0);
    }),
    { seed: 11, numRuns: 40 },
  );
  expect([...seen].sort()).toEqual([false, true]);
});
