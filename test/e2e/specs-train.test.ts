/**
 * @file Every arch of `specs/` trains 200 steps on real text on the CPU target: no number that is not finite, a falling loss, and a validation loss that no model
 * without context can have; of a dictionary, its own losses fall. In the long run (ARCHC_LONG=1).
 */
import { describe, expect, test } from 'vitest';
import { archFacts, specArchs } from '../../scripts/spec-archs.js';
import { stepsSet, trainArch } from '../../scripts/train-arch.js';
import { type Corpus, openCorpus } from '../../runtime/index.js';
import { hasShared, shared } from '../support/shared.js';

const STEPS = 200;
const SMALL = ['dims.ctx=64', 'train.batch=4'];
const WINDOWS = 32;
/** Nats. Means of 20 losses of 256 bytes each stray by about 0.05; byte frequencies alone are worth 2 of the ln 256 = 5.5 of a model that knows nothing. */
const FALL = 1;
/** Nats per byte that context must be worth. */
const CONTEXT = 0.25;

const why = process.env['ARCHC_LONG'] !== '1' ? 'ARCHC_LONG=1 runs it' : hasShared('data') ? undefined : 'there is no ../shared/data';

const averageOf = (steps: readonly ReadonlyMap<string, number>[], name: string): number => steps.reduce((sum, outputs) => sum + (outputs.get(name) ?? NaN), 0) / steps.length;

/** The least nats per byte that a model can have on the validation windows when it gives every place the same distribution: the entropy of their bytes. */
function entropy(corpus: Corpus): number {
  const counts = new Map<number, number>();
  for (const { targets } of corpus.validation(WINDOWS)) for (const byte of targets) if (byte >= 0) counts.set(byte, (counts.get(byte) ?? 0) + 1);
  const all = [...counts.values()].reduce((sum, count) => sum + count, 0);
  return [...counts.values()].reduce((sum, count) => sum - (count / all) * Math.log(count / all), 0);
}

describe('every spec trains on real text', () => {
  if (why !== undefined) test.skip(`(skipped: ${why})`);
  else test.for(specArchs())('$file $arch', { timeout: 400_000 }, async ({ file, arch }, { skip }) => {
    const { kind, model, time } = archFacts({ file, arch }, SMALL);
    if (kind === 'paper') skip('a paper\'s sizes, for other machines');
    const corpus = await openCorpus(shared('data'), { time });
    const { history, evaluation } = await trainArch({ file, arch }, { set: [...SMALL, ...stepsSet(model, STEPS)], seed: 1, windows: WINDOWS, corpus });
    expect(history).toHaveLength(STEPS);
    for (const [i, outputs] of history.entries()) for (const [name, value] of outputs) expect([i + 1, name, Number.isFinite(value)]).toEqual([i + 1, name, true]);
    const around = (name: string) => ({ start: averageOf(history.slice(0, 20), name), end: averageOf(history.slice(-20), name) });
    const { start, end } = around('loss');
    if (kind === 'dictionary') {
      // the model it reads is frozen as it starts, and goes on knowing nothing; the dictionary's own losses fall
      const frozen = around(`loss.${model.losses[0]?.name}`);
      expect(end - frozen.end).toBeLessThan((start - frozen.start) / 2);
      expect(Math.abs(evaluation.loss - Math.log(256))).toBeLessThan(0.3);
      return;
    }
    expect(end).toBeLessThan(start - FALL);
    expect(evaluation.loss).toBeLessThan(entropy(corpus) - CONTEXT);
    // less than a nat after 50 thousand bytes would be a leak
    expect(evaluation.loss).toBeGreaterThan(1);
  });
});
