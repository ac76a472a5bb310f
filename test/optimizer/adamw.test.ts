import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../../compiler/graph/build.js';
import type { Node, Param, Update } from '../../compiler/graph/graph.js';
import type { OptimizerGroup, TrainSettings } from '../../compiler/model/model.js';
import { TouchedAdamError, buildUpdates } from '../../compiler/optimizer/adamw.js';
import { groupOf, matches } from '../../compiler/optimizer/groups.js';
import { evaluate } from '../reference/interpret.js';
import { expectClose } from '../support/gradients.js';
import { readSafetensors } from '../support/safetensors.js';

const group = (changes: Partial<OptimizerGroup> = {}): OptimizerGroup => ({ path: '', optimizer: 'adamw', lr: 1e-2, betas: [0.9, 0.95], eps: 1e-8, weightDecay: 0.1, ...changes });
const settings = (groups: readonly OptimizerGroup[], clip = 0): TrainSettings => ({
  steps: 100, batch: 1, seed: 1, logEvery: 1, evalEvery: 1, saveEvery: 1, clip, schedule: { shape: 'constant', warmup: 0, floor: 0 }, groups,
});

/** Runs steps of `updates` with everything read before anything is written, as a program does. Rows not touched are not written. */
class Run {
  readonly params = new Map<string, Float64Array>();
  readonly states = new Map<string, Float64Array>();
  step = 0;
  constructor(private readonly updates: readonly Update[], private readonly outputs: readonly { readonly name: string; readonly node: Node }[]) {}

  next(inputs: ReadonlyMap<string, ArrayLike<number>>, touched: ReadonlySet<number> = new Set()): Record<string, number> {
    this.step++;
    const leaves = { params: this.params, states: this.states, inputs, step: this.step };
    const values = evaluate(this.updates.map(({ value }) => value), leaves);
    const outputs = evaluate(this.outputs.map(({ node }) => node), leaves).map((data, i) => [this.outputs[i]?.name, data[0]]);
    for (const [i, update] of this.updates.entries()) {
      const store = 'init' in update.target ? this.params : this.states;
      const { path, axes } = update.target;
      const old = store.get(path) ?? new Float64Array(axes.reduce((n, axis) => n * axis.size, 1));
      const row = axes.slice(1).reduce((n, axis) => n * axis.size, 1);
      store.set(path, old.map((value, j) => (update.touched && !touched.has(Math.floor(j / row)) ? value : (values[i]?.[j] ?? NaN))));
    }
    return Object.fromEntries(outputs);
  }
}

function dense(groups: readonly OptimizerGroup[], clip = 0, shape: readonly [number, number] = [5, 4]): { run: Run; param: Param; updates: Update[] } {
  const b = new GraphBuilder();
  const [n, d] = [b.axis('n', shape[0]), b.axis('d', shape[1])];
  const param: Param = { path: 'w', axes: [n, d], init: { kind: 'zeros' } };
  const { updates, outputs } = buildUpdates(b, [{ param, grad: b.input('g', [n, d], 'f32') }], settings(groups, clip));
  return { run: new Run(updates, outputs), param, updates };
}

const oracle = new URL('../../../shared/oracles/optimisers.safetensors', import.meta.url).pathname;

describe.skipIf(!existsSync(oracle))('against torch.optim (optimisers.safetensors)', () => {
  const load = (): ((name: string) => Float64Array) => {
    const { tensors } = readSafetensors(oracle);
    return (name) => tensors.get(name)?.data ?? expect.fail(`the oracle lacks ${name}`);
  };

  it.each([['adamw', 0], ['adamw_clip1', 1]] as const)('%s, six steps', (name, clip) => {
    const of = load();
    const { run } = dense([group()], clip);
    run.params.set('w', of('in.w0'));
    for (let step = 0; step < 6; step++) {
      const g = of(`in.g${step}`);
      const { grad_norm } = run.next(new Map([['g', g]]));
      expect(grad_norm).toBeCloseTo(Math.hypot(...g), 10);
      expectClose(run.params.get('w') ?? [], of(`out.${name}${step}`), 1e-6, `step ${step}`);
    }
  });

  it('sparseadam: only the rows given, six steps', () => {
    const of = load();
    const b = new GraphBuilder();
    const [n, d, k] = [b.axis('n', 5), b.axis('d', 4), b.axis('k', 2)];
    const param: Param = { path: 'w', axes: [n, d], init: { kind: 'zeros' } };
    const rows = b.input('rows', [k], 'i32');
    const grad = b.scatter(b.gather(b.input('g', [n, d], 'f32'), [n], [rows]), [n], [rows], [n, d]);
    const { updates, outputs } = buildUpdates(b, [{ param, grad }], settings([group({ optimizer: 'touched_adam', betas: [0.9, 0.999], weightDecay: 0.1 })]));
    expect(updates.map((update) => update.touched)).toEqual([grad, grad, grad, undefined]);
    const run = new Run(updates, outputs);
    run.params.set('w', of('in.w0'));
    for (let step = 0; step < 6; step++) {
      const chosen = of(`in.rows${step}`);
      // a step of one row points the other index outside: it reads zeros and writes nothing
      const picked = Float64Array.of(chosen[0] ?? 5, chosen[1] ?? 5);
      run.next(new Map([['g', of(`in.g${step}`)], ['rows', picked]]), new Set(chosen));
      expectClose(run.params.get('w') ?? [], of(`out.sparseadam${step}`), 1e-6, `step ${step}`);
    }
  });
});

