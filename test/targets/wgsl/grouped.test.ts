/** @file Grouped products on the GPU, against plain loops. */
import { describe, expect, it } from 'vitest';
import { dataOf, expected, forward, mixtures, outer } from '../../support/grouped.js';
import { runKernel } from '../../support/gpu.js';
import { worstError } from '../wasm/build.js';
import { device } from './device.js';

describe('grouped products', () => {
  for (const mixture of mixtures())
    it(mixture.name, async (test) => {
      const on = await device(test);
      const { x, w, segments, order, score, bias, dy, dw } = dataOf(mixture);
      const wanted = expected(mixture);
      const results = await runKernel(on, forward(mixture), [x, w, segments, order, score, bias, undefined]);
      expect(worstError([...(results[6] ?? [])], [...wanted.y])).toBeLessThan(5e-5);
      const gradients = await runKernel(on, outer(mixture), [x, dy, segments, order, dw]);
      expect(worstError([...(gradients[4] ?? [])], [...wanted.dw])).toBeLessThan(5e-5);
    });

  it('gives the same bits twice', async (test) => {
    const on = await device(test);
    const mixture = mixtures()[1];
    if (!mixture) throw new Error('a mixture');
    const { x, w, segments, order, score, bias } = dataOf(mixture);
    const run = async (): Promise<ArrayLike<number> | undefined> => (await runKernel(on, forward(mixture), [x, w, segments, order, score, bias, undefined]))[6];
    expect(await run()).toEqual(await run());
  });
});
