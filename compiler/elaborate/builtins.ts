/**
 * @file The structural primitives of the language, by name: axis reshaping and attention; those of choices are in `choices.ts`, elementwise
 * functions and reductions in `calls.ts`. Settings that name axes are written `axis = e, into = [part, f]`.
 */
import type { Call } from '../../grammar/ast.js';
import type { Axis, Node } from '../graph/graph.js';
import { normalQuantile } from '../graph/scalar-functions.js';
import { argument } from './calls.js';
import { choiceBuiltins } from './choices.js';
import type { Context } from './context.js';
import { alike, evaluateTensor, toTensor } from './expressions.js';
import type { Frame } from './frame.js';
import { listBuiltins } from './lists.js';
import { type Builtin, Site } from './site.js';
import { evaluateAxes, evaluateAxis, evaluateNumber } from './statics.js';
import { type Value, number, tensor } from './values.js';

const builtins: Readonly<Record<string, Builtin>> = {
  /** where(condition, a, b) */
  where: { settings: [], run: (s) => tensor(s.build.select(s.tensor(0), ...alike(s.context, s.tensor(1), s.tensor(2)))) },
  max: { settings: [], run: (s) => extreme(s, 'max', Math.max) },
  min: { settings: [], run: (s) => extreme(s, 'min', Math.min) },
  /** The remainder of a division, of the sign of the first: `mod(i, n)`. */
  mod: { settings: [], run: remainder },
  /** 0, 1, 2, ... along an axis */
  iota: { settings: [], run: (s) => tensor(s.build.iota(evaluateAxis(s.context, s.frame, argument(s.context, s.frame, s.call, 0, s.name)))) },
  /** The number of places along an axis, or a pack of axes. */
  size: { settings: [], run: (s) => number(evaluateAxes(s.context, s.frame, argument(s.context, s.frame, s.call, 0, s.name)).reduce((n, axis) => n * axis.size, 1)) },
  split: { settings: ['axis', 'into'], run: (s) => { const x = s.tensor(0); return tensor(s.build.split(x, s.axis('axis', x.axes), s.axes('into'))); } },
  merge: { settings: ['axes', 'into'], run: (s) => { const x = s.tensor(0); return tensor(s.build.merge(x, s.axes('axes', x.axes), s.axis('into'))); } },
  rename: { settings: ['from', 'to'], run: (s) => { const x = s.tensor(0); return tensor(s.build.rename(x, s.axis('from', x.axes), s.axis('to'))); } },
  /** `into.size` places of `axis` from `start` on */
  slice: {
    settings: ['axis', 'start', 'into'],
    run: (s) => { const x = s.tensor(0); return tensor(s.build.slice(x, s.axis('axis', x.axes), evaluateNumber(s.context, s.frame, s.setting('start'), 'start'), s.axis('into'))); },
  },
  /** Tensors side by side along a new axis, one place each. */
  stack: {
    settings: ['axis'],
    run: (s) => {
      const axis = s.axis('axis');
      const parts = s.call.args.map(() => s.build.axis(axis.name, 1));
      return tensor(s.build.concat(s.call.args.map((arg, i) => expandOne(s, evaluateTensor(s.context, s.frame, arg), parts[i])), parts, axis));
    },
  },
  /** out[i] = x[i - by] along `axis`, zero outside; a positive `by` looks at the past. */
  shift: {
    settings: ['axis', 'by'],
    run: (s) => { const x = s.tensor(0); return tensor(s.build.shift(x, s.axis('axis', x.axes), evaluateNumber(s.context, s.frame, s.setting('by'), 'by'))); },
  },
  stop_gradient: { settings: [], run: (s) => tensor(s.build.stopGradient(s.tensor(0))) },
  causal_attention: { settings: ['scale'], run: attention },
  ...choiceBuiltins,
  ...listBuiltins,
  /** Random numbers in [0, 1) along the given axes, another set each step: `uniform(batch, time, expert)`. */
  uniform: { settings: [], run: (s) => tensor(s.build.random(s.call.args.flatMap((arg) => [...evaluateAxes(s.context, s.frame, arg)]), s.context.nextStream(), 'uniform')) },
  /** Random numbers of mean 0 and variance 1, likewise. */
  normal: { settings: [], run: (s) => tensor(s.build.random(s.call.args.flatMap((arg) => [...evaluateAxes(s.context, s.frame, arg)]), s.context.nextStream(), 'normal')) },
  /** A number that goes linearly from the one to the other over the first steps: `ramp(0, 1, over = 1000)`. Outside training it is at its end. */
  ramp: { settings: ['over'], run: ramp },
  /** The number below which a standard normal variable falls with the given probability. */
  normal_quantile: { settings: [], run: (s) => number(normalQuantile(s.number(0, 'a probability'))) },
};

