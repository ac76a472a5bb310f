/**
 * @file What runs a program: a GPU session or a CPU session. Everything above (training, evaluation, sampling, checkpoints) sees only this.
 */
import type { TensorRef, Values } from './execute.js';
import type { DispatchInfo, EntryInfo, Program, TensorInfo } from './program.js';

/** How long a dispatch of an entry took. */
export interface DispatchTime {
  readonly dispatch: DispatchInfo;
  readonly milliseconds: number;
}

export interface Executor {
  readonly program: Program;
  /** For people: `CPU, 2 threads, relaxed SIMD`, or the adapter's name. */
  readonly deviceName: string;
  /** For people: how `profile` measures. */
  readonly profiledBy: string;
  /** @throws RangeError for a name or id the program lacks */
  tensor(ref: TensorRef): TensorInfo;
  /** @throws RangeError for an entry the program lacks */
  entry(name: string): EntryInfo;
  /** The tensor behind an entry's input. @throws RangeError when it has none of that name */
  input(entry: string, name: string): TensorInfo;
  /** The tensor behind an entry's output. @throws RangeError when it has none of that name */
  output(entry: string, name: string): TensorInfo;
  /** Tensors a checkpoint holds: params, moments, states. */
  persistent(): TensorInfo[];
  /** Sets every tensor to zero, then params and states to their initial values, which depend on (seed, path) alone. Random numbers of the runs that
   *  follow depend on the seed, too. */
  initialise(seed: number): Promise<void>;
  /** Sets a whole tensor. @throws RangeError when the length or the type differs from the tensor's */
  write(ref: TensorRef, values: Values): Promise<void>;
  /** Reads a tensor, or `count` elements of it from `start`, when all work is done. */
  read(ref: TensorRef, start?: number, count?: number): Promise<Values>;
  /** Reads f32 elements. @throws RangeError when the tensor holds integers */
  readFloats(ref: TensorRef, start?: number, count?: number): Promise<Float32Array<ArrayBuffer>>;
  /** The first element of each of an entry's outputs. Missing outputs are left out. */
  readOutputs(entry: string, names: readonly string[]): Promise<Map<string, number>>;
  /**
   * Runs an entry; may return before the device is done.
   * @param inputs every input of the entry, whole
   * @param step counts from 1; the scalars are set for it. Left out, they stay as they are.
   */
  run(entry: string, inputs: Readonly<Record<string, Values>>, step?: number): void;
  /** Runs an entry dispatch by dispatch, with `before` and `after` around each. Stops when `after` returns false. */
  runStepwise(
    entry: string,
    inputs: Readonly<Record<string, Values>>,
    step: number | undefined,
    hooks: {
      readonly before?: (dispatch: DispatchInfo, index: number) => Promise<void>;
      readonly after: (dispatch: DispatchInfo, index: number) => Promise<boolean>;
    },
  ): Promise<void>;
  /** Runs an entry and says how long each of its dispatches took, in order. */
  profile(entry: string, inputs: Readonly<Record<string, Values>>, step?: number): DispatchTime[] | Promise<DispatchTime[]>;
  /** Floating-point operations a second (1e9) that the device reaches without touching memory, measured; undefined where that cannot be. */
  peak(): number | undefined;
  /** Sets to zero every allocation that holds only tensors of these roles. */
  clear(roles: readonly TensorInfo['role'][]): void;
  /** Resolves when all work so far is done. */
  settle(): Promise<void>;
  /** Frees what the session holds. */
  destroy(): void;
}
