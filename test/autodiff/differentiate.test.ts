import { describe, expect, it } from 'vitest';
import { differentiate } from '../../compiler/autodiff/differentiate.js';
import { GraphBuilder } from '../../compiler/graph/build.js';
import type { BinaryFn, Node, UnaryFn } from '../../compiler/graph/graph.js';
import { topological } from '../../compiler/graph/walk.js';
import { Leafs, expectGradients } from '../support/gradients.js';

describe('elementwise functions', () => {
  const unary: readonly (readonly [UnaryFn, number, number])[] = [
    ['neg', -1, 1], ['exp', -1, 1], ['log', 0.5, 2], ['sqrt', 0.5, 2], ['rsqrt', 0.5, 2], ['tanh', -2, 2], ['erf', -2, 2], ['sin', -3, 3], ['cos', -3, 3],
    ['abs', 0.1, 1], ['abs', -1, -0.1], ['reciprocal', 0.5, 2],
  ];
  it.each(unary)('%s on [%d, %d)', (fn, low, high) => {
    expectGradients((b, leafs) => b.map(fn, leafs.param('x', [b.axis('n', 7)], low, high)));
  });

  const binary: readonly BinaryFn[] = ['add', 'sub', 'mul', 'div', 'pow', 'max', 'min'];
  it.each(binary)('%s of equal shapes', (fn) => {
    expectGradients((b, leafs) => {
      const n = b.axis('n', 7);
      return b.map(fn, leafs.param('x', [n], 0.5, 2), leafs.param('y', [n], 0.5, 2));
    });
  });
  it.each(binary)('%s with broadcasting both ways', (fn) => {
    expectGradients((b, leafs) => {
      const [n, m, k] = [b.axis('n', 7), b.axis('m', 3), b.axis('k', 1)];
      return b.map(fn, leafs.param('x', [n, m], 0.5, 2), leafs.param('y', [m, k], 0.5, 2));
    });
  });
  it.each(binary)('%s with a number and with itself', (fn) => {
    expectGradients((b, leafs) => {
      const x = leafs.param('x', [b.axis('n', 7)], 0.5, 1.4);
      const same = fn === 'max' || fn === 'min' ? b.map(fn, x, b.mul(x, 0.5)) : b.map(fn, x, x);
      return b.add(same, b.add(b.map(fn, x, 1.5), b.map(fn, 1.5, x)));
    });
  });
  it.each([2, 3, 4, 0.5, -0.5, -1, -2, 2.5])('x ^ %d', (exponent) => {
    expectGradients((b, leafs) => b.pow(leafs.param('x', [b.axis('n', 7)], 0.5, 2), exponent));
  });
  it('max and min of equals go to the first', () => {
    const b = new GraphBuilder();
    const [x, y] = ['x', 'y'].map((path) => b.param({ path, axes: [], init: { kind: 'zeros' } }));
    if (!x || !y) throw new Error();
    const leafs = new Leafs(b);
    leafs.params.set('x', Float64Array.of(1)).set('y', Float64Array.of(1));
    for (const fn of ['max', 'min'] as const) {
      const grads = differentiate(b, b.map(fn, x, y), [x, y]);
      expect(grads.map((g) => g && [...leafs.value(g)])).toEqual([[1], [0]]);
    }
  });
  it('select, with every operand broadcast', () => {
    expectGradients((b, leafs) => {
      const [n, m] = [b.axis('n', 7), b.axis('m', 3)];
      const condition = b.lt(leafs.constant('c', [n, m]), 0);
      return b.select(condition, leafs.param('x', [n]), leafs.param('y', [m]));
    });
  });
  it('nothing flows through comparisons, floor, sign, indices and stop_gradient', () => {
    const b = new GraphBuilder();
    const n = b.axis('n', 4);
    const x = b.param({ path: 'x', axes: [n], init: { kind: 'zeros' } });
    const flat = [b.lt(x, 0), b.le(x, 0), b.eq(x, 0), b.floor(x), b.sign(x), b.isFinite(x), b.toF32(b.top(x, n, b.axis('k', 2))), b.stopGradient(x)];
    for (const y of flat) expect(differentiate(b, b.sum(y, y.axes), [x])).toEqual([undefined]);
  });
});

