/**
 * @file What a checkpoint must match: a hash of the parameters' paths and shapes. Pure JavaScript, as the compiler also runs in browsers.
 */

/** FNV-1a, 64 bits, of UTF-8 text, as 16 hex digits (http://www.isthe.com/chongo/tech/comp/fnv/). */
export function fnv1a64(text: string): string {
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(text)) {
    hash = ((hash ^ BigInt(byte)) * 0x100000001b3n) & 0xffffffffffffffffn;
  }
  return hash.toString(16).padStart(16, '0');
}

/** Independent of the order the parameters are given in. */
export function fingerprint(params: readonly { readonly path: string; readonly sizes: readonly number[] }[]): string {
  const lines = params.map((param) => `${param.path}[${param.sizes.join(',')}]`).sort();
  return fnv1a64(lines.join('\n'));
}
