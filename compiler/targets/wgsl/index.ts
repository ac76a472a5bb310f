/**
 * @file The WGSL target: kernels become WGSL modules and dispatches for WebGPU.
 */
import { assemble } from './assemble.js';
import { emitWgsl } from './emit.js';
import { scratchSize } from './invert.js';
import { defaultLimits } from './limits.js';

export type { AssembleInput } from './assemble.js';
export type { Emitted } from './emit.js';
export { emitWgsl } from './emit.js';
export { LimitError } from './limits.js';

export const wgsl = {
  limits: defaultLimits,
  /** Elements (i32) an `invert` kernel's scratch slot must have. */
  scratchSize,
  emit: emitWgsl,
  assemble,
};
