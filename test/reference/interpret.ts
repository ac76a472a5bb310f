/**
 * @file The oracle of all targets: evaluates any node of a graph by brute force, in float64, from the definitions in `graph.ts`.
 * Dense and obvious: every operation loops over all points of its axes. It shares no arithmetic with the compiler.
 */
import type { Axis, Node, ScalarFn, ScalarSpec } from '../../compiler/graph/graph.js';
import { evaluateAttention, evaluateAttentionGrad } from './attention.js';
import { RandomStream } from '../../runtime/rng.js';
import { erf } from './erf.js';
import { randomNumbers } from './random.js';
import { Tensor, points, type Point } from './tensor.js';

export interface Leaves {
  /** Values by path, in storage order. */
  readonly params: ReadonlyMap<string, ArrayLike<number>>;
  /** By path; absent ones hold their initial value. */
  readonly states?: ReadonlyMap<string, ArrayLike<number>>;
  /** By name. */
  readonly inputs?: ReadonlyMap<string, ArrayLike<number>>;
  /** What `step` counts; default 1. Scalars are computed from it. */
  readonly step?: number;
  /** Nodes whose values are taken as given, in storage order; what is behind them is not computed. */
  readonly nodes?: ReadonlyMap<Node, ArrayLike<number>>;
  /** Default 0. Random numbers are computed from it and the step. */
  readonly seed?: number;
  /** Values of `random` nodes, in storage order, in place of those. */
  readonly random?: (stream: number, distribution: 'uniform' | 'normal', size: number) => ArrayLike<number>;
}

/** The values of `nodes`, each in its own storage order; of a tuple operation, its first result. */
export function evaluate(nodes: readonly Node[], leaves: Leaves): Float64Array[] {
  const known = new Map<Node, readonly Tensor[]>();
  for (const [node, data] of leaves.nodes ?? []) known.set(node, [Tensor.of(node.axes, data, node.path)]);
  const stack = [...nodes];
  for (let node = stack.at(-1); node; node = stack.at(-1)) {
    const missing = known.has(node) ? [] : node.inputs.filter((input) => !known.has(input));
    if (missing.length > 0) {
      stack.push(...missing);
      continue;
    }
    stack.pop();
    if (!known.has(node)) known.set(node, evaluateNode(node, node.inputs.map((input) => known.get(input) ?? []), leaves));
  }
  return nodes.map((node) => first(known.get(node)).data);
}

function first(results: readonly Tensor[] | undefined): Tensor {
  const tensor = results?.[0];
  if (!tensor) throw new Error('a node without a value');
  return tensor;
}

function evaluateNode(node: Node, operands: readonly (readonly Tensor[])[], leaves: Leaves): readonly Tensor[] {
  const { op } = node;
  if (op.kind === 'part') {
    const part = operands[0]?.[op.index];
    if (!part) throw new Error(`no part ${op.index}`);
    return [part];
  }
  const xs = operands.map(first);
  if (op.kind === 'attention' || op.kind === 'attention_grad') {
    const axes = (node.results ?? []).map((result) => result.axes);
    return op.kind === 'attention' ? evaluateAttention(op.scale, xs, axes) : evaluateAttentionGrad(op.scale, xs, axes);
  }
  const tensor = evaluateTensor(node, xs, leaves);
  if (node.dtype === 'i32') for (const value of tensor.data) if (!Number.isInteger(value)) throw new Error(`${op.kind} gave the index ${value}`);
  return [tensor];
}

function leaf(what: string, axes: readonly Axis[], data: ArrayLike<number> | undefined): Tensor {
  if (!data) throw new Error(`no value for ${what}`);
  return Tensor.of(axes, data, what);
}

