/**
 * @file One layer of vertically composed experts with its thresholded router, from standard blocks, against the reference implementation's output
 * and gradients in training mode; in the factored form and in the form with a gate for each composed expert.
 */
import { describe, expect, test } from 'vitest';
import { hasShared, shared } from '../support/shared.js';
import { readSafetensors } from '../support/safetensors.js';
import { elaborateLayer } from '../support/layer.js';
import { engines } from './available.js';
import { relativeError } from './engines.js';
import { permuted } from './permuted.js';

const spec = (purgeable: boolean): string => `
use std.monet { monet_router, monet_vertical }
block layer(x[d]) -> y[d] {
  let gates = monet_router(x; heads = 2, keys = 8, take = 2)
  return monet_vertical(x, gates; width = 4, purgeable = ${purgeable})
}`;

const file = 'oracles/monet_vertical.safetensors';
// the reference numbers hidden units (sub-expert, neuron)
const tensors = new Map([
  ['layer.upper.read', { name: 'moe.u1.weight', shape: [8, 2, 16], order: [0, 1, 2] }],
  ['layer.upper.b11', { name: 'moe.u1.bias', shape: [8, 2], order: [0, 1] }],
  ['layer.upper.write_v11', { name: 'moe.v11.weight', shape: [8, 8, 2], order: [1, 2, 0] }],
  ['layer.upper.write_v12', { name: 'moe.v12.weight', shape: [8, 8, 2], order: [1, 2, 0] }],
  ['layer.upper.b12', { name: 'moe.b1', shape: [8, 8], order: [0, 1] }],
  ['layer.lower.read', { name: 'moe.u2.weight', shape: [8, 2, 16], order: [0, 1, 2] }],
  ['layer.lower.b21', { name: 'moe.u2.bias', shape: [8, 2], order: [0, 1] }],
  ['layer.lower.write_v21', { name: 'moe.v21.weight', shape: [8, 8, 2], order: [1, 2, 0] }],
  ['layer.lower.write_v22', { name: 'moe.v22.weight', shape: [8, 8, 2], order: [1, 2, 0] }],
  ['layer.lower.b22', { name: 'moe.b2', shape: [8, 8], order: [0, 1] }],
]);
const router = 'layer.gates.logits.w';

describe.skipIf(!hasShared(file))('vertically composed expert layer oracle', async () => {
  for (const engine of await engines()) {
    test.each([['factored gates', false], ['a gate for each composed expert', true]])(`output and gradients with %s on the ${engine.name}`, async (_, purgeable) => {
      const { tensors: oracle } = readSafetensors(shared(file));
      const { y, params, gradients } = elaborateLayer(spec(purgeable), { batch: 2, time: 6, d: 16 });
      // w1 and w2 of the router are the two sides of one tensor here: [d, side, head, n]
      const sides = (kind: string): Float64Array => {
        const [first, second] = ['w1', 'w2'].map((w) => permuted(oracle, `${kind}.router.${w}.weight`, [1, 0]));
        return Float64Array.from({ length: 16 * 32 }, (_none, i) => ((i % 32) < 16 ? first : second)?.[Math.floor(i / 32) * 16 + (i % 16)] ?? Number.NaN);
      };
      const values = new Map<string, Float64Array>([...tensors].map(([path, { name, shape, order }]) => [path, permuted(oracle, `param.${name}`, order, shape)]));
      values.set(router, sides('param'));
      expect([...values.keys()].sort()).toEqual(params.map((param) => param.path).sort());
      const outputs = [{ name: 'y', node: y }, ...gradients.flatMap((node, i) => (node ? [{ name: i === 0 ? 'grad.x' : `grad.${params[i - 1]?.path}`, node }] : []))];
      const inputs = new Map([['x', [...(oracle.get('in.x')?.data ?? [])]], ['cotangent', [...(oracle.get('in.cotangent')?.data ?? [])]]]);
      const states = new Map([['layer.pair.kept', new Float64Array(64).fill(1)]]);
      const result = await engine.run(outputs, { params: values, inputs, states });
      expect(relativeError(result.get('y'), oracle.get('out.y')?.data ?? [])).toBeLessThan(1e-4);
      expect(relativeError(result.get('grad.x'), oracle.get('grad.x')?.data ?? [])).toBeLessThan(1e-4);
      expect(relativeError(result.get(`grad.${router}`), sides('grad'))).toBeLessThan(1e-4);
      for (const [path, { name, shape, order }] of tensors) expect(relativeError(result.get(`grad.${path}`), permuted(oracle, `grad.${name}`, order, shape)), path).toBeLessThan(1e-4);
    });
  }
});
