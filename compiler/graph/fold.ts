/**
 * @file Arithmetic that need not be done: functions of constants, and the neutral elements.
 * Nothing here changes a result by more than rounding; x * 0 stays (x may be infinite).
 */
import type { GraphBuilder } from './build.js';
import type { Node, ScalarFn } from './graph.js';
import type { Shape } from './shape-checks.js';
import { scalarFunction } from './scalar-functions.js';

function constantOf(x: Node | undefined): number | undefined {
  return x?.op.kind === 'const' ? x.op.value : undefined;
}

/** An equal, simpler node for `fn` of `inputs`, if there is one. */
export function foldMap(build: GraphBuilder, fn: ScalarFn, inputs: readonly Node[], shape: Shape): Node | undefined {
  const values = inputs.map(constantOf);
  if (values.every((v) => v !== undefined)) return build.constant(scalarFunction(fn, inputs[0]?.dtype ?? 'f32', values), shape.dtype);
  const [x, y, z] = inputs;
  const [a, b] = values;
  if (!x) return undefined;
  switch (fn) {
    case 'add': return b === 0 ? x : a === 0 ? y : undefined;
    case 'sub': return b === 0 ? x : a === 0 && y ? build.neg(y) : undefined;
    case 'mul': return y && product(build, x, a, y, b);
    case 'div': return b === 1 ? x : undefined;
    case 'pow': return power(build, x, b);
    case 'neg': return x.op.kind === 'map' && x.op.fn === 'neg' ? x.inputs[0] : undefined;
    case 'to_f32': return x.dtype === 'f32' ? x : undefined;
    case 'to_i32': return x.dtype === 'i32' ? x : undefined;
    case 'select': {
      if (y && y === z && shape.axes.length === y.axes.length) return y;
      const chosen = a === undefined ? undefined : a !== 0 ? y : z;
      return chosen && chosen.axes.length === shape.axes.length ? chosen : undefined;
    }
    default: return undefined;
  }
}

function product(build: GraphBuilder, x: Node, a: number | undefined, y: Node, b: number | undefined): Node | undefined {
  if (a === 1) return y;
  if (b === 1) return x;
  if (x.dtype === 'f32' && a === -1) return build.neg(y);
  if (x.dtype === 'f32' && b === -1) return build.neg(x);
  return undefined;
}

/** Small whole and half exponents, where a general power is slow or (of negative numbers, on some targets) undefined. */
function power(build: GraphBuilder, x: Node, exponent: number | undefined): Node | undefined {
  switch (exponent) {
    case 1: return x;
    case 2: return build.mul(x, x);
    case 3: return build.mul(build.mul(x, x), x);
    case 4: return power(build, build.mul(x, x), 2);
    case 0.5: return build.sqrt(x);
    case -0.5: return build.rsqrt(x);
    case -1: return build.reciprocal(x);
    case -2: return build.reciprocal(build.mul(x, x));
    default: return undefined;
  }
}