describe('reductions', () => {
  it.each([1, 7, 63, 65])('sum, max, min, softmax, logsumexp over %d', (size) => {
    for (const fn of ['sum', 'max', 'min'] as const) {
      expectGradients((b, leafs) => {
        const [m, n] = [b.axis('m', 3), b.axis('n', size)];
        return b.reduce(fn, leafs.param('x', [m, n]), [n]);
      }, 1e-6);
    }
    expectGradients((b, leafs) => {
      const [n, m] = [b.axis('n', size), b.axis('m', 2)];
      return b.softmax(leafs.param('x', [n, m], -2, 2), [n]);
    });
    expectGradients((b, leafs) => {
      const [n, m] = [b.axis('n', size), b.axis('m', 2)];
      return b.logsumexp(leafs.param('x', [n, m], -2, 2), [n]);
    });
  });
  it('over several axes at once', () => {
    for (const fn of ['sum', 'max', 'min'] as const) {
      expectGradients((b, leafs) => {
        const [m, n, k] = [b.axis('m', 3), b.axis('n', 5), b.axis('k', 2)];
        return b.reduce(fn, leafs.param('x', [m, n, k]), [k, m]);
      }, 1e-6);
    }
    expectGradients((b, leafs) => {
      const [m, n, k] = [b.axis('m', 3), b.axis('n', 5), b.axis('k', 2)];
      const x = leafs.param('x', [m, n, k]);
      return b.mul(b.softmax(x, [k, m]), b.logsumexp(x, [n, k]));
    });
  });
  it('max of ties goes to the first place, in the order of the axes given', () => {
    const b = new GraphBuilder();
    const leafs = new Leafs(b);
    const [m, n] = [b.axis('m', 2), b.axis('n', 3)];
    const x = leafs.param('x', [m, n], 0, 0, [1, 5, 5, 5, 0, 5]);
    const gradient = (over: readonly (typeof m)[]): number[] => {
      const y = b.reduce('max', x, over);
      const [g] = differentiate(b, b.sum(y, y.axes), [x]);
      return g ? [...leafs.value(g)] : [];
    };
    expect(gradient([n])).toEqual([0, 1, 0, 1, 0, 0]);
    expect(gradient([m, n])).toEqual([0, 1, 0, 0, 0, 0]);
    expect(gradient([n, m])).toEqual([0, 0, 0, 1, 0, 0]);
  });
  it('mean of a square, the norm of a row', () => {
    expectGradients((b, leafs) => {
      const [m, n] = [b.axis('m', 3), b.axis('n', 7)];
      const [x, gain] = [leafs.param('x', [m, n]), leafs.param('gain', [n])];
      return b.mul(b.mul(x, gain), b.rsqrt(b.add(b.mean(b.pow(x, 2), [n]), 1e-3)));
    });
  });
});

