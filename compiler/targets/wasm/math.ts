/**
 * @file Transcendental functions of four lanes. Errors, measured against float64 over the whole range (`test/targets/wasm/math.test.ts`): exp, log, tanh,
 * erf within 4 units in the last place; sin and cos within 4 ulp or 1e-7 absolute for |x| < 1e6; pow within 4 ulp.
 *
 * exp, log and tanh follow Cephes (Moshier, https://www.netlib.org/cephes/); erf the two-branch approximation of N. Juffa
 * (https://forums.developer.nvidia.com/t/optimized-version-of-single-precision-error-function-erff/40977). pow and the range reduction of sin and cos
 * run in float64, two lanes at a time.
 */
import { type Callee, call, f32x4, f64x2, get, i32, i32x4, type Instr, op, shuffle } from './instructions.js';
import type { Block, WasmModule } from './module.js';
import { madd } from './panels.js';

export type VectorFn = 'exp' | 'log' | 'tanh' | 'erf' | 'sin' | 'cos' | 'pow';

/** The function of the module that computes `name`; built when first asked for. */
export function vectorFunction(module: WasmModule, name: VectorFn): Callee {
  return module.once(`math ${name}`, () => {
    if (name === 'pow') {
      return module.fn('pow_v', [['x', 'v128'], ['y', 'v128']], 'v128', (fn, x, y) => (x && y ? pow(fn.body, get(x), get(y)) : undefined));
    }
    const build = unary[name];
    // What it calls is built first.
    if (name === 'tanh' || name === 'erf') vectorFunction(module, 'exp');
    return module.fn(`${name}_v`, [['x', 'v128']], 'v128', (fn, x) => (x ? build(fn.body, get(x)) : undefined));
  });
}

const neg = (x: Instr): Instr => op('f32x4.neg', x);
const f = (name: 'add' | 'sub' | 'mul' | 'div' | 'lt' | 'gt' | 'eq' | 'ne' | 'le' | 'min' | 'max', a: Instr, b: Instr): Instr => op(`f32x4.${name}`, a, b);
const choose = (mask: Instr, yes: Instr, no: Instr): Instr => op('v128.bitselect', yes, no, mask);

/** Horner's rule, highest coefficient first. */
function polynomial(block: Block, x: Instr, coefficients: readonly number[]): Instr {
  const [first = 0, ...rest] = coefficients;
  return rest.reduce<Instr>((sum, c) => block.bind('p', madd(block.fn.module, sum, x, f32x4(c))), f32x4(first));
}

/** 2^n for integers n in [-126, 127]. */
const powerOfTwo = (n: Instr): Instr => op('i32x4.shl', op('i32x4.add', n, i32x4(127)), i32(23));

/** exp(n * ln 2 + r) / 2^n, and n. */
function expParts(block: Block, x: Instr): { readonly y: Instr; readonly n: Instr } {
  const n = block.bind('n', op('f32x4.nearest', f('mul', x, f32x4(Math.LOG2E))));
  const r1 = block.bind('r', f('sub', x, f('mul', n, f32x4(0.693359375))));
  const r = block.bind('r', f('add', r1, f('mul', n, f32x4(2.12194440e-4))));
  const p = polynomial(block, r, [1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1]);
  return { y: block.bind('y', f('add', madd(block.fn.module, p, f('mul', r, r), r), f32x4(1))), n };
}

function exp(block: Block, given: Instr): Instr {
  // Beyond these the result is infinity or 0 anyway.
  const { y, n } = expParts(block, block.bind('x', f('max', f('min', given, f32x4(89)), f32x4(-104))));
  // In two steps, so that results below the normal numbers come out too.
  const whole = block.bind('whole', op('i32x4.trunc_sat_f32x4_s', n));
  const half = block.bind('half', op('i32x4.shr_s', whole, i32(1)));
  return f('mul', f('mul', y, powerOfTwo(half)), powerOfTwo(op('i32x4.sub', whole, half)));
}

