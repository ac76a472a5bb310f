/**
 * @file The optimiser as part of the graph: new values of parameters and moments as expressions of gradients.
 *
 * AdamW as torch.optim.AdamW (Loshchilov and Hutter 2019, arXiv 1711.05101); touched-rows Adam as torch.optim.SparseAdam: moments of rows
 * that did not fire stay as they are, and nothing decays. Gradients are clipped together by their norm, as torch.nn.utils.clip_grad_norm_,
 * those of a group with a clip of its own by theirs. A step whose gradients are not finite changes nothing, nor does any later one: `bad_step`
 * keeps its number. Updates read one scalar for each clip, its scale, which is -1 when nothing may change.
 */
import type { GraphBuilder } from '../graph/build.js';
import type { Node, Param, State, Update } from '../graph/graph.js';
import type { OptimizerGroup, TrainSettings } from '../model/model.js';
import { groupOf } from './groups.js';
import { oneScatter } from './one-scatter.js';
import { alongSphere } from './unit-rows.js';

/** A group asks for `touched_adam` for a parameter whose gradient is not one scatter. */
export class TouchedAdamError extends Error {
  override readonly name = 'TouchedAdamError';
  constructor(readonly param: Param) {
    super(`touched_adam needs a table that is only gathered from: ${param.path} is also used in other ways`);
  }
}

export interface Gradient {
  readonly param: Param;
  /** With the parameter's axes in their order. */
  readonly grad: Node;
}

export interface Updates {
  readonly updates: Update[];
  /** `grad_norm` before clipping, `bad_step`. */
  readonly outputs: { readonly name: string; readonly node: Node }[];
  /** 1 when this step's updates are made, 0 when they are held back; for updates of other states. */
  readonly ok: Node;
}

export function buildUpdates(builder: GraphBuilder, gradients: readonly Gradient[], settings: TrainSettings): Updates {
  return builder.lenient(() => builder.at('optimizer', undefined, () => {
    const grads = gradients.flatMap(({ param, grad }) => {
      const group = groupOf(settings.groups, param.path);
      return group ? [{ param, group, grad: builder.at(`${param.path}~grad`, param.span, () => alongSphere(builder, param, oneScatter(builder, grad))) }] : [];
    });
    const clips = clipsOf(builder, grads, settings);
    const norm = builder.sqrt(clips.reduce((sum, { squares }) => builder.add(sum, squares), builder.constant(0)));
    const { badStep, ok, update } = guard(builder, norm);
    const updates = clips.flatMap(({ bound, squares, members }) => {
      const clipped = bound > 0 ? builder.min(1, builder.div(bound, builder.add(builder.sqrt(squares), 1e-6))) : builder.constant(1);
      const scale = builder.select(ok, clipped, -1);
      return members.flatMap(({ param, grad, group }) => builder.at(`optimizer.${param.path}`, param.span, () => parameterUpdates(builder, param, grad, group, settings, scale)));
    });
    return { updates: [...updates, update], outputs: [{ name: 'grad_norm', node: norm }, { name: 'bad_step', node: badStep }], ok };
  }));
}

interface GroupedGradient extends Gradient {
  readonly group: OptimizerGroup;
}

/** Gradients that are clipped by one norm. */
interface Clip {
  /** Of the norm; 0: no clipping. */
  readonly bound: number;
  /** The sum of squares of the members. Written as a sum for each gradient, so a scatter's untouched rows can be left out. */
  readonly squares: Node;
  readonly members: readonly GroupedGradient[];
}

/** First the gradients that share the optimiser's clip, then those of each group that has one of its own. */
function clipsOf(builder: GraphBuilder, grads: readonly GroupedGradient[], settings: TrainSettings): Clip[] {
  const sets = new Map<OptimizerGroup | undefined, GroupedGradient[]>([[undefined, []]]);
  for (const one of grads) {
    const own = one.group.clip === undefined ? undefined : one.group;
    const set = sets.get(own);
    if (set) set.push(one);
    else sets.set(own, [one]);
  }
  return [...sets].map(([own, members]) => ({
    bound: own?.clip ?? settings.clip,
    squares: members.map(({ grad }) => builder.sum(builder.mul(grad, grad), grad.axes)).reduce((sum, square) => builder.add(sum, square), builder.constant(0)),
    members,
  }));
}

function guard(builder: GraphBuilder, norm: Node): { badStep: Node; ok: Node; update: Update } {
  const state: State = { path: 'bad_step', axes: [], initial: 0 };
  const before = builder.state(state);
  const finite = builder.isFinite(norm);
  const ok = builder.and(finite, builder.eq(before, 0));
  const first = builder.select(finite, 0, builder.scalar({ kind: 'step' }));
  const badStep = builder.select(builder.eq(before, 0), first, before);
  return { badStep, ok, update: { target: state, value: badStep } };
}

function parameterUpdates(builder: GraphBuilder, param: Param, grad: Node, group: OptimizerGroup, settings: TrainSettings, scale: Node): Update[] {
  const touched = group.optimizer === 'touched_adam';
  if (touched && grad.op.kind !== 'scatter') throw new TouchedAdamError(param);
  const [beta1, beta2] = group.betas;
  const moment = (name: 'm' | 'v'): State => ({ path: `${param.path}.${name}`, axes: param.axes, initial: 0, moment: { param: param.path, name } });
  const [first, second] = [moment('m'), moment('v')];
  const [p, m, v] = [builder.param(param), builder.state(first), builder.state(second)];
  const g = builder.mul(grad, scale);
  const newM = builder.add(builder.mul(m, beta1), builder.mul(g, 1 - beta1));
  const newV = builder.add(builder.mul(v, beta2), builder.mul(builder.mul(g, g), 1 - beta2));
  const lr = learningRate(builder, group, settings);
  const [correction1, correction2] = [beta1, beta2].map((beta) => builder.scalar({ kind: 'bias_correction', beta }));
  if (!correction1 || !correction2) return [];
  const root = builder.sqrt(correction2);
  // torch adds eps after the second correction in AdamW, before it in SparseAdam
  const stepSize = touched ? builder.div(builder.mul(lr, root), correction1) : builder.div(lr, correction1);
  const spread = touched ? builder.sqrt(newV) : builder.div(builder.sqrt(newV), root);
  const kept = touched || group.weightDecay === 0 ? p : builder.mul(p, builder.sub(1, builder.mul(lr, group.weightDecay)));
  const newP = builder.sub(kept, builder.mul(stepSize, builder.div(newM, builder.add(spread, group.eps))));
  const update = (target: Param | State, old: Node, value: Node): Update => ({
    target,
    value: builder.order(builder.select(builder.le(0, scale), value, old), param.axes),
    ...(touched ? { touched: grad } : {}),
  });
  return [{ ...update(param, p, newP), ...(param.unit ? { unit: param.unit } : {}) }, update(first, m, newM), update(second, v, newV)];
}

function learningRate(builder: GraphBuilder, group: OptimizerGroup, settings: TrainSettings): Node {
  const { shape, warmup, floor } = settings.schedule;
  const name = group.path === '' ? 'lr' : `lr ${group.path}`;
  return builder.scalar({ kind: 'schedule', name, base: group.lr, warmup, steps: settings.steps, shape, floor });
}
