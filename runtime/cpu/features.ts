/**
 * @file What this machine's engine offers: relaxed SIMD, threads, 64-bit memory.
 */
import { inNode } from '../environment.js';
import { LimitError, messageOf } from '../errors.js';
import { hasMemory64 } from './memory.js';

/** `(func (result v128) (f32x4.relaxed_madd (v128.const ...) x 3))`: valid where the engine has relaxed SIMD. */
const RELAXED = Uint8Array.of(
  0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x05, 0x01, 0x60, 0x00, 0x01, 0x7b, 0x03, 0x02, 0x01, 0x00, 0x0a, 0x13, 0x01, 0x11, 0x00,
  0x41, 0x00, 0xfd, 0x11, 0x41, 0x00, 0xfd, 0x11, 0x41, 0x00, 0xfd, 0x11, 0xfd, 0x85, 0x02, 0x0b,
);

/** `(func (result v128) (i8x16.splat (i32.const 0)))`: valid where the engine has SIMD. */
const SIMD = Uint8Array.of(
  0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x05, 0x01, 0x60, 0x00, 0x01, 0x7b, 0x03, 0x02, 0x01, 0x00, 0x0a, 0x08, 0x01, 0x06, 0x00, 0x41, 0x00, 0xfd, 0x0f, 0x0b,
);

/**
 * Whether compiled programs may use fused multiply-add. Node 20 has it behind a flag of its engine, which is set here, before anything is compiled. Kernels
 * run for a long time: they are optimised at once, not after they have shown to be hot.
 */
export async function prepareEngine(): Promise<{ readonly relaxed: boolean }> {
  if (inNode()) {
    const v8 = await import('node:v8');
    if (!WebAssembly.validate(RELAXED)) v8.setFlagsFromString('--experimental-wasm-relaxed-simd');
    v8.setFlagsFromString('--no-liftoff');
    v8.setFlagsFromString('--no-wasm-lazy-compilation');
  }
  return { relaxed: WebAssembly.validate(RELAXED) };
}

/** More threads than this gain little, and each has memory of its own. */
const MOST_THREADS = 8;

/** What a web page needs for threads. */
const ISOLATION = 'Serve it with the headers `Cross-Origin-Opener-Policy: same-origin` and `Cross-Origin-Embedder-Policy: require-corp`';

/** Whether threads may share memory. In a web page they may when it is cross-origin isolated; one thread needs no permission. */
const mayShare = (): boolean => typeof crossOriginIsolated === 'undefined' || crossOriginIsolated;

/** Threads worth starting: one for each processor; one where threads may not share memory. */
export async function defaultThreads(): Promise<number> {
  if (!mayShare()) return 1;
  const processors = inNode() ? (await import('node:os')).availableParallelism() : typeof navigator === 'undefined' ? 1 : navigator.hardwareConcurrency;
  return Math.min(MOST_THREADS, Math.max(1, processors));
}

/** As many threads as asked for, else the default. @throws LimitError when that many cannot share memory here */
export async function chooseThreads(asked?: number): Promise<number> {
  const threads = Math.max(1, asked ?? (await defaultThreads()));
  if (threads > 1 && !mayShare()) {
    throw new LimitError(`${threads} threads cannot share memory: this page is not cross-origin isolated\n  ${ISOLATION}, or use one thread.`);
  }
  return threads;
}

/** Why a program's memory (shared, however many threads there are) cannot be made here, if it cannot. */
function memoryProblem(): string | undefined {
  try {
    new WebAssembly.Memory({ initial: 0, maximum: 0, shared: true });
    return undefined;
  } catch (error) {
    return `this engine gives no shared memory: ${messageOf(error)}${mayShare() ? '' : `\n  ${ISOLATION}.`}`;
  }
}

/** What programs for the CPU would run on here. */
export interface CpuDescription {
  readonly name: string;
  readonly threads: number;
  readonly relaxed: boolean;
  /** Whether programs past 4 GiB run here. */
  readonly memory64: boolean;
  /** Why they cannot run, if they cannot. */
  readonly problem?: string;
}

export async function describeCpu(): Promise<CpuDescription> {
  const { relaxed } = await prepareEngine();
  const threads = await defaultThreads();
  const problem = WebAssembly.validate(SIMD) ? memoryProblem() : 'this engine has no WebAssembly SIMD';
  return { name: cpuName({ threads, relaxed }), threads, relaxed, memory64: hasMemory64(), ...(problem !== undefined && { problem }) };
}

/** `CPU, 2 threads, relaxed SIMD` */
export function cpuName({ threads, relaxed }: { readonly threads: number; readonly relaxed: boolean }): string {
  return `CPU, ${threads} ${threads === 1 ? 'thread' : 'threads'}, ${relaxed ? 'relaxed SIMD' : 'SIMD'}`;
}

/** Whether the calling thread may sleep in `Atomics.wait`: not the main thread of a browser. */
export function mayWait(): boolean {
  return inNode() || typeof document === 'undefined';
}
