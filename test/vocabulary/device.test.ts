/**
 * @file The vocabulary on generated kernels: output, gradients and state updates of each block equal the interpreter's.
 */
import { describe, expect, test } from 'vitest';
import { engines } from '../oracles/available.js';
import { elaborateLayer } from '../support/layer.js';
import { numbers } from '../support/random.js';

const cases: readonly (readonly [string, string])[] = [
  ['switch', 'use std.routing { switch }\nblock layer(x[d]) -> y[d] { return switch(x; count = 5, width = 3) }'],
  ['switch with capacity', 'use std.routing { switch }\nblock layer(x[d]) -> y[d] { return switch(x; count = 3, width = 3, capacity = 0.7, jitter = 0.2) }'],
  ['top-2 by priority', 'use std.routing { switch }\nblock layer(x[d]) -> y[d] { return switch(x; count = 3, width = 3, take = 2, capacity = 0.6, priority = gate) }'],
  ['gshard', 'use std.routing { gshard }\nblock layer(x[d]) -> y[d] { return gshard(x; count = 3, width = 3, threshold = 0.8, capacity = 0.9) }'],
  ['moe with capacity', 'use std.moe { moe }\nblock layer(x[d]) -> y[d] { return moe(x; count = 5, take = 2, width = 3, capacity = 0.8, within = sequence) }'],
  ['expert threshold', 'use std.routing { expert_threshold }\nblock layer(x[d]) -> y[d] { return expert_threshold(x; count = 4, take = 2, width = 3) }'],
  ['sigma with dropout', 'use std.routing { sigma_moe }\nblock layer(x[d]) -> y[d] { return sigma_moe(x; count = 6, take = 2, width = 3, drop = 0.3) }'],
  ['annealed topk sae', 'use std.sae { topk_sae }\nblock layer(x[d]) -> y[n] { let f[n] = topk_sae(x; latents = 6, take = 2, first = 5, anneal = 3)\n return f }'],
  ['groupmax sae', 'use std.sae { groupmax_sae }\nblock layer(x[d]) -> y[n] { let f[n] = groupmax_sae(x; latents = 6, groups = 2)\n return f }'],
  ['pkm with noise', 'use std.memory { product_memory }\nblock layer(x[d]) -> y[d] { return product_memory(x; heads = 2, keys = 3, take = 4, query = 4, noise = 0.5) }'],
  ['moe', 'use std.moe { moe }\nblock layer(x[d]) -> y[d] { return moe(x; count = 5, take = 2, width = 3, shared = 2) }'],
  ['sigma', 'use std.routing { sigma_moe }\nblock layer(x[d]) -> y[d] { return sigma_moe(x; count = 5, take = 2, width = 3) }'],
  ['deepseek', 'use std.routing { deepseek_moe }\nblock layer(x[d]) -> y[d] { return deepseek_moe(x; count = 8, take = 3, width = 3, groups = 4, open = 2, scale = 2.5) }'],
  ['choice', 'use std.routing { expert_choice }\nblock layer(x[d]) -> y[d] { return expert_choice(x; count = 4, capacity = 2, width = 3) }'],
  ['remoe', 'use std.routing { remoe }\nblock layer(x[d]) -> y[d] { return remoe(x; count = 4, width = 3) }'],
  ['peer bn', 'use std.experts { peer }\nuse std.norms { batch_norm }\nblock layer(x[d]) -> y[d] { return peer(x; heads = 2, keys = 3, take = 4, query = 4, norm = batch_norm, share_keys = true) }'],
  ['peer heads', 'use std.experts { peer }\nuse std.functions { relu }\nblock layer(x[d]) -> y[d] { return peer(x; heads = 2, keys = 3, take = 1, query = 4, norm = none, gate = relu, tables = per_head) }'],
  ['pkm', 'use std.memory { product_memory }\nblock layer(x[d]) -> y[d] { return product_memory(x; heads = 2, keys = 3, take = 4, query = 4) }'],
  ['memory+', 'use std.memory { memory_plus, value_bank }\nblock layer(x[d]) -> y[d] { let bank = value_bank(; keys = 3, width = 5)\n  return memory_plus(x, bank; heads = 2, keys = 3, take = 4, query = 4) }'],
  ['ultramem', 'use std.ultramem { ultramem }\nblock layer(x[d]) -> y[d] { return ultramem(x; keys = 4, take = 3, width = 4, query = 3, rank = 2, slices = 2, blocks = 2) }'],
  ['ultramem v2', 'use std.ultramem { ultramem_v2 }\nblock layer(x[d]) -> y[d] { return ultramem_v2(x; keys = 4, take = 3, width = 3, query = 3, rank = 2) }'],
  ['pools', 'use std.pools { pools }\nblock layer(x[d]) -> y[d] { return pools(x; count = 4, open = 2, heads = 2, keys = 3, take = 2, query = 4) }'],
  ['pools joint keys', 'use std.pools { pools }\nblock layer(x[d]) -> y[d] { return pools(x; count = 4, open = 2, heads = 2, keys = 3, take = 2, query = 4, scope = joint, weight = straight_through, rate = 0.01) }'],
  ['pools unequal keys', 'use std.pools { pools }\nblock layer(x[d]) -> y[d] { return pools(x; count = 4, open = 2, heads = 2, take = 2, query = 4, scope = joint, sizes = [9, 1, 4, 4], jump = true) }'],
  ['pools unequal routers', 'use std.pools { pools }\nblock layer(x[d]) -> y[d] { return pools(x; count = 4, open = 2, take = 2, retrieve = router, scope = joint, sizes = [5, 1, 3, 2]) }'],
  ['pools own', 'use std.pools { pools }\nblock layer(x[d]) -> y[d] { return pools(x; count = 4, open = 2, size = 5, take = 2, retrieve = own) }'],
  ['pools unequal own', 'use std.pools { pools }\nblock layer(x[d]) -> y[d] { return pools(x; count = 4, open = 2, take = 2, retrieve = own, sizes = [5, 1, 3, 2], jump = true) }'],
  ['topk sae', 'use std.sae { topk_sae }\nblock layer(x[d]) -> y[n] { let f[n] = topk_sae(x; latents = 6, take = 2)\n return f }'],
  ['batchtopk sae', 'use std.sae { batch_topk_sae }\nblock layer(x[d]) -> y[n] { let f[n] = batch_topk_sae(x; latents = 6, take = 2)\n return f }'],
  ['jump sae', 'use std.sae { jumprelu_sae }\nblock layer(x[d]) -> y[n] { let f[n] = jumprelu_sae(x; latents = 6, width = 0.8)\n return f }'],
  ['gated sae', 'use std.sae { gated_sae }\nblock layer(x[d]) -> y[n] { let f[n] = gated_sae(x; latents = 6)\n return f }'],
  ['monet hd', 'use std.monet { monet_router, monet_horizontal }\nblock layer(x[d]) -> y[d] { let gates = monet_router(x; heads = 2, keys = 4, take = 2)\n return monet_horizontal(x, gates; width = 4) }'],
];
const size = (axes: readonly { readonly size: number }[]): number => axes.reduce((n, axis) => n * axis.size, 1);

