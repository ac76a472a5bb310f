/** @file Grouped products on the CPU, against plain loops. */
import { describe, expect, it } from 'vitest';
import { dataOf, expected, forward, mixtures, outer } from '../../support/grouped.js';
import { worstError } from './build.js';
import { runReference, runWasm } from './run.js';

describe('grouped products', () => {
  for (const mixture of mixtures()) {
    it(mixture.name, async () => {
      const data = dataOf(mixture);
      const wanted = expected(mixture);
      const [y, dw] = [[...wanted.y], [...wanted.dw]];
      expect(worstError(runReference(forward(mixture), data)['y'] ?? [], y)).toBeLessThan(1e-12);
      expect(worstError(runReference(outer(mixture), data)['dw'] ?? [], dw)).toBeLessThan(1e-12);
      for (const relaxed of [false, true]) {
        expect(worstError((await runWasm(forward(mixture), data, { threads: 1, relaxed }))['y'] ?? [], y)).toBeLessThan(5e-5);
        expect(worstError((await runWasm(outer(mixture), data, { threads: 2, relaxed }))['dw'] ?? [], dw)).toBeLessThan(5e-5);
      }
    });
  }

  it('the same bits with 1, 2, 3 and 8 threads', async () => {
    for (const mixture of mixtures().slice(0, 6)) {
      const data = dataOf(mixture);
      for (const kernel of [forward(mixture), outer(mixture)]) {
        const one = await runWasm(kernel, data, { threads: 1, grain: 1 });
        for (const threads of [2, 3, 8]) expect(await runWasm(kernel, data, { threads, grain: 1 })).toEqual(one);
      }
    }
  });
});