export const builtinNames = Object.keys(builtins);

/** The settings the primitive `name` takes; undefined when there is none. */
export function settingsOfBuiltin(name: string): readonly string[] | undefined {
  return Object.hasOwn(builtins, name) ? builtins[name]?.settings : undefined;
}

/** The result of the primitive `name`; undefined when there is none. */
export function callBuiltin(context: Context, frame: Frame, name: string, call: Call): Value | undefined {
  if (!Object.hasOwn(builtins, name)) return undefined;
  const builtin = builtins[name];
  if (!builtin) return undefined;
  for (const setting of call.settings) {
    if (!builtin.settings.includes(setting.name.name)) context.fail('ARCH2002', { owner: name, name: setting.name.name, among: builtin.settings }, setting.span);
  }
  return context.shaped(frame, call.span, () => builtin.run(new Site(context, frame, name, call)));
}

function extreme(s: Site, fn: 'max' | 'min', of: (a: number, b: number) => number): Value {
  const a = s.value(0);
  if (a.kind === 'list' && s.call.args.length === 1) return number(a.values.reduce((x, y) => of(x, y)));
  const b = s.value(1);
  if (a.kind === 'number' && b.kind === 'number') return number(of(a.value, b.value));
  const node = (value: Value, at: number): Node => toTensor(s.context, s.frame, value, argument(s.context, s.frame, s.call, at, s.name));
  return tensor(s.build.map(fn, node(a, 0), node(b, 1)));
}

function ramp(s: Site): Value {
  const [from, to] = s.call.args.map((arg) => evaluateNumber(s.context, s.frame, arg, 'an argument of `ramp`'));
  const over = s.optional('over');
  if (from === undefined || to === undefined || !over) return s.context.fail('ARCH2011', { owner: 'ramp', name: 'over', type: 'ramp(from, to, over = steps)' }, s.call.span);
  // the losses of an arch are no part of its form outside training
  const inBlock = s.frame.chain.length > 0;
  if (inBlock) s.context.modal = true;
  if (inBlock && s.context.mode === 'infer') return number(to);
  return tensor(s.build.scalar({ kind: 'ramp', name: s.frame.path, from, to, over: evaluateNumber(s.context, s.frame, over, 'over') }));
}

function remainder(s: Site): Value {
  const [a, b] = [s.value(0), s.value(1)];
  return a.kind === 'number' && b.kind === 'number' ? number(a.value % b.value) : tensor(s.build.map('mod', ...alike(s.context, s.tensor(0), s.tensor(1))));
}

function expandOne(s: Site, x: Node, axis: Axis | undefined): Node {
  return axis ? s.build.expand(x, [axis]) : x;
}

/** q[h, e], k[g, e], v[g, f]: the head axis is the one k lacks, or the one all share; the width is the axis q and k share besides. */
function attention(s: Site): Value {
  const [q, k, v] = [s.tensor(0), s.tensor(1), s.tensor(2)];
  const own = (x: Node): Axis[] => x.axes.filter((axis) => axis !== s.context.batch && axis !== s.context.time);
  const [heads, key] = own(q);
  const [groups, keyOfK] = own(k);
  const [groupsOfV, value] = own(v);
  if (!heads || !key || !groups || !value || key !== keyOfK || groups !== groupsOfV || own(q).length !== 2 || own(k).length !== 2 || own(v).length !== 2) {
    return s.context.fail('ARCH3010', { text: 'causal_attention takes q[heads, width], k[groups, width] and v[groups, width of values], in this order of axes' }, s.call.span, { notes: s.context.notes(s.frame) });
  }
  if (heads.size % groups.size !== 0) s.context.fail('ARCH3003', { what: heads.name, value: heads.size, divisor: groups.name, by: groups.size }, s.call.span, { notes: s.context.notes(s.frame) });
  const given = s.optional('scale');
  const scale = given ? evaluateNumber(s.context, s.frame, given, 'scale') : key.size ** -0.5;
  return tensor(s.build.attention(q, k, v, { heads, groups, key, value, scale }).out);
}
