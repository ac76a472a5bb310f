/**
 * @file What the target needs of an adapter, and the error that names the tensor which does not fit.
 *
 * The defaults are what every adapter seen so far offers when asked (software ones included), not the much lower values a WebGPU
 * device has when nothing is asked for: https://www.w3.org/TR/webgpu/#limits.
 */
import type { TargetLimits } from '../../kernels/kernel.js';

/** 128 MiB per binding, 1 GiB per buffer, 8 storage buffers per kernel. */
export const defaultLimits: TargetLimits = {
  maxBindingBytes: 128 * 1024 * 1024,
  maxBufferBytes: 1024 * 1024 * 1024,
  maxSlots: 8,
};

/** Workgroups a dispatch may have in one dimension, on every adapter. */
export const maxGroupsPerDimension = 65_535;

/** Bytes of workgroup memory every adapter has. */
export const workgroupBytes = 16_384;

export type LimitName = keyof TargetLimits;

/** A tensor does not fit what the target allows. */
export class LimitError extends Error {
  override readonly name = 'LimitError';
  constructor(
    /** The tensor, or the slot of the kernel where no tensor is known. */
    readonly tensor: string,
    readonly kernel: string,
    readonly limit: LimitName,
    readonly needed: number,
    readonly allowed: number,
  ) {
    super(limitMessage(tensor, kernel, limit, needed, allowed));
  }
}

function limitMessage(tensor: string, kernel: string, limit: LimitName, needed: number, allowed: number): string {
  switch (limit) {
    case 'maxSlots':
      return `kernel ${kernel} needs ${needed} storage buffers, the target allows ${allowed}; the largest is ${tensor}`;
    case 'maxBufferBytes':
      return `${tensor} needs a buffer of ${needed} bytes, the target allows ${allowed}`;
    case 'maxBindingBytes':
      return `${tensor} needs a binding of ${needed} bytes in kernel ${kernel}, the target allows ${allowed}`;
  }
}

/** Something the compiler itself got wrong; never the user's fault. */
export function internalError(message: string): Error {
  return new Error(`internal error (wgsl target): ${message}`);
}
