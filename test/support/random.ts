/**
 * @file Reproducible numbers for tests: mulberry32.
 */

/** A generator of numbers in [0, 1). */
export function uniform(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** `n` numbers in [low, high). */
export function numbers(seed: number, n: number, low = -1, high = 1): Float64Array {
  const next = uniform(seed);
  return Float64Array.from({ length: n }, () => low + (high - low) * next());
}

/** `n` whole numbers in [0, below). */
export function indices(seed: number, n: number, below: number): Float64Array {
  const next = uniform(seed);
  return Float64Array.from({ length: n }, () => Math.floor(next() * below));
}
