/**
 * @file Lookups in tables shared by tokens and their gradients: gathered dots and sums, segments of an inverted index, touched-rows updates.
 */
import { describe, expect, it } from 'vitest';
import type { Axis, Node, Param, State, Update } from '../../compiler/graph/graph.js';
import { GraphBuilder } from '../../compiler/graph/build.js';
import { check, numbers } from './support.js';

const names = (lowered: ReturnType<typeof check>): string[] => lowered.programs[0]?.launches.map((launch) => launch.kernel.name) ?? [];
const kinds = (lowered: ReturnType<typeof check>): string[] => lowered.programs[0]?.launches.map((launch) => launch.kernel.kind) ?? [];

function table(path: string, axes: readonly Axis[]): Param {
  return { path, axes, init: { kind: 'zeros' } };
}

/** Adam on the rows a scatter touches. */
function touchedAdam(b: GraphBuilder, param: Param, gradient: Node, clip: Node): Update[] {
  const moment = (name: 'm' | 'v'): State => ({ path: `${param.path}.${name}`, axes: param.axes, initial: 0, moment: { param: param.path, name } });
  const [m, v] = [moment('m'), moment('v')];
  const g = b.mul(gradient, clip);
  const nextM = b.add(b.mul(b.state(m), 0.9), b.mul(g, 0.1));
  const nextV = b.add(b.mul(b.state(v), 0.99), b.mul(b.mul(g, g), 0.01));
  const rate = b.scalar({ kind: 'ramp', name: 'lr', from: 0.1, to: 0.01, over: 10 });
  const step = b.div(b.div(nextM, b.scalar({ kind: 'bias_correction', beta: 0.9 })), b.add(b.sqrt(b.div(nextV, b.scalar({ kind: 'bias_correction', beta: 0.99 }))), 1e-6));
  return [
    { target: param, value: b.sub(b.param(param), b.mul(rate, step)), touched: gradient },
    { target: m, value: nextM, touched: gradient },
    { target: v, value: nextV, touched: gradient },
  ];
}

/** Rank-1 experts chosen per head, their gradients and their touched-rows updates. */
function experts(b: GraphBuilder, rows = 40) {
  const [batch, time, h, k, d, expert] = [b.axis('batch', 2, 'batch'), b.axis('time', 3, 'time'), b.axis('h', 2), b.axis('k', 3), b.axis('d', 5), b.axis('expert', rows)];
  const pick = b.input('pick', [batch, time, h, k], 'i32');
  const x = b.input('x', [batch, time, d], 'f32');
  const gate = b.softmax(b.input('score', [batch, time, h, k], 'f32'), [k]);
  const [u, v] = [table('layers.0.experts.read', [expert, d]), table('layers.0.experts.write', [expert, d])];
  const [pu, pv] = [b.gather(b.param(u), [expert], [pick]), b.gather(b.param(v), [expert], [pick])];
  const pre = b.at('layers.0.experts.activation', undefined, () => b.contract(x, pu, [d]));
  const act = b.at('layers.0.experts.activation', undefined, () => b.mul(gate, b.tanh(pre)));
  const y = b.contract(act, pv, [h, k]);
  const dy = b.input('dy', [batch, time, d], 'f32');
  const dact = b.contract(dy, pv, [d]);
  const dpre = b.mul(b.mul(dact, gate), b.sub(1, b.mul(b.tanh(pre), b.tanh(pre))));
  const dx = b.contract(dpre, pu, [h, k]);
  const du = b.scatter(b.mul(dpre, x), [expert], [pick], [expert, d]);
  const dv = b.scatter(b.mul(act, dy), [expert], [pick], [expert, d]);
  const dgate = b.mul(dact, b.tanh(pre));
  const dscore = b.mul(gate, b.sub(dgate, b.sum(b.mul(dgate, gate), [k])));
  return { b, axes: { batch, time, h, k, d, expert }, pick, x, y, act, dx, du, dv, dscore, u, v };
}
const picks = (rows: number): number[] => numbers(36, 5).map((x) => Math.floor(((x + 1) / 2) * rows));

