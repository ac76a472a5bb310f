/**
 * @file Matrix products on the CPU: GFLOP/s of A * B, A * B^T and A^T * B at 256, 512 and 1024, with one thread and two. Run: `npx tsx test/bench/matmul-wasm.ts`.
 *
 * `cpu` counts the processor time spent instead of the time passed: on a machine busy with other work it says what an idle one would do.
 */
import type { Contraction, Expr } from '../../compiler/kernels/kernel.js';
import { CpuSession } from '../../runtime/cpu/session.js';
import { at, contraction, load, local, slot, v } from '../targets/wasm/build.js';
import { assembled } from '../targets/wasm/run.js';

function product(size: number, a: Expr, b: Expr): Contraction {
  const elements = size * size;
  return contraction('product', [slot('a', elements), slot('b', elements), slot('out', elements, 'write')], {
    batch: 1, m: size, n: size, k: size, a: load(0, a), b: load(1, b), store: { slot: 2, index: at(v('m'), size, v('n')), value: local('acc') },
  });
}

const forms: readonly (readonly [name: string, make: (size: number) => Contraction])[] = [
  ['A*B', (s) => product(s, at(v('m'), s, v('k')), at(v('k'), s, v('n')))],
  ['A*B^T', (s) => product(s, at(v('m'), s, v('k')), at(v('n'), s, v('k')))],
  ['A^T*B', (s) => product(s, at(v('k'), s, v('m')), at(v('k'), s, v('n')))],
];

for (const threads of [1, 2]) {
  for (const relaxed of [true, false]) {
    for (const size of [256, 512, 1024]) {
      for (const [name, make] of forms) {
        const session = await CpuSession.create(assembled(make(size)), { threads, relaxed });
        const random = (): Float32Array<ArrayBuffer> => Float32Array.from({ length: size * size }, Math.random);
        const inputs = { a: random(), b: random() };
        const flops = 2 * size ** 3;
        const rounds = Math.max(5, Math.ceil(1e10 / flops));
        const times: number[] = [];
        for (let round = 0; round < Math.ceil(3e9 / flops); round++) session.run('run', inputs);
        const before = process.cpuUsage();
        for (let round = 0; round < rounds; round++) times.push(session.profile('run', inputs)[0]?.milliseconds ?? NaN);
        const used = process.cpuUsage(before);
        times.sort((x, y) => x - y);
        const median = times[times.length >> 1] ?? NaN;
        const cpu = (used.user + used.system) / 1e3 / rounds;
        const rate = (ms: number): string => (flops / ms / 1e6).toFixed(1);
        console.log(`${threads} thread${threads > 1 ? 's' : ''} ${session.relaxed ? 'relaxed' : 'plain  '} ${String(size).padStart(4)} ${name.padEnd(6)} median ${rate(median)} best ${rate(times[0] ?? NaN)} GFLOP/s, per cpu second ${rate(cpu)}`);
        session.destroy();
      }
    }
  }
}
