import { describe, expect, it } from 'vitest';
import { worstError } from './build.js';
import { nestCases } from './nests.js';
import { dataFor, runReference, runWasm } from './run.js';

describe('nests', () => {
  for (const size of [1, 7, 63, 65, 129]) {
    for (const { kernel, data: given } of nestCases(size)) {
      it(`${kernel.name}, rows of ${size}`, async () => {
        const data = dataFor(kernel, given);
        const wanted = runReference(kernel, data);
        for (const relaxed of [false, true]) {
          const got = await runWasm(kernel, data, { threads: 1, relaxed });
          for (const [name, values] of Object.entries(wanted)) expect(worstError(got[name] ?? [], values), `${name}, relaxed ${relaxed}`).toBeLessThan(3e-6);
        }
      });
    }
  }

  for (const { kernel, data: given } of nestCases(129)) {
    it(`${kernel.name} gives the same bits with 1, 2, 3 and 8 threads`, async () => {
      const data = dataFor(kernel, given);
      const one = await runWasm(kernel, data, { threads: 1, grain: 1 });
      for (const threads of [2, 3, 8]) expect(await runWasm(kernel, data, { threads, grain: 1 })).toEqual(one);
    });
  }
});
