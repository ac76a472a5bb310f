/**
 * @file The targets, as one table. Whatever compiles or assembles asks a `Target`; nothing else in the compiler knows which one it is.
 */
import type { Program } from '../../runtime/program.js';
import type { Invert, TargetLimits } from '../kernels/kernel.js';
import type { ProgramInput } from '../kernels/tensors.js';
import { LimitError as WasmLimitError, wasm } from './wasm/index.js';
import { LimitError as WgslLimitError, wgsl } from './wgsl/index.js';

export type TargetName = Program['target'];

/** What does not fit. `needed` and `allowed` are bytes, or a number of slots. */
export interface Excess {
  /** The tensor that is too large; absent when it is the program as a whole. */
  readonly tensor?: string;
  readonly limitName: string;
  readonly needed: number;
  readonly allowed: number;
  /** The largest tensors, where all of them together do not fit. */
  readonly largest?: readonly { readonly name: string; readonly bytes: number }[];
}

/** A program that needs 64-bit memory. Bytes. */
export interface WideMemory {
  readonly needed: number;
  /** Of that, parameters, moments and states: what does not depend on the batch. */
  readonly kept: number;
  /** What 32-bit memory holds. */
  readonly allowed: number;
  readonly largest: NonNullable<Excess['largest']>;
}

export interface Target {
  readonly name: TargetName;
  readonly limits: TargetLimits;
  /** Elements (i32) an `invert` kernel's scratch slot must have. */
  scratchSize(kernel: Pick<Invert, 'entries' | 'rows'>): number;
  /** @throws what `excess` knows, where something does not fit */
  assemble(input: ProgramInput): Program;
  /** What an error of `assemble` says does not fit; undefined for any other error. */
  excess(error: unknown): Excess | undefined;
  /** What a program needs that takes 64-bit memory; undefined for any other. */
  wideMemory(program: Program): WideMemory | undefined;
}

export const targets: Readonly<Record<TargetName, Target>> = {
  wgsl: {
    name: 'wgsl',
    limits: wgsl.limits,
    scratchSize: wgsl.scratchSize,
    assemble: (input) => wgsl.assemble({ ...input, limits: wgsl.limits }),
    excess: (error) => (error instanceof WgslLimitError ? { tensor: error.tensor, limitName: error.limit, needed: error.needed, allowed: error.allowed } : undefined),
    wideMemory: () => undefined,
  },
  wasm: {
    name: 'wasm',
    limits: wasm.limits,
    scratchSize: wasm.scratchSize,
    assemble: wasm.assemble,
    excess: (error) => (error instanceof WasmLimitError ? { limitName: `${error.bits}-bit WebAssembly memory`, needed: error.needed, allowed: error.allowed, largest: error.tensors } : undefined),
    wideMemory: wasm.wideMemory,
  },
};