/** The largest difference, in units of the largest expected magnitude, or of 1. */
function distance(actual: ArrayLike<number> | undefined, expected: ArrayLike<number>): number {
  const scale = Array.from(expected).reduce((max, v) => Math.max(max, Math.abs(v)), 1);
  return Array.from(expected).reduce((worst, v, i) => Math.max(worst, Math.abs((actual?.[i] ?? Number.POSITIVE_INFINITY) - v)), 0) / scale;
}

const [reference, ...devices] = await engines();

describe('vocabulary', () => {
  describe.each(devices.map((device) => [device.name, device] as const))('on the %s', (_, device) => {
    test.each(cases)('%s', async (_name, text) => {
      if (!reference) throw new Error('no interpreter');
      const layer = elaborateLayer(text, { batch: 2, time: 3, d: 4 });
      const params = new Map(layer.params.map((param, i) => [param.path, numbers(100 + i, size(param.axes))]));
      const states = new Map(layer.context.states.map((state) => [state.path, new Float64Array(size(state.axes)).fill(state.initial)]));
      const inputs = new Map([['x', numbers(198, 24)], ['cotangent', numbers(199, size(layer.y.axes))]]);
      const gradients = layer.gradients.flatMap((node, i) => (node ? [{ name: `gradient of ${layer.params[i - 1]?.path ?? 'x'}`, node }] : []));
      const updates = layer.context.updates.map(({ target, value }) => ({ name: `next ${target.path}`, node: value }));
      const outputs = [{ name: 'y', node: layer.y }, ...gradients, ...updates];
      const expected = await reference.run(outputs, { params, inputs, states });
      const actual = await device.run(outputs, { params, inputs, states });
      expect(outputs.filter(({ name }) => !(distance(actual.get(name), expected.get(name) ?? []) < 1e-4)).map(({ name }) => name)).toEqual([]);
    });
  });
});
