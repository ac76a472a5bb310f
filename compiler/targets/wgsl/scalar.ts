/**
 * @file Scalar functions as WGSL text. Precedence is tracked so that only the needed parentheses are printed; the grouping of floating-
 * point operations is kept exactly.
 */
import type { ScalarFn } from '../../graph/graph.js';
import type { DType } from '../../kernels/kernel.js';
import { internalError } from './limits.js';
import type { Helper } from './helpers.js';

/** Text and how tightly it binds: 1 sums, 2 products, 3 unary, 4 atoms; 0 anything looser. */
export interface Text {
  readonly text: string;
  readonly tight: 0 | 1 | 2 | 3 | 4;
}

export const atom = (text: string): Text => ({ text, tight: 4 });

/** `text` in parentheses unless it binds at least this tightly. */
export function at(text: Text, tight: number): string {
  return text.tight >= tight ? text.text : `(${text.text})`;
}

/** A literal. Infinities and NaN come from helpers. */
export function literal(value: number, dtype: DType, use: (helper: Helper) => void): Text {
  if (dtype === 'i32') {
    if (!Number.isInteger(value)) throw internalError(`${value} is not an i32`);
    return value < 0 ? { text: String(value), tight: 3 } : atom(String(value));
  }
  if (Number.isNaN(value)) {
    use('not_a_number');
    return atom('not_a_number()');
  }
  const rounded = Math.fround(value);
  if (!Number.isFinite(rounded)) {
    use('infinity');
    return value < 0 ? { text: '-infinity()', tight: 3 } : atom('infinity()');
  }
  const text = shortest(rounded);
  return rounded < 0 || Object.is(rounded, -0) ? { text, tight: 3 } : atom(text);
}

/** The shortest decimal that reads back as the same f32. */
function shortest(value: number): string {
  let text = String(value);
  for (let digits = 1; digits <= 9; digits++) {
    const candidate = Number(value.toPrecision(digits));
    if (Math.fround(candidate) === value) {
      text = String(candidate);
      break;
    }
  }
  if (Object.is(value, -0)) text = '-0';
  return /[.e]/.test(text) ? text : `${text}.0`;
}

const infix: Partial<Record<ScalarFn, { readonly op: string; readonly tight: 1 | 2 }>> = {
  add: { op: '+', tight: 1 },
  sub: { op: '-', tight: 1 },
  mul: { op: '*', tight: 2 },
  div: { op: '/', tight: 2 },
};

export const comparisons: Partial<Record<ScalarFn, string>> = { lt: '<', le: '<=', eq: '==' };

const calls: Partial<Record<ScalarFn, string>> = {
  exp: 'exp', log: 'log', sqrt: 'sqrt', rsqrt: 'inverseSqrt', abs: 'abs', sign: 'sign', floor: 'floor',
  to_f32: 'f32', to_i32: 'i32', max: 'max', min: 'min',
};

const helperCalls: Partial<Record<ScalarFn, Helper>> = { erf: 'erf_f32', tanh: 'tanh_f32', sin: 'sin_f32', cos: 'cos_f32', is_finite: 'is_finite_f32', pow: 'power_f32' };

/** The call of `fn`, except `select`, whose condition is printed by the caller. `constant` is the value of the last argument, where it is a number. */
export function call(fn: ScalarFn, args: readonly Text[], dtype: DType, constant: number | undefined, use: (helper: Helper) => void): Text {
  const [x, y] = args;
  if (x === undefined) throw internalError(`${fn} without arguments`);
  const name = calls[fn];
  if (name !== undefined) return atom(`${name}(${args.map((arg) => arg.text).join(', ')})`);
  const comparison = comparisons[fn];
  if (comparison !== undefined && y !== undefined) {
    const [no, yes] = dtype === 'i32' ? ['0', '1'] : ['0.0', '1.0'];
    return atom(`select(${no}, ${yes}, ${at(x, 1)} ${comparison} ${at(y, 1)})`);
  }
  if (fn === 'neg') return { text: `-${at(x, 4)}`, tight: 3 };
  if (fn === 'reciprocal') return { text: `1.0 / ${at(x, 3)}`, tight: 2 };
  if (dtype === 'i32' && (fn === 'div' || fn === 'mod') && y !== undefined) return divideI32(fn, x, y, constant);
  const operator = infix[fn];
  if (operator !== undefined && y !== undefined) {
    // The right operand of - and / must bind tighter; so must that of + and *, to keep the grouping of floats.
    const right = at(y, dtype === 'i32' && (fn === 'add' || fn === 'mul') ? operator.tight : operator.tight + 1);
    return { text: `${at(x, operator.tight)} ${operator.op} ${right}`, tight: operator.tight };
  }
  if (fn === 'pow' && constant !== undefined) {
    const product = smallPower(x, constant);
    if (product !== undefined) return product;
  }
  const helper = helperCalls[fn];
  if (helper !== undefined) {
    use(helper);
    return atom(`${helper}(${args.map((arg) => arg.text).join(', ')})`);
  }
  throw internalError(`no WGSL for ${fn} of ${dtype}`);
}

/** Operands are not negative, so powers of two become shifts and masks. */
function divideI32(fn: 'div' | 'mod', x: Text, y: Text, constant: number | undefined): Text {
  if (constant !== undefined && constant > 0 && (constant & (constant - 1)) === 0) {
    if (fn === 'mod') return constant === 1 ? atom('0') : { text: `${at(x, 4)} & ${constant - 1}`, tight: 0 };
    return constant === 1 ? x : { text: `${at(x, 4)} >> ${Math.log2(constant)}u`, tight: 0 };
  }
  return { text: `${at(x, 2)} ${fn === 'mod' ? '%' : '/'} ${at(y, 3)}`, tight: 2 };
}

/** Squares and cubes of something already named; x^1, x^0, x^-1, square roots. */
function smallPower(x: Text, exponent: number): Text | undefined {
  if (exponent === 0) return atom('1.0');
  if (exponent === 1) return x;
  if (exponent === -1) return { text: `1.0 / ${at(x, 3)}`, tight: 2 };
  if (exponent === 0.5) return atom(`sqrt(${x.text})`);
  if (exponent === -0.5) return atom(`inverseSqrt(${x.text})`);
  const named = /^[A-Za-z_][A-Za-z0-9_]*$/.test(x.text);
  if (named && (exponent === 2 || exponent === 3 || exponent === 4)) return { text: Array<string>(exponent).fill(x.text).join(' * '), tight: 2 };
  return undefined;
}
