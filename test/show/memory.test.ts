import { describe, expect, it } from 'vitest';
import { plain } from '../../compiler/diagnostics/colour.js';
import type { Buffer, KernelProgram } from '../../compiler/kernels/kernel.js';
import { memoryPlan, memoryText } from '../../compiler/show/memory.js';

const buffer = (id: number, name: string, role: Buffer['role'], size: number): Buffer => ({ id, name, role, dtype: 'f32', axes: [{ name: 'd', size }], size });

/** Two temporaries share an allocation; one buffer was fused away and has none. */
const program: KernelProgram = {
  name: 'train',
  launches: [],
  buffers: [buffer(0, 'w', 'param', 256), buffer(1, 'a', 'temp', 512), buffer(2, 'b', 'temp', 128), buffer(3, 'gone', 'temp', 64)],
  allocations: [{ name: 'w', bytes: 1024 }, { name: 'temp0', bytes: 2048 }, { name: 'of another program', bytes: 4096 }],
  placement: new Map([[0, 0], [1, 1], [2, 1]]),
};

describe('the memory plan', () => {
  it('lists what shares, and sums what is allocated', () => {
    expect(memoryPlan(program)).toMatchObject({
      program: 'train',
      totalBytes: 3072,
      unsharedBytes: 4 * (256 + 512 + 128),
      byRole: { param: 1024, temp: 2048 },
      allocations: [{ name: 'w', tensors: [{ name: 'w' }] }, { name: 'temp0', tensors: [{ name: 'a', bytes: 2048 }, { name: 'b', bytes: 512 }] }],
    });
  });
  it('reads as a table, the largest first, what shares indented under it', () => {
    expect(memoryText(memoryPlan(program), plain).split('\n')).toEqual([
      'train: 3 KiB in 2 allocations, 0 launches',
      'temp 2 KiB, param 1 KiB; without sharing 3.5 KiB',
      '',
      'bytes  role   tensor  axes',
      '2 KiB  temp   a       [d 512]',
      '       temp   b       [d 128]',
      '1 KiB  param  w       [d 256]',
    ]);
  });
});
