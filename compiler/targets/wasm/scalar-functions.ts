/**
 * @file Scalar functions as scalar instructions. Transcendental ones run their vector form in one lane: the same bits either way.
 */
import type { Expr } from '../../kernels/kernel.js';
import { internalError } from './errors.js';
import { call, extract, f32, i32, type Instr, op, select } from './instructions.js';
import { vectorFunction } from './math.js';
import type { Scope } from './scope.js';

type Call = Extract<Expr, { kind: 'call' }>;

const comparisons: Partial<Record<Call['fn'], { readonly f32: string; readonly i32: string }>> = {
  lt: { f32: 'f32.lt', i32: 'i32.lt_s' },
  le: { f32: 'f32.le', i32: 'i32.le_s' },
  eq: { f32: 'f32.eq', i32: 'i32.eq' },
};

/** A condition as i32, without the detour over 0 and 1 as numbers where it is a comparison, or a product of conditions. */
export function scalarCondition(scope: Scope, expr: Expr): Instr {
  if (expr.kind === 'call') {
    const [x, y] = expr.args;
    const comparison = comparisons[expr.fn];
    if (comparison && x && y) return op(comparison[x.dtype], scope.scalar(x), scope.scalar(y));
    if (expr.fn === 'mul' && x && y && isCondition(x) && isCondition(y)) return op('i32.and', scalarCondition(scope, x), scalarCondition(scope, y));
  }
  const value = scope.scalar(expr);
  return expr.dtype === 'i32' ? op('i32.ne', value, i32(0)) : op('f32.ne', value, f32(0));
}

export function isCondition(expr: Expr): boolean {
  return expr.kind === 'call' && (comparisons[expr.fn] !== undefined || (expr.fn === 'mul' && expr.args.every(isCondition)));
}

export function scalarCall(scope: Scope, expr: Call): Instr {
  const [a, b, c] = expr.args;
  if (!a) throw internalError(`${expr.fn} without arguments`);
  const integer = expr.dtype === 'i32';
  if (expr.fn === 'select') {
    if (!b || !c) throw internalError('select needs three arguments');
    return select(scalarCondition(scope, a), scope.scalar(b), scope.scalar(c));
  }
  if (comparisons[expr.fn]) {
    const condition = scalarCondition(scope, expr);
    return integer ? condition : op('f32.convert_i32_s', condition);
  }
  const x = scope.scalar(a);
  if (b) return binary(scope, expr, x, scope.scalar(b), b, integer);
  switch (expr.fn) {
    case 'neg': return integer ? op('i32.sub', i32(0), x) : op('f32.neg', x);
    case 'abs': return integer ? select(op('i32.lt_s', x, i32(0)), op('i32.sub', i32(0), x), x) : op('f32.abs', x);
    case 'sqrt': return op('f32.sqrt', x);
    case 'rsqrt': return op('f32.div', f32(1), op('f32.sqrt', x));
    case 'reciprocal': return op('f32.div', f32(1), x);
    case 'floor': return op('f32.floor', x);
    case 'sign':
      if (integer) return op('i32.sub', op('i32.gt_s', x, i32(0)), op('i32.lt_s', x, i32(0)));
      return op('f32.convert_i32_s', op('i32.sub', op('f32.gt', x, f32(0)), op('f32.lt', x, f32(0))));
    case 'to_f32': return a.dtype === 'f32' ? x : op('f32.convert_i32_s', x);
    case 'to_i32': return a.dtype === 'i32' ? x : op('i32.trunc_sat_f32_s', x);
    case 'is_finite': {
      const finite = op('i32.ne', op('i32.and', op('i32.reinterpret_f32', x), i32(0x7f800000)), i32(0x7f800000));
      return integer ? finite : op('f32.convert_i32_s', finite);
    }
    case 'exp': case 'log': case 'tanh': case 'erf': case 'sin': case 'cos':
      return extract('f32', call(vectorFunction(scope.context.module, expr.fn), op('f32x4.splat', x)), 0);
    default: throw internalError(`no instructions for ${expr.fn} of ${expr.dtype}`);
  }
}

function binary(scope: Scope, expr: Call, x: Instr, y: Instr, b: Expr, integer: boolean): Instr {
  switch (expr.fn) {
    case 'add': case 'sub': case 'mul': return op(`${expr.dtype}.${expr.fn}`, x, y);
    case 'div': return integer ? op('i32.div_u', x, y) : op('f32.div', x, y);
    case 'mod': return op('i32.rem_u', x, y);
    case 'max': case 'min':
      return integer ? select(op(expr.fn === 'max' ? 'i32.gt_s' : 'i32.lt_s', x, y), x, y) : op(`f32.${expr.fn}`, x, y);
    case 'pow': {
      const known = smallPower(b, x, (p, q) => op('f32.mul', p, q), f32(1), (p) => op('f32.sqrt', p), (p) => op('f32.div', f32(1), p));
      if (known) return known;
      return extract('f32', call(vectorFunction(scope.context.module, 'pow'), op('f32x4.splat', x), op('f32x4.splat', y)), 0);
    }
    default: throw internalError(`no instructions for ${expr.fn} of ${expr.dtype}`);
  }
}

/** Powers that are products or roots. `x` is a local or a constant. */
export function smallPower(
  exponent: Expr, x: Instr, product: (a: Instr, b: Instr) => Instr, one: Instr, root: (a: Instr) => Instr, reciprocal: (a: Instr) => Instr,
): Instr | undefined {
  if (exponent.kind !== 'number') return undefined;
  switch (exponent.value) {
    case 0: return one;
    case 1: return x;
    case 2: return product(x, x);
    case 3: return product(product(x, x), x);
    case 4: return product(product(x, x), product(x, x));
    case 0.5: return root(x);
    case -0.5: return reciprocal(root(x));
    case -1: return reciprocal(x);
    default: return undefined;
  }
}
