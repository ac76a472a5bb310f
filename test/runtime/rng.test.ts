import { describe, expect, it } from 'vitest';
import { RandomStream, fnv1a64, philox4x32, type Words4 } from '../../runtime/rng.js';

const hex = (words: Uint32Array): string[] => [...words].map((word) => word.toString(16).padStart(8, '0'));

describe('philox4x32', () => {
  // Known answers published with Random123 (kat_vectors, philox4x32 10).
  const vectors: readonly [Words4, readonly [number, number], readonly string[]][] = [
    [[0, 0, 0, 0], [0, 0], ['6627e8d5', 'e169c58d', 'bc57ac4c', '9b00dbd8']],
    [[0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff], [0xffffffff, 0xffffffff], ['408f276d', '41c83b0e', 'a20bc7c6', '6d5451fd']],
    [[0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0], ['d16cfe09', '94fdcceb', '5001e420', '24126ea1']],
  ];
  it.each(vectors)('counter %j key %j', (counter, key, expected) => {
    const out = new Uint32Array(4);
    philox4x32(counter, key, out);
    expect(hex(out)).toEqual(expected);
  });
});

describe('fnv1a64', () => {
  // Published test vectors of the FNV authors.
  it.each([
    ['', 'cbf29ce4', '84222325'],
    ['a', 'af63dc4c', '8601ec8c'],
    ['foobar', '85944171', 'f73967e8'],
  ])('%j', (text, high, low) => {
    const [lowWord, highWord] = fnv1a64(text);
    expect([highWord.toString(16), lowWord.toString(16)]).toEqual([high, low]);
  });
});

describe('RandomStream', () => {
  it('depends on the seed, the name and the position, and on nothing else', () => {
    const draw = (seed: number, name: string, low: number, high = 0): number => new RandomStream(seed, name).uniform(low, high);
    const base = draw(1, 'data', 5);
    const stream = new RandomStream(1, 'data');
    stream.uniform(99);
    expect(stream.uniform(5)).toBe(base);
    for (const other of [draw(2, 'data', 5), draw(2 ** 32 + 1, 'data', 5), draw(1, 'sample', 5), draw(1, 'data', 6), draw(1, 'data', 5, 1)]) expect(other).not.toBe(base);
  });

  it('refuses seeds that are not whole numbers from 0', () => {
    for (const seed of [-1, 0.5, NaN, 2 ** 53]) expect(() => new RandomStream(seed, 'x')).toThrow(RangeError);
  });

  it('gives integers below the bound, evenly', () => {
    const stream = new RandomStream(3, 'below');
    const counts = new Array<number>(7).fill(0);
    for (let i = 0; i < 70_000; i++) {
      const value = stream.below(7, i);
      counts[value] = (counts[value] ?? 0) + 1;
    }
    // Chi-square with 6 degrees of freedom: 22.5 is the 0.1% point.
    expect(counts.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0)).toBeLessThan(22.5);
  });
});
