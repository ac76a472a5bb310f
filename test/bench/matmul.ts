/**
 * @file How fast the generated contraction kernel is: `npx tsx test/bench/matmul.ts [sizes...]`. Median of 9 runs after a warm-up, per layout.
 */
import { gpu, prepare } from '../support/gpu.js';
import { matmul, noise } from '../support/kernels.js';

const sizes = process.argv.slice(2).map(Number);
const on = await gpu();
if (typeof on === 'string') {
  console.error(on);
  process.exit(2);
}
console.log(`adapter: ${on.description}`);
console.log('size   product  median GFLOP/s  best GFLOP/s');
for (const n of sizes.length > 0 ? sizes : [256, 512, 1024]) {
  for (const [label, transposed] of [['A B', { a: false, b: false }], ['A B^T', { a: false, b: true }], ['A^T B', { a: true, b: false }]] as const) {
    const prepared = prepare(on, matmul(1, n, n, n, transposed), [noise(n * n), noise(n * n, 2)]);
    const times: number[] = [];
    for (let run = 0; run < 10; run++) {
      const start = performance.now();
      prepared.submit();
      await on.device.queue.onSubmittedWorkDone();
      if (run > 0) times.push(performance.now() - start);
    }
    times.sort((a, b) => a - b);
    const rate = (ms: number | undefined): string => ((2 * n ** 3) / (ms ?? NaN) / 1e6).toFixed(2);
    console.log(`${String(n).padEnd(7)}${label.padEnd(9)}${rate(times[times.length >> 1]).padEnd(16)}${rate(times[0])}`);
    prepared.close();
  }
}
const messages = on.errors();
if (messages.length > 0) console.error(messages.join('\n'));
process.exit(messages.length > 0 ? 1 : 0);
