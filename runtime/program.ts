/**
 * @file The compiled program: everything the runtime needs to run a model, as plain data. The compiler writes it, the runtime
 * (and the generated `model.ts`) reads it; neither knows more of the other.
 */

export type DType = 'f32' | 'i32';

export interface AxisInfo {
  readonly name: string;
  readonly size: number;
}

export type InitInfo =
  | { readonly kind: 'zeros' | 'ones' }
  | { readonly kind: 'constant'; readonly value: number }
  | { readonly kind: 'normal'; readonly mean: number; readonly std: number }
  | { readonly kind: 'uniform'; readonly low: number; readonly high: number }
  /** As `of`, then each `row` consecutive numbers scaled to norm 1. */
  | { readonly kind: 'unit'; readonly row: number; readonly of: InitInfo };

/** A number the host computes before each step (step counts from 1) and writes at `index` of the scalars tensor. */
export type ScalarInfo =
  | { readonly kind: 'step' }
  /** A whole number in [0, below), below <= 2^16, drawn for the run's seed, the step and the stream: what a random tensor's elements are hashed with. */
  | { readonly kind: 'noise_key'; readonly stream: number; readonly below: number }
  | { readonly kind: 'schedule'; readonly name: string; readonly base: number; readonly warmup: number; readonly steps: number; readonly shape: 'constant' | 'linear' | 'cosine'; readonly floor: number }
  | { readonly kind: 'ramp'; readonly name: string; readonly from: number; readonly to: number; readonly over: number }
  | { readonly kind: 'bias_correction'; readonly beta: number };

/** A tensor with a place on the device. Names are spec paths; moments are `<param>.m` and `<param>.v`. */
export interface TensorInfo {
  readonly id: number;
  readonly name: string;
  readonly role: 'param' | 'moment' | 'state' | 'input' | 'scalar' | 'output' | 'temp';
  readonly dtype: DType;
  /** Row-major, last axis fastest. */
  readonly axes: readonly AxisInfo[];
  /** Index into `allocations`. A tensor starts at its beginning. */
  readonly allocation: number;
  /** Params and states only. */
  readonly init?: InitInfo;
  /** Params of an expert family. */
  readonly expert?: { readonly family: string; readonly role: 'read' | 'write' | 'param' };
}

export interface AllocationInfo {
  readonly name: string;
  readonly bytes: number;
}

/** Generated code; `source` is one WGSL module with one entry point `main` (target `wasm`: the kernel's functions, to read, empty
 *  in a program read from files; what runs is in `wasm`). */
export interface ModuleInfo {
  readonly name: string;
  readonly source: string;
  /** Bindings of group 0, in order. */
  readonly bindings: readonly { readonly access: 'read' | 'read_write'; readonly minBytes: number }[];
}

export interface DispatchInfo {
  /** Index into `modules`. */
  readonly module: number;
  readonly groups: readonly [number, number, number];
  /** One per binding of the module. Bytes. */
  readonly bindings: readonly { readonly tensor: number; readonly offset: number; readonly size: number }[];
  /** Tensors it writes, for tracing the first NaN. */
  readonly writes: readonly number[];
  /** Estimated work of the dispatch. */
  readonly flops: number;
  readonly bytes: number;
}

export interface EntryInfo {
  readonly name: string;
  /** Input name -> tensor id (`tokens`, `targets`: i32 [batch, time]). */
  readonly inputs: Readonly<Record<string, number>>;
  /** Output name -> tensor id. Training: `loss` (objective), `loss.<name>` per loss, `grad_norm`, `bad_step` (0, or the first step whose gradient was not finite).
   *  Evaluation: `nll` [batch, time] in nats (0 where the target is negative). Forward: `logits` [batch, time, vocab]. */
  readonly outputs: Readonly<Record<string, number>>;
  readonly dispatches: readonly DispatchInfo[];
}

export interface Program {
  readonly formatVersion: '1.0';
  readonly target: 'wgsl' | 'wasm';
  readonly arch: string;
  /** Identifies what a checkpoint must match: hash of the parameters' paths and shapes. */
  readonly fingerprint: string;
  readonly batch: number;
  readonly time: number;
  readonly vocab: number;
  readonly tensors: readonly TensorInfo[];
  readonly allocations: readonly AllocationInfo[];
  readonly modules: readonly ModuleInfo[];
  readonly entries: Readonly<Record<string, EntryInfo>>;
  /** The f32 tensor the scalars live in (absent when there are none), and how to compute them. */
  readonly scalars: { readonly tensor?: number; readonly values: readonly ScalarInfo[] };
  /** Device limits the program needs. */
  readonly needs: { readonly storageBuffers: number; readonly bindingBytes: number; readonly bufferBytes: number };
  /** Choices the `eval` entry gives out, as output `choice.<path>` (i32 [batch, time, ...]; -1: nothing chosen), and how many members each chooses from. */
  readonly choices?: readonly { readonly path: string; readonly members: number }[];
  /** Target `wasm`: what runs. */
  readonly wasm?: WasmInfo;
}

/**
 * The code of a program for the CPU: one WebAssembly module over one shared memory (imported as `env.memory`). Its first 64 KiB are the runtime's; allocations
 * follow, then memory that threads share within a launch, then each thread's own.
 */
export interface WasmInfo {
  /** Bits of an address; 32 unless said. A module for 64 bits needs an engine that has such memory. */
  readonly memory?: 32 | 64;
  /** The module for engines without relaxed SIMD, and for those with it (fused multiply-add). */
  readonly plain: Uint8Array<ArrayBuffer>;
  readonly relaxed: Uint8Array<ArrayBuffer>;
  /** Byte address of each allocation. */
  readonly addresses: readonly number[];
  /** Where allocations end. */
  readonly end: number;
  readonly sharedBytes: number;
  /** For each thread. */
  readonly ownBytes: number;
  /** By module of the program: the exported functions of its phases, in order: (own, shared, counter, ...slots), all addresses (BigInts,
   *  where those have 64 bits). All threads call each, and meet in `barrier(at, threads, spins)` before the next. `counter` is a word that is 0 before. */
  readonly phases: readonly (readonly string[])[];
  /** Floating-point operations of one thread's call of `peak(own)`, which multiplies and adds without memory. */
  readonly peakFlops?: number;
}

/** How to train, resolved from the spec's `train` block. */
export interface TrainInfo {
  readonly steps: number;
  readonly batch: number;
  readonly seed: number;
  /** Steps between: metric lines, evaluations, checkpoints. */
  readonly logEvery: number;
  readonly evalEvery: number;
  readonly saveEvery: number;
  /** Names of parameters and states that keep their values. */
  readonly frozen?: readonly string[];
}
