import { describe, expect, it } from 'vitest';
import type { Attention } from '../../../compiler/kernels/kernel.js';
import { slot, worstError } from './build.js';
import { type Data, dataFor, runReference, runWasm } from './run.js';

interface Shape { readonly batch: number; readonly time: number; readonly heads: number; readonly groups: number; readonly keyWidth: number; readonly valueWidth: number }

function kernelOf(variant: Attention['variant'], s: Shape): Attention {
  const rows = s.batch * s.time;
  const [q, k, v] = [slot('q', rows * s.heads * s.keyWidth), slot('k', rows * s.groups * s.keyWidth), slot('v', rows * s.groups * s.valueWidth)];
  const [out, lse] = [rows * s.heads * s.valueWidth, rows * s.heads];
  const grads = [slot('out', out), slot('lse', lse), slot('dout', out)];
  const slots =
    variant === 'forward' ? [q, k, v, slot('out', out, 'write'), slot('lse', lse, 'write')]
    : variant === 'grad_q' ? [q, k, v, ...grads, slot('dq', q.size, 'write')]
    : [q, k, v, ...grads, slot('dk', k.size, 'write'), slot('dv', v.size, 'write')];
  return { kind: 'attention', name: `attention_${variant}`, variant, slots, about: [], flops: 0, bytes: 0, scale: 0.7, ...s };
}

/** Contents for a gradient: out and lse as the forward pass gives them. */
function gradData(kernel: Attention, shape: Shape): Data {
  const forward = kernelOf('forward', shape);
  const data = dataFor(kernel);
  const { out, lse } = runReference(forward, data);
  return { ...data, out: out ?? [], lse: lse ?? [] };
}

describe('attention', () => {
  for (const time of [1, 7, 63, 65, 129]) {
    const shape = { batch: 2, time, heads: 4, groups: 2, keyWidth: 7, valueWidth: 10 };
    it(`${time} places`, async () => {
      for (const variant of ['forward', 'grad_q', 'grad_kv'] as const) {
        const kernel = kernelOf(variant, shape);
        const data = variant === 'forward' ? dataFor(kernel) : gradData(kernel, shape);
        const wanted = runReference(kernel, data);
        for (const relaxed of [false, true]) {
          const got = await runWasm(kernel, data, { threads: 1, relaxed });
          for (const [name, values] of Object.entries(wanted)) expect(worstError(got[name] ?? [], values), `${variant} ${name}`).toBeLessThan(5e-6);
        }
      }
    });
  }

  it('gives the same bits with 1, 2, 3 and 8 threads', async () => {
    const shape = { batch: 2, time: 65, heads: 4, groups: 2, keyWidth: 16, valueWidth: 16 };
    for (const variant of ['forward', 'grad_q', 'grad_kv'] as const) {
      const kernel = kernelOf(variant, shape);
      const data = variant === 'forward' ? dataFor(kernel) : gradData(kernel, shape);
      const one = await runWasm(kernel, data, { threads: 1, grain: 1 });
      for (const threads of [2, 3, 8]) expect(await runWasm(kernel, data, { threads, grain: 1 })).toEqual(one);
    }
  });
});