function evaluateTensor(node: Node, xs: readonly Tensor[], leaves: Leaves): Tensor {
  const { op, axes } = node;
  const x = (i = 0): Tensor => {
    const tensor = xs[i];
    if (!tensor) throw new Error(`operand ${i} of ${op.kind} is missing`);
    return tensor;
  };
  const result = (value: (at: Point) => number): Tensor => Tensor.fill(axes, value);
  switch (op.kind) {
    case 'param': return leaf(op.param.path, axes, leaves.params.get(op.param.path));
    case 'state': {
      const { path, initial } = op.state;
      return leaves.states?.has(path) ? leaf(path, axes, leaves.states.get(path)) : result(() => initial);
    }
    case 'input': return leaf(op.name, axes, leaves.inputs?.get(op.name));
    case 'scalar': return result(() => scalarValue(op.scalar, leaves.step ?? 1, leaves.seed));
    case 'const': return result(() => op.value);
    case 'iota': return result((at) => at.get(op.axis));
    case 'random': {
      const size = Tensor.size(axes);
      return leaf(`random stream ${op.stream}`, axes, leaves.random?.(op.stream, op.distribution, size) ?? randomNumbers(op.distribution, size, leaves.step ?? 1, leaves.seed ?? 0, op.stream));
    }
    case 'map': return result((at) => apply(op.fn, node.inputs[0]?.dtype === 'i32', xs.map((operand) => operand.at(at))));
    case 'reduce': return result((at) => fold(op.fn, over(op.over, at, (p) => x().at(p))));
    case 'contract': return result((at) => fold('sum', over(op.over, at, (p) => x(0).at(p) * x(1).at(p))));
    case 'softmax': return result((at) => {
      const all = over(op.over, at, (p) => x().at(p));
      const max = fold('max', all);
      return Math.exp(x().at(at) - max) / fold('sum', all.map((v) => Math.exp(v - max)));
    });
    case 'logsumexp': return result((at) => {
      const all = over(op.over, at, (p) => x().at(p));
      const max = fold('max', all);
      return max + Math.log(fold('sum', all.map((v) => Math.exp(v - max))));
    });
    case 'rename': return result((at) => x().at(at.with(op.from, at.get(op.to))));
    case 'split': return result((at) => x().at(at.with(op.axis, op.into.reduce((n, axis) => n * axis.size + at.get(axis), 0))));
    case 'merge': return result((at) => {
      let rest = at.get(op.into);
      let inner = at;
      for (const axis of [...op.axes].reverse()) {
        inner = inner.with(axis, rest % axis.size);
        rest = Math.floor(rest / axis.size);
      }
      return x().at(inner);
    });
    case 'slice': return result((at) => x().at(at.with(op.axis, op.start + (op.into ? at.get(op.into) : 0))));
    case 'pad': return result((at) => {
      const i = at.get(op.into) - op.start;
      if (i < 0 || i >= (op.axis?.size ?? 1)) return 0;
      return x().at(op.axis ? at.with(op.axis, i) : at);
    });
    case 'concat': return result((at) => {
      let i = at.get(op.into);
      for (const [n, part] of op.parts.entries()) {
        if (i < part.size) return x(n).at(at.with(part, i));
        i -= part.size;
      }
      throw new Error('past the end of a concat');
    });
    case 'shift': return result((at) => {
      const i = at.get(op.axis) - op.by;
      return i < 0 || i >= op.axis.size ? 0 : x().at(at.with(op.axis, i));
    });
    case 'expand': case 'order': case 'stop_gradient': case 'surrogate': return result((at) => x().at(at));
    case 'top': return result((at) => best(over([op.axis], at, (p) => x().at(p)), at.get(op.take)));
    case 'top_product': return result((at) => {
      const half = (i: number): number[] => over([op.axis], at, (p) => x().at(p.with(op.half, i)));
      const [left, right] = [half(0), half(1)];
      return best(left.flatMap((a) => right.map((b) => a + b)), at.get(op.take));
    });
    case 'position': return result((at) => before(op, x(), xs[1], at));
    case 'gather': return result((at) => {
      let inner = at;
      for (const [i, axis] of op.axes.entries()) {
        const index = x(i + 1).at(at);
        if (index < 0 || index >= axis.size) return 0;
        inner = inner.with(axis, index);
      }
      return x().at(inner);
    });
    case 'scatter': {
      const sum = Tensor.fill(axes, () => 0);
      const entries = [...new Set(xs.flatMap((operand) => operand.axes))];
      for (const at of points(entries)) {
        let target = at;
        let inside = true;
        for (const [i, axis] of op.axes.entries()) {
          const index = x(i + 1).at(at);
          inside &&= index >= 0 && index < axis.size;
          target = target.with(axis, index);
        }
        if (inside) sum.add(target, x().at(at));
      }
      return sum;
    }
    case 'attention': case 'attention_grad': case 'part': throw new Error(`${op.kind} is evaluated elsewhere`);
  }
}