/** exp in place, not as a function, of x cut to [-87, 88]: weights of attention. Its results are normal numbers: smaller ones cost processors dearly. */
export function expInline(block: Block, given: Instr): Instr {
  const { y, n } = expParts(block, block.bind('x', f('max', f('min', given, f32x4(88)), f32x4(-87))));
  return f('mul', y, powerOfTwo(op('i32x4.trunc_sat_f32x4_s', n)));
}

function log(block: Block, given: Instr): Instr {
  const { module } = block.fn;
  const small = block.bind('small', f('lt', given, f32x4(1.17549435e-38)));
  const x = block.bind('x', choose(small, f('mul', given, f32x4(8388608)), given));
  // x = m * 2^e with m in [sqrt(1/2), sqrt(2))
  const bits = block.bind('bits', op('i32x4.sub', x, i32x4(0x3f3504f3)));
  const e0 = block.bind('e', op('f32x4.convert_i32x4_s', op('i32x4.shr_s', bits, i32(23))));
  const e = block.bind('e', f('sub', e0, op('v128.and', small, f32x4(23))));
  const m = block.bind('m', f('sub', op('i32x4.add', op('v128.and', bits, i32x4(0x007fffff)), i32x4(0x3f3504f3)), f32x4(1)));
  const z = block.bind('z', f('mul', m, m));
  const p = polynomial(block, m, [
    7.0376836292e-2, -1.1514610310e-1, 1.1676998740e-1, -1.2420140846e-1, 1.4249322787e-1, -1.6668057665e-1, 2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1,
  ]);
  const y0 = block.bind('y', f('mul', f('mul', p, m), z));
  const y1 = block.bind('y', madd(module, e, f32x4(-2.12194440e-4), y0));
  const y = block.bind('y', madd(module, z, f32x4(-0.5), y1));
  const result = block.bind('result', madd(module, e, f32x4(0.693359375), f('add', m, y)));
  const infinite = choose(f('eq', given, f32x4(Infinity)), f32x4(Infinity), result);
  const zero = choose(f('eq', given, f32x4(0)), f32x4(-Infinity), infinite);
  // Negative, or not a number.
  return choose(op('v128.not', op('f32x4.ge', given, f32x4(0))), f32x4(NaN), zero);
}

function tanh(block: Block, x: Instr): Instr {
  const expV = vectorFunction(block.fn.module, 'exp');
  const a = block.bind('a', op('f32x4.abs', x));
  const s = block.bind('s', f('mul', x, x));
  const p = polynomial(block, s, [-5.70498872745e-3, 2.06390887954e-2, -5.37397155531e-2, 1.33314422036e-1, -3.33332819422e-1]);
  const near = block.bind('near', madd(block.fn.module, f('mul', p, s), x, x));
  const e = block.bind('e', call(expV, f('add', a, a)));
  const far = block.bind('far', f('sub', f32x4(1), f('div', f32x4(2), f('add', e, f32x4(1)))));
  const signed = op('v128.bitselect', x, far, i32x4(-0x80000000));
  return choose(f('lt', a, f32x4(0.625)), near, choose(f('eq', x, x), signed, x));
}

function erf(block: Block, x: Instr): Instr {
  const { module } = block.fn;
  const expV = vectorFunction(module, 'exp');
  const t = block.bind('t', op('f32x4.abs', x));
  const s = block.bind('s', f('mul', x, x));
  const near0 = polynomial(block, s, [-5.96761703e-4, 4.99119423e-3, -2.67681349e-2, 1.12819925e-1, -3.76125336e-1, 1.28379166e-1]);
  const near = block.bind('near', madd(module, near0, x, x));
  const r = polynomial(block, t, [-1.72853470e-5, 3.83197126e-4]);
  const u = polynomial(block, t, [-3.88396438e-3, 2.42546219e-2]);
  const q0 = block.bind('q', madd(module, r, s, u));
  const q1 = block.bind('q', madd(module, q0, t, f32x4(-1.06777877e-1)));
  const q2 = block.bind('q', madd(module, q1, t, f32x4(-6.34846687e-1)));
  const q3 = block.bind('q', madd(module, q2, t, f32x4(-1.28717512e-1)));
  const q = block.bind('q', madd(module, q3, t, neg(t)));
  // Where t is large, q overflows to either side; erf is 1 there.
  const far0 = block.bind('far', f('sub', f32x4(1), call(expV, q)));
  const far = block.bind('far', choose(f('gt', t, f32x4(4)), f32x4(1), far0));
  const signed = op('v128.bitselect', x, far, i32x4(-0x80000000));
  return choose(f('gt', t, f32x4(0.927734375)), signed, near);
}

