/**
 * @file Matrix products A * B, A * B^T and A^T * B at 256, 512 and 1024, through the generated contraction kernel of each device; peer: jax-js's WebAssembly
 * backend in the same process, where it is installed.
 */
import type { Contraction, Expr } from '../../compiler/kernels/kernel.js';
import { CpuSession, type Device, openDevice } from '../../runtime/index.js';
import { at, contraction, load, local, slot, v } from '../targets/wasm/build.js';
import { assembled } from '../targets/wasm/run.js';
import { type Gpu, prepare } from '../support/gpu.js';
import { noise } from '../support/kernels.js';
import type { Bench } from './bench.js';
import { jaxProduct } from './jax-peer.js';
import { peakMB, type Result, round, time, type Timing } from './measure.js';
import { places } from './place.js';

const forms = ['A*B', 'A*B^T', 'A^T*B'] as const;
export type Form = (typeof forms)[number];

function product(form: Form, size: number): Contraction {
  const elements = size * size;
  const a: Expr = form === 'A^T*B' ? at(v('k'), size, v('m')) : at(v('m'), size, v('k'));
  const b: Expr = form === 'A*B^T' ? at(v('n'), size, v('k')) : at(v('k'), size, v('n'));
  return contraction('product', [slot('a', elements), slot('b', elements), slot('out', elements, 'write')], {
    batch: 1, m: size, n: size, k: size, a: load(0, a), b: load(1, b), store: { slot: 2, index: at(v('m'), size, v('n')), value: local('acc') },
  });
}

export const matmul: Bench = {
  about: 'matrix products, three forms, 256 to 1024; @jax-js/jax beside it where it is installed',
  async run(options, { report, note }) {
    const found = await places(options, note);
    const onCpu = found.some(({ kind }) => kind === 'cpu');
    const onGpu = found.some(({ kind }) => kind === 'gpu') ? await openGpu() : undefined;
    const jax = onCpu ? await jaxProduct() : 'peer @jax-js/jax: skipped, --device gpu';
    note(typeof jax === 'string' ? jax : 'peer: @jax-js/jax, WebAssembly');
    try {
      for (const size of [256, 512, 1024]) {
        for (const form of forms) {
          const name = `${form} ${size}`;
          if (!name.includes(options.only)) continue;
          const flops = 2 * size ** 3;
          const rounds = options.rounds ?? Math.min(200, Math.max(7, Math.ceil(6e9 / flops)));
          const warm = Math.min(rounds, 100, Math.max(2, Math.ceil(2e9 / flops)));
          const figures = (timing: Timing): Pick<Result, 'ms'> & Record<string, number> => ({
            ms: round(timing.median, 3), gflops: round(flops / timing.median / 1e6, 1), best: round(flops / timing.best / 1e6, 1), perCpuSecond: round(flops / timing.cpu / 1e6, 1), peakMB: peakMB(),
          });
          const inputs = { a: noise(size * size), b: noise(size * size, 2) };
          if (onCpu) {
            const session = await CpuSession.create(assembled(product(form, size)), { threads: options.threads });
            const ours = await time(rounds, warm, () => session.run('run', inputs));
            report({ case: name, device: 'cpu', ...figures(ours), threads: session.threads, relaxed: session.relaxed });
            session.destroy();
            if (typeof jax !== 'string') {
              const theirs = await time(Math.min(rounds, 21), Math.min(rounds, 3), jax(form, size, inputs.a, inputs.b));
              report({ case: name, device: 'jax-js wasm', ...figures(theirs) });
              note(`${' '.repeat(25)}${(theirs.median / ours.median).toFixed(2)} times as fast as jax-js`);
            }
          }
          if (onGpu) {
            const prepared = prepare(onGpu.kernels, product(form, size), [inputs.a, inputs.b]);
            const timing = await time(options.rounds ?? 9, 1, async () => {
              prepared.submit();
              await onGpu.device.settle();
            });
            report({ case: name, device: `gpu ${onGpu.device.adapter.name}`, ...figures(timing) });
            prepared.close();
          }
        }
      }
    } finally {
      onGpu?.device.destroy();
    }
  },
};

/** A device, and what runs single kernels on it. */
async function openGpu(): Promise<{ readonly device: Device; readonly kernels: Gpu }> {
  const device = await openDevice();
  const { globals } = await import('webgpu');
  Object.assign(globalThis, globals);
  return { device, kernels: { device: device.gpu, description: device.adapter.name, errors: () => [] } };
}
