/**
 * @file A compiled program from the lowered entries: every kernel's module once, every launch's dispatches with their bindings, every tensor's place.
 */
import type { AllocationInfo, DispatchInfo, EntryInfo, InitInfo, ModuleInfo, Program, ScalarInfo, TensorInfo } from '../../../runtime/program.js';
import type { Buffer, Kernel, KernelProgram, Launch, TargetLimits } from '../../kernels/kernel.js';
import { type BoundTensor, type Emitted, emitWgsl } from './emit.js';
import { fingerprint } from './fingerprint.js';
import { defaultLimits, internalError, LimitError } from './limits.js';

export interface AssembleInput {
  readonly arch: string;
  readonly batch: number;
  readonly time: number;
  readonly vocab: number;
  /** Default: `defaultLimits`. */
  readonly limits?: TargetLimits;
  /** The entries. Buffers of role param, moment, state, input, scalar and output that have the same name are one tensor, whichever entry they stand in;
   *  temporaries are their entry's own, but entries share the memory (they never run at once). */
  readonly programs: readonly KernelProgram[];
  /** In the order of the elements of the scalars buffer. */
  readonly scalars: readonly ScalarInfo[];
  /** By name: params, moments and states. */
  readonly starts: ReadonlyMap<string, TensorStart>;
}

/** How a parameter or state starts, and its place in an expert family. */
export interface TensorStart {
  readonly init: InitInfo;
  readonly expert?: TensorInfo['expert'];
}

/** Throws LimitError, with the tensor's name, where something does not fit. */
export function assemble(input: AssembleInput): Program {
  const tensors = new Tensors(input);
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

/** Tensors and allocations of all entries together. */
class Tensors {
  readonly infos: TensorInfo[] = [];
  readonly allocations: AllocationInfo[] = [];
  private readonly shared = new Map<string, BoundTensor>();
  private readonly own = new Map<KernelProgram, Map<number, BoundTensor>>();
  /** This entry's allocation -> the program's. */
  private readonly placed = new Map<KernelProgram, Map<number, number>>();

  private readonly limits: TargetLimits;

  constructor(private readonly input: AssembleInput) {
    this.limits = input.limits ?? defaultLimits;
    for (const program of input.programs) for (const buffer of program.buffers) if (buffer.role !== 'temp') this.bound(program, buffer);
    const temporary: number[] = [];
    for (const program of input.programs) this.placeTemporaries(program, temporary);
    for (const program of input.programs) for (const buffer of program.buffers) this.bound(program, buffer);
  }

  /** Entries run one at a time, so the i-th temporary allocations of all of them, by size, are one. */
  private placeTemporaries(program: KernelProgram, temporary: number[]): void {
    const placed = this.placements(program);
    const open = program.allocations.map((allocation, index) => ({ allocation, index })).filter(({ index }) => !placed.has(index));
    open.sort((a, b) => b.allocation.bytes - a.allocation.bytes || a.index - b.index);
    open.forEach(({ allocation, index }, i) => {
      const known = temporary[i];
      if (known === undefined) {
        temporary[i] = this.allocate(allocation);
        placed.set(index, temporary[i] ?? 0);
      } else {
        const before = this.allocations[known];
        if (before !== undefined && before.bytes < allocation.bytes) this.allocations[known] = { ...before, bytes: allocation.bytes };
        placed.set(index, known);
      }
    });
  }

  private placements(program: KernelProgram): Map<number, number> {
    const known = this.placed.get(program) ?? new Map<number, number>();
    this.placed.set(program, known);
    return known;
  }

  private allocate(allocation: AllocationInfo): number {
    this.allocations.push(allocation);
    return this.allocations.length - 1;
  }

  /** The tensor of a buffer. */
  bound(program: KernelProgram, buffer: Buffer): BoundTensor {
    const own = this.own.get(program) ?? new Map<number, BoundTensor>();
    this.own.set(program, own);
    const before = own.get(buffer.id);
    if (before !== undefined) return before;
    // entries of other sizes have inputs and outputs of their own
    const sizes = buffer.role === 'input' || buffer.role === 'output' ? buffer.axes.map((axis) => axis.size).join(' ') : '';
    const key = `${buffer.role} ${buffer.name} ${sizes}`;
    const known = buffer.role === 'temp' ? undefined : this.shared.get(key);
    const place = program.placement.get(buffer.id);
    if (place === undefined) throw internalError(`buffer ${buffer.name} of ${program.name} has no place`);
    if (known !== undefined) {
      if (this.infos[known.id]?.axes.map((axis) => axis.size).join() !== buffer.axes.map((axis) => axis.size).join())
        throw internalError(`${buffer.name} has different shapes in different entries`);
      own.set(buffer.id, known);
      this.placements(program).set(place, known.allocation);
      return known;
    }
    const tensor = this.add(program, buffer, place);
    own.set(buffer.id, tensor);
    if (buffer.role !== 'temp') this.shared.set(key, tensor);
    return tensor;
  }

  private add(program: KernelProgram, buffer: Buffer, place: number): BoundTensor {
    const placed = this.placements(program);
    const allocation = program.allocations[place];
    if (allocation === undefined) throw internalError(`${program.name} has no allocation ${place}`);
    const index = placed.get(place) ?? this.allocate(allocation);
    placed.set(place, index);
    const { maxBufferBytes } = this.limits;
    if (allocation.bytes > maxBufferBytes) throw new LimitError(buffer.name, program.name, 'maxBufferBytes', allocation.bytes, maxBufferBytes);
    const start = this.input.starts.get(buffer.name);
    const id = this.infos.length;
    this.infos.push({
      id,
      name: buffer.name,
      role: buffer.role,
      dtype: buffer.dtype,
      axes: buffer.axes.map(({ name, size }) => ({ name, size })),
      allocation: index,
      ...(start === undefined ? {} : { init: start.init }),
      ...(start?.expert === undefined ? {} : { expert: start.expert }),
    });
    return { id, name: buffer.name, allocation: index };
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