describe('lookups', () => {
  it('rows of a table by token, rows outside read as zero', () => {
    const b = new GraphBuilder();
    const [batch, time, vocab, d] = [b.axis('batch', 2, 'batch'), b.axis('time', 3, 'time'), b.axis('vocab', 7), b.axis('d', 4)];
    const tokens = b.input('tokens', [batch, time], 'i32');
    const embedded = b.gather(b.param(table('embed', [vocab, d])), [vocab], [tokens]);
    const w = b.input('w', [d, b.axis('f', 5)], 'f32');
    check({ inputs: { tokens: [0, 6, -1, 7, 3, 3] }, outputs: { embedded, y: b.contract(embedded, w, [d]), doubled: b.mul(embedded, 2) } });
  });

  it('gathered dot and gathered sum are one kernel each', () => {
    const { y, act } = experts(new GraphBuilder());
    const lowered = check({ inputs: { pick: picks(40) }, outputs: { y, act } });
    expect(names(lowered)).toEqual(['softmax_value', 'gathered_dot_activation', 'gathered_sum_value']);
  });

  it('their gradients, with a dense table', () => {
    const { y, dx, du, dv, dscore } = experts(new GraphBuilder(), 100);
    const lowered = check({ inputs: { pick: picks(100) }, outputs: { y, dx, du, dv, dscore } });
    expect(kinds(lowered).filter((kind) => kind === 'invert')).toHaveLength(1);
    expect(kinds(lowered).filter((kind) => kind === 'fill')).toHaveLength(2);
  });

  it('indices outside the table are skipped by the scatter', () => {
    const { du, dv } = experts(new GraphBuilder(), 100);
    const pick = picks(100).map((row, i) => (i % 5 === 0 ? -1 : i % 7 === 0 ? 100 : row));
    check({ inputs: { pick }, outputs: { du, dv } });
    check({ inputs: { pick: pick.map(() => -1) }, outputs: { du } });
  });

  it('two indices make one row number, and an axis may be shared', () => {
    const b = new GraphBuilder();
    const [time, o, h, k, pool, n, d] = [b.axis('time', 4, 'time'), b.axis('o', 2), b.axis('h', 2), b.axis('k', 2), b.axis('pool', 3), b.axis('n', 5), b.axis('d', 3)];
    const opened = b.input('opened', [time, o], 'i32');
    const pick = b.input('pick', [time, o, h, k], 'i32');
    const u = b.param(table('u', [pool, n, d]));
    const perHead = b.param(table('w', [n, h, d]));
    const x = b.input('x', [time, d], 'f32');
    const a = b.contract(x, b.gather(u, [pool, n], [opened, pick]), [d]);
    const c = b.contract(x, b.gather(perHead, [n], [pick]), [d]);
    const du = b.scatter(b.mul(b.tanh(a), x), [pool, n], [opened, pick], [pool, n, d]);
    const dw = b.scatter(b.mul(c, x), [n], [pick], [n, h, d]);
    const key = b.param(table('key', [pool, h, n, d]));
    const q = b.input('q', [time, h, d], 'f32');
    const score = b.contract(q, b.gather(key, [pool], [opened]), [d]);
    const dkey = b.scatter(b.mul(score, q), [pool], [opened], [pool, h, n, d]);
    const mod = (size: number, count: number, seed: number): number[] => numbers(count, seed).map((v) => Math.floor(((v + 1) / 2) * size));
    check({ inputs: { opened: mod(3, 8, 3), pick: mod(5, 32, 4) }, outputs: { a, c, du, dw, score, dkey } });
  });

  it('indices computed from indices', () => {
    const b = new GraphBuilder();
    const [time, k, n, half] = [b.axis('time', 4, 'time'), b.axis('k', 3), b.axis('n', 5), b.axis('half', 2)];
    const score = b.input('score', [time, half, n], 'f32');
    const pick = b.topProduct(score, half, n, k);
    const first = b.gather(b.slice(score, half, 0), [n], [b.div(pick, 5)]);
    const second = b.gather(b.slice(score, half, 1), [n], [b.mod(pick, 5)]);
    const chosen = b.add(first, second);
    const dfirst = b.scatter(b.exp(chosen), [n], [b.div(pick, 5)], [time, n]);
    const dsecond = b.scatter(b.exp(chosen), [n], [b.mod(pick, 5)], [time, n]);
    const dscore = b.add(b.pad(dfirst, undefined, 0, half), b.pad(dsecond, undefined, 1, half));
    const lowered = check({ outputs: { pick, chosen, dscore } });
    expect(JSON.stringify(lowered.programs[0]?.launches.map((launch) => launch.kernel))).not.toContain('"invert"');
  });
});

describe('few places', () => {
  it('how often each pool was chosen is a sum, without an inverted index', () => {
    const b = new GraphBuilder();
    const [batch, time, o, pool] = [b.axis('batch', 4, 'batch'), b.axis('time', 80, 'time'), b.axis('o', 2), b.axis('pool', 3)];
    const opened = b.input('opened', [batch, time, o], 'i32');
    const route = b.softmax(b.input('route', [batch, time, pool], 'f32'), [pool]);
    const count = b.scatter(b.constant(1), [pool], [opened], [pool]);
    const weighted = b.scatter(b.input('w', [batch, time, o], 'f32'), [pool], [opened], [pool]);
    const lowered = check({
      inputs: { opened: Array.from({ length: 640 }, (_, i) => ((i * 7) % 11) % 4) }, outputs: { count, weighted, balance: b.sum(b.mul(b.mean(route, [batch, time]), count), [pool]) },
    });
    expect(kinds(lowered).every((kind) => kind === 'nest')).toBe(true);
  });
});

