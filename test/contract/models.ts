/**
 * @file Small hand-built language models for the contract's tests: an embedding, attention and one block of experts, whose parts a test may
 * replace to break a clause.
 */
import { GraphBuilder } from '../../compiler/graph/build.js';
import type { Axis, ExpertFamily, Graph, Loss, Node, Param, ResidualAdd } from '../../compiler/graph/graph.js';

export interface Sizes {
  readonly batch: number;
  readonly time: number;
  readonly d: number;
  readonly vocab: number;
  readonly experts: number;
  readonly heads: number;
  readonly take: number;
}

export const SIZES: Sizes = { batch: 2, time: 5, d: 4, vocab: 7, experts: 6, heads: 2, take: 3 };

/** What a test's block of experts is given. */
export interface Workshop {
  readonly g: GraphBuilder;
  readonly batch: Axis;
  readonly time: Axis;
  readonly d: Axis;
  readonly h: Axis;
  readonly k: Axis;
  readonly expert: Axis;
  /** The block's input, normed. */
  readonly x: Node;
  readonly tokens: Node;
  /** The experts' tables [expert, d] and their declarations. */
  readonly read: Node;
  readonly write: Node;
  /** [batch, time, h, k], by a router over [h, expert]. */
  readonly pick: Node;
  readonly score: Node;
  /** A parameter that belongs to no family. */
  readonly param: (name: string, axes: readonly Axis[]) => Node;
  /** coefficient[h, k] = softmax(score) * relu(x . read[pick]) */
  readonly coefficient: () => Node;
  /** sum(h, k)(coefficient * write[pick]) */
  readonly output: (coefficient: Node) => Node;
}

export interface Parts {
  readonly block?: (w: Workshop) => Node;
  readonly embed?: (w: { readonly g: GraphBuilder; readonly x: Node; readonly time: Axis; readonly batch: Axis }) => Node;
  readonly family?: (family: ExpertFamily, extra: { readonly g: GraphBuilder }) => ExpertFamily;
  readonly attention?: boolean;
  readonly layers?: number;
  readonly sizes?: Sizes;
  readonly residual?: (g: GraphBuilder, before: Node, write: Node) => Node;
  readonly loss?: (g: GraphBuilder, logits: Node, targets: Node) => Node;
}

export interface Built {
  readonly graph: Graph;
  readonly builder: GraphBuilder;
  readonly tables: readonly { readonly read: Param; readonly write: Param }[];
}

export function model(parts: Parts = {}): Built {
  const sizes = parts.sizes ?? SIZES;
  const g = new GraphBuilder();
  const batch = g.axis('batch', sizes.batch, 'batch');
  const time = g.axis('time', sizes.time, 'time');
  const d = g.axis('d', sizes.d);
  const vocab = g.axis('vocab', sizes.vocab);
  const params: Param[] = [];
  const residual: ResidualAdd[] = [];
  const families: ExpertFamily[] = [];
  const taps = new Map<string, Node>();
  const tables: { read: Param; write: Param }[] = [];
  const declare = (path: string, axes: readonly Axis[], role?: 'read' | 'write', family?: string): Param => {
    const param: Param = { path, axes, init: { kind: 'normal', mean: 0, std: 0.5 }, ...(role && family && { expert: { family, role } }) };
    params.push(param);
    return param;
  };
  const tokens = g.input('tokens', [batch, time], 'i32');
  const targets = g.input('targets', [batch, time], 'i32');
  g.path = 'embed';
  const table = g.param(declare('embed.table', [vocab, d]));
  let x = g.gather(table, [vocab], [tokens]);
  if (parts.embed) x = parts.embed({ g, x, time, batch });
  const norm = (y: Node): Node => g.mul(y, g.rsqrt(g.add(g.mean(g.mul(y, y), [d]), 1e-5)));
  const add = (path: string, before: Node, write: Node): void => {
    x = g.at(path, undefined, () => (parts.residual ?? ((builder, a, b) => builder.add(a, b)))(g, before, write));
    residual.push({ path, before, write, after: x });
    taps.set(path, write);
  };
  for (let layer = 0; layer < (parts.layers ?? 1); layer++) {
    if (parts.attention !== false) {
      g.path = `layers.${layer}.attention`;
      const [h, group, e] = [g.axis('h', 2), g.axis('g', 1), g.axis('e', 3)];
      const input = norm(x);
      const linear = (name: string, axes: readonly Axis[]): Node => g.contract(input, g.param(declare(`${g.path}.${name}`, [d, ...axes])), [d]);
      const { out } = g.attention(linear('q', [h, e]), linear('k', [group, e]), linear('v', [group, e]), { heads: h, groups: group, key: e, value: e, scale: 0.5 });
      const o = g.param(declare(`${g.path}.o`, [h, e, d]));
      add(g.path, x, g.contract(out, o, [h, e]));
    }
    const path = `layers.${layer}.ffn`;
    g.path = path;
    const [h, k, expert] = [g.axis('h', sizes.heads), g.axis('k', sizes.take), g.axis('expert', sizes.experts)];
    const home = `${path}.experts`;
    const read = declare(`${home}.read`, [expert, d], 'read', home);
    const write = declare(`${home}.write`, [expert, d], 'write', home);
    tables.push({ read, write });
    const input = norm(x);
    const param = (name: string, axes: readonly Axis[]): Node => g.param(declare(`${path}.${name}`, axes));
    const scores = g.contract(input, param('router', [d, h, expert]), [d]);
    const pick = g.top(scores, expert, k);
    const score = g.gather(scores, [expert], [pick]);
    const [readNode, writeNode] = [g.param(read), g.param(write)];
    const workshop: Workshop = {
      g, batch, time, d, h, k, expert, x: input, tokens, read: readNode, write: writeNode, pick, score, param,
      coefficient: () => g.mul(g.softmax(score, [k]), g.max(g.contract(input, g.gather(readNode, [expert], [pick]), [d]), 0)),
      output: (coefficient) => g.contract(coefficient, g.gather(writeNode, [expert], [pick]), [h, k]),
    };
    const family: ExpertFamily = { path: home, block: path, axes: [expert], members: [read, write] };
    families.push(parts.family ? parts.family(family, { g }) : family);
    add(path, x, (parts.block ?? ((w) => w.output(w.coefficient())))(workshop));
  }
  g.path = 'lm_head';
  const logits = g.contract(norm(x), g.param(declare('lm_head.w', [d, vocab])), [d]);
  g.path = '';
  const loss = (parts.loss ?? ((b, l, t) => b.mean(b.sub(b.logsumexp(l, [vocab]), b.gather(l, [vocab], [t])), [batch, time])))(g, logits, targets);
  const losses: Loss[] = [{ name: 'ce', node: loss }];
  const graph: Graph = { name: 'Tiny', batch, time, params, states: [], taps, families, residual, losses, updates: [], logits };
  return { graph, builder: g, tables };
}
