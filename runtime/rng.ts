/**
 * @file Random numbers by counter: the one generator everything random in the runtime uses. A number is a pure function of
 * (seed, stream name, position), so nothing depends on the order of drawing: initial weights do not change when a parameter is
 * added, and the data position of a run is just its step.
 *
 * Philox-4x32-10 of Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3" (SC 2011): the seed is the 64-bit
 * key; the counter holds the position (low two words) and the 64-bit FNV-1a hash of the stream's name (high two words).
 */

const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
const WEYL_0 = 0x9e3779b9;
const WEYL_1 = 0xbb67ae85;
const ROUNDS = 10;

/** Four 32-bit words. */
export type Words4 = readonly [number, number, number, number];

/** High 32 bits of a 32 x 32-bit product. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const t = aHigh * bLow + ((aLow * bLow) >>> 16);
  const u = (t % 0x10000) + aLow * bHigh;
  return (aHigh * bHigh + Math.floor(t / 0x10000) + Math.floor(u / 0x10000)) >>> 0;
}

/** Philox-4x32-10: four 32-bit words from a 128-bit counter and a 64-bit key, written to `out`. */
export function philox4x32(counter: Words4, key: readonly [number, number], out: Uint32Array): void {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < ROUNDS; round++) {
    const high0 = multiplyHigh(MULTIPLIER_0, c0);
    const low0 = Math.imul(MULTIPLIER_0, c0) >>> 0;
    const high1 = multiplyHigh(MULTIPLIER_1, c2);
    const low1 = Math.imul(MULTIPLIER_1, c2) >>> 0;
    c0 = (high1 ^ c1 ^ k0) >>> 0;
    c1 = low1;
    c2 = (high0 ^ c3 ^ k1) >>> 0;
    c3 = low0;
    k0 = (k0 + WEYL_0) >>> 0;
    k1 = (k1 + WEYL_1) >>> 0;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}

/** 64-bit FNV-1a of a text's UTF-8 bytes, as (low, high) 32-bit words. */
export function fnv1a64(text: string): readonly [number, number] {
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(text)) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return [Number(hash & 0xffffffffn), Number(hash >> 32n)];
}

/** A named stream of random numbers under a seed. Two names, or two seeds, give independent streams. */
export class RandomStream {
  private readonly key: readonly [number, number];
  private readonly name: readonly [number, number];
  private readonly words = new Uint32Array(4);

  /** @param seed an integer from 0 to 2^53 - 1 @throws RangeError otherwise */
  constructor(seed: number, name: string) {
    if (!Number.isSafeInteger(seed) || seed < 0) throw new RangeError(`a seed is an integer from 0 to 2^53 - 1, not ${seed}`);
    this.key = [seed >>> 0, Math.floor(seed / 0x100000000) >>> 0];
    this.name = fnv1a64(name);
  }

  /** Four words at a position, two 32-bit numbers. The array is reused by the next call. */
  words4(low: number, high = 0): Uint32Array {
    philox4x32([low >>> 0, high >>> 0, this.name[0], this.name[1]], this.key, this.words);
    return this.words;
  }

  /** A float64 in [0, 1) with 53 random bits. */
  uniform(low: number, high = 0): number {
    const words = this.words4(low, high);
    return ((words[0] ?? 0) >>> 5) / 0x8000000 + ((words[1] ?? 0) >>> 6) / 0x20000000000000;
  }

  /** An integer in [0, bound), bound up to 2^53. */
  below(bound: number, low: number, high = 0): number {
    return Math.min(Math.floor(this.uniform(low, high) * bound), bound - 1);
  }
}
