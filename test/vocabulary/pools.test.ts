/**
 * @file Mixtures of expert pools, every switch, against the definition of section 9 of the reference: all pools and members in loops.
 */
import { describe, test } from 'vitest';
import { erf } from '../reference/erf.js';
import { at, expectLayer, range, softmax, sum, tokens, top } from '../support/brute.js';
import { elaborateLayer } from '../support/layer.js';
import { expect } from 'vitest';

const size = { batch: 2, time: 2, d: 3 };
const D = range(3);
const [pools, open, members] = [4, 2, 5];
const gelu = (z: number): number => 0.5 * z * (1 + erf(z / Math.SQRT2));

interface Switches {
  readonly retrieve: 'router' | 'own';
  readonly scope: 'per_pool' | 'joint';
  readonly weight: 'product' | 'renormalised' | 'inner';
  readonly smallest?: number;
}

const all: Switches[] = (['router', 'own'] as const).flatMap((retrieve) =>
  (['per_pool', 'joint'] as const).flatMap((scope) => (['product', 'renormalised', 'inner'] as const).map((weight) => ({ retrieve, scope, weight }))));

describe('expert pools', () => {
  test.each([...all, { retrieve: 'router', scope: 'joint', weight: 'product', smallest: 2 } as const, { retrieve: 'own', scope: 'per_pool', weight: 'inner', smallest: 2 } as const])(
    'retrieve $retrieve, scope $scope, weight $weight, smallest $smallest',
    ({ retrieve, scope, weight, smallest = members }) => {
      const take = 2;
      expectLayer({
        text: `use std.pools { expert_pools }
block layer(x[d]) -> y[d] { return expert_pools(x; count = ${pools}, open = ${open}, size = ${members}, take = ${take}, smallest = ${smallest}, retrieve = ${retrieve}, scope = ${scope}, weight = ${weight}) }`, size,
        equation: (read, x) => tokens(size, (b, t) => {
          const route = softmax(range(pools).map((p) => sum(3, (i) => x(b, t, i) * read('logits.w', i, p))));
          const opened = top(route, open);
          const mass = opened.reduce((n, p) => n + at(route, p), 0);
          // pools 0..3 hold 5, 4, 3, 2 members where they shrink to 2
          const held = (p: number): number => (smallest === members ? members : members - p);
          const score = (p: number, n: number): number => (n >= held(p) ? -1e10 : sum(3, (i) => x(b, t, i) * read(retrieve === 'router' ? 'key' : 'experts.read', p, n, i)));
          const groups = scope === 'joint' ? [opened.flatMap((p) => range(members).map((n) => ({ p, n })))] : opened.map((p) => range(members).map((n) => ({ p, n })));
          return D.map((o) => groups.reduce((y, group) => {
            const kept = top(group.map(({ p, n }) => score(p, n)), take).map((i) => group[i] ?? { p: 0, n: 0 });
            const gate = softmax(kept.map(({ p, n }) => score(p, n)));
            return y + sum(take, (k) => {
              const { p, n } = kept[k] ?? { p: 0, n: 0 };
              const outer = weight === 'product' ? at(route, p) : weight === 'renormalised' ? at(route, p) / mass : 1;
              return at(gate, k) * outer * gelu(sum(3, (i) => x(b, t, i) * read('experts.read', p, n, i))) * read('experts.write', p, n, o);
            });
          }, 0));
        }),
      });
    },
  );

  test('JumpReLU opens the experts above their learned threshold', () => {
    expectLayer({
      text: `use std.pools { expert_pools }
block layer(x[d]) -> y[d] { return expert_pools(x; count = 4, open = 2, size = 5, take = 2, retrieve = own, jump = true) }`, size, except: ['layer.theta'],
      equation: (read, x) => tokens(size, (b, t) => {
        const route = softmax(range(pools).map((p) => sum(3, (i) => x(b, t, i) * read('logits.w', i, p))));
        return D.map((o) => top(route, open).reduce((y, p) => {
          const pre = range(members).map((n) => sum(3, (i) => x(b, t, i) * read('experts.read', p, n, i)));
          return y + top(pre, 2).reduce((z, n) => {
            const a = at(pre, n);
            return z + (a > read('theta', p, n) ? a : 0) * at(route, p) * gelu(a) * read('experts.write', p, n, o);
          }, 0);
        }, 0));
      }),
    });
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

  test('only the experts that are open are read: no parameter but the routers meets every token', () => {
    const { context } = elaborateLayer('use std.pools { expert_pools }\nblock layer(x[d]) -> y[d] { return expert_pools(x; count = 4, open = 2, size = 5, take = 2) }', size);
    expect(context.families.map(({ path, axes }) => [path, axes.map((axis) => axis.size)])).toEqual([['layer.experts', [4, 5]]]);
  });
});
