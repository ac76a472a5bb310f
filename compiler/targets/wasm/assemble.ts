/**
 * @file A compiled program from the lowered entries: one module with the functions of every distinct kernel, every launch with its tensors, and the memory they
 * live in.
 */
import type { AllocationInfo, DispatchInfo, EntryInfo, ModuleInfo, Program, ScalarInfo, WasmInfo } from '../../../runtime/program.js';
import { fingerprint } from '../../kernels/fingerprint.js';
import type { Buffer, Kernel, Launch } from '../../kernels/kernel.js';
import { type BoundTensor, Tensors, type TensorsInput } from '../../kernels/tensors.js';
import { barrier } from './barrier.js';
import { emitKernel } from './emit.js';
import { LimitError } from './errors.js';
import type { EmitOptions } from './kernel-function.js';
import { WasmModule } from './module.js';

export interface AssembleInput extends TensorsInput {
  readonly arch: string;
  readonly batch: number;
  readonly time: number;
  readonly vocab: number;
  /** In the order of the elements of the scalars buffer. */
  readonly scalars: readonly ScalarInfo[];
  readonly options?: Pick<EmitOptions, 'grain'>;
}

/** The runtime's own memory, before the first allocation. */
const RESERVED = 65_536;
/** 32-bit addresses end here. */
const LIMIT = 2 ** 32;
/** What the runtime's threads may need of the end of memory: eight of them, at least. */
const THREADS = 8;
const PAGE = 65_536;
const roundUp = (bytes: number, to: number): number => Math.ceil(bytes / to) * to;

/** @throws LimitError, naming the largest tensors, where the program does not fit 32-bit memory */
export function assemble(input: AssembleInput): Program {
  const tensors = new Tensors(input);
  const { infos, allocations } = tensors;
  const kernels = new Kernels(input);
  const entries: Record<string, EntryInfo> = {};
  for (const program of input.programs) {
    const dispatches = program.launches.map((launch) => kernels.launch(launch, launch.buffers.map((buffer) => tensors.bound(program, buffer))));
    const named = (role: Buffer['role']): Record<string, number> =>
      Object.fromEntries(program.buffers.filter((buffer) => buffer.role === role).map((buffer) => [buffer.name, tensors.bound(program, buffer).id]));
    entries[program.name] = { name: program.name, inputs: named('input'), outputs: named('output'), dispatches };
  }
  const { modules, ...wasm } = kernels.finish(allocations);
  const params = infos.filter((tensor) => tensor.role === 'param');
  const scalarTensor = infos.find((tensor) => tensor.role === 'scalar');
  const largest = Math.max(0, ...allocations.map((allocation) => allocation.bytes));
  return {
    formatVersion: '1.0',
    target: 'wasm',
    arch: input.arch,
    fingerprint: fingerprint(params.map((param) => ({ path: param.name, sizes: param.axes.map((axis) => axis.size) }))),
    batch: input.batch,
    time: input.time,
    vocab: input.vocab,
    tensors: infos,
    allocations,
    modules,
    entries,
    scalars: { ...(scalarTensor === undefined ? {} : { tensor: scalarTensor.id }), values: input.scalars },
    needs: { storageBuffers: Math.max(0, ...modules.map((module) => module.bindings.length)), bindingBytes: largest, bufferBytes: largest },
    wasm,
  };
}

/** The distinct kernels of all entries. */
class Kernels {
  private readonly keys = new Map<Kernel, string>();
  private readonly numbers = new Map<string, number>();
  private readonly kernels: Kernel[] = [];
  private readonly paths: Set<string>[] = [];

  constructor(private readonly input: AssembleInput) {}

  launch(launch: Launch, tensors: readonly BoundTensor[]): DispatchInfo {
    const { kernel } = launch;
    const key = this.keys.get(kernel) ?? JSON.stringify(kernel);
    this.keys.set(kernel, key);
    let module = this.numbers.get(key);
    if (module === undefined) {
      module = this.kernels.length;
      this.numbers.set(key, module);
      this.kernels.push(kernel);
      this.paths.push(new Set());
    }
    for (const path of launch.paths) this.paths[module]?.add(path);
    return {
      module,
      groups: [1, 1, 1],
      bindings: tensors.map((tensor, i) => ({ tensor: tensor.id, offset: 0, size: 4 * (kernel.slots[i]?.size ?? 0) })),
      writes: tensors.flatMap((tensor, i) => (kernel.slots[i]?.access === 'read' ? [] : [tensor.id])),
      flops: kernel.flops,
      bytes: kernel.bytes,
    };
  }

  finish(allocations: readonly AllocationInfo[]): WasmInfo & { readonly modules: ModuleInfo[] } {
    const relaxed = this.emit(true);
    const plain = this.emit(false);
    const addresses: number[] = [];
    let end = RESERVED;
    for (const allocation of allocations) {
      addresses.push(end);
      end = roundUp(end + allocation.bytes, 64);
    }
    // Packing reads whole vectors, a little past the last element.
    end += 64;
    const needed = end + relaxed.sharedBytes + THREADS * relaxed.ownBytes;
    if (needed > LIMIT) {
      const largest = [...allocations].sort((a, b) => b.bytes - a.bytes).slice(0, 5);
      throw new LimitError(largest, needed, LIMIT);
    }
    const pages = LIMIT / PAGE;
    return {
      plain: plain.module.bytes(pages),
      relaxed: relaxed.module.bytes(pages),
      addresses,
      end,
      sharedBytes: relaxed.sharedBytes,
      ownBytes: relaxed.ownBytes,
      phases: relaxed.phases,
      modules: this.kernels.map((kernel, i) => ({
        name: this.names[i] ?? kernel.name,
        source: relaxed.module.text(pages, relaxed.phases[i] ?? []),
        bindings: kernel.slots.map((slot) => ({ access: slot.access === 'read' ? 'read' : 'read_write', minBytes: 4 * slot.size })),
      })),
    };
  }

  private readonly names: string[] = [];

  private emit(relaxed: boolean): { module: WasmModule; phases: string[][]; ownBytes: number; sharedBytes: number } {
    const module = new WasmModule({ relaxed });
    barrier(module);
    let [ownBytes, sharedBytes] = [0, 0];
    const phases = this.kernels.map((kernel, i) => {
      const made = emitKernel(module, kernel, { ...this.input.options, paths: [...(this.paths[i] ?? [])] });
      ownBytes = Math.max(ownBytes, made.ownBytes);
      sharedBytes = Math.max(sharedBytes, made.sharedBytes);
      const names = made.phases.map(({ callee }) => callee.name);
      this.names[i] = names[names.length - 1] ?? kernel.name;
      return names;
    });
    return { module, phases, ownBytes: roundUp(ownBytes + 64, 64), sharedBytes: roundUp(sharedBytes + 64, 64) };
  }
}

