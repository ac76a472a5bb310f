/**
 * @file A run whose gradient stops being finite is stopped, with the place where it began. The device skips the updates of such a step and of all
 * after it (output `bad_step`), so the tensors still hold the last good values when the host finds out.
 */
import type { Corpus } from '../data/corpus.js';
import { NaNError } from '../errors.js';
import type { Executor } from '../executor.js';
import { runTraced, type NonFinite } from '../trace.js';

/**
 * Reads the outputs of the last step: `loss`, `loss.<name>`, `grad_norm`.
 * @throws NaNError with the step and the first tensor that was not finite
 */
export async function stopIfBroken(session: Executor, corpus: Corpus, seed: number, step: number): Promise<ReadonlyMap<string, number>> {
  const names = Object.keys(session.entry('train').outputs).filter((name) => name === 'loss' || name === 'grad_norm' || name === 'bad_step' || name.startsWith('loss.'));
  const outputs = await session.readOutputs('train', names);
  const loss = outputs.get('loss') ?? 0;
  const badStep = outputs.get('bad_step') ?? 0;
  if (badStep === 0 && Number.isFinite(loss)) return outputs;
  const first = badStep > 0 ? badStep : step;
  const batch = corpus.batch(first, session.program.batch, seed);
  throw nanError(first, await runTraced(session, 'train', batch, first), loss);
}

function nanError(step: number, found: NonFinite | undefined, loss: number): NaNError {
  const advice = '  The last checkpoint is untouched. Lower the learning rate, lengthen the warm-up, or clip the gradient.';
  if (!found) return new NaNError(`training stopped: at step ${step} the gradient was not finite (loss ${loss}); run again, the step is finite\n${advice}`, step, undefined);
  const by = found.kernel === undefined ? 'before the step began' : `written by kernel ${found.kernel}`;
  const text = `training stopped at step ${step}: the first tensor that is not finite is ${found.tensor} (${found.value} at element ${found.element}, ${found.count} in all, ${by})`;
  return new NaNError(`${text}\n${advice}`, step, found.tensor);
}