const low = (x: Instr): Instr => op('f64x2.promote_low_f32x4', x);
const high = (x: Instr): Instr => low(shuffle(x, x, 2, 3, 2, 3));
/** Two pairs of float64 as four float32. */
const join = (a: Instr, b: Instr): Instr => shuffle(op('f32x4.demote_f64x2_zero', a), op('f32x4.demote_f64x2_zero', b), 0, 1, 4, 5);

/** sin (or cos) by quadrants: x = n * pi/2 + r, r in float64 until it is small. */
function circular(block: Block, x: Instr, shift: 0 | 1): Instr {
  const { module } = block.fn;
  const halves = [low(x), high(x)].map((half) => {
    const wide = block.bind('wide', half);
    const n = block.bind('n', op('f64x2.nearest', op('f64x2.mul', wide, f64x2(2 / Math.PI))));
    // pi/2 in two parts, the first exact in products with n below 2^20
    const r0 = op('f64x2.sub', wide, op('f64x2.mul', n, f64x2(1.5707963267341256)));
    return { n, r: block.bind('r', op('f64x2.sub', r0, op('f64x2.mul', n, f64x2(6.077100506506192e-11)))) };
  });
  const [a, b] = halves;
  if (!a || !b) throw new Error('internal error (wasm target): two halves');
  const r = block.bind('r', join(a.r, b.r));
  const whole = shuffle(op('i32x4.trunc_sat_f64x2_s_zero', a.n), op('i32x4.trunc_sat_f64x2_s_zero', b.n), 0, 1, 4, 5);
  const n = block.bind('quadrant', op('i32x4.add', whole, i32x4(shift)));
  const s = block.bind('s', f('mul', r, r));
  const sine0 = polynomial(block, s, [2.7183114939898219e-6, -1.9839334836096632e-4, 8.3333293858894632e-3, -1.6666666641626524e-1]);
  const sine = block.bind('sine', madd(module, f('mul', sine0, s), r, r));
  const cosine0 = polynomial(block, s, [2.44331571e-5, -1.38873162e-3, 4.16666456e-2, -0.5]);
  const cosine = block.bind('cosine', madd(module, cosine0, s, f32x4(1)));
  const odd = op('i32x4.eq', op('v128.and', n, i32x4(1)), i32x4(1));
  const sign = op('i32x4.shl', op('v128.and', n, i32x4(2)), i32(30));
  return op('v128.xor', choose(odd, cosine, sine), sign);
}

/** log2 of two positive float64 that were float32: atanh series on m in [sqrt(1/2), sqrt(2)). */
function log2Wide(block: Block, x: Instr): Instr {
  const offset = 0x3fe6a09e_667f3bcdn;
  const constant = (value: bigint): Instr => {
    const bits = new DataView(new ArrayBuffer(8));
    bits.setBigInt64(0, BigInt.asIntN(64, value));
    const [hi, lo] = [bits.getInt32(0), bits.getInt32(4)];
    return { kind: 'vector', shape: 'i32x4', values: [lo, hi, lo, hi] };
  };
  const bits = block.bind('bits', op('i64x2.sub', x, constant(offset)));
  // The exponent, signed: the upper half of each lane shifted down.
  const exponent = block.bind('exponent', op('i32x4.shr_s', shuffle(bits, bits, 1, 3, 1, 3), i32(20)));
  const e = block.bind('e', op('f64x2.convert_low_i32x4_s', exponent));
  const m = block.bind('m', op('i64x2.add', op('v128.and', bits, constant(0x000fffff_ffffffffn)), constant(offset)));
  const t = block.bind('t', op('f64x2.div', op('f64x2.sub', m, f64x2(1)), op('f64x2.add', m, f64x2(1))));
  const s = block.bind('s', op('f64x2.mul', t, t));
  let sum: Instr = f64x2(1 / 13);
  for (const n of [11, 9, 7, 5, 3, 1]) sum = block.bind('sum', op('f64x2.add', op('f64x2.mul', sum, s), f64x2(1 / n)));
  return block.bind('log2', op('f64x2.add', e, op('f64x2.mul', op('f64x2.mul', sum, t), f64x2(2 * Math.LOG2E))));
}

