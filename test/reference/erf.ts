/**
 * @file The error function by numerical integration of its definition, 2/sqrt(pi) * integral of exp(-t^2): independent of the compiler's.
 */

/** Composite Simpson rule over [0, x]; float64 accuracy for |x| <= 6, beyond which it is 1 to rounding. */
export function erf(x: number): number {
  const end = Math.min(Math.abs(x), 6);
  const steps = 2 * Math.max(32, Math.ceil(end * 200));
  const h = end / steps;
  let sum = 1 + Math.exp(-end * end);
  for (let i = 1; i < steps; i++) sum += (i % 2 === 1 ? 4 : 2) * Math.exp(-((i * h) ** 2));
  return Number.isNaN(x) ? NaN : (Math.sign(x) * (2 / Math.sqrt(Math.PI)) * sum * h) / 3;
}
