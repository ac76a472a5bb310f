/**
 * @file A training step of `specs/pools.arch`, on random bytes: tokens a second, and with `--profile` where the time goes.
 */
import { CpuSession } from '../../runtime/cpu/session.js';
import { compileForCpu } from '../targets/wasm/models.js';
import { peakMB, round, time } from './measure.js';
import { profile, profileText } from './profile.js';
import type { Bench } from './run.js';

export const pools: Bench = {
  about: 'a training step of specs/pools.arch',
  async run(options, report, note) {
    const { program } = compileForCpu('specs/pools.arch', {});
    const session = await CpuSession.create(program, { threads: options.threads });
    await session.initialise(1);
    const tokens = program.batch * program.time;
    const bytes = (): Int32Array<ArrayBuffer> => Int32Array.from({ length: tokens }, () => Math.floor(Math.random() * 256));
    const inputs = { tokens: bytes(), targets: bytes() };
    let step = 0;
    const { median, best, cpu } = await time(15, 3, () => session.run('train', inputs, ++step));
    const { dispatches } = session.entry('train');
    const total = (figure: 'flops' | 'bytes'): number => dispatches.reduce((sum, dispatch) => sum + dispatch[figure], 0);
    report({
      case: 'pools', device: 'cpu', keys: 32, d: 128, ms: round(median), bestMs: round(best), cpuMs: round(cpu), tokensPerSecond: Math.round((tokens / median) * 1000),
      gflops: round(total('flops') / median / 1e6, 1), gbps: round(total('bytes') / median / 1e6, 1), peakMB: peakMB(), threads: session.threads, launches: dispatches.length,
    });
    if (options.profile) note(profileText(profile(session, 'train', inputs)));
    session.destroy();
  },
};
