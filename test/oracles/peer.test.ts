/**
 * @file One product-key layer of rank-1 experts, from standard blocks, against the reference implementation's output and gradients.
 */
import { describe, expect, test } from 'vitest';
import { differentiate } from '../../compiler/autodiff/differentiate.js';
import { applyBlock } from '../../compiler/elaborate/blocks.js';
import { hasShared, shared } from '../support/shared.js';
import { readSafetensors } from '../support/safetensors.js';
import { elaborateText } from '../support/spec.js';
import { engines } from './available.js';
import { relativeError } from './engines.js';
import { permuted } from './permuted.js';

// an arch around the layer only gives the block something to stand in; the layer itself is applied to the oracle's x
const spec = `language 1
use std.transformer { embed }
use std.experts { peer }
arch Layer {
  dims { d = 16; ctx = 5; vocab = 4 }
  embed {}
  ffn: peer { heads = 2; keys = 8; take = 4; query = 16; norm = none }
}`;

const file = 'oracles/peer_softmax.safetensors';
const tensors = new Map([
  // the reference numbers queries (half, head, width); keys (head, key, half, width)
  ['ffn.q.flat.w', { name: 'to_queries.0.weight', shape: [2, 2, 8, 16], order: [3, 1, 0, 2] }],
  ['ffn.pick.key', { name: 'keys', shape: [2, 8, 2, 8], order: [0, 2, 1, 3] }],
  ['ffn.experts.read', { name: 'weight_down_embed.weight', shape: [64, 16], order: [0, 1] }],
  ['ffn.experts.write', { name: 'weight_up_embed.weight', shape: [64, 16], order: [0, 1] }],
]);

describe.skipIf(!hasShared(file))('product-key expert layer oracle', async () => {
  for (const engine of await engines()) {
    test(`output and gradients on the ${engine.name}`, async () => {
      const { tensors: oracle } = readSafetensors(shared(file));
      const { model, context } = elaborateText(spec, { batch: 2, time: 5 });
      const entry = model.entries.find((e) => e.name === 'ffn');
      if (entry?.kind !== 'entry') throw new Error('no entry');
      const { build } = context;
      context.params.length = 0;
      const d = build.axis('d', 16);
      const x = build.input('x', [context.batch, context.time, d], 'f32');
      const cotangent = build.input('cotangent', [context.batch, context.time, d], 'f32');
      const given = new Map([...entry.settings].filter(([, s]) => s.origin.kind === 'spec').map(([name, s]) => [name, { value: s.value.kind === 'number' ? { kind: 'number' as const, value: s.value.value } : { kind: 'none' as const }, span: entry.span }]));
      const y = applyBlock(context, { declaration: entry.block, args: [{ value: { kind: 'tensor', node: x }, span: entry.span }], given, path: 'layer', chain: [], carried: [], span: entry.span });
      if (y.kind !== 'tensor') throw new Error('no output');
      const loss = build.sum(build.mul(y.node, cotangent), y.node.axes);
      const params = context.params;
      const gradients = differentiate(build, loss, [x, ...params.map((param) => build.param(param))]);
      const outputs = [{ name: 'y', node: y.node }, ...gradients.flatMap((node, i) => (node ? [{ name: i === 0 ? 'grad.x' : `grad.${params[i - 1]?.path}`, node }] : []))];
      const ours = (path: string): string => path.replace(/^ffn\./, 'layer.');
      const values = new Map([...tensors].map(([path, { name, shape, order }]) => [ours(path), permuted(oracle, `param.${name}`, order, shape)]));
      expect([...values.keys()].sort()).toEqual(params.map((param) => param.path).sort());
      const inputs = new Map([['x', [...(oracle.get('in.x')?.data ?? [])]], ['cotangent', [...(oracle.get('in.cotangent')?.data ?? [])]]]);
      const result = await engine.run(outputs, { params: values, inputs });
      expect(relativeError(result.get('y'), oracle.get('out.y')?.data ?? [])).toBeLessThan(1e-4);
      expect(relativeError(result.get('grad.x'), oracle.get('grad.x')?.data ?? [])).toBeLessThan(1e-4);
      for (const [path, { name, shape, order }] of tensors) {
        expect(relativeError(result.get(`grad.${ours(path)}`), permuted(oracle, `grad.${name}`, order, shape)), path).toBeLessThan(1e-4);
      }
    });
  }
});
