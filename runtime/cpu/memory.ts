/**
 * @file The shared memory a program runs in, with 32-bit or 64-bit addresses (the memory64 part of WebAssembly 3.0), and addresses as its functions take them.
 */
import { inNode } from '../environment.js';
import { LimitError, formatBytes, messageOf } from '../errors.js';

/** Bits of an address. */
export type Bits = 32 | 64;

/** An address as a function of the module takes it. */
export type Address = number | bigint;

export const addressOf = (bits: Bits, bytes: number): Address => (bits === 64 ? BigInt(bytes) : bytes | 0);

const PAGE = 65_536;
/** What 32-bit addresses reach, and what engines give with 64-bit ones. */
const LIMITS: Readonly<Record<Bits, number>> = { 32: 2 ** 32, 64: 2 ** 34 };
const SMALLER = 'make the program smaller: `archc show --memory` lists what it allocates';

/** `(module (memory i64 0))`: valid where the engine has 64-bit memory. */
const MEMORY64 = Uint8Array.of(0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x05, 0x03, 0x01, 0x04, 0x00);

/** Whether this engine has memory past 4 GiB. */
export const hasMemory64 = (): boolean => WebAssembly.validate(MEMORY64);

/** `bytes` of zeros for the program `name`. @throws LimitError when there is no such memory here, with what to do */
export function createMemory(name: string, bits: Bits, bytes: number, threads: number): WebAssembly.Memory {
  if (bits === 64 && !hasMemory64()) {
    const engine = inNode() ? `Node ${process.versions.node}` : 'this browser';
    throw new LimitError(`${name} needs ${formatBytes(bytes)}, more than 32-bit WebAssembly memory holds, and ${engine} has no 64-bit memory\n  Use Node 24 or later, or a current browser; or ${SMALLER}.`);
  }
  if (bytes > LIMITS[bits]) {
    throw new LimitError(`${name} needs ${formatBytes(bytes)} with ${threads} threads; ${bits}-bit WebAssembly memory holds ${formatBytes(LIMITS[bits])}\n  Use fewer threads, or ${SMALLER}.`);
  }
  const pages = Math.ceil(bytes / PAGE);
  try {
    return bits === 64 ? memory64(pages) : new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  } catch (error) {
    throw new LimitError(`${name} needs ${formatBytes(bytes)} of memory, which this machine does not give: ${messageOf(error)}`);
  }
}

function memory64(pages: number): WebAssembly.Memory {
  try {
    // TypeScript's declarations do not know yet that such memory counts its pages in BigInts.
    const made: unknown = Reflect.construct(WebAssembly.Memory, [{ initial: BigInt(pages), maximum: BigInt(pages), shared: true, address: 'i64' }]);
    if (made instanceof WebAssembly.Memory) return made;
    throw new Error('no memory');
  } catch (error) {
    // Engines from before the standard (Node 20 behind a flag) count them in numbers.
    if (!(error instanceof TypeError)) throw error;
    return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  }
}
