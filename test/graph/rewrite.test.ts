import { describe, expect, it } from 'vitest';
import { differentiate } from '../../compiler/autodiff/differentiate.js';
import { GraphBuilder } from '../../compiler/graph/build.js';
import type { Node } from '../../compiler/graph/graph.js';
import { rebuild, sinkGathers } from '../../compiler/graph/rewrite.js';
import { topological } from '../../compiler/graph/walk.js';
import { Leafs, expectClose } from '../support/gradients.js';

/** Product-key scores of a choice: per half, then both summed. `pools`: the keys are those of an opened pool. */
function productKeys(pools: boolean): { leafs: Leafs; score: Node; wrt: Node[] } {
  const b = new GraphBuilder();
  const leafs = new Leafs(b);
  const [t, h, half, n, e, k, p, o] = [b.axis('t', 3), b.axis('h', 2), b.axis('half', 2), b.axis('n', 8), b.axis('e', 3), b.axis('k', 2), b.axis('p', 4), b.axis('o', 2)];
  const q = leafs.param('q', [t, h, half, e]);
  const table = leafs.param('key', pools ? [p, h, half, n, e] : [h, half, n, e]);
  const bias = leafs.param('bias', [n]);
  const keys = pools ? b.gather(table, [p], [leafs.indices('opened', [t, o], 4)]) : table;
  const scores = b.add(b.mul(b.sum(b.mul(q, keys), [e]), 0.5), bias);
  const pick = b.topProduct(scores, half, n, k);
  const of = (i: number, index: Node): Node => b.gather(b.slice(scores, half, i), [n], [index]);
  const score = b.add(of(0, b.div(pick, 8)), of(1, b.mod(pick, 8)));
  return { leafs, score, wrt: [...leafs.nodes.values()] };
}

describe('sinkGathers', () => {
  it.each([false, true])('gives equal values and gradients (inside opened pools: %s)', (pools) => {
    const { leafs, score, wrt } = productKeys(pools);
    const b = leafs.builder;
    const sunk = sinkGathers(b, [score])(score);
    expect(sunk).not.toBe(score);
    expect(sunk.axes).toEqual(score.axes);
    expectClose(leafs.value(sunk), leafs.value(score), 1e-12, 'score');
    const gradients = [score, sunk].map((s) => differentiate(b, b.sum(b.exp(s), s.axes), wrt));
    for (const [i, node] of wrt.entries()) {
      const [before, after] = [gradients[0]?.[i], gradients[1]?.[i]];
      if (!before || !after) throw new Error(`no gradient for ${node.path}`);
      expectClose(leafs.value(after), leafs.value(before), 1e-12, `gradient ${i}`);
    }
  });
  it.each([false, true])('makes the gradient of the keys a scatter of products, with no dense matrix of scores (inside opened pools: %s)', (pools) => {
    const { leafs, score, wrt } = productKeys(pools);
    const b = leafs.builder;
    const sunk = sinkGathers(b, [score])(score);
    const gradients = differentiate(b, b.sum(b.exp(sunk), sunk.axes), wrt).flatMap((g) => (g ? [g] : []));
    const backward = topological(gradients).filter((node) => node.path.endsWith('~grad'));
    const scores = backward.filter((node) => node.axes.some((axis) => axis.name === 'n') && node.axes.some((axis) => axis.name === 't'));
    expect(scores).toEqual([]);
    const scatters = backward.filter((node) => node.op.kind === 'scatter' && node.axes.some((axis) => axis.name === 'e'));
    expect(scatters).toHaveLength(2);
    for (const scatter of scatters) expect(scatter.inputs[0]?.op).toEqual({ kind: 'map', fn: 'mul' });
  });
  it('leaves lookups of many rows, of what is no product, and along an axis both operands have', () => {
    const b = new GraphBuilder();
    const [t, n, e, k, many] = [b.axis('t', 3), b.axis('n', 8), b.axis('e', 3), b.axis('k', 2), b.axis('many', 4)];
    const leafs = new Leafs(b);
    const [x, w] = [leafs.param('x', [t, e]), leafs.param('w', [n, e])];
    const scores = b.contract(x, w, [e]);
    const kept = [
      b.gather(scores, [n], [leafs.indices('i', [many], 8)]),
      b.gather(b.softmax(scores, [n]), [n], [leafs.indices('j', [k], 8)]),
      b.gather(b.contract(leafs.param('y', [n, e]), w, [e]), [n], [leafs.indices('l', [k], 8)]),
      b.gather(w, [n], [leafs.indices('m', [k], 8)]),
      b.gather(scores, [n], [leafs.indices('o', [k, e], 8)]),
    ];
    const at = sinkGathers(b, kept);
    expect(kept.map(at)).toEqual(kept);
  });
  it('sinks when the index has the axis looked up', () => {
    const b = new GraphBuilder();
    const leafs = new Leafs(b);
    const [t, n, big, e] = [b.axis('t', 3), b.axis('n', 2), b.axis('big', 16), b.axis('e', 3)];
    const scores = b.contract(leafs.param('x', [t, e]), leafs.param('w', [e, big]), [e]);
    const looked = b.gather(scores, [big], [leafs.indices('i', [t, n], 16)]);
    const sunk = sinkGathers(b, [looked])(looked);
    expect(sunk.op.kind).toBe('contract');
    expectClose(leafs.value(sunk), leafs.value(looked), 1e-12, 'values');
  });
});

describe('rebuild', () => {
  it('keeps what does not change, and provenance of what does', () => {
    const b = new GraphBuilder();
    const [x, y] = [b.input('x', [], 'f32'), b.input('y', [], 'f32')];
    const [left, right] = [b.exp(y), b.at('here', undefined, () => b.sin(x))];
    const root = b.at('root', undefined, () => b.add(left, right));
    const at = rebuild(b, [root], (node) => (node === x ? y : undefined));
    expect(at(left)).toBe(left);
    expect(at(right)).toBe(b.sin(y));
    expect([at(right).path, at(root).path]).toEqual(['here', 'root']);
  });
});
