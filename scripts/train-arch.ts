/**
 * @file Trains one arch of `specs/` on the CPU, in memory: no run folder, every step's losses kept. What `npm run spec-losses` and the long test of all
 * specs share.
 */
import { type Corpus, evaluate, type Evaluation, openSession } from '../runtime/index.js';
import { stopIfBroken } from '../runtime/train/broken.js';
import type { Model } from '../compiler/model/model.js';
import { compileArch, type SpecArch } from './spec-archs.js';

export interface Trained {
  /** For each step what its outputs say, by name: `loss` (the objective), `loss.<name>`, `grad_norm`. */
  readonly history: readonly ReadonlyMap<string, number>[];
  readonly evaluation: Evaluation;
  /** Of training alone. */
  readonly tokensPerSecond: number;
}

export interface TrainArchOptions {
  readonly set: readonly string[];
  readonly seed: number;
  /** Opened for the arch's context. */
  readonly corpus: Corpus;
  /** Validation windows per domain. */
  readonly windows: number;
  readonly threads?: number;
  readonly onStep?: (step: number, loss: number) => void;
}

/** The `--set` lines that shorten (or lengthen) an arch's training to `steps`: its warm-up stays the same part of it. */
export function stepsSet({ train }: Model, steps: number): readonly string[] {
  const warmup = Math.min(steps, Math.ceil((train.schedule.warmup * steps) / train.steps));
  return [`train.steps=${steps}`, `train.optimizer.schedule.warmup=${warmup}`];
}

/** @throws NaNError when a loss or a gradient is not finite, with the step and the tensor */
export async function trainArch(arch: SpecArch, options: TrainArchOptions): Promise<Trained> {
  const { model, program } = compileArch(arch, { set: options.set, target: 'wasm', upTo: 'program' });
  if (!model || !program) throw new Error(`${arch.file} ${arch.arch}: not compiled`);
  const { corpus } = options;
  if (corpus.time !== program.time) throw new Error(`the text is opened for a context of ${corpus.time}, ${arch.arch} has ${program.time}`);
  const session = await openSession(program, { threads: options.threads });
  try {
    await session.initialise(options.seed);
    const history: ReadonlyMap<string, number>[] = [];
    let seconds = 0;
    for (let step = 1; step <= model.train.steps; step++) {
      const start = performance.now();
      session.run('train', corpus.batch(step, program.batch, options.seed), step);
      const outputs = await stopIfBroken(session, corpus, options.seed, step);
      seconds += (performance.now() - start) / 1000;
      history.push(outputs);
      options.onStep?.(step, outputs.get('loss') ?? NaN);
    }
    const evaluation = await evaluate(session, corpus, { windows: options.windows });
    return { history, evaluation, tokensPerSecond: (model.train.steps * program.batch * program.time) / seconds };
  } finally {
    session.destroy();
  }
}
