/**
 * @file What a kernel becomes: phases, each a function that every thread calls; all threads finish a phase before the next begins.
 */
import type { Kernel } from '../../kernels/kernel.js';
import { FactsTable } from './facts.js';
import { type Callee, get, type Instr } from './instructions.js';
import type { FunctionBuilder, WasmModule } from './module.js';
import { Scope } from './scope.js';

export interface Phase {
  readonly callee: Callee;
}

/** What a kernel needs besides its slots. */
export interface KernelFunctions {
  readonly phases: readonly Phase[];
  /** Bytes of memory each thread needs for itself, and bytes all threads share, while the kernel runs. */
  readonly ownBytes: number;
  readonly sharedBytes: number;
}

export interface EmitOptions {
  /** Units handed out at once, in place of an estimate: for tests of threads on small kernels. */
  readonly grain?: number;
  /** Spec paths for the readable form. */
  readonly paths?: readonly string[];
}

/** The parameters every phase has. */
export interface PhaseParams {
  /** Address of this thread's own memory. */
  readonly own: Instr;
  /** Address of memory that all threads share. */
  readonly shared: Instr;
  /** Address of the launch's work counter. */
  readonly counter: Instr;
  readonly slots: readonly Instr[];
}

/** Adds one phase of a kernel to the module. `build` gets the outermost scope. */
export function phase(module: WasmModule, kernel: Kernel, options: EmitOptions, name: string, build: (scope: Scope, params: PhaseParams, fn: FunctionBuilder) => void): Phase {
  const callee = module.fn(
    name === '' ? kernel.name : `${kernel.name}_${name}`,
    ['own', 'shared', 'counter', ...kernel.slots.map((slot) => slot.name)].map((param) => [param, module.address] as const),
    undefined,
    (fn, own, shared, counter, ...slots) => {
      if (!own || !shared || !counter) return undefined;
      const params = { own: get(own), shared: get(shared), counter: get(counter), slots: slots.map(get) };
      build(new Scope({ module, facts: new FactsTable(), slots: params.slots }, fn.body), params, fn);
      return undefined;
    },
    { exported: true, about: [...kernel.about, ...(options.paths ?? []).map((path) => `implements ${path}`)] },
  );
  return { callee };
}
