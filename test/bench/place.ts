/**
 * @file Where a benchmark runs: the CPU, the adapter, or one after the other.
 */
import { type Target, targets } from '../../compiler/targets/targets.js';
import { CpuSession, describeAdapter, findGpu, openSession, type Executor, type Program } from '../../runtime/index.js';
import type { BenchOptions } from './options.js';

/** One device of the machine. */
export interface Place {
  readonly kind: 'cpu' | 'gpu';
  /** As results give it: `cpu`, or `gpu` and the adapter's name. */
  readonly device: string;
  readonly target: Target;
  /** Makes a program of `target` ready to run. Call `destroy` of what it gives. */
  open(program: Program): Promise<Executor>;
}

/**
 * What `--device` asks for; without it the CPU, and the GPU where there is a real one.
 * @throws NoAdapterError for `--device gpu` where there is none
 */
export async function places({ device, threads }: BenchOptions, note: (text: string) => void): Promise<Place[]> {
  const cpu: Place = { kind: 'cpu', device: 'cpu', target: targets.wasm, open: (program) => openSession(program, { threads }) };
  if (device === 'cpu') return [cpu];
  const adapter = device === 'gpu' ? await describeAdapter() : await findGpu();
  if (!adapter) {
    note('GPU: none but software ones, if any: --device gpu measures those');
    return [cpu];
  }
  const gpu: Place = { kind: 'gpu', device: `gpu ${adapter.name}`, target: targets.wgsl, open: (program) => openSession(program) };
  return device === 'gpu' ? [gpu] : [cpu, gpu];
}

/** How many threads a session on the CPU has. */
export function threadsOf(session: Executor): number | undefined {
  return session instanceof CpuSession ? session.threads : undefined;
}
