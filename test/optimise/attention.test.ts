/**
 * @file Attention, its gradients, and choices, against the interpreter.
 */
import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../../compiler/graph/build.js';
import { check } from './support.js';

describe('attention', () => {
  it('reads projections as they are stored, copies what is stored otherwise', () => {
    const b = new GraphBuilder();
    const [batch, time, d, h, g, e, f] = [b.axis('batch', 2, 'batch'), b.axis('time', 5, 'time'), b.axis('d', 6), b.axis('h', 4), b.axis('g', 2), b.axis('e', 3), b.axis('f', 2)];
    const x = b.input('x', [batch, time, d], 'f32');
    const qs = b.axis('qs', 12);
    const q = b.split(b.contract(x, b.input('wq', [d, qs], 'f32'), [d]), qs, [h, e]);
    const k = b.contract(x, b.input('wk', [d, g, e], 'f32'), [d]);
    const v = b.order(b.tanh(b.contract(b.input('wv', [g, f, d], 'f32'), x, [d])), [batch, time, g, f]);
    const axes = { heads: h, groups: g, key: e, value: f, scale: 0.5 };
    const { out, lse } = b.attention(q, k, v, axes);
    const dout = b.exp(out);
    const { dq, dk, dv } = b.attentionGrad(q, k, v, out, lse, dout, axes);
    const y = b.contract(out, b.input('wo', [h, f, d], 'f32'), [h, f]);
    const lowered = check({ outputs: { y, lse, dq, dk: b.mul(dk, 2), dv } });
    const copies = lowered.programs[0]?.launches.filter((launch) => launch.kernel.name.startsWith('copy')) ?? [];
    expect(copies).toHaveLength(0);
  });

  it('copies a slice of a joint projection', () => {
    const b = new GraphBuilder();
    const [batch, time, h, e, all] = [b.axis('batch', 2, 'batch'), b.axis('time', 4, 'time'), b.axis('h', 2), b.axis('e', 3), b.axis('all', 9)];
    const qkv = b.input('qkv', [batch, time, h, all], 'f32');
    const [q, k, v] = [0, 1, 2].map((i) => b.slice(qkv, all, 3 * i, e));
    if (!q || !k || !v) throw new Error();
    const kk = b.rename(k, h, b.axis('g', 2));
    const group = kk.axes[2];
    if (!group) throw new Error();
    const { out } = b.attention(q, kk, b.rename(v, h, group), { heads: h, groups: group, key: e, value: e, scale: 1 });
    const lowered = check({ outputs: { out } });
    expect(lowered.programs[0]?.launches.map((launch) => launch.kernel.kind)).toEqual(['nest', 'nest', 'attention']);
  });
});

describe('choices', () => {
  it('top and top_product, over computed scores', () => {
    const b = new GraphBuilder();
    const [time, h, half, n, k, o] = [b.axis('time', 4, 'time'), b.axis('h', 2), b.axis('half', 2), b.axis('n', 6), b.axis('k', 4), b.axis('o', 2)];
    const score = b.input('score', [time, half, h, n], 'f32');
    const route = b.input('route', [n, time], 'f32');
    const pick = b.topProduct(b.tanh(score), half, n, k);
    const opened = b.top(b.softmax(route, [n]), n, o);
    check({ outputs: { pick, opened, plain: b.top(route, n, o), chosen: b.gather(route, [n], [opened]), moved: b.order(pick, [k, h, time]) } });
  });

  it('takes everything, in order', () => {
    const b = new GraphBuilder();
    const [n, k] = [b.axis('n', 5), b.axis('k', 5)];
    check({ outputs: { all: b.top(b.input('x', [n], 'f32'), n, k) } });
  });
});