/** 2^y of two float64, |y| < 200. */
function exp2Wide(block: Block, given: Instr): Instr {
  const y = block.bind('y', op('f64x2.max', op('f64x2.min', given, f64x2(200)), f64x2(-200)));
  const n = block.bind('n', op('f64x2.nearest', y));
  const r = block.bind('r', op('f64x2.mul', op('f64x2.sub', y, n), f64x2(Math.LN2)));
  let sum: Instr = f64x2(1 / 3628800);
  for (const c of [362880, 40320, 5040, 720, 120, 24, 6, 2, 1, 1]) sum = block.bind('sum', op('f64x2.add', op('f64x2.mul', sum, r), f64x2(1 / c)));
  const whole = block.bind('whole', op('i32x4.add', op('i32x4.trunc_sat_f64x2_s_zero', n), i32x4(1023)));
  const scale = op('i64x2.shl', shuffle(whole, i32x4(0), 0, 4, 1, 5), i32(52));
  return block.bind('exp2', op('f64x2.mul', sum, scale));
}

/** x^y as IEEE 754 and C define it: negative bases need whole exponents. */
function pow(block: Block, x: Instr, y: Instr): Instr {
  const a = block.bind('a', op('f32x4.abs', x));
  const part = (side: (v: Instr) => Instr): Instr => {
    const exponent = block.bind('exponent', side(y));
    return exp2Wide(block, op('f64x2.mul', log2Wide(block, block.bind('base', side(a))), exponent));
  };
  const positive = block.bind('positive', join(part(low), part(high)));
  const whole = block.bind('whole', f('eq', op('f32x4.floor', y), y));
  const halved = f('mul', y, f32x4(0.5));
  const odd = block.bind('odd', op('v128.andnot', whole, f('eq', op('f32x4.floor', block.bind('halved', halved)), block.bind('halved', halved))));
  const negative = op('v128.bitselect', neg(positive), positive, odd);
  const finite = block.bind('finite', choose(f('lt', x, f32x4(0)), choose(whole, negative, f32x4(NaN)), positive));
  const rising = f('gt', y, f32x4(0));
  const zero = choose(rising, f32x4(0), f32x4(Infinity));
  const infinite = choose(rising, f32x4(Infinity), f32x4(0));
  const minus = op('v128.and', odd, op('v128.and', x, i32x4(-0x80000000)));
  const edge0 = choose(f('eq', a, f32x4(0)), op('v128.or', zero, minus), finite);
  const edge1 = block.bind('edge', choose(f('eq', a, f32x4(Infinity)), op('v128.or', infinite, minus), edge0));
  const unknown = op('v128.or', f('ne', x, x), f('ne', y, y));
  const result = choose(unknown, f32x4(NaN), edge1);
  return choose(op('v128.or', f('eq', y, f32x4(0)), f('eq', x, f32x4(1))), f32x4(1), result);
}

const unary: Record<Exclude<VectorFn, 'pow'>, (block: Block, x: Instr) => Instr> = {
  exp,
  log,
  tanh,
  erf,
  sin: (block, x) => circular(block, x, 0),
  cos: (block, x) => circular(block, x, 1),
};
