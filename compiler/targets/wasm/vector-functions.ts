/**
 * @file Scalar functions on vectors of four lanes, one result for each copy of the vector loop.
 */
import type { Expr } from '../../kernels/kernel.js';
import { internalError } from './errors.js';
import { call, extract, f32x4, i32, i32x4, type Instr, op, replace } from './instructions.js';
import { vectorFunction } from './math.js';
import { madd } from './panels.js';
import { isCondition, smallPower } from './scalar-functions.js';
import type { Scope } from './scope.js';

type Call = Extract<Expr, { kind: 'call' }>;

const comparisons: Partial<Record<Call['fn'], string>> = { lt: 'lt', le: 'le', eq: 'eq' };

const zip = (a: readonly Instr[], b: readonly Instr[], f: (x: Instr, y: Instr) => Instr): Instr[] =>
  a.map((x, i) => {
    const y = b[i];
    if (!y) throw internalError('operands have different numbers of copies');
    return f(x, y);
  });

/** All bits set where the condition holds. */
export function vectorMask(scope: Scope, expr: Expr): Instr[] {
  if (expr.kind === 'call') {
    const [x, y] = expr.args;
    const comparison = comparisons[expr.fn];
    if (comparison && x && y) {
      const name = x.dtype === 'f32' ? `f32x4.${comparison}` : `i32x4.${comparison}${comparison === 'eq' ? '' : '_s'}`;
      return zip(scope.vectors(x), scope.vectors(y), (p, q) => op(name, p, q));
    }
    if (expr.fn === 'mul' && x && y && isCondition(x) && isCondition(y)) return zip(vectorMask(scope, x), vectorMask(scope, y), (p, q) => op('v128.and', p, q));
  }
  const zero = expr.dtype === 'i32' ? i32x4(0) : f32x4(0);
  return scope.vectors(expr).map((x) => op(`${expr.dtype}x4.ne`, x, zero));
}

export function vectorCall(scope: Scope, expr: Call): Instr[] {
  const [a, b, c] = expr.args;
  if (!a) throw internalError(`${expr.fn} without arguments`);
  const integer = expr.dtype === 'i32';
  if (expr.fn === 'select') {
    if (!b || !c) throw internalError('select needs three arguments');
    const masks = vectorMask(scope, a);
    const [yes, no] = [scope.vectors(b), scope.vectors(c)];
    return masks.map((mask, i) => op('v128.bitselect', yes[i] ?? mask, no[i] ?? mask, mask));
  }
  if (comparisons[expr.fn]) return vectorMask(scope, expr).map((mask) => op('v128.and', mask, integer ? i32x4(1) : f32x4(1)));
  if (b) return binary(scope, expr, a, b, integer);
  const x = scope.vectors(a);
  const each = (f: (x: Instr) => Instr): Instr[] => x.map(f);
  switch (expr.fn) {
    case 'neg': return each((v) => op(integer ? 'i32x4.neg' : 'f32x4.neg', v));
    case 'abs': return each((v) => op(integer ? 'i32x4.abs' : 'f32x4.abs', v));
    case 'sqrt': return each((v) => op('f32x4.sqrt', v));
    case 'rsqrt': return each((v) => op('f32x4.div', f32x4(1), op('f32x4.sqrt', v)));
    case 'reciprocal': return each((v) => op('f32x4.div', f32x4(1), v));
    case 'floor': return each((v) => op('f32x4.floor', v));
    case 'sign':
      if (integer) return each((v) => op('i32x4.max_s', op('i32x4.min_s', v, i32x4(1)), i32x4(-1)));
      return each((v) => op('f32x4.sub', op('v128.and', op('f32x4.gt', v, f32x4(0)), f32x4(1)), op('v128.and', op('f32x4.lt', v, f32x4(0)), f32x4(1))));
    case 'to_f32': return a.dtype === 'f32' ? x : each((v) => op('f32x4.convert_i32x4_s', v));
    case 'to_i32': return a.dtype === 'i32' ? x : each((v) => op('i32x4.trunc_sat_f32x4_s', v));
    case 'is_finite':
      return each((v) => op('v128.and', op('i32x4.ne', op('v128.and', v, i32x4(0x7f800000)), i32x4(0x7f800000)), integer ? i32x4(1) : f32x4(1)));
    case 'exp': case 'log': case 'tanh': case 'erf': case 'sin': case 'cos': {
      const callee = vectorFunction(scope.context.module, expr.fn);
      return each((v) => call(callee, v));
    }
    default: throw internalError(`no vector instructions for ${expr.fn} of ${expr.dtype}`);
  }
}

