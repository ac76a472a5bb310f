/**
 * @file Shape rules of leaves, elementwise operations and reductions, and the table that finds every operation's rule.
 * A rule takes the operation and its operands and gives the result's axes and dtype, or throws `ShapeError`.
 */
import type { Axis, DType, Node, Op, ScalarFn, TensorType } from './graph.js';
import { broadcast, checkNames, needsF32, operand, typeOf, without, type Shape } from './shape-checks.js';
import { ShapeError } from './shape-error.js';
import { concatShape, expandShape, mergeShape, orderShape, padShape, renameShape, shiftShape, sliceShape, splitShape } from './shapes-views.js';
import { attentionGradShape, attentionShape, gatherShape, partShape, positionShape, scatterShape, topProductShape, topShape } from './shapes-lookup.js';

/** Leaves whose operation does not say their type carry it as `declared`. `strictNames` refuses same-named different axes in one product or
 *  elementwise operation; passes that build gradients turn it off (a square weight's gradient joins two axes of one name rightly). */
export function shapeOf(op: Op, inputs: readonly Node[], declared: TensorType | undefined, strictNames: boolean): Shape {
  switch (op.kind) {
    case 'param': return { axes: op.param.axes, dtype: 'f32' };
    case 'state': return { axes: op.state.axes, dtype: 'f32' };
    case 'iota': return { axes: [op.axis], dtype: 'f32' };
    case 'scalar': return { axes: [], dtype: 'f32' };
    case 'input': case 'const': case 'random': return declared ?? { axes: [], dtype: 'f32' };
    case 'map': return mapShape(op.fn, inputs, strictNames);
    case 'reduce': return { axes: without(operand(inputs, 0), op.over, `${op.fn} over`), dtype: operand(inputs, 0).dtype };
    case 'contract': return contractShape(op.over, operand(inputs, 0), operand(inputs, 1), strictNames);
    case 'softmax': return softmaxShape(op.over, operand(inputs, 0));
    case 'logsumexp': {
      const x = operand(inputs, 0);
      needsF32('logsumexp', x);
      return { axes: without(x, op.over, 'logsumexp over'), dtype: 'f32' };
    }
    case 'rename': return renameShape(op, operand(inputs, 0));
    case 'split': return splitShape(op, operand(inputs, 0));
    case 'merge': return mergeShape(op, operand(inputs, 0));
    case 'slice': return sliceShape(op, operand(inputs, 0));
    case 'pad': return padShape(op, operand(inputs, 0));
    case 'concat': return concatShape(op, inputs);
    case 'shift': return shiftShape(op, operand(inputs, 0));
    case 'expand': return expandShape(op, operand(inputs, 0));
    case 'order': return orderShape(op, operand(inputs, 0));
    case 'top': return topShape(op, operand(inputs, 0));
    case 'top_product': return topProductShape(op, operand(inputs, 0));
    case 'position': return positionShape(op, operand(inputs, 0), inputs[1]);
    case 'gather': return gatherShape(op, operand(inputs, 0), inputs.slice(1), strictNames);
    case 'scatter': return scatterShape(op, operand(inputs, 0), inputs.slice(1));
    case 'attention': return attentionShape(op, operand(inputs, 0), operand(inputs, 1), operand(inputs, 2));
    case 'attention_grad': return attentionGradShape(op, inputs);
    case 'part': return partShape(op.index, operand(inputs, 0));
    case 'stop_gradient': return typeOf(operand(inputs, 0));
    case 'surrogate': {
      if (inputs.length !== 1 + 2 * op.wrt) throw new ShapeError(`a surrogate of ${op.wrt} arguments needs ${op.wrt} partial derivatives`);
      return typeOf(operand(inputs, 0));
    }
  }
}

const truths: ReadonlySet<ScalarFn> = new Set<ScalarFn>(['lt', 'le', 'eq', 'is_finite', 'to_f32']);
const realOnly: ReadonlySet<ScalarFn> = new Set<ScalarFn>(['exp', 'log', 'sqrt', 'rsqrt', 'tanh', 'erf', 'sin', 'cos', 'floor', 'reciprocal', 'pow', 'is_finite']);

/** How many operands each elementwise function takes. */
export function arity(fn: ScalarFn): 1 | 2 | 3 {
  switch (fn) {
    case 'select': return 3;
    case 'add': case 'sub': case 'mul': case 'div': case 'pow': case 'max': case 'min': case 'lt': case 'le': case 'eq': case 'mod': return 2;
    default: return 1;
  }
}

function mapShape(fn: ScalarFn, inputs: readonly Node[], strictNames: boolean): Shape {
  if (inputs.length !== arity(fn)) throw new ShapeError(`${fn} takes ${arity(fn)} operand${arity(fn) === 1 ? '' : 's'}, not ${inputs.length}`);
  if (strictNames) checkNames(fn, inputs);
  return { axes: broadcast(inputs), dtype: mapDType(fn, inputs) };
}

function mapDType(fn: ScalarFn, inputs: readonly Node[]): DType {
  const values = fn === 'select' ? inputs.slice(1) : inputs;
  const first = operand(values, 0);
  for (const x of values) {
    if (x.dtype !== first.dtype) throw new ShapeError(`${fn} joins numbers and indices: convert the indices with \`to_f32\` first`, x.axes);
    if (realOnly.has(fn)) needsF32(fn, x);
    if (fn === 'mod' && x.dtype !== 'i32') throw new ShapeError('mod is for indices only', x.axes);
  }
  if (fn === 'select') needsF32('the condition of select', operand(inputs, 0));
  if (truths.has(fn)) return 'f32';
  return fn === 'to_i32' ? 'i32' : first.dtype;
}

function contractShape(over: readonly Axis[], a: Node, b: Node, strictNames: boolean): Shape {
  needsF32('a contraction', a);
  needsF32('a contraction', b);
  if (strictNames) checkNames('a product', [a, b]);
  const kept = without(a, over, 'sum over');
  const others = without(b, over, 'sum over').filter((axis) => !a.axes.includes(axis));
  return { axes: [...kept, ...others], dtype: 'f32' };
}

function softmaxShape(over: readonly Axis[], x: Node): Shape {
  needsF32('softmax', x);
  if (over.length === 0) throw new ShapeError('softmax needs an axis to go over', x.axes);
  without(x, over, 'softmax over');
  return typeOf(x);
}
