/**
 * @file Mixtures of expert pools, every switch, against the definition of section 9 of the reference: all pools and members in loops.
 */
import { describe, expect, test } from 'vitest';
import { compile } from '../../compiler/pipeline.js';
import { erf } from '../reference/erf.js';
import { evaluate } from '../reference/interpret.js';
import { type Read, at, expectLayer, once, range, softmax, sum, tokens, top } from '../support/brute.js';
import { elaborateLayer } from '../support/layer.js';
import { numbers } from '../support/random.js';
import { elaborateText, reader } from '../support/spec.js';

const size = { batch: 1, time: 3, d: 3 };
const D = range(3);
const [pools, open, take, heads] = [3, 2, 2, 2];
const gelu = (z: number): number => 0.5 * z * (1 + erf(z / Math.SQRT2));
type X = (b: number, t: number, i: number) => number;

interface Switches {
  readonly retrieve: 'product_key' | 'router' | 'own';
  readonly scope: 'per_pool' | 'joint';
  readonly weight: 'product' | 'renormalised' | 'inner' | 'straight_through';
  /** Members of each pool; without them 4 in each. */
  readonly sizes?: readonly number[];
  readonly jump?: boolean;
}

/** As `pools` takes them. Queries are not normed. */
function settings({ retrieve, scope, weight, sizes, jump = false }: Switches): string {
  const found = retrieve === 'product_key' ? `heads = ${heads}, query = 4, norm = none, ${sizes ? '' : 'keys = 2, '}` : sizes ? '' : 'size = 4, ';
  return `count = ${pools}, open = ${open}, take = ${take}, ${found}${sizes ? `sizes = [${sizes.join()}], ` : ''}retrieve = ${retrieve}, scope = ${scope}, weight = ${weight}, jump = ${jump}`;
}

/** y of the layer at `path`, with the tables at `rows`: for each query, the members that fire and what each writes. */
function definition(read: Read, x: X, { retrieve, scope, weight, sizes, jump }: Switches, path = '', rows = 'experts', bias: readonly number[] = []): number[] {
  const held = (p: number): number => sizes?.[p] ?? 4;
  const before = (p: number): number => sum(p, held);
  /** An element of a table of members: [pool, member, ...], or of unequal pools one after another. */
  const member = (table: string, p: number, m: number, ...more: readonly number[]): number => (sizes ? read(table, before(p) + m, ...more) : read(table, p, m, ...more));
  const sides = (p: number): number => Math.sqrt(held(p));
  const key = (p: number, h: number, half: number, n: number, e: number): number => (sizes ? read(`${path}key`, sum(p, sides) + n, h, half, e) : read(`${path}key`, p, h, half, n, e));
  const linear = (b: number, t: number, weights: (i: number) => number): number => sum(3, (i) => x(b, t, i) * weights(i));
  const query = once((b: number, t: number, h: number, half: number, e: number) => linear(b, t, (i) => read(`${path}q.flat.w`, i, h, half, e)));
  const score = once((b: number, t: number, h: number, p: number, m: number): number => {
    if (retrieve === 'own') return linear(b, t, (i) => member(`${rows}.read`, p, m, i));
    if (retrieve === 'router') return linear(b, t, (i) => member(`${path}inner_key`, p, m, i));
    const parts = [Math.floor(m / sides(p)), m % sides(p)];
    return sum(2, (half) => sum(2, (e) => query(b, t, h, half, e) * key(p, h, half, parts[half] ?? 0, e)));
  });
  return tokens(size, (b, t) => {
    const route = softmax(range(pools).map((p) => linear(b, t, (i) => read(`${path}logits.w`, i, p))));
    const opened = top(route.map((z, p) => z + (bias[p] ?? 0)), open);
    const mass = opened.reduce((n, p) => n + at(route, p), 0);
    /** Reads as 1; moves as the probability does. */
    const straight = (p: number): number => 1 + at(route, p) - anchor(`${b} ${t} ${p}`, at(route, p));
    const outer = (p: number): number => ({ product: at(route, p), renormalised: at(route, p) / mass, inner: 1, straight_through: straight(p) })[weight];
    const candidates = opened.map((p) => range(held(p)).map((m) => ({ p, m })));
    const y = [0, 0, 0];
    for (const h of range(retrieve === 'product_key' ? heads : 1)) {
      for (const group of scope === 'joint' ? [candidates.flat()] : candidates) {
        const kept = top(group.map(({ p, m }) => score(b, t, h, p, m)), take).map((i) => group[i] ?? { p: 0, m: 0 });
        const z = kept.map(({ p, m }) => score(b, t, h, p, m));
        const gates = jump ? kept.map(({ p, m }, k) => (at(z, k) > member(`${path}theta`, p, m) ? at(z, k) : 0)) : softmax(z);
        kept.forEach(({ p, m }, k) => {
          const activation = at(gates, k) * outer(p) * gelu(linear(b, t, (i) => member(`${rows}.read`, p, m, i)));
          for (const o of D) y[o] = at(y, o) + activation * member(`${rows}.write`, p, m, o);
        });
      }
    }
    return y;
  });
}