describe('clipping', () => {
  it('goes by the norm of all gradients together', () => {
    const b = new GraphBuilder();
    const n = b.axis('n', 1);
    const params = ['a', 'c'].map((path): Param => ({ path, axes: [n], init: { kind: 'zeros' } }));
    const grads = params.map((param) => ({ param, grad: b.input(`g.${param.path}`, [n], 'f32') }));
    const { updates, outputs } = buildUpdates(b, grads, settings([group({ weightDecay: 0 })], 1));
    const run = new Run(updates, outputs);
    for (const { path } of params) run.params.set(path, Float64Array.of(0));
    expect(run.next(new Map([['g.a', [3]], ['g.c', [4]]]))).toEqual({ grad_norm: 5, bad_step: 0 });
    expectClose(run.states.get('a.m') ?? [], [(0.1 * 3) / (5 + 1e-6)], 1e-12, 'm of a');
    expectClose(run.states.get('c.m') ?? [], [(0.1 * 4) / (5 + 1e-6)], 1e-12, 'm of c');
  });
});

describe('a group with a clip of its own', () => {
  const b = new GraphBuilder();
  const n = b.axis('n', 1);
  const params = ['a', 'c', 'e'].map((path): Param => ({ path, axes: [n], init: { kind: 'zeros' } }));
  const grads = params.map((param) => ({ param, grad: b.input(`g.${param.path}`, [n], 'f32') }));
  const moments = (own: Partial<OptimizerGroup>): { outputs: Record<string, number>; m: number[] } => {
    const { updates, outputs } = buildUpdates(b, grads, settings([group({ weightDecay: 0 }), group({ path: 'e', weightDecay: 0, ...own })], 1));
    const run = new Run(updates, outputs);
    for (const { path } of params) run.params.set(path, Float64Array.of(0));
    const said = run.next(new Map([['g.a', [3]], ['g.c', [4]], ['g.e', [-12]]]));
    return { outputs: said, m: params.map(({ path }) => run.states.get(`${path}.m`)?.[0] ?? NaN) };
  };

  // torch.nn.utils.clip_grad_norm_([a, c], 1) and ([e], 2): norms 5 and 12
  it('is clipped by its own norm, the rest by theirs', () => {
    const { outputs, m } = moments({ clip: 2 });
    expect(outputs).toEqual({ grad_norm: 13, bad_step: 0 });
    expectClose(m, [(0.1 * 3) / (5 + 1e-6), (0.1 * 4) / (5 + 1e-6), (0.1 * -12 * 2) / (12 + 1e-6)], 1e-12, 'moments');
  });
  it('is not clipped where its clip is 0', () => expectClose(moments({ clip: 0 }).m, [(0.1 * 3) / (5 + 1e-6), (0.1 * 4) / (5 + 1e-6), 0.1 * -12], 1e-12, 'moments'));
  it('shares the norm of all where it says nothing', () => expectClose(moments({}).m, [3, 4, -12].map((g) => (0.1 * g) / (13 + 1e-6)), 1e-12, 'moments'));
});

describe('steps that are not finite', () => {
  it.each([NaN, Infinity, -Infinity])('a gradient with %d changes nothing, then or later, and names the first bad step', (bad) => {
    const { run } = dense([group()], 1, [1, 2]);
    run.params.set('w', Float64Array.of(1, 2));
    expect(run.next(new Map([['g', [0.1, 0.2]]])).bad_step).toBe(0);
    const before = ['w', 'w.m', 'w.v'].map((path) => [...(run.params.get(path) ?? run.states.get(path) ?? [])]);
    expect(run.next(new Map([['g', [0.1, bad]]])).bad_step).toBe(2);
    expect(run.next(new Map([['g', [0.1, 0.2]]])).bad_step).toBe(2);
    expect(run.next(new Map([['g', [bad, 0.2]]])).bad_step).toBe(2);
    expect(['w', 'w.m', 'w.v'].map((path) => [...(run.params.get(path) ?? run.states.get(path) ?? [])])).toEqual(before);
    expect([...(run.states.get('bad_step') ?? [])]).toEqual([2]);
  });
});

describe('groups', () => {
  it.each([
    ['', 'layers.0.ffn.experts.read', true],
    ['layers.ffn', 'layers.2.ffn.experts.read', true],
    ['layers.2.ffn', 'layers.2.ffn.experts.read', true],
    ['layers.2.ffn', 'layers.3.ffn.experts.read', false],
    ['layers.ffn', 'layers.2.ffn2.w', false],
    ['ffn', 'layers.2.ffn.w', false],
    ['layers.ffn.experts.read.more', 'layers.2.ffn.experts.read', false],
    ['embed', 'embed.table', true],
  ])('%s of %s: %s', (prefix, path, expected) => expect(matches(prefix, path)).toBe(expected));

  it('the last that matches owns a parameter, with its own learning rate', () => {
    const groups = [group(), group({ path: 'layers.ffn', lr: 1 }), group({ path: 'layers.1.ffn', lr: 2 })];
    expect(['embed.table', 'layers.0.ffn.w', 'layers.1.ffn.w'].map((path) => groupOf(groups, path)?.lr)).toEqual([1e-2, 1, 2]);
  });

  it('touched_adam of a table with a dense gradient is refused by name', () => {
    const touched = (): unknown => dense([group({ optimizer: 'touched_adam' })]);
    expect(touched).toThrow(TouchedAdamError);
    expect(touched).toThrow('touched_adam needs a table that is only gathered from: w is also used in other ways');
  });

  it('moments say whose they are', () => {
    const { updates } = dense([group()]);
    expect(updates.map(({ target }) => ('init' in target ? 'param' : target.moment))).toEqual(['param', { param: 'w', name: 'm' }, { param: 'w', name: 'v' }, undefined]);
  });
});
