/**
 * @file What this machine's engine offers: relaxed SIMD, threads.
 */

/** `(func (result v128) (f32x4.relaxed_madd (v128.const ...) x 3))`: valid where the engine has relaxed SIMD. */
const RELAXED = Uint8Array.of(
  0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x05, 0x01, 0x60, 0x00, 0x01, 0x7b, 0x03, 0x02, 0x01, 0x00, 0x0a, 0x13, 0x01, 0x11, 0x00,
  0x41, 0x00, 0xfd, 0x11, 0x41, 0x00, 0xfd, 0x11, 0x41, 0x00, 0xfd, 0x11, 0xfd, 0x85, 0x02, 0x0b,
);

/** `(func (result v128) (i8x16.splat (i32.const 0)))`: valid where the engine has SIMD. */
const SIMD = Uint8Array.of(
  0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x05, 0x01, 0x60, 0x00, 0x01, 0x7b, 0x03, 0x02, 0x01, 0x00, 0x0a, 0x08, 0x01, 0x06, 0x00, 0x41, 0x00, 0xfd, 0x0f, 0x0b,
);

const inNode = (): boolean => typeof process !== 'undefined' && process.versions?.node !== undefined;

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

/** Threads worth starting: one for each processor. */
export async function defaultThreads(): Promise<number> {
  const processors = inNode() ? (await import('node:os')).availableParallelism() : typeof navigator === 'undefined' ? 1 : navigator.hardwareConcurrency;
  return Math.min(MOST_THREADS, Math.max(1, processors));
}

/** What programs for the CPU would run on here. */
export interface CpuDescription {
  readonly name: string;
  readonly threads: number;
  readonly relaxed: boolean;
  /** Why they cannot run, if they cannot. */
  readonly problem?: string;
}

export async function describeCpu(): Promise<CpuDescription> {
  const { relaxed } = await prepareEngine();
  const threads = await defaultThreads();
  const shared = typeof SharedArrayBuffer !== 'undefined';
  const problem = !WebAssembly.validate(SIMD) ? 'this engine has no WebAssembly SIMD' : !shared ? 'this engine has no shared memory (a web page needs cross-origin isolation)' : undefined;
  return { name: cpuName({ threads, relaxed }), threads, relaxed, ...(problem !== undefined && { problem }) };
}

/** `CPU, 2 threads, relaxed SIMD` */
export function cpuName({ threads, relaxed }: { readonly threads: number; readonly relaxed: boolean }): string {
  return `CPU, ${threads} ${threads === 1 ? 'thread' : 'threads'}, ${relaxed ? 'relaxed SIMD' : 'SIMD'}`;
}

/** Whether the calling thread may sleep in `Atomics.wait`: not the main thread of a browser. */
export function mayWait(): boolean {
  return inNode() || typeof document === 'undefined';
}
