/**
 * @file A compiled program from the lowered entries: every kernel's module once, every launch's dispatches with their bindings, every tensor's place.
 */
import type { DispatchInfo, EntryInfo, ModuleInfo, Program, TensorInfo } from '../../../runtime/program.js';
import { fingerprint } from '../../kernels/fingerprint.js';
import type { Buffer, Kernel, KernelProgram, Launch, TargetLimits } from '../../kernels/kernel.js';
import { type BoundTensor, type ProgramInput, Tensors } from '../../kernels/tensors.js';
import { type Emitted, emitWgsl } from './emit.js';
import { defaultLimits, LimitError } from './limits.js';

export interface AssembleInput extends ProgramInput {
  /** Default: `defaultLimits`. */
  readonly limits?: TargetLimits;
}

/** Throws LimitError, with the tensor's name, where something does not fit. */
export function assemble(input: AssembleInput): Program {
  const tensors = new Tensors(input);
  checkAllocations(tensors, input.programs, (input.limits ?? defaultLimits).maxBufferBytes);
  const modules = new Modules(input);
  const entries: Record<string, EntryInfo> = {};
  for (const program of input.programs) {
    const dispatches = program.launches.flatMap((launch) => modules.launch(launch, launch.buffers.map((buffer) => tensors.bound(program, buffer))));
    const named = (role: Buffer['role']): Record<string, number> =>
      Object.fromEntries(program.buffers.filter((buffer) => buffer.role === role).map((buffer) => [buffer.name, tensors.bound(program, buffer).id]));
    entries[program.name] = { name: program.name, inputs: named('input'), outputs: named('output'), dispatches };
  }
  const params = tensors.infos.filter((tensor) => tensor.role === 'param');
  const scalarTensor = tensors.infos.find((tensor) => tensor.role === 'scalar');
  const bindings = modules.infos.flatMap((module) => module.bindings);
  return {
    formatVersion: '1.0',
    target: 'wgsl',
    arch: input.arch,
    fingerprint: fingerprint(params.map((param) => ({ path: param.name, sizes: param.axes.map((axis) => axis.size) }))),
    batch: input.batch,
    time: input.time,
    vocab: input.vocab,
    tensors: tensors.infos,
    allocations: tensors.allocations,
    modules: modules.infos,
    entries,
    scalars: { ...(scalarTensor === undefined ? {} : { tensor: scalarTensor.id }), values: input.scalars },
    needs: {
      storageBuffers: Math.max(0, ...modules.infos.map((module) => module.bindings.length)),
      bindingBytes: Math.max(0, ...bindings.map((binding) => binding.minBytes)),
      bufferBytes: Math.max(0, ...tensors.allocations.map((allocation) => allocation.bytes)),
    },
  };
}

const elements = (tensor: TensorInfo): number => tensor.axes.reduce((n, axis) => n * axis.size, 1);

/** @throws LimitError for an allocation no buffer can hold, naming its largest tensor */
function checkAllocations({ infos, allocations }: Tensors, programs: readonly KernelProgram[], limit: number): void {
  for (const [i, { bytes }] of allocations.entries()) {
    if (bytes <= limit) continue;
    const [largest] = infos.filter((tensor) => tensor.allocation === i).sort((a, b) => elements(b) - elements(a));
    const name = largest?.name ?? allocations[i]?.name ?? '';
    const program = programs.find(({ buffers }) => buffers.some((buffer) => buffer.name === name));
    throw new LimitError(name, program?.name ?? '', 'maxBufferBytes', bytes, limit);
  }
}

/** Modules of all entries together: one per kernel, whose header names every path it serves. */
class Modules {
  readonly infos: ModuleInfo[] = [];
  private readonly limits: TargetLimits;
  private readonly paths = new Map<string, Set<string>>();
  private readonly keys = new Map<Kernel, string>();
  private readonly emitted = new Map<string, { readonly emitted: Emitted; readonly first: number }>();
  private readonly names = new Set<string>();

  constructor(input: AssembleInput) {
    this.limits = input.limits ?? defaultLimits;
    for (const launch of input.programs.flatMap((program) => program.launches)) {
      const key = this.key(launch.kernel);
      const paths = this.paths.get(key) ?? new Set<string>();
      for (const path of launch.paths) paths.add(path);
      this.paths.set(key, paths);
    }
  }

  private key(kernel: Kernel): string {
    const key = this.keys.get(kernel) ?? JSON.stringify(kernel);
    this.keys.set(kernel, key);
    return key;
  }

  launch(launch: Launch, tensors: readonly BoundTensor[]): DispatchInfo[] {
    const key = this.key(launch.kernel);
    let known = this.emitted.get(key);
    if (known === undefined) {
      const first = this.infos.length;
      const emitted = this.emit(launch, [...(this.paths.get(key) ?? [])]);
      this.infos.push(...emitted.modules.map((module) => ({ ...module, name: this.unique(module.name) })));
      known = { emitted, first };
      this.emitted.set(key, known);
    }
    const { emitted, first } = known;
    return emitted.dispatches(tensors).map((dispatch) => ({ ...dispatch, module: first + dispatch.module }));
  }

  private emit(launch: Launch, paths: readonly string[]): Emitted {
    try {
      return emitWgsl(launch.kernel, this.limits, paths);
    } catch (error) {
      if (!(error instanceof LimitError)) throw error;
      // Slots have short names; the user knows the tensor's.
      const slot = launch.kernel.slots.findIndex((s) => s.name === error.tensor);
      throw new LimitError(launch.buffers[slot]?.name ?? error.tensor, error.kernel, error.limit, error.needed, error.allowed);
    }
  }

  /** Kernels of different entries may have one name. */
  private unique(name: string): string {
    let result = name;
    for (let i = 2; this.names.has(result); i++) result = `${name}_${i}`;
    this.names.add(result);
    return result;
  }
}