describe('touched rows', () => {
  const clipped = (b: GraphBuilder, gradients: readonly Node[], others: readonly Node[] = []): Node => {
    const squares = [...gradients, ...others].map((g) => b.sum(b.mul(g, g), g.axes));
    const norm = b.sqrt(squares.reduce((p, q) => b.add(p, q)));
    return b.min(1, b.div(0.5, b.add(norm, 1e-6)));
  };

  it('only touched rows are read and written, and no rows are stored', () => {
    const b = new GraphBuilder();
    const { y, du, dv, u, v, axes } = experts(b, 200);
    const clip = clipped(b, [du, dv]);
    const lowered = check({ inputs: { pick: picks(200) }, positive: [`${u.path}.v`, `${v.path}.v`], outputs: { y, clip }, updates: [...touchedAdam(b, u, du, clip), ...touchedAdam(b, v, dv, clip)], tolerance: 1e-8 });
    const tokens = axes.batch.size * axes.time.size;
    const rows = tokens * axes.h.size * axes.k.size * axes.d.size;
    for (const buffer of lowered.programs[0]?.buffers ?? []) if (buffer.role === 'temp' && buffer.dtype === 'f32') expect(buffer.size === 1024 || buffer.size < rows, buffer.name).toBe(true);
    expect(names(lowered).filter((name) => name.startsWith('touched_rows'))).toHaveLength(2);
    expect(new Set(lowered.programs[0]?.launches.filter((launch) => launch.kernel.name.startsWith('touched_rows')).map((launch) => launch.kernel)).size).toBe(1);
    expect(kinds(lowered).filter((kind) => kind === 'invert')).toHaveLength(1);
  });

  it('with more slots, and without clipping', () => {
    const b = new GraphBuilder();
    const { y, du, u } = experts(b, 200);
    check({ inputs: { pick: picks(200) }, positive: [`${u.path}.v`], outputs: { y }, updates: touchedAdam(b, u, du, b.constant(1)), maxSlots: 16, tolerance: 1e-8 });
  });

  it('a table also read densely gets a dense gradient', () => {
    const b = new GraphBuilder();
    const { du, u, axes } = experts(b, 100);
    const weight = b.param(u);
    const dense = b.add(du, b.mul(weight, 0.1));
    const m: State = { path: 'm', axes: u.axes, initial: 0, moment: { param: u.path, name: 'm' } };
    const next = b.add(b.mul(b.state(m), 0.9), dense);
    const lowered = check({
      inputs: { pick: picks(100) }, outputs: { total: b.sum(b.mul(dense, dense), [axes.expert, axes.d]) },
      updates: [{ target: u, value: b.sub(weight, b.mul(next, 0.1)) }, { target: m, value: next }],
    });
    expect(kinds(lowered).filter((kind) => kind === 'fill')).toHaveLength(1);
  });
});

describe('updates', () => {
  it('dense AdamW is one kernel, in place', () => {
    const b = new GraphBuilder();
    const [i, j] = [b.axis('i', 5), b.axis('j', 6)];
    const p: Param = { path: 'w', axes: [i, j], init: { kind: 'zeros' } };
    const [m, v]: [State, State] = [{ path: 'w.m', axes: [i, j], initial: 0, moment: { param: 'w', name: 'm' } }, { path: 'w.v', axes: [i, j], initial: 0, moment: { param: 'w', name: 'v' } }];
    const x = b.input('x', [i, j], 'f32');
    const g = b.mul(b.param(p), x);
    const nextM = b.add(b.mul(b.state(m), 0.9), b.mul(g, 0.1));
    const nextV = b.add(b.mul(b.state(v), 0.9), b.mul(b.mul(g, g), 0.1));
    const value = b.sub(b.mul(b.param(p), 0.99), b.mul(0.1, b.div(nextM, b.add(b.sqrt(nextV), 1e-3))));
    const lowered = check({ outputs: { loss: b.sum(g, [i, j]) }, positive: ['w.v'], updates: [{ target: p, value }, { target: m, value: nextM }, { target: v, value: nextV }] });
    expect(names(lowered)).toHaveLength(2);
  });

  it('states that read each other see the old values', () => {
    const b = new GraphBuilder();
    const [i, j] = [b.axis('i', 4), b.axis('j', 4)];
    const state = (path: string): State => ({ path, axes: [i], initial: 0 });
    const [s, r, q] = [state('s'), state('r'), state('q')];
    const shifted = b.shift(b.state(q), i, 1);
    const swapped = b.sum(b.mul(b.rename(b.state(s), i, j), b.input('x', [i, j], 'f32')), [j]);
    check({
      outputs: { before: b.add(b.state(s), b.state(r)), copy: b.state(s) },
      updates: [{ target: s, value: b.mul(b.state(r), 2) }, { target: r, value: b.add(b.state(s), 1) }, { target: q, value: shifted }, { target: state('t'), value: swapped }],
    });
  });

  it('a running mean', () => {
    const b = new GraphBuilder();
    const [t, d] = [b.axis('time', 9, 'time'), b.axis('d', 4)];
    const x = b.input('x', [t, d], 'f32');
    const mean = b.mean(x, [t]);
    const s: State = { path: 'mean', axes: [d], initial: 0 };
    check({ outputs: { y: b.sub(x, mean) }, updates: [{ target: s, value: b.add(b.mul(b.state(s), 0.9), b.mul(mean, 0.1)) }] });
  });
});
