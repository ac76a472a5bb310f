/**
 * @file The WebAssembly target: kernels become functions of one module, for the CPU, with SIMD and threads.
 */
import type { TargetLimits } from '../../kernels/kernel.js';
import { assemble, LIMITS, wideMemory } from './assemble.js';

export type { AssembleInput } from './assemble.js';
export { LimitError } from './errors.js';

/** Elements are counted in i32, also those a little past the end, where a loop is cut into blocks. */
const LARGEST = Math.min(LIMITS[64], 2 ** 33 - 2 ** 29);
/** One slot may be as large as memory, and a function may have as many as it likes (a few are better for registers). */
const limits: TargetLimits = { maxBindingBytes: LARGEST, maxBufferBytes: LARGEST, maxSlots: 24 };

export const wasm = {
  limits,
  /** Elements (i32) an `invert` kernel's scratch slot must have: none; the module keeps its own. */
  scratchSize: (): number => 1,
  assemble,
  wideMemory,
};