describe('contractions', () => {
  it.each([1, 7, 63, 65])('a matrix product over %d', (size) => {
    expectGradients((b, leafs) => {
      const [i, k, j] = [b.axis('i', 2), b.axis('k', size), b.axis('j', 3)];
      return b.contract(leafs.param('a', [i, k]), leafs.param('b', [k, j]), [k]);
    });
  });
  it('batched, over several axes, with axes summed in one operand only', () => {
    expectGradients((b, leafs) => {
      const [n, i, k, l, j, only] = [b.axis('n', 2), b.axis('i', 3), b.axis('k', 2), b.axis('l', 2), b.axis('j', 3), b.axis('only', 2)];
      return b.contract(leafs.param('a', [n, i, k, only, l]), leafs.param('b', [l, k, j, n]), [k, l, only]);
    });
  });
  it('over nothing: a product', () => {
    expectGradients((b, leafs) => {
      const [i, j] = [b.axis('i', 3), b.axis('j', 2)];
      return b.contract(leafs.param('a', [i]), leafs.param('b', [j, i]), []);
    });
  });
  it('of a tensor with itself', () => {
    expectGradients((b, leafs) => {
      const [i, k, j] = [b.axis('i', 3), b.axis('k', 4), b.axis('j', 3)];
      const a = leafs.param('a', [i, k]);
      return b.contract(a, b.rename(a, i, j), [k]);
    });
  });
  it('makes no product that is then summed', () => {
    const b = new GraphBuilder();
    const [t, i, o] = [b.axis('t', 5), b.axis('i', 4), b.axis('o', 3)];
    const [x, w] = [b.param({ path: 'x', axes: [t, i], init: { kind: 'zeros' } }), b.param({ path: 'w', axes: [i, o], init: { kind: 'zeros' } })];
    const y = b.sum(b.mul(x, w), [i]);
    expect(y.op.kind).toBe('contract');
    const grads = differentiate(b, b.sum(b.tanh(y), [t, o]), [x, w]);
    expect(grads.map((g) => g?.op.kind)).toEqual(['contract', 'contract']);
    const made = topological(grads.flatMap((g) => (g ? [g] : [])));
    expect(made.filter((node) => node.axes.length > 2)).toEqual([]);
  });
});

describe('views', () => {
  const cases: Record<string, (b: GraphBuilder, leafs: Leafs) => Node> = {
    rename: (b, l) => { const n = b.axis('n', 7); return b.rename(l.param('x', [n]), n, b.axis('m', 7)); },
    split: (b, l) => { const n = b.axis('n', 6); return b.mul(b.split(l.param('x', [n]), n, [b.axis('a', 2), b.axis('c', 3)]), 2); },
    merge: (b, l) => { const [i, j, k] = [b.axis('i', 2), b.axis('j', 3), b.axis('k', 5)]; return b.exp(b.merge(l.param('x', [i, j, k]), [k, i], b.axis('n', 10))); },
    slice: (b, l) => { const n = b.axis('n', 7); return b.exp(b.slice(l.param('x', [n]), n, 2, b.axis('m', 4))); },
    'slice of one': (b, l) => { const [n, m] = [b.axis('n', 7), b.axis('m', 2)]; return b.exp(b.slice(l.param('x', [m, n]), n, 6)); },
    pad: (b, l) => { const [n, m] = [b.axis('n', 3), b.axis('m', 2)]; return b.exp(b.pad(l.param('x', [m, n]), n, 2, b.axis('into', 7))); },
    'pad of one': (b, l) => b.exp(b.pad(l.param('x', [b.axis('m', 2)]), undefined, 3, b.axis('into', 5))),
    concat: (b, l) => {
      const [m, p, q, r] = [b.axis('m', 2), b.axis('p', 3), b.axis('q', 1), b.axis('r', 3)];
      return b.exp(b.concat([l.param('x', [m, p]), l.param('y', [q, m]), l.param('z', [m, r])], [p, q, r], b.axis('into', 7)));
    },
    'shift to the past and the future': (b, l) => { const [n, m] = [b.axis('n', 7), b.axis('m', 2)]; const x = l.param('x', [n, m]); return b.mul(b.shift(x, n, 2), b.shift(x, n, -3)); },
    'shift by more than there is': (b, l) => { const n = b.axis('n', 3); const x = l.param('x', [n]); return b.add(x, b.shift(x, n, 5)); },
    expand: (b, l) => b.exp(b.expand(l.param('x', [b.axis('n', 3)]), [b.axis('m', 2), b.axis('k', 2)])),
    order: (b, l) => { const [n, m] = [b.axis('n', 3), b.axis('m', 2)]; return b.exp(b.order(l.param('x', [n, m]), [m, n])); },
  };
  it.each(Object.entries(cases))('%s', (_name, build) => expectGradients(build));
});

