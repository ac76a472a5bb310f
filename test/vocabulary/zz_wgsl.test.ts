import { expect, test } from 'vitest';
import { engines } from '../oracles/available.js';
import { relativeError } from '../oracles/engines.js';
import { elaborateLayer } from '../support/layer.js';
import { numbers } from '../support/random.js';
const cases: [string, string, string?][] = [
  ['switch', 'use std.routing { switch }\nblock layer(x[d]) -> y[d] { return switch(x; count = 5, width = 3) }'],
  ['moe', 'use std.moe { moe }\nblock layer(x[d]) -> y[d] { return moe(x; count = 5, take = 2, width = 3, shared = 2) }'],
  ['sigma', 'use std.routing { sigma_moe }\nblock layer(x[d]) -> y[d] { return sigma_moe(x; count = 5, take = 2, width = 3) }'],
  ['sigma drop', 'use std.routing { sigma_moe }\nblock layer(x[d]) -> y[d] { return sigma_moe(x; count = 5, take = 2, width = 3, drop = 0.2) }'],
  ['deepseek', 'use std.routing { deepseek_moe }\nblock layer(x[d]) -> y[d] { return deepseek_moe(x; count = 8, take = 3, width = 3, groups = 4, open = 2, scale = 2.5) }'],
  ['choice', 'use std.routing { expert_choice }\nblock layer(x[d]) -> y[d] { return expert_choice(x; count = 4, capacity = 2, width = 3) }'],
  ['remoe', 'use std.routing { remoe }\nblock layer(x[d]) -> y[d] { return remoe(x; count = 4, width = 3) }'],
  ['peer bn', 'use std.experts { peer }\nuse std.norms { batch_norm }\nblock layer(x[d]) -> y[d] { return peer(x; heads = 2, keys = 3, take = 4, query = 4, norm = batch_norm, share_keys = true) }'],
  ['peer heads', 'use std.experts { peer }\nuse std.functions { relu }\nblock layer(x[d]) -> y[d] { return peer(x; heads = 2, keys = 3, take = 1, query = 4, norm = none, gate = relu, tables = per_head) }'],
  ['pkm', 'use std.memory { product_memory }\nblock layer(x[d]) -> y[d] { return product_memory(x; heads = 2, keys = 3, take = 4, query = 4) }'],
  ['memory+', 'use std.memory { memory_plus, value_bank }\nblock layer(x[d]) -> y[d] { let bank = value_bank(; keys = 3, width = 5)\n  return memory_plus(x, bank; heads = 2, keys = 3, take = 4, query = 4) }'],
  ['ultramem', 'use std.ultramem { ultramem }\nblock layer(x[d]) -> y[d] { return ultramem(x; keys = 4, take = 3, width = 4, query = 3, rank = 2, slices = 2, blocks = 2) }'],
  ['ultramem v2', 'use std.ultramem { ultramem_v2 }\nblock layer(x[d]) -> y[d] { return ultramem_v2(x; keys = 4, take = 3, width = 3, query = 3, rank = 2) }'],
  ['pools joint', 'use std.pools { expert_pools }\nblock layer(x[d]) -> y[d] { return expert_pools(x; count = 4, open = 2, size = 5, take = 2, smallest = 2, scope = joint) }'],
  ['pools own', 'use std.pools { expert_pools }\nblock layer(x[d]) -> y[d] { return expert_pools(x; count = 4, open = 2, size = 5, take = 2, retrieve = own) }'],
  ['pools jump', 'use std.pools { expert_pools }\nblock layer(x[d]) -> y[d] { return expert_pools(x; count = 4, open = 2, size = 5, take = 2, retrieve = own, jump = true) }'],
  ['topk sae', 'use std.sae { topk_sae }\nblock layer(x[d]) -> y[n] { let f[n] = topk_sae(x; latents = 6, take = 2)\n return f }'],
  ['batchtopk sae', 'use std.sae { batch_topk_sae }\nblock layer(x[d]) -> y[n] { let f[n] = batch_topk_sae(x; latents = 6, take = 2)\n return f }'],
  ['jump sae', 'use std.sae { jumprelu_sae }\nblock layer(x[d]) -> y[n] { let f[n] = jumprelu_sae(x; latents = 6)\n return f }'],
  ['gated sae', 'use std.sae { gated_sae }\nblock layer(x[d]) -> y[n] { let f[n] = gated_sae(x; latents = 6)\n return f }'],
  ['monet hd', 'use std.monet { monet_router, monet_horizontal }\nblock layer(x[d]) -> y[d] { let gates = monet_router(x; heads = 2, keys = 4, take = 2)\n return monet_horizontal(x, gates; width = 4) }'],
];
test.each(cases)('%s', async (_, text) => {
  const [reference, device] = await engines();
  if (!reference || !device) throw new Error('no device');
  const layer = elaborateLayer(text, { batch: 2, time: 3, d: 4 });
  const size = (axes: readonly { size: number }[]): number => axes.reduce((n, a) => n * a.size, 1);
  const params = new Map(layer.params.map((p, i) => [p.path, numbers(100 + i, size(p.axes))]));
  const states = new Map(layer.context.states.map((s) => [s.path, new Float64Array(size(s.axes)).fill(s.initial)]));
  const inputs = new Map([['x', numbers(198, 24)], ['cotangent', numbers(199, size(layer.y.axes))]]);
  const outputs = [{ name: 'y', node: layer.y }, ...layer.gradients.flatMap((node, i) => (node ? [{ name: `g${i} ${layer.params[i - 1]?.path}`, node }] : [])), ...layer.context.updates.map(({ target, value }) => ({ name: `u ${target.path}`, node: value }))];
  const want = await reference.run(outputs, { params, inputs, states });
  const got = await device.run(outputs, { params, inputs, states });
  const bad = outputs.map(({ name }) => [name, relativeError(got.get(name), want.get(name) ?? [])] as const).filter(([, e]) => !(e < 1e-4));
  expect(bad).toEqual([]);
});
