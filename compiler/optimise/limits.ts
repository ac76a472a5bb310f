/**
 * @file What a target's limits refuse, as a typed error that names the tensor.
 */

/** A tensor or kernel that the target cannot hold. */
export class LimitError extends Error {
  constructor(
    /** The tensor's (or kernel's) spec path. */
    readonly tensor: string,
    /** `bytes`: an allocation; `elements`: indices are 32-bit; `slots`: buffers one kernel binds. */
    readonly what: 'bytes' | 'elements' | 'slots',
    readonly needed: number,
    readonly limit: number,
  ) {
    super(
      what === 'bytes'
        ? `${tensor} needs ${needed} bytes, and the target allocates at most ${limit}`
        : what === 'elements'
          ? `${tensor} has ${needed} elements, and indices reach ${limit} (32 bits)`
          : `the kernel that computes ${tensor} needs ${needed} buffers, and the target binds at most ${limit}`,
    );
    this.name = 'LimitError';
  }
}

export const MAX_ELEMENTS = 2 ** 31 - 1;