describe('lookup', () => {
  it('gather of rows, with repeated indices and one outside', () => {
    expectGradients((b, leafs) => {
      const [n, d, k] = [b.axis('n', 5), b.axis('d', 3), b.axis('k', 6)];
      return b.exp(b.gather(leafs.param('table', [n, d]), [n], [leafs.indices('i', [k], 5, [4, 0, 4, 4, 2, 5])]));
    });
  });
  it('gather along several axes, with an axis shared with the indices, and indices of different axes', () => {
    expectGradients((b, leafs) => {
      const [p, h, n, d, k, o] = [b.axis('p', 3), b.axis('h', 2), b.axis('n', 4), b.axis('d', 2), b.axis('k', 3), b.axis('o', 2)];
      const table = leafs.param('table', [p, h, n, d]);
      return b.exp(b.gather(table, [p, n], [leafs.indices('i', [o], 3), leafs.indices('j', [o, h, k], 4)]));
    });
  });
  it('gather with the index along the axis looked up (a permutation)', () => {
    expectGradients((b, leafs) => {
      const [n, d] = [b.axis('n', 5), b.axis('d', 2)];
      return b.exp(b.gather(leafs.param('table', [d, n]), [n], [leafs.indices('i', [n], 5)]));
    });
  });
  it('gather of scores by a choice', () => {
    expectGradients((b, leafs) => {
      const [t, n, k] = [b.axis('t', 3), b.axis('n', 7), b.axis('k', 3)];
      const score = leafs.param('score', [t, n]);
      return b.softmax(b.gather(score, [n], [b.top(score, n, k)]), [k]);
    });
  });
  it('scatter, with repeated indices', () => {
    expectGradients((b, leafs) => {
      const [n, d, k] = [b.axis('n', 5), b.axis('d', 3), b.axis('k', 6)];
      return b.exp(b.scatter(leafs.param('value', [k, d]), [n], [leafs.indices('i', [k], 5)], [n, d]));
    });
  });
  it('scatter along several axes, shared ones, and a value that repeats along an index', () => {
    expectGradients((b, leafs) => {
      const [p, h, n, d, k] = [b.axis('p', 3), b.axis('h', 2), b.axis('n', 4), b.axis('d', 2), b.axis('k', 3)];
      return b.exp(b.scatter(leafs.param('value', [h, d]), [p, n], [leafs.indices('i', [h, k], 3), leafs.indices('j', [k], 4)], [p, h, n, d]));
    });
  });
  it('experts: a gathered dot and a gathered weighted sum, in forms that can be fused', () => {
    const axes: Node[] = [];
    expectGradients((b, leafs) => {
      const [t, d, n, h, k] = [b.axis('t', 3), b.axis('d', 4), b.axis('n', 5), b.axis('h', 2), b.axis('k', 2)];
      const [x, u, v, s] = [leafs.param('x', [t, d]), leafs.param('u', [n, d]), leafs.param('v', [n, d]), leafs.param('s', [t, h, k])];
      const pick = leafs.indices('pick', [t, h, k], 5);
      const activation = b.mul(b.softmax(s, [k]), b.tanh(b.sum(b.mul(x, b.gather(u, [n], [pick])), [d])));
      const y = b.sum(b.mul(activation, b.gather(v, [n], [pick])), [h, k]);
      axes.push(...differentiate(b, b.sum(b.mul(y, y), y.axes), [u, v, x]).flatMap((g) => (g ? [g] : [])));
      return y;
    });
    const [du, dv, dx] = axes;
    for (const scatter of [du, dv]) {
      expect(scatter?.op.kind).toBe('scatter');
      expect(scatter?.inputs[0]?.op).toEqual({ kind: 'map', fn: 'mul' });
    }
    expect(dx?.op.kind).toBe('contract');
    for (const node of topological(axes)) {
      // what has every axis of the chosen rows is a lookup or a product on its way into a scatter
      if (node.axes.length === 4) expect(['gather', 'map']).toContain(node.op.kind);
    }
  });
});

