/**
 * @file Functions WGSL lacks, or has with too little accuracy. A module contains those it uses.
 */

/** WGSL source by name. */
export const helpers = {
  /** Norbert Juffa's single-precision erf: two minimax polynomials, below 2 units in the last place (njuffa, Stack Overflow 35148199). */
  erf_f32: `// erf(x), absolute error below 3e-7.
fn erf_f32(x: f32) -> f32 {
  let t = min(abs(x), 10.0);
  let s = x * x;
  if (t > 0.927734375) {
    var r = fma(-1.72853470e-5, t, 3.83197126e-4);
    let u = fma(-3.88396438e-3, t, 2.42546219e-2);
    r = fma(r, t * t, u);
    r = fma(r, t, -1.06777877e-1);
    r = fma(r, t, -6.34846687e-1);
    r = fma(r, t, -1.28717512e-1);
    r = fma(r, t, -t);
    let magnitude = 1.0 - exp(r);
    return select(magnitude, -magnitude, x < 0.0);
  }
  var r = -5.96761703e-4;
  r = fma(r, s, 4.99119423e-3);
  r = fma(r, s, -2.67681349e-2);
  r = fma(r, s, 1.12819925e-1);
  r = fma(r, s, -3.76125336e-1);
  r = fma(r, s, 1.28379166e-1);
  return fma(r, x, x);
}`,
  tanh_f32: `// tanh(x): no overflow for large |x|, no cancellation for small.
fn tanh_f32(x: f32) -> f32 {
  let t = abs(x);
  if (t < 0.3) {
    let s = x * x;
    return x + x * s * (-0.33333333 + s * (0.13333333 + s * (-0.053968254 + s * (0.021869489 - s * 0.0088632355))));
  }
  let e = exp(-2.0 * t);
  let magnitude = (1.0 - e) / (1.0 + e);
  return select(magnitude, -magnitude, x < 0.0);
}`,
  /** WGSL promises sine and cosine to 2^-11 and for angles up to pi only; rotary positions need more. Reduction and polynomials are those of Moshier's Cephes (sinf). */
  circular_f32: `// sin(x + quarter * pi/2), absolute error below 2e-7 for |x| < 12000: pi/2 is taken off in three parts, whose products with n are exact.
fn circular_f32(x: f32, quarter: i32) -> f32 {
  let n = round(x * 0.63661977);
  let r = fma(n, -7.5497899e-8, fma(n, -4.8375130e-4, fma(n, -1.5703125, x)));
  let s = r * r;
  let sine = fma(r * s, fma(s, fma(s, -1.9515296e-4, 8.3321609e-3), -1.6666655e-1), r);
  let cosine = fma(s, fma(s, fma(s, fma(s, 2.4433157e-5, -1.3887316e-3), 4.1666646e-2), -0.5), 1.0);
  let quadrant = i32(n) + quarter;
  let y = select(sine, cosine, (quadrant & 1) != 0);
  return select(y, -y, (quadrant & 2) != 0);
}`,
  sin_f32: `fn sin_f32(x: f32) -> f32 { return circular_f32(x, 0); }`,
  cos_f32: `fn cos_f32(x: f32) -> f32 { return circular_f32(x, 1); }`,
  power_f32: `// x^y as C's pow: a negative base has a result for whole exponents.
fn power_f32(x: f32, y: f32) -> f32 {
  if (y == 0.0) { return 1.0; }
  let magnitude = pow(abs(x), y);
  if (x >= 0.0) { return magnitude; }
  if (floor(y) != y) { return not_a_number(); }
  return select(magnitude, -magnitude, abs(y - 2.0 * floor(y * 0.5)) == 1.0);
}`,
  is_finite_f32: `// 1 for finite, 0 for NaN and infinities; by bits, so that fast-math cannot assume it away.
fn is_finite_f32(x: f32) -> f32 {
  return select(0.0, 1.0, (bitcast<u32>(x) & 0x7f800000u) != 0x7f800000u);
}`,
  infinity: `// WGSL has no literal for it.
fn infinity() -> f32 {
  var bits = 0x7f800000u;
  return bitcast<f32>(bits);
}`,
  not_a_number: `// WGSL has no literal for it.
fn not_a_number() -> f32 {
  var bits = 0x7fc00000u;
  return bitcast<f32>(bits);
}`,
} as const;

export type Helper = keyof typeof helpers;

/** Helpers a helper calls. */
export const helperNeeds: Partial<Record<Helper, readonly Helper[]>> = { power_f32: ['not_a_number'], sin_f32: ['circular_f32'], cos_f32: ['circular_f32'] };
