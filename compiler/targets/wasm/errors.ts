/**
 * @file What cannot be generated for this target.
 */

/** The program needs more memory than there can be. */
export class LimitError extends Error {
  override readonly name = 'LimitError';
  constructor(
    /** The largest tensors, largest first. */
    readonly tensors: readonly { readonly name: string; readonly bytes: number }[],
    readonly needed: number,
    readonly allowed: number,
    /** Of an address. */
    readonly bits: 32 | 64,
  ) {
    const gib = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(2)} GiB`;
    const list = tensors.map((tensor) => `${tensor.name} ${gib(tensor.bytes)}`).join(', ');
    super(`the program needs ${gib(needed)}, ${bits}-bit WebAssembly memory holds ${gib(allowed)}; the largest are ${list}`);
  }
}

/** Something the compiler itself got wrong; never the user's fault. */
export function internalError(message: string): Error {
  return new Error(`internal error (wasm target): ${message}`);
}
