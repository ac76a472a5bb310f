/**
 * @file The WebAssembly target: kernels become functions of one module, for the CPU, with SIMD and threads.
 */
import type { TargetLimits } from '../../kernels/kernel.js';
import { assemble } from './assemble.js';

export type { AssembleInput } from './assemble.js';
export { LimitError } from './errors.js';

/** One slot may be as large as memory, and a function may have as many as it likes (a few are better for registers). */
const limits: TargetLimits = { maxBindingBytes: 2 ** 32, maxBufferBytes: 2 ** 32, maxSlots: 24 };

export const wasm = {
  limits,
  /** Elements (i32) an `invert` kernel's scratch slot must have: none; the module keeps its own. */
  scratchSize: (): number => 1,
  assemble,
};
