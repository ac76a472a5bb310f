/**
 * @file A whole training step built by hand: embedding, attention, experts retrieved by product keys, tied unembedding, clipping, AdamW and touched-rows Adam.
 */
import type { Axis, Node, Param, Procedure } from '../../compiler/graph/graph.js';
import { GraphBuilder } from '../../compiler/graph/build.js';
import { differentiate } from '../../compiler/autodiff/differentiate.js';
import { buildUpdates } from '../../compiler/optimizer/adamw.js';

export interface ModelSizes {
  readonly layers: number;
  readonly batch: number;
  readonly time: number;
  readonly d: number;
  readonly vocab: number;
  readonly heads: number;
  readonly keys: number;
  readonly take: number;
  readonly pools?: number;
}

export function trainingStep(sizes: ModelSizes): { builder: GraphBuilder; procedures: Procedure[]; tables: Param[]; params: Param[] } {
  const b = new GraphBuilder();
  const batch = b.axis('batch', sizes.batch, 'batch');
  const time = b.axis('time', sizes.time, 'time');
  const d = b.axis('d', sizes.d);
  const vocab = b.axis('vocab', sizes.vocab);
  const params: Param[] = [];
  const tables: Param[] = [];
  const param = (path: string, axes: readonly Axis[], list = params): Node => {
    const made: Param = { path, axes, init: { kind: 'normal', mean: 0, std: 0.1 } };
    list.push(made);
    return b.at(path, undefined, () => b.param(made));
  };
  const norm = (x: Node, path: string): Node => {
    const gain = param(`${path}.gain`, [d]);
    return b.at(path, undefined, () => b.mul(b.mul(x, b.rsqrt(b.add(b.mean(b.mul(x, x), [d]), 1e-5))), gain));
  };
  const tokens = b.input('tokens', [batch, time], 'i32');
  const targets = b.input('targets', [batch, time], 'i32');
  const embed = param('embed.table', [vocab, d]);
  let x = b.at('embed', undefined, () => b.gather(embed, [vocab], [tokens]));
  for (let i = 0; i < sizes.layers; i++) {
    const before = x;
    const a = norm(before, `layers.${i}.attention_norm`);
    x = b.at(`layers.${i}.attention`, undefined, () => b.add(before, attention(i, a)));
    const middle = x;
    const f = norm(middle, `layers.${i}.ffn_norm`);
    x = b.at(`layers.${i}.ffn`, undefined, () => b.add(middle, experts(i, f)));
  }
  const last = norm(x, 'lm_head.norm');
  const logits = b.at('lm_head.logits', undefined, () => b.contract(last, embed, [d]));
  const counted = b.le(0, b.toF32(targets));
  const nll = b.at('loss.ce', undefined, () => b.mul(b.sub(b.logsumexp(logits, [vocab]), b.gather(logits, [vocab], [targets])), counted));
  const loss = b.at('loss.ce', undefined, () => b.div(b.sum(nll, [batch, time]), b.max(b.sum(counted, [batch, time]), 1)));

  function attention(layer: number, a: Node): Node {
    const at = `layers.${layer}.attention`;
    const [h, e, half] = [b.axis('h', 2), b.axis('e', sizes.d / 2), b.axis('half', sizes.d / 4)];
    const project = (name: string): Node => b.at(`${at}.${name}`, undefined, () => b.contract(a, param(`${at}.${name}.w`, [d, h, e]), [d]));
    const rotate = (y: Node): Node => {
      const [left, right] = [b.slice(y, e, 0, half), b.slice(y, e, half.size, half)];
      const angle = b.mul(b.iota(time), b.exp(b.mul(b.iota(half), -2 / half.size)));
      return b.concat([b.sub(b.mul(left, b.cos(angle)), b.mul(right, b.sin(angle))), b.add(b.mul(left, b.sin(angle)), b.mul(right, b.cos(angle)))], [half, half], e);
    };
    const { out } = b.attention(rotate(project('q')), rotate(project('k')), project('v'), { heads: h, groups: h, key: e, value: e, scale: (sizes.d / 2) ** -0.5 });
    return b.at(`${at}.out`, undefined, () => b.contract(out, param(`${at}.out.w`, [h, e, d]), [h, e]));
  }

  function experts(layer: number, f: Node): Node {
    const at = `layers.${layer}.ffn`;
    const { heads, keys, take } = sizes;
    const [h, half, e, n, k, expert] = [b.axis('h', heads), b.axis('half', 2), b.axis('e', 4), b.axis('n', keys), b.axis('k', take), b.axis('expert', keys * keys)];
    const q = b.at(`${at}.query`, undefined, () => b.contract(f, param(`${at}.query.w`, [d, h, half, e]), [d]));
    const score = b.at(`${at}.score`, undefined, () => b.contract(q, param(`${at}.key`, [h, half, n, e]), [e]));
    const pick = b.at(`${at}.pick`, undefined, () => b.topProduct(score, half, n, k));
    const chosen = b.at(`${at}.pick`, undefined, () => b.add(b.gather(b.slice(score, half, 0), [n], [b.div(pick, keys)]), b.gather(b.slice(score, half, 1), [n], [b.mod(pick, keys)])));
    const gate = b.at(`${at}.gate`, undefined, () => b.softmax(chosen, [k]));
    const read = param(`${at}.experts.read`, [expert, d], tables);
    const write = param(`${at}.experts.write`, [expert, d], tables);
    const pre = b.at(`${at}.activation`, undefined, () => b.contract(f, b.gather(read, [expert], [pick]), [d]));
    const gelu = b.mul(b.mul(pre, 0.5), b.add(b.erf(b.mul(pre, Math.SQRT1_2)), 1));
    const activation = b.at(`${at}.activation`, undefined, () => b.mul(gate, gelu));
    return b.contract(activation, b.gather(write, [expert], [pick]), [h, k]);
  }

  const all = [...params, ...tables];
  const grads = differentiate(b, loss, all.map((p) => b.param(p)));
  const withGrads = all.flatMap((p, i) => {
    const grad = grads[i];
    return grad ? [{ param: p, grad }] : [];
  });
  const group = { lr: 0.01, betas: [0.9, 0.95] as const, eps: 1e-8 };
  const { updates, outputs } = buildUpdates(b, withGrads, {
    steps: 100, batch: sizes.batch, seed: 1, logEvery: 1, evalEvery: 1, saveEvery: 1, clip: 1, schedule: { shape: 'cosine', warmup: 5, floor: 0 },
    groups: [
      { path: '', optimizer: 'adamw', ...group, weightDecay: 0.1 },
      { path: 'layers.ffn.experts', optimizer: 'touched_adam', ...group, weightDecay: 0 },
    ],
  });
  const procedures: Procedure[] = [
    { name: 'train', outputs: [{ name: 'loss', node: loss }, ...outputs], updates },
    { name: 'eval', outputs: [{ name: 'nll', node: nll }], updates: [] },
    { name: 'forward', outputs: [{ name: 'logits', node: logits }], updates: [] },
  ];
  return { builder: b, procedures, tables, params };
}
