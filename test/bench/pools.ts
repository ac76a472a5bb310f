/**
 * @file A training step of `specs/pools.arch`, on random bytes: tokens a second, and with `--profile` where the time goes.
 */
import { compile } from '../../compiler/pipeline.js';
import { reader } from '../support/spec.js';
import type { Bench } from './bench.js';
import { peakMB, round, work } from './measure.js';
import { places, threadsOf } from './place.js';
import { profileText, timeEntry } from './entry.js';

export const pools: Bench = {
  about: 'a training step of specs/pools.arch',
  async run(options, { report, note }) {
    for (const place of await places(options, note)) {
      const { program, diagnostics } = compile({ entry: 'specs/pools.arch', read: reader({}), target: place.target.name });
      if (!program) throw new Error(diagnostics.all.map(({ message }) => message).join('\n'));
      const session = await place.open(program);
      try {
        await session.initialise(1);
        const tokens = program.batch * program.time;
        const bytes = (): Int32Array<ArrayBuffer> => Int32Array.from({ length: tokens }, () => Math.floor(Math.random() * 256));
        const inputs = { tokens: bytes(), targets: bytes() };
        const timing = await timeEntry(session, 'train', inputs, options.rounds ?? 15);
        report({
          case: 'pools', device: place.device, keys: 32, d: 128, ms: round(timing.median), bestMs: round(timing.best), cpuMs: round(timing.cpu),
          tokensPerSecond: Math.round((tokens / timing.median) * 1000), ...work(session.entry('train'), timing), peakMB: peakMB(), threads: threadsOf(session),
          launches: session.entry('train').dispatches.length,
        });
        if (options.profile) note(await profileText(session, 'train', inputs));
      } finally {
        session.destroy();
      }
    }
  },
};
