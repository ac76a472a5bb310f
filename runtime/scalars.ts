/**
 * @file Numbers the host computes before each step: learning rates, loss weights, Adam's bias corrections. In float64, rounded once.
 */
import type { ScalarInfo } from './program.js';
import { RandomStream } from './rng.js';

/** The value at `step`, which counts from 1, in a run with this seed. */
export function scalarValue(scalar: ScalarInfo, step: number, seed = 0): number {
  switch (scalar.kind) {
    case 'step':
      return step;
    case 'noise_key':
      return (new RandomStream(seed, `noise ${scalar.stream} below ${scalar.below}`).words4(step)[0] ?? 0) % scalar.below;
    case 'schedule':
      return scalar.base * warmup(scalar.warmup, step) * decay(scalar, step);
    case 'ramp':
      return scalar.over <= 0 ? scalar.to : scalar.from + (scalar.to - scalar.from) * Math.min(step / scalar.over, 1);
    case 'bias_correction':
      return 1 - scalar.beta ** step;
  }
}

/** All scalars of a program at `step`, in the order of its scalars tensor. */
export function scalarValues(scalars: readonly ScalarInfo[], step: number, seed = 0): Float32Array<ArrayBuffer> {
  return Float32Array.from(scalars, (scalar) => scalarValue(scalar, step, seed));
}

/** Rises linearly to 1, which it reaches at step `steps`. */
function warmup(steps: number, step: number): number {
  return steps > 0 ? Math.min(step / steps, 1) : 1;
}

/** 1 until the warm-up ends, then down to `floor` (a fraction of the base) at the last step. */
function decay(scalar: { readonly shape: 'constant' | 'linear' | 'cosine'; readonly warmup: number; readonly steps: number; readonly floor: number }, step: number): number {
  if (scalar.shape === 'constant') return 1;
  const span = Math.max(scalar.steps - scalar.warmup, 1);
  const progress = Math.min(Math.max((step - scalar.warmup) / span, 0), 1);
  const remaining = scalar.shape === 'linear' ? 1 - progress : (1 + Math.cos(Math.PI * progress)) / 2;
  return scalar.floor + (1 - scalar.floor) * remaining;
}