/** The factors of a product of floats, for a fused multiply-add. */
export function productOf(expr: Expr): readonly [Expr, Expr] | undefined {
  if (expr.kind !== 'call' || expr.fn !== 'mul' || expr.dtype !== 'f32' || isCondition(expr)) return undefined;
  const [x, y] = expr.args;
  return x && y ? [x, y] : undefined;
}

/** sums + value, fused where value is a product. */
export function accumulateProduct(scope: Scope, value: Expr, sums: readonly Instr[]): Instr[] {
  const { module } = scope.context;
  const factors = module.features.relaxed ? productOf(value) : undefined;
  if (!factors) return zip(sums, scope.vectors(value), (sum, x) => op('f32x4.add', sum, x));
  const [x, y] = [scope.vectors(factors[0]), scope.vectors(factors[1])];
  return sums.map((sum, i) => madd(module, x[i] ?? sum, y[i] ?? sum, sum));
}

function binary(scope: Scope, expr: Call, a: Expr, b: Expr, integer: boolean): Instr[] {
  if (expr.fn === 'add' && !integer) {
    if (productOf(b)) return accumulateProduct(scope, b, scope.vectors(a));
    return accumulateProduct(scope, a, scope.vectors(b));
  }
  const [x, y] = [scope.vectors(a), scope.vectors(b)];
  switch (expr.fn) {
    case 'add': case 'sub': case 'mul': return zip(x, y, (p, q) => op(`${expr.dtype}x4.${expr.fn}`, p, q));
    case 'max': case 'min': return zip(x, y, (p, q) => op(integer ? `i32x4.${expr.fn}_s` : `f32x4.${expr.fn}`, p, q));
    case 'div': return integer ? divideLanes(x, y, b, 'div') : zip(x, y, (p, q) => op('f32x4.div', p, q));
    case 'mod': return divideLanes(x, y, b, 'rem');
    case 'pow': {
      const known = x.map((v) => smallPower(b, v, (p, q) => op('f32x4.mul', p, q), f32x4(1), (p) => op('f32x4.sqrt', p), (p) => op('f32x4.div', f32x4(1), p)));
      if (known.every((v) => v !== undefined)) return known;
      const callee = vectorFunction(scope.context.module, 'pow');
      return zip(x, y, (p, q) => call(callee, p, q));
    }
    default: throw internalError(`no vector instructions for ${expr.fn} of ${expr.dtype}`);
  }
}

/** Operands are not negative, so powers of two become shifts and masks; others go lane by lane. */
function divideLanes(x: readonly Instr[], y: readonly Instr[], by: Expr, what: 'div' | 'rem'): Instr[] {
  if (by.kind === 'number' && by.value > 0 && (by.value & (by.value - 1)) === 0) {
    return x.map((v) => (what === 'div' ? op('i32x4.shr_u', v, i32(Math.log2(by.value))) : op('v128.and', v, i32x4(by.value - 1))));
  }
  return zip(x, y, (p, q) => {
    const lane = (i: number): Instr => op(`i32.${what}_u`, extract('i32', p, i), by.kind === 'number' ? i32(by.value) : extract('i32', q, i));
    let vector = op('i32x4.splat', lane(0));
    for (let i = 1; i < 4; i++) vector = replace('i32', vector, i, lane(i));
    return vector;
  });
}
