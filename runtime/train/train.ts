/**
 * @file The training loop: one submit a step, the device kept a few steps busy, nothing read back but what is logged.
 *
 * A step is a function of the persistent tensors, the step number and the seed (batch and scalars follow from them), so a run resumed from a
 * checkpoint goes through the same bits as one that was never stopped.
 */
import { access, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Checkpoint, loadCheckpoint, saveCheckpoint, type CheckpointInfo } from '../checkpoint/checkpoint.js';
import { planTaking, take, type Taking } from '../checkpoint/take.js';
import type { Write } from '../checkpoint/atomic.js';
import type { Corpus } from '../data/corpus.js';
import { CheckpointError, RunError, messageOf, systemCode } from '../errors.js';
import { evaluate } from '../evaluate.js';
import type { Executor } from '../executor.js';
import type { TrainInfo } from '../program.js';
import { scalarValue } from '../scalars.js';
import { stopIfBroken } from './broken.js';
import { MetricsFile, evalMetrics, type EvalMetrics, type TrainMetrics } from './metrics.js';

export const CHECKPOINT_FILE = 'checkpoint.safetensors';

export type TrainEvent =
  | { readonly kind: 'resume'; readonly step: number; readonly path: string }
  | { readonly kind: 'take'; readonly taking: Taking }
  | { readonly kind: 'train'; readonly metrics: TrainMetrics; readonly steps: number; readonly secondsLeft: number }
  | { readonly kind: 'eval'; readonly metrics: EvalMetrics }
  | { readonly kind: 'save'; readonly step: number; readonly path: string }
  | { readonly kind: 'warning'; readonly message: string }
  | { readonly kind: 'stop'; readonly step: number; readonly path: string };

export interface TrainOptions {
  readonly session: Executor;
  readonly corpus: Corpus;
  /** Gets metrics.jsonl, checkpoint.safetensors and `files`. Made if it is not there. */
  readonly runDir: string;
  readonly settings: TrainInfo;
  /** Kept in the checkpoint. */
  readonly spec: { readonly resolved: string; readonly source: string };
  /** Written to the run folder at the start, by name: `resolved.json`, `spec.arch`. */
  readonly files?: Readonly<Record<string, string>>;
  /** Go on from the run folder's checkpoint. Without it a folder that holds one is refused. */
  readonly resume?: boolean;
  /** Another run's checkpoint: parameters and states of the same path and shape start as there. Not with `resume`, which has them in its own. */
  readonly from?: string;
  /** Validation windows per domain; default 16. */
  readonly evalWindows?: number;
  readonly onEvent?: (event: TrainEvent) => void;
  /** Aborting it ends the run after the step under way: it is saved, and can be resumed. */
  readonly signal?: AbortSignal;
  /** For tests: how checkpoint bytes are written. */
  readonly write?: Write;
}

export interface TrainResult {
  readonly reason: 'finished' | 'stopped';
  /** Steps done. */
  readonly step: number;
  readonly checkpoint: string;
  /** The last evaluation, if there was one. */
  readonly evaluation?: EvalMetrics;
}

/** Steps between waits for the device; at most twice as many are in flight. */
const STEPS_PER_FENCE = 4;

/**
 * Trains from the seed's initial values, or (`resume`) from the run's checkpoint, and saves.
 * @throws NaNError when the gradient stops being finite (the last checkpoint stays); CheckpointError, RunError, DeviceLostError
 */
export async function train(options: TrainOptions): Promise<TrainResult> {
  const { session, corpus, settings, runDir } = options;
  const { program } = session;
  const emit = options.onEvent ?? (() => undefined);
  if (settings.batch !== program.batch) throw new RunError(`the program is built for batch ${program.batch}, the settings say ${settings.batch}`);
  const path = join(runDir, CHECKPOINT_FILE);
  const from = await prepareRun(options, path, emit);
  for (const message of corpus.warnings) emit({ kind: 'warning', message });
  const metrics = await MetricsFile.open(runDir, options.resume ? from : undefined);
  const info = checkpointInfo(options);
  const clock = new Clock();
  let fence: Promise<void> | undefined;
  let step = from;
  let logged = from;
  let saved = options.resume ? from : -1;
  let evaluation: EvalMetrics | undefined;

  const save = async (): Promise<void> => {
    if (saved === step) return;
    await saveCheckpoint(path, session, { ...info, step }, options.write);
    saved = step;
    emit({ kind: 'save', step, path });
  };

  while (step < settings.steps && !options.signal?.aborted) {
    step++;
    session.run('train', corpus.batch(step, program.batch, settings.seed), step);
    if (step % STEPS_PER_FENCE === 0) {
      await fence;
      fence = session.settle();
      fence.catch(() => undefined);
    }
    const last = step === settings.steps;
    const logs = step % settings.logEvery === 0 || last;
    const evaluates = step % settings.evalEvery === 0 || last;
    const saves = step % settings.saveEvery === 0 || last;
    if (!logs && !evaluates && !saves) continue;
    const outputs = await stopIfBroken(session, corpus, settings.seed, step);
    if (logs) {
      const seconds = clock.lap();
      const line = trainMetrics(session, step, outputs, ((step - logged) * program.batch * program.time) / seconds, clock.total);
      logged = step;
      await metrics.append(line);
      emit({ kind: 'train', metrics: line, steps: settings.steps, secondsLeft: ((settings.steps - step) * program.batch * program.time) / line.tokens_per_second });
    }
    clock.pause();
    if (saves) await save();
    if (evaluates) {
      const scored = await evaluate(session, corpus, { windows: options.evalWindows ?? 16, signal: options.signal });
      if (!options.signal?.aborted && scored.bytes > 0) {
        evaluation = evalMetrics(step, scored, clock.total);
        await metrics.append(evaluation);
        emit({ kind: 'eval', metrics: evaluation });
      }
    }
    clock.resume();
  }
  await fence;
  if (step >= settings.steps) return { reason: 'finished', step, checkpoint: path, evaluation };
  await stopIfBroken(session, corpus, settings.seed, step);
  await save();
  emit({ kind: 'stop', step, path });
  return { reason: 'stopped', step, checkpoint: path, evaluation };
}