describe('attention', () => {
  it.each([[4, 2, 7], [2, 2, 1], [3, 1, 5]])('%d heads over %d groups, %d positions', (heads, groups, positions) => {
    expectGradients((b, leafs) => {
      const [batch, time] = [b.axis('batch', 2, 'batch'), b.axis('time', positions, 'time')];
      const [h, g, e, f] = [b.axis('h', heads), b.axis('g', groups), b.axis('e', 3), b.axis('f', 2)];
      const [q, k, v] = [leafs.param('q', [batch, time, h, e]), leafs.param('k', [batch, g, time, e]), leafs.param('v', [batch, time, g, f])];
      return b.attention(q, k, v, { heads: h, groups: g, key: e, value: f, scale: 0.7 }).out;
    });
  });
  it('has no gradient through lse', () => {
    const b = new GraphBuilder();
    const [batch, time, h, e] = [b.axis('batch', 1, 'batch'), b.axis('time', 2, 'time'), b.axis('h', 1), b.axis('e', 2)];
    const q = b.param({ path: 'q', axes: [batch, time, h, e], init: { kind: 'zeros' } });
    const { lse } = b.attention(q, q, q, { heads: h, groups: h, key: e, value: e, scale: 1 });
    expect(() => differentiate(b, b.sum(lse, lse.axes), [q])).toThrow('the logsumexp of attention has no gradient: only its output may enter a loss');
  });
});

describe('control', () => {
  it('a surrogate reads as its value and has the gradients declared', () => {
    const b = new GraphBuilder();
    const leafs = new Leafs(b);
    const n = b.axis('n', 3);
    const [x, theta] = [leafs.param('x', [n], 0, 0, [1, 2, 3]), leafs.param('theta', [], 0, 0, [1.5])];
    const gate = b.surrogate(b.ge(x, theta), [x, theta], [b.mul(x, 10), b.constant(-2)]);
    const grads = differentiate(b, b.sum(b.mul(gate, b.iota(n)), [n]), [x, theta]);
    expect([...leafs.value(gate)]).toEqual([0, 1, 1]);
    expect(grads.map((g) => g && [...leafs.value(g)])).toEqual([[0, 20, 60], [-6]]);
  });
  it('a node used often adds up; an unused one has no gradient; the loss itself has 1', () => {
    const b = new GraphBuilder();
    const leafs = new Leafs(b);
    const [x, unused] = [leafs.param('x', [], 0, 0, [3]), leafs.param('unused', [])];
    const loss = b.add(b.mul(x, x), b.mul(b.exp(b.neg(x)), 0));
    const [dx, du, dl] = differentiate(b, loss, [x, unused, loss]);
    expect(dx && leafs.value(dx)[0]).toBe(6);
    expect(du).toBeUndefined();
    expect(dl?.op).toEqual({ kind: 'const', value: 1 });
  });
  it('refuses a loss that is not a scalar', () => {
    const b = new GraphBuilder();
    const x = b.param({ path: 'x', axes: [b.axis('n', 2)], init: { kind: 'zeros' } });
    expect(() => differentiate(b, x, [x])).toThrow('only a scalar can be differentiated: reduce the loss over all its axes');
  });
  it('gives the gradient of a wrt in the middle of the graph, and paths with ~grad', () => {
    const b = new GraphBuilder();
    const x = b.param({ path: 'x', axes: [], init: { kind: 'zeros' } });
    const middle = b.at('layers.0.ffn', undefined, () => b.exp(x));
    const loss = b.at('head', undefined, () => b.sin(middle));
    const [dm, dx] = differentiate(b, loss, [middle, x]);
    expect(dm?.path).toBe('head~grad');
    expect(dx?.path).toBe('layers.0.ffn~grad');
  });
});
