/**
 * @file A Mixtral language model written with standard blocks only, against the outputs, auxiliary loss and all gradients of the reference implementation.
 */
import { describe, expect, test } from 'vitest';
import { differentiate } from '../../compiler/autodiff/differentiate.js';
import { hasShared, shared } from '../support/shared.js';
import { readSafetensors, type StoredTensor } from '../support/safetensors.js';
import { elaborateText } from '../support/spec.js';
import { engines } from './available.js';
import { relativeError } from './engines.js';
import { permuted } from './permuted.js';

// The oracle's metadata says rope_theta 10000, but its numbers are those of Mixtral's default, 1e6 (found by trying both). The reference
// concatenates the tokens of all layers before it takes the two means, so here the layers' means are averaged before the product.
const spec = `language 1
use std.transformer { embed, attention, lm_head }
use std.moe { moe }
use std.losses { next_token, balance_of_means }
arch Mixtral {
  dims { d = 32; ctx = 12; vocab = 64 }
  embed {}
  layers 2 {
    attention { heads = 4; kv_heads = 2; rope = 1000000 }
    ffn: moe { count = 4; take = 2; width = 48 }
  }
  lm_head {}
  loss ce  = next_token(lm_head.logits)
  loss aux = 0.02 * balance_of_means(mean(layers)(mean(batch, time)(ffn.route)), mean(layers)(share(ffn.opened)); take = 2)
}`;

interface Origin {
  readonly name: string;
  readonly order: readonly number[];
  readonly shape?: readonly number[];
  /** Which rows of axis 1 of the reference's tensor. */
  readonly rows?: readonly [number, number];
}

function mapping(): Map<string, Origin> {
  const map = new Map<string, Origin>();
  map.set('embed.table', { name: 'model.embed_tokens.weight', order: [0, 1] });
  map.set('lm_head.unembed', { name: 'lm_head.weight', order: [0, 1] });
  map.set('lm_head.normed.gain', { name: 'model.norm.weight', order: [0] });
  for (const layer of [0, 1]) {
    const ours = `layers.${layer}`;
    const theirs = `model.layers.${layer}`;
    map.set(`${ours}.attention.norm.gain`, { name: `${theirs}.input_layernorm.weight`, order: [0] });
    map.set(`${ours}.ffn.norm.gain`, { name: `${theirs}.post_attention_layernorm.weight`, order: [0] });
    map.set(`${ours}.attention.q.w`, { name: `${theirs}.self_attn.q_proj.weight`, shape: [4, 8, 32], order: [2, 0, 1] });
    map.set(`${ours}.attention.k.w`, { name: `${theirs}.self_attn.k_proj.weight`, shape: [2, 8, 32], order: [2, 0, 1] });
    map.set(`${ours}.attention.v.w`, { name: `${theirs}.self_attn.v_proj.weight`, shape: [2, 8, 32], order: [2, 0, 1] });
    map.set(`${ours}.attention.out.w`, { name: `${theirs}.self_attn.o_proj.weight`, shape: [32, 4, 8], order: [1, 2, 0] });
    map.set(`${ours}.ffn.logits.w`, { name: `${theirs}.mlp.gate.weight`, order: [1, 0] });
    // gate and up are one matrix there: [expert, (gate, up), d]
    map.set(`${ours}.ffn.experts.read_gate`, { name: `${theirs}.mlp.experts.gate_up_proj`, rows: [0, 48], order: [0, 2, 1] });
    map.set(`${ours}.ffn.experts.read_up`, { name: `${theirs}.mlp.experts.gate_up_proj`, rows: [48, 96], order: [0, 2, 1] });
    map.set(`${ours}.ffn.experts.write`, { name: `${theirs}.mlp.experts.down_proj`, order: [0, 2, 1] });
  }
  return map;
}

/** The reference's tensor in our order. */
function read(tensors: ReadonlyMap<string, StoredTensor>, kind: 'param' | 'grad', { name, order, shape, rows }: Origin): Float64Array {
  const path = `${kind}.${name}`;
  const stored = tensors.get(path);
  if (!rows || !stored) return permuted(tensors, path, order, shape);
  const [blocks = 0, height = 0, width = 0] = stored.shape;
  const part = [...stored.data].filter((_, i) => {
    const row = Math.floor(i / width) % height;
    return row >= rows[0] && row < rows[1];
  });
  const sliced: StoredTensor = { ...stored, shape: [blocks, rows[1] - rows[0], width], data: Float64Array.from(part) };
  return permuted(new Map([[path, sliced]]), path, order);
}

const file = 'oracles/mixtral_lm.safetensors';

describe.skipIf(!hasShared(file))('Mixtral oracle', async () => {
  for (const engine of await engines()) {
    test(`outputs, auxiliary loss and gradients on the ${engine.name}`, async () => {
      const { tensors: oracle } = readSafetensors(shared(file));
      const { graph, context } = elaborateText(spec, { batch: 2, time: 12 });
      const { build } = context;
      const map = mapping();
      expect([...map.keys()].sort()).toEqual(graph.params.map((param) => param.path).sort());
      const params = new Map([...map].map(([path, origin]) => [path, read(oracle, 'param', origin)]));
      const ids = [...(oracle.get('in.ids')?.data ?? [])];
      const targets = ids.map((_, i) => (i % 12 === 11 ? -1 : (ids[i + 1] ?? -1)));
      const [ce, aux] = graph.losses;
      if (!ce || !aux) throw new Error('no loss');
      const total = build.add(ce.node, aux.node);
      const gradients = differentiate(build, total, graph.params.map((param) => build.param(param)));
      const outputs = [{ name: 'loss', node: total }, { name: 'aux', node: build.div(aux.node, 0.02) }, { name: 'logits', node: graph.logits }];
      graph.params.forEach((param, i) => {
        const node = gradients[i];
        if (node) outputs.push({ name: `grad.${param.path}`, node });
      });
      const result = await engine.run(outputs, { params, inputs: new Map([['tokens', ids], ['targets', targets]]) });
      expect(relativeError(result.get('loss'), oracle.get('out.loss')?.data ?? [])).toBeLessThan(1e-4);
      expect(relativeError(result.get('aux'), oracle.get('out.aux_loss')?.data ?? [])).toBeLessThan(1e-4);
      expect(relativeError(result.get('logits'), oracle.get('out.logits')?.data ?? [])).toBeLessThan(1e-4);
      for (const [path, origin] of map) expect(relativeError(result.get(`grad.${path}`), read(oracle, 'grad', origin)), path).toBeLessThan(1e-4);
    });
  }
});
