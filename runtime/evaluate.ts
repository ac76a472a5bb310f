/**
 * @file How well a model predicts text it was not trained on: nats and bits per byte, in all and per domain.
 */
import type { Corpus, Window } from './data/corpus.js';
import { NaNError } from './errors.js';
import type { Executor } from './executor.js';

export interface Score {
  /** Mean negative log-likelihood of a byte, in nats. */
  readonly loss: number;
  /** The same in bits. */
  readonly bitsPerByte: number;
  /** How many bytes were predicted. */
  readonly bytes: number;
}

export interface Evaluation extends Score {
  /** By label, in the corpus's order. */
  readonly domains: ReadonlyMap<string, Score>;
}

export interface EvaluateOptions {
  /** Windows per domain at most (default 64); Infinity for all of the validation text. */
  readonly windows?: number;
  /** Stops early with what was scored so far. */
  readonly signal?: AbortSignal;
}

/**
 * Scores the validation windows of a corpus with the program's `eval` entry. The mean is over bytes, so a domain counts by how much of it was scored.
 * @throws NaNError when the model gives a loss that is not finite
 */
export async function evaluate(session: Executor, corpus: Corpus, options: EvaluateOptions = {}): Promise<Evaluation> {
  const { batch } = session.program;
  const sums = new Map<string, { nll: number; bytes: number }>();
  let rows: Window[] = [];
  for (const window of corpus.validation(options.windows ?? 64)) {
    rows.push(window);
    if (rows.length < batch) continue;
    await scoreRows(session, rows, sums);
    rows = [];
    if (options.signal?.aborted) break;
  }
  if (rows.length > 0 && !options.signal?.aborted) await scoreRows(session, rows, sums);
  const domains = new Map([...sums].map(([name, sum]) => [name, score(sum.nll, sum.bytes)]));
  let nll = 0;
  let bytes = 0;
  for (const sum of sums.values()) {
    nll += sum.nll;
    bytes += sum.bytes;
  }
  return { ...score(nll, bytes), domains };
}

async function scoreRows(session: Executor, rows: readonly Window[], sums: Map<string, { nll: number; bytes: number }>): Promise<void> {
  const { batch, time } = session.program;
  const tokens = new Int32Array(batch * time);
  const targets = new Int32Array(batch * time).fill(-1);
  for (const [i, row] of rows.entries()) {
    tokens.set(row.tokens, i * time);
    targets.set(row.targets, i * time);
  }
  session.run('eval', { tokens, targets });
  const nll = await session.readFloats(session.output('eval', 'nll').id);
  for (const [i, row] of rows.entries()) {
    const sum = sums.get(row.domain) ?? { nll: 0, bytes: 0 };
    for (let t = 0; t < time; t++) {
      if ((row.targets[t] ?? -1) < 0) continue;
      sum.nll += nll[i * time + t] ?? NaN;
      sum.bytes++;
    }
    if (!Number.isFinite(sum.nll)) throw new NaNError(`the model gives text of ${row.domain} a loss of ${sum.nll}: its weights are broken\n  Train again, with a lower learning rate.`, 0, undefined);
    sums.set(row.domain, sum);
  }
}

function score(nll: number, bytes: number): Score {
  const loss = bytes > 0 ? nll / bytes : NaN;
  return { loss, bitsPerByte: loss / Math.LN2, bytes };
}
