/**
 * The table of `train --profile`: shares, rates, and what they are of the peak where that is known.
 */
import { expect, it } from 'vitest';
import { profileLines } from '../../compiler/cli/profile-text.js';
import { CpuSession } from '../../runtime/index.js';
import { compileText, TINY } from '../e2e/tiny.js';

const { program } = compileText(TINY, { target: 'wasm' });
const kernels = [
  { kernel: 'contraction_q', launches: 4, milliseconds: 6, share: 0.75, gflops: 50, gigabytes: 1.5 },
  { kernel: 'gathered_sum', launches: 2, milliseconds: 1.97, share: 0.24625, gflops: 0.2, gigabytes: 12 },
  { kernel: 'update_w', launches: 1, milliseconds: 0.03, share: 0.00375, gflops: 1, gigabytes: 20 },
];
const plain = (text: string): string => text;

it('says what contractions reach of the measured peak', () => {
  expect(profileLines({ by: 'wall clock', kernels, peak: 100 }, program, plain).slice(1)).toEqual([
    'kernel         launches    ms  share  GFLOP/s  of peak  GB/s',
    'contraction_q         4  6.00  75.0%     50.0    50.0%  1.50',
    'gathered_sum          2  1.97  24.6%     0.20           12.0',
    '1 others              1  0.03   0.4%',
  ]);
});

it('leaves the peak out where it is not known', () => {
  const [title, head] = profileLines({ by: 'timestamp queries', kernels }, program, plain);
  expect(title).toBe(`a step takes 8.0 ms in its kernels (${program.batch * program.time * 125} tokens/s); measured by timestamp queries, rates by estimated work`);
  expect(head).toBe('kernel         launches    ms  share  GFLOP/s  GB/s');
});

it('a session on the CPU measures its peak, and runs as before', async () => {
  const session = await CpuSession.create(program, { threads: 2 });
  try {
    const peak = session.peak() ?? NaN;
    expect(peak).toBeGreaterThan(0);
    expect(peak).toBeLessThan(10_000);
    await session.initialise(1);
    session.run('forward', { tokens: new Int32Array(program.time) });
    expect((await session.readFloats(session.output('forward', 'logits').id)).every(Number.isFinite)).toBe(true);
  } finally {
    session.destroy();
  }
});