/** The value a name had first. */
const anchors = new Map<string, number>();
function anchor(name: string, value: number): number {
  const first = anchors.get(name) ?? value;
  anchors.set(name, first);
  return first;
}

const retrieves = ['product_key', 'router', 'own'] as const;
const weights = ['product', 'renormalised', 'inner', 'straight_through'] as const;
const equal: Switches[] = retrieves.flatMap((retrieve) => (['per_pool', 'joint'] as const).flatMap((scope) => weights.map((weight) => ({ retrieve, scope, weight }))));
/** Unequal pools, one of which has fewer members than fire. */
const unequal: Switches[] = retrieves.flatMap((retrieve) =>
  (['per_pool', 'joint'] as const).map((scope) => ({ retrieve, scope, weight: 'product', sizes: retrieve === 'product_key' ? [4, 1, 9] : [5, 1, 3] })));
const jumping: Switches[] = retrieves.flatMap((retrieve) => [
  { retrieve, scope: 'per_pool', weight: 'product', jump: true } as const,
  { retrieve, scope: 'joint', weight: 'inner', sizes: retrieve === 'product_key' ? [4, 1, 9] : [5, 1, 3], jump: true } as const,
]);
const block = (switches: Switches): string => `use std.pools { pools }\nblock layer(x[d]) -> y[d] { return pools(x; ${settings(switches)}) }`;

