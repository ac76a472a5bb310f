/**
 * @file A LLaMA language model written with standard blocks only, against the outputs and all gradients of the reference implementation.
 */
import { describe, expect, test } from 'vitest';
import { differentiate } from '../../compiler/autodiff/differentiate.js';
import { hasShared, shared } from '../support/shared.js';
import { readSafetensors } from '../support/safetensors.js';
import { elaborateText } from '../support/spec.js';
import { engines } from './available.js';
import { relativeError } from './engines.js';
import { permuted } from './permuted.js';

const spec = `language 1
use std.transformer { embed, attention, swiglu, lm_head }
use std.losses { next_token }
arch Llama {
  dims { d = 32; ctx = 12; vocab = 64 }
  embed {}
  layers 2 {
    attention { heads = 4; kv_heads = 2 }
    ffn: swiglu { width = 48 }
  }
  lm_head {}
  loss ce = next_token(lm_head.logits)
}`;

/** Our parameter -> the reference's, and how its axes are arranged. */
function mapping(): Map<string, { name: string; order: number[]; shape?: number[] }> {
  const map = new Map<string, { name: string; order: number[]; shape?: number[] }>();
  map.set('embed.table', { name: 'model.embed_tokens.weight', order: [0, 1] });
  map.set('lm_head.unembed', { name: 'lm_head.weight', order: [0, 1] });
  map.set('lm_head.normed.gain', { name: 'model.norm.weight', order: [0] });
  for (const layer of [0, 1]) {
    const ours = `layers.${layer}`;
    const theirs = `model.layers.${layer}`;
    map.set(`${ours}.attention.norm.gain`, { name: `${theirs}.input_layernorm.weight`, order: [0] });
    map.set(`${ours}.ffn.norm.gain`, { name: `${theirs}.post_attention_layernorm.weight`, order: [0] });
    // torch keeps [out, in], out = (head, width)
    map.set(`${ours}.attention.q.w`, { name: `${theirs}.self_attn.q_proj.weight`, shape: [4, 8, 32], order: [2, 0, 1] });
    map.set(`${ours}.attention.k.w`, { name: `${theirs}.self_attn.k_proj.weight`, shape: [2, 8, 32], order: [2, 0, 1] });
    map.set(`${ours}.attention.v.w`, { name: `${theirs}.self_attn.v_proj.weight`, shape: [2, 8, 32], order: [2, 0, 1] });
    map.set(`${ours}.attention.out.w`, { name: `${theirs}.self_attn.o_proj.weight`, shape: [32, 4, 8], order: [1, 2, 0] });
    map.set(`${ours}.ffn.gate.w`, { name: `${theirs}.mlp.gate_proj.weight`, order: [1, 0] });
    map.set(`${ours}.ffn.up.w`, { name: `${theirs}.mlp.up_proj.weight`, order: [1, 0] });
    map.set(`${ours}.ffn.down.w`, { name: `${theirs}.mlp.down_proj.weight`, order: [1, 0] });
  }
  return map;
}

const file = 'oracles/llama_lm.safetensors';

describe.skipIf(!hasShared(file))('LLaMA oracle', async () => {
  for (const engine of await engines()) {
    test(`outputs and gradients on the ${engine.name}`, async () => {
      const { tensors: oracle } = readSafetensors(shared(file));
      const { graph, context } = elaborateText(spec, { batch: 2, time: 12 });
      const map = mapping();
      expect([...map.keys()].sort()).toEqual(graph.params.map((param) => param.path).sort());
      const params = new Map([...map].map(([path, { name, order, shape }]) => [path, permuted(oracle, `param.${name}`, order, shape)]));
      const ids = [...(oracle.get('in.ids')?.data ?? [])];
      // position t predicts token t + 1; the last has no target
      const targets = ids.map((_, i) => (i % 12 === 11 ? -1 : (ids[i + 1] ?? -1)));
      const [ce] = graph.losses;
      if (!ce) throw new Error('no loss');
      const nodes = graph.params.map((param) => context.build.param(param));
      const gradients = differentiate(context.build, ce.node, nodes);
      const outputs = [{ name: 'loss', node: ce.node }, { name: 'logits', node: graph.logits }];
      graph.params.forEach((param, i) => {
        const node = gradients[i];
        if (node) outputs.push({ name: `grad.${param.path}`, node });
      });
      const result = await engine.run(outputs, { params, inputs: new Map([['tokens', ids], ['targets', targets]]) });
      expect(relativeError(result.get('loss'), oracle.get('out.loss')?.data ?? [])).toBeLessThan(1e-4);
      expect(relativeError(result.get('logits'), oracle.get('out.logits')?.data ?? [])).toBeLessThan(1e-4);
      for (const [path, { name, order, shape }] of map) {
        expect(relativeError(result.get(`grad.${path}`), permuted(oracle, `grad.${name}`, order, shape)), path).toBeLessThan(1e-4);
      }
    });
  }
});
