/**
 * @file As much arithmetic as the processor has: independent multiply-adds in registers, without memory. Timed by the runtime, it is the peak that
 * contractions are held against (`train --profile`).
 */
import { access, type Callee, f32x4, get, i32, op, set } from './instructions.js';
import type { WasmModule } from './module.js';
import { madd } from './panels.js';

/** Some milliseconds. */
const ROUNDS = 1 << 21;
/** Enough independent sums to fill the pipelines of two multiply-add units. */
const SUMS = 12;

/** (own): runs ROUNDS rounds of SUMS multiply-adds of four lanes. A sum is stored, so that none is left out. */
export function peak(module: WasmModule): Callee {
  return module.fn(
    'peak',
    [['own', module.address]],
    undefined,
    ({ body }, own) => {
      if (!own) return undefined;
      const sums = Array.from({ length: SUMS }, (_, i) => body.variable('sum', f32x4(i)));
      body.loop('round', i32(0), i32(ROUNDS), 1, (inner) => {
        for (const sum of sums) inner.add(set(sum, madd(module, get(sum), f32x4(0.5), f32x4(1))));
      });
      const all = sums.slice(1).reduce((total, sum) => op('f32x4.add', total, get(sum)), get(sums[0] ?? own));
      body.add(access('v128.store', get(own), 0, [all]));
      return undefined;
    },
    { exported: true, about: ['multiply-adds without memory, to be timed'] },
  );
}

/** Floating-point operations of one call by one thread. */
export const PEAK_FLOPS = ROUNDS * SUMS * 8;