describe('expert pools', () => {
  test.each([...equal, ...unequal, ...jumping])('retrieve $retrieve, scope $scope, weight $weight, sizes $sizes, jump $jump', (switches) => {
    anchors.clear();
    // the gradient of a threshold is a surrogate
    expectLayer({ text: block(switches), size, equation: (read, x) => definition(read, x, switches), except: ['layer.theta'] });
  });

  test('unequal pools hold the members there are and no more', () => {
    const shapes = (switches: Switches): Record<string, number[]> => Object.fromEntries(elaborateLayer(block(switches), size).params.map((param) => [param.path, param.axes.map((axis) => axis.size)]));
    expect(shapes({ retrieve: 'router', scope: 'joint', weight: 'product', sizes: [5, 1, 3], jump: true })).toEqual({
      'layer.logits.w': [3, 3], 'layer.inner_key': [9, 3], 'layer.experts.read': [9, 3], 'layer.experts.write': [9, 3], 'layer.theta': [9],
    });
    // 2 + 1 + 3 sub-keys, 4 + 1 + 9 members
    expect(shapes({ retrieve: 'product_key', scope: 'per_pool', weight: 'product', sizes: [4, 1, 9] })).toEqual({
      'layer.logits.w': [3, 3], 'layer.q.flat.w': [3, 2, 2, 2], 'layer.key': [6, 2, 2, 2], 'layer.experts.read': [14, 3], 'layer.experts.write': [14, 3],
    });
  });

  test.each([
    ['a size for each pool', 'count = 3, open = 1, take = 1, retrieve = own, sizes = [3, 2]', 'ARCH3002'],
    ['squares for product keys', 'count = 2, open = 1, take = 1, sizes = [4, 5]', 'ARCH3006 the square root of 5'],
    ['no more open than there are', 'count = 2, open = 3, take = 1, retrieve = own, size = 4', 'ARCH3004'],
    ['no more firing than there are', 'count = 2, open = 1, take = 5, retrieve = own, size = 4', 'ARCH3004'],
    ['whole sizes', 'count = 2, open = 1, take = 1, retrieve = own, sizes = [4, 2.5]', 'ARCH2012'],
  ])('ask for %s', (_, given, message) => {
    expect(() => elaborateLayer(`use std.pools { pools }\nblock layer(x[d]) -> y[d] { return pools(x; ${given}) }`, size)).toThrow(message);
  });

  test('a bias selects pools, and moves towards equal counts after the step', () => {
    const bias = [0.3, -0.4, 0.1];
    const switches = { retrieve: 'own', scope: 'per_pool', weight: 'product' } as const;
    const text = `use std.pools { pools }\nblock layer(x[d]) -> y[d] { return pools(x; ${settings(switches)}, rate = 0.01) }`;
    expectLayer({ text, size, states: new Map([['layer.opened.bias', bias]]), equation: (read, x) => definition(read, x, switches, '', 'experts', bias) });
    const { context, params } = elaborateLayer(text, size);
    const x = numbers(5, 9);
    const values = new Map(params.map((param, i) => [param.path, numbers(i, param.axes.reduce((n, axis) => n * axis.size, 1))]));
    const w = values.get('layer.logits.w') ?? [];
    const counts = range(pools).map((p) => range(3).filter((t) => {
      const route = softmax(range(pools).map((q) => sum(3, (i) => at([...x], t * 3 + i) * (w[i * pools + q] ?? NaN))));
      return top(route.map((z, q) => z + at(bias, q)), open).includes(p);
    }).length);
    const [update] = context.updates;
    const moved = update && evaluate([update.value], { params: values, inputs: new Map([['x', x]]), states: new Map([['layer.opened.bias', bias]]) })[0];
    counts.forEach((count, p) => { expect(moved?.[p]).toBeCloseTo(at(bias, p) + 0.01 * Math.sign(2 - count), 12); });
  });

  test('two layers that are given one bank add up in it', () => {
    const switches = { retrieve: 'router', scope: 'per_pool', weight: 'product' } as const;
    const paths = expectLayer({
      text: `use std.pools { pools }
block layer(x[d]) -> y[d] {
  axis pool = ${pools}, expert = 4
  experts bank[pool, expert] {
    read u[d]  ~ normal(0, 1)
    write v[d] ~ normal(0, 1)
  }
  let first[d]  = pools(x; ${settings(switches)}, read_rows = u, write_rows = v)
  let second[d] = pools(x; ${settings(switches)}, read_rows = u, write_rows = v)
  return first + second
}`, size,
      equation: (read, x) => {
        const second = definition(read, x, switches, 'second.', 'bank');
        return definition(read, x, switches, 'first.', 'bank').map((y, i) => y + at(second, i));
      },
    });
    expect(paths).toEqual(['bank.read', 'bank.write', 'first.logits.w', 'first.inner_key', 'second.logits.w', 'second.inner_key']);
  });

  test.each(['size = 9', 'sizes = [4, 1, 9]'])('a bank before the layers belongs to all of them (%s)', (given) => {
    const { graph } = elaborateText(`language 1
use std.transformer { embed, lm_head }
use std.pools { pools, pool_bank }
arch A { dims { d = 4; ctx = 4; vocab = 8 }
  embed {}
  bank: pool_bank { count = 3; ${given} }
  layers 2 { ffn: pools { count = 3; open = 2; take = 1; query = 4; keys = 3; ${given}; read_rows = bank.experts.read; write_rows = bank.experts.write } }
  lm_head {} }`, { batch: 1, time: 4 });
    expect(graph.families.map(({ path, members }) => [path, members.map((member) => member.path)])).toEqual([['bank.experts', ['bank.experts.read', 'bank.experts.write']]]);
  });
});

