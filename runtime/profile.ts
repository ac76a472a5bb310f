/**
 * @file Where the time of an entry (a training step) goes, by kernel.
 */
import type { Corpus } from './data/corpus.js';
import type { Values } from './execute.js';
import type { Executor } from './executor.js';

/** Of one run of the entry; medians of several. */
export interface KernelTime {
  readonly kernel: string;
  readonly launches: number;
  readonly milliseconds: number;
  /** Of the run. */
  readonly share: number;
  /** 1e9 a second; both by the compiler's estimate of the work. */
  readonly gflops: number;
  readonly gigabytes: number;
}

export interface ProfileOptions {
  /** The step to profile and how often; default 5. A step before is run and not counted. */
  readonly step: number;
  readonly rounds?: number;
}

/** Runs training steps, which change the session's parameters, and times their kernels; the longest first. */
export function profileTraining(session: Executor, corpus: Corpus, { seed, ...options }: ProfileOptions & { readonly seed: number }): Promise<KernelTime[]> {
  return profileEntry(session, 'train', (step) => corpus.batch(step, session.program.batch, seed), options);
}

/** Runs an entry with the inputs of each step and times its kernels; the longest first. */
export async function profileEntry(session: Executor, entry: string, inputs: (step: number) => Readonly<Record<string, Values>>, { step, rounds = 5 }: ProfileOptions): Promise<KernelTime[]> {
  const { program } = session;
  const { dispatches } = session.entry(entry);
  const times: number[][] = dispatches.map(() => []);
  for (let round = 0; round <= rounds; round++) {
    const measured = await session.profile(entry, inputs(step + round), step + round);
    if (round > 0) for (const [i, { milliseconds }] of measured.entries()) times[i]?.push(milliseconds);
  }
  const kernels = new Map<number, { launches: number; milliseconds: number; flops: number; bytes: number }>();
  for (const [i, { module, flops, bytes }] of dispatches.entries()) {
    const sum = kernels.get(module) ?? { launches: 0, milliseconds: 0, flops: 0, bytes: 0 };
    kernels.set(module, { launches: sum.launches + 1, milliseconds: sum.milliseconds + median(times[i] ?? []), flops: sum.flops + flops, bytes: sum.bytes + bytes });
  }
  const total = [...kernels.values()].reduce((sum, { milliseconds }) => sum + milliseconds, 0);
  return [...kernels]
    .map(([module, { launches, milliseconds, flops, bytes }]) => ({
      kernel: program.modules[module]?.name ?? String(module),
      launches,
      milliseconds,
      share: milliseconds / total,
      gflops: flops / milliseconds / 1e6,
      gigabytes: bytes / milliseconds / 1e6,
    }))
    .sort((a, b) => b.milliseconds - a.milliseconds);
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? NaN;
}