/** Sets the session's tensors and makes the run folder. @returns the steps already done */
async function prepareRun(options: TrainOptions, path: string, emit: (event: TrainEvent) => void): Promise<number> {
  const { session, corpus, settings, runDir } = options;
  const existing = await exists(path);
  if (options.resume && !existing) throw new CheckpointError(`there is nothing to resume: no checkpoint at ${path}\n  Leave out --resume to start the run.`);
  if (!options.resume && existing) throw new RunError(`${runDir} already holds a run\n  Go on with it: --resume. Or give another --run.`);
  if (options.from !== undefined && options.resume) throw new RunError('a run that is resumed starts from its own checkpoint, not from another\'s\n  Leave out what it should start from.');
  const source = options.from === undefined ? undefined : await Checkpoint.open(options.from);
  try {
    const taking = source && planTaking(source, session, settings.frozen);
    await makeFolder(options);
    await session.initialise(settings.seed);
    if (source && taking) {
      await take(source, session, taking);
      emit({ kind: 'take', taking });
    }
  } finally {
    await source?.close();
  }
  if (!options.resume) return 0;
  const info = await loadCheckpoint(path, session);
  if (info.seed !== settings.seed) throw new CheckpointError(`${path} was trained with seed ${info.seed}, not ${settings.seed}\n  Resume with the same seed, or start another run.`);
  if (digestOf(info.data) !== corpus.describe().digest) emit({ kind: 'warning', message: `the text at ${corpus.path} is not what ${path} was trained on so far: going on with the new text` });
  emit({ kind: 'resume', step: info.step, path });
  return info.step;
}

async function makeFolder({ runDir, files }: TrainOptions): Promise<void> {
  try {
    await mkdir(runDir, { recursive: true });
    for (const [name, text] of Object.entries(files ?? {})) await writeFile(join(runDir, name), text);
  } catch (error) {
    throw new RunError(`the run folder ${runDir} cannot be written: ${systemCode(error) === 'ENOENT' ? 'it cannot be made there' : messageOf(error)}\n  Make it writable, or choose another run folder.`);
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}

function checkpointInfo({ session, corpus, settings, spec }: TrainOptions): Omit<CheckpointInfo, 'step'> {
  const { arch, fingerprint } = session.program;
  return { arch, fingerprint, seed: settings.seed, ...spec, train: JSON.stringify(settings), data: JSON.stringify(corpus.describe()) };
}

function digestOf(data: string): string | undefined {
  try {
    const value: unknown = JSON.parse(data);
    if (typeof value === 'object' && value !== null && 'digest' in value && typeof value.digest === 'string') return value.digest;
  } catch {
    // Treated as other text.
  }
  return undefined;
}

function trainMetrics(session: Executor, step: number, outputs: ReadonlyMap<string, number>, tokensPerSecond: number, elapsed: number): TrainMetrics {
  const { program } = session;
  const losses = Object.fromEntries([...outputs].filter(([name]) => name.startsWith('loss.')).map(([name, value]) => [name.slice('loss.'.length), value]));
  const gradNorm = outputs.get('grad_norm');
  const schedule = program.scalars.values.find((scalar) => scalar.kind === 'schedule');
  return {
    kind: 'train',
    step,
    loss: outputs.get('loss') ?? NaN,
    losses,
    ...(gradNorm === undefined ? {} : { grad_norm: gradNorm }),
    ...(schedule === undefined ? {} : { lr: scalarValue(schedule, step) }),
    tokens: step * program.batch * program.time,
    tokens_per_second: tokensPerSecond,
    elapsed,
  };
}

/** Seconds of training proper: evaluations and saves do not count. */
class Clock {
  total = 0;
  private lapStart = 0;
  private since: number | undefined = performance.now();

  /** Seconds since the last lap. */
  lap(): number {
    this.resume();
    const lap = Math.max(this.total - this.lapStart, 1e-9);
    this.lapStart = this.total;
    return lap;
  }

  pause(): void {
    if (this.since !== undefined) this.total += (performance.now() - this.since) / 1000;
    this.since = undefined;
  }

  /** Adds what has passed, and goes on. */
  resume(): void {
    this.pause();
    this.since = performance.now();
  }
}
