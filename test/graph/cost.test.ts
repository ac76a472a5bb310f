import { describe, expect, test } from 'vitest';
import { GraphBuilder } from '../../compiler/graph/build.js';
import { costOf, type BlockCost } from '../../compiler/graph/cost.js';
import type { Graph, Node, Param } from '../../compiler/graph/graph.js';
import { model } from '../contract/models.js';

/** A graph of one block: logits from tokens, written by the test. */
function graphOf(make: (g: GraphBuilder, x: { readonly tokens: Node; readonly param: (path: string, axes: Param['axes']) => Node }) => Node): Graph {
  const g = new GraphBuilder();
  const [batch, time] = [g.axis('batch', 2, 'batch'), g.axis('time', 5, 'time')];
  const params: Param[] = [];
  g.path = 'block';
  const logits = make(g, {
    tokens: g.input('tokens', [batch, time], 'i32'),
    param: (path, axes) => {
      const param: Param = { path, axes, init: { kind: 'zeros' } };
      params.push(param);
      return g.param(param);
    },
  });
  return { name: 'G', batch, time, params, states: [], taps: new Map(), families: [], residual: [], losses: [], updates: [], logits };
}

const block = (blocks: readonly BlockCost[], path: string): BlockCost => {
  const found = blocks.find((each) => each.path === path);
  if (!found) throw new Error(`no block ${path}`);
  return found;
};

describe('a model of embedding, attention, experts and head', () => {
  const { blocks, total } = costOf(model().graph);

  test('has one cost per block, in the order of the forward pass', () => {
    expect(blocks.map(({ path }) => path)).toEqual(['embed', 'layers.0.attention', 'layers.0.ffn', 'lm_head']);
  });

  test('counts parameters, and of gathered tables the rows one token reads', () => {
    expect(block(blocks, 'embed')).toMatchObject({ parameters: 28, activeParameters: 4, flops: 0, weightBytes: 112, optimizerBytes: 224 });
    // q 4*2*3, k 4*1*3, v 4*1*3, o 2*3*4
    expect(block(blocks, 'layers.0.attention')).toMatchObject({ parameters: 72, activeParameters: 72 });
    // router 4*2*6 and two tables 6*4, of which 2*3 rows each: that is all
    expect(block(blocks, 'layers.0.ffn')).toMatchObject({ parameters: 96, activeParameters: 96 });
    expect(total).toMatchObject({ parameters: 28 + 72 + 96 + 28, activeParameters: 4 + 72 + 96 + 28 });
  });

  test('counts FLOPs per token', () => {
    // norm 15, projections 2*4*12, attention 2 heads * (5 + 1) / 2 pairs * (2*3 + 2*3 + 5), output 2*6*4, addition 4
    expect(block(blocks, 'layers.0.attention').flops).toBe(15 + 96 + 2 * 3 * 17 + 48 + 4);
    // norm 15, router 96, top 12, softmax 30, dot 48, relu 6, gate 6, write 48, addition 4
    expect(block(blocks, 'layers.0.ffn').flops).toBe(15 + 96 + 12 + 30 + 48 + 6 + 6 + 48 + 4);
    expect(block(blocks, 'lm_head').flops).toBe(15 + 2 * 4 * 7);
    expect(total.flops).toBe(blocks.reduce((sum, { flops }) => sum + flops, 0));
  });

  test('training is three times the differentiable work and once the choice', () => {
    const ffn = block(blocks, 'layers.0.ffn');
    expect(ffn.trainingFlops).toBe(3 * (ffn.flops - 12) + 12);
  });
});

test('a table read whole anywhere counts whole', () => {
  const { total } = costOf(graphOf((g, { tokens, param }) => {
    const [vocab, d] = [g.axis('vocab', 7), g.axis('d', 4)];
    const table = param('table', [vocab, d]);
    return g.contract(g.gather(table, [vocab], [tokens]), table, [d]);
  }));
  expect(total).toMatchObject({ parameters: 28, activeParameters: 28 });
});

test('rows read by two choices add up, up to the table; the same choice twice counts once', () => {
  const active = (experts: number): number =>
    costOf(graphOf((g, { tokens, param }) => {
      const [vocab, d, e, k, m] = [g.axis('vocab', 7), g.axis('d', 4), g.axis('expert', experts), g.axis('k', 3), g.axis('m', 2)];
      const x = g.gather(param('embed', [vocab, d]), [vocab], [tokens]);
      const table = param('table', [e, d]);
      const pick = (axis: typeof k, name: string): Node => g.gather(table, [e], [g.top(g.contract(x, param(name, [d, e]), [d]), e, axis)]);
      const [first, again, second] = [pick(k, 'a'), pick(k, 'a2'), pick(m, 'b')];
      return g.add(g.add(g.sum(first, [k]), g.sum(g.mul(first, g.exp(first)), [k])), g.add(g.sum(again, [k]), g.sum(second, [m])));
    })).total.activeParameters;
  expect(active(100)).toBe(4 + 3 * 4 * 100 + (3 + 3 + 2) * 4);
  expect(active(5)).toBe(4 + 3 * 4 * 5 + 5 * 4);
});

test('a view of a table is the table, and shared axes of table and index count once', () => {
  const { total } = costOf(graphOf((g, { tokens, param }) => {
    const [vocab, d, h, e, k] = [g.axis('vocab', 7), g.axis('d', 4), g.axis('h', 2), g.axis('expert', 6), g.axis('k', 3)];
    const [row, column] = [g.axis('row', 3), g.axis('column', 4)];
    const x = g.gather(param('embed', [vocab, d]), [vocab], [tokens]);
    const pick = g.top(g.contract(x, param('router', [d, h, e]), [d]), e, k);
    const flat = g.axis('flat', 12);
    const table = g.split(param('table', [h, e, flat]), flat, [row, column]);
    return g.gather(table, [e], [pick]);
  }));
  expect(total.activeParameters).toBe(4 + 48 + 2 * 3 * 12);
});

test('work that no token enters is divided by the tokens of a run', () => {
  const { total } = costOf(graphOf((g, { tokens, param }) => {
    const [vocab, d] = [g.axis('vocab', 7), g.axis('d', 5)];
    return g.gather(g.exp(param('table', [vocab, d])), [vocab], [tokens]);
  }));
  expect(total.flops).toBe(3.5);
  expect(total.activeParameters).toBe(35);
});

test('a stopped gradient is not trained through', () => {
  const { total } = costOf(graphOf((g, { tokens, param }) => {
    const [vocab, d, e] = [g.axis('vocab', 7), g.axis('d', 4), g.axis('e', 3)];
    const x = g.gather(param('table', [vocab, d]), [vocab], [tokens]);
    return g.contract(g.stopGradient(g.exp(x)), param('w', [d, e]), [d]);
  }));
  expect(total.flops).toBe(4 + 24);
  expect(total.trainingFlops).toBe(4 + 3 * 24);
});
