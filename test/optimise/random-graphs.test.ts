/**
 * @file Random graphs of every operation, lowered and run, against the interpreter: what no hand-written case thought of.
 */
import { describe, expect, it } from 'vitest';
import { randomGraph } from './random-graphs.js';
import { check } from './support.js';

describe('random graphs', () => {
  for (const maxSlots of [8, 7, 16]) {
    it(`agree with the interpreter, ${maxSlots} slots`, () => {
      const runs = Number(process.env['RANDOM_GRAPHS'] ?? 50);
      for (let seed = 1; seed <= runs; seed++) {
        const given = randomGraph(seed * 31 + maxSlots, 6 + (seed % 30));
        try {
          check({ ...given, maxSlots, tolerance: 1e-7 });
        } catch (error) {
          throw new Error(`seed ${seed}`, { cause: error });
        }
      }
      expect(runs).toBeGreaterThan(0);
    });
  }
});