test.each([['pools.arch', 'layers.ffn.take=4'], ['pools.arch', 'layers.ffn.open=3'], ['expert_pools.arch', 'layers.ffn.take=9'], ['shared_pools.arch', 'layers.ffn.heads=3']])('%s lets 12 experts fire for a token, and no more (%s)', (file, set) => {
  const codes = (given: readonly string[]): string[] => compile({ entry: `specs/${file}`, read: reader({}), upTo: 'graph', set: given }).diagnostics.all.map(({ code }) => code);
  expect(codes([])).toEqual([]);
  expect(codes([set])).toEqual(['ARCH5004']);
});

test('balance of pools and of their sub-keys, by its formula', () => {
  const { graph } = elaborateText(`language 1
use std.transformer { embed, lm_head }
use std.pools { pools, key_balance }
arch A { dims { d = 4; ctx = 5; vocab = 8 }
  embed {}
  layers 1 { ffn: pools { count = 3; open = 2; heads = 2; keys = 3; take = 2; query = 4 } }
  lm_head {}
  loss it = mean(layers)(key_balance(ffn.inner_route, ffn.opened, ffn.pick)) }`, { batch: 2, time: 5 });
  const node = graph.losses[0]?.node ?? expect.fail('no loss');
  const names = ['opened.index', 'inner_route', 'pick.index'];
  const [value, opened = [], inner = [], picked = []] = evaluate([node, ...names.map((name) => graph.taps.get(`layers.0.ffn.${name}`) ?? expect.fail(name))], {
    params: new Map(graph.params.map((param, i) => [param.path, numbers(i, param.axes.reduce((n, axis) => n * axis.size, 1))])),
    inputs: new Map([['tokens', range(10).map((i) => i % 8)]]),
  });
  let expected = 0;
  for (const half of [0, 1]) {
    for (const pool of range(3)) {
      for (const n of range(3)) {
        // token, place among the open pools, head
        const places = range(10 * 2 * 2).map((i) => ({ slot: Math.floor(i / 2), i })).filter(({ slot }) => opened[slot] === pool);
        const mass = places.reduce((m, { i }) => m + (inner[(i * 2 + half) * 3 + n] ?? NaN), 0) / 40;
        const hits = places.reduce((m, { i }) => m + [0, 1].filter((k) => (half ? (picked[i * 2 + k] ?? NaN) % 3 : Math.floor((picked[i * 2 + k] ?? NaN) / 3)) === n).length, 0) / 80;
        expected += (9 * mass * hits) / 2;
      }
    }
  }
  expect(value?.[0]).toBeCloseTo(expected, 12);
});

test('global experts beside the pools, and a bypass whose weights are given', () => {
  expectLayer({
    text: `use std.pools { global_experts, mlp_bank, tied_mlp }
block layer(x[d]) -> y[d] { let bank = mlp_bank(; width = 2)
  param down[f = 2, d] ~ ones
  let common[d] = global_experts(x; count = 3)
  return common + tied_mlp(x, bank, down) }`, size,
    equation: (read, x) => tokens(size, (b, t) => D.map((o) =>
      sum(3, (u) => gelu(sum(3, (i) => x(b, t, i) * read('common.experts.read', u, i))) * read('common.experts.write', u, o))
      + sum(2, (f) => gelu(sum(3, (i) => x(b, t, i) * read('bank.up', i, f))) * read('down', f, o)))),
  });
});