/** The values of `value` at all points that agree with `at` outside `axes`, in order. */
function over(axes: readonly Axis[], at: Point, value: (at: Point) => number): number[] {
  return [...points(axes, at)].map(value);
}

function fold(fn: 'sum' | 'max' | 'min', values: readonly number[]): number {
  let result = fn === 'sum' ? 0 : fn === 'max' ? -Infinity : Infinity;
  for (const v of values) result = fn === 'sum' ? result + v : fn === 'max' ? Math.max(result, v) : Math.min(result, v);
  return result;
}

/** Where the value of rank `rank` stands: best first, ties to the lowest index. */
function best(values: readonly number[], rank: number): number {
  const order = values.map((value, index) => ({ value, index })).sort((a, b) => b.value - a.value || a.index - b.index);
  const entry = order[rank];
  if (!entry) throw new Error(`no rank ${rank} among ${values.length}`);
  return entry.index;
}

/** How many entries that hold the same index as the one at `at` come before it. */
function before({ members, along }: Extract<Node['op'], { kind: 'position' }>, index: Tensor, by: Tensor | undefined, at: Point): number {
  const held = index.at(at);
  if (held < 0 || held >= members) return 0;
  const outer = by ? along.filter((axis) => !by.axes.includes(axis)) : along;
  const inner = along.filter((axis) => !outer.includes(axis));
  /** Less than 0 where p stands before q. */
  const ordered = (p: Point, q: Point, axes: readonly Axis[]): number => axes.reduce((sign, axis) => (sign !== 0 ? sign : p.get(axis) - q.get(axis)), 0);
  return over(along, at, (p) => {
    if (index.at(p) !== held) return 0;
    const sign = ordered(p, at, outer) || (by ? by.at(at) - by.at(p) : 0) || ordered(p, at, inner);
    return sign < 0 ? 1 : 0;
  }).reduce((a, b) => a + b, 0);
}

function apply(fn: ScalarFn, i32: boolean, args: readonly number[]): number {
  const [a = NaN, b = NaN, c = NaN] = args;
  switch (fn) {
    case 'neg': return -a;
    case 'exp': return Math.exp(a);
    case 'log': return Math.log(a);
    case 'sqrt': return Math.sqrt(a);
    case 'rsqrt': return 1 / Math.sqrt(a);
    case 'tanh': return Math.tanh(a);
    case 'erf': return erf(a);
    case 'sin': return Math.sin(a);
    case 'cos': return Math.cos(a);
    case 'abs': return Math.abs(a);
    case 'sign': return Math.sign(a);
    case 'floor': return Math.floor(a);
    case 'reciprocal': return 1 / a;
    case 'to_f32': return a;
    case 'to_i32': return Math.trunc(a);
    case 'is_finite': return Number.isFinite(a) ? 1 : 0;
    case 'add': return a + b;
    case 'sub': return a - b;
    case 'mul': return a * b;
    case 'div': return i32 ? Math.trunc(a / b) : a / b;
    case 'pow': return a ** b;
    case 'max': return Math.max(a, b);
    case 'min': return Math.min(a, b);
    case 'lt': return a < b ? 1 : 0;
    case 'le': return a <= b ? 1 : 0;
    case 'eq': return a === b ? 1 : 0;
    case 'mod': return a % b;
    case 'select': return a !== 0 ? b : c;
  }
}

/** What the host computes before step `step` (from 1). */
export function scalarValue(spec: ScalarSpec, step: number, seed = 0): number {
  switch (spec.kind) {
    case 'step': return step;
    // Philox, held against its authors' numbers in runtime/rng.test.ts
    case 'noise_key': return (new RandomStream(seed, `noise ${spec.stream} below ${spec.below}`).words4(step)[0] ?? NaN) % spec.below;
    case 'bias_correction': return 1 - spec.beta ** step;
    case 'ramp': return spec.from + (spec.to - spec.from) * Math.min(step / Math.max(spec.over, 1), 1);
    case 'schedule': {
      const warm = spec.warmup > 0 ? Math.min(step / spec.warmup, 1) : 1;
      const done = Math.min(Math.max((step - spec.warmup) / Math.max(spec.steps - spec.warmup, 1), 0), 1);
      const shape = spec.shape === 'constant' ? 1 : spec.shape === 'linear' ? 1 - done : (1 + Math.cos(Math.PI * done)) / 2;
      return spec.base * warm * (spec.floor + (1 - spec.floor) * shape);
    }
  }
}
