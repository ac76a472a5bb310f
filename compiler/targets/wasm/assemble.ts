/**
 * @file A compiled program from the lowered entries: one module with the functions of every distinct kernel, every launch with its tensors, and the memory they
 * live in. Memory has 32-bit addresses where the program fits them (faster, and every engine has it), else 64-bit ones.
 */
import type { AllocationInfo, DispatchInfo, EntryInfo, ModuleInfo, Program, WasmInfo } from '../../../runtime/program.js';
import { fingerprint } from '../../kernels/fingerprint.js';
import type { Buffer, Kernel, Launch } from '../../kernels/kernel.js';
import { type BoundTensor, type ProgramInput, Tensors } from '../../kernels/tensors.js';
import { barrier } from './barrier.js';
import { PEAK_FLOPS, peak } from './peak.js';
import { emitKernel } from './emit.js';
import { LimitError } from './errors.js';
import type { EmitOptions } from './kernel-function.js';
import { WasmModule } from './module.js';

export interface AssembleInput extends ProgramInput {
  readonly options?: Pick<EmitOptions, 'grain'> & {
    /** Bits of an address, in place of the fewest that do. */
    readonly memory?: Bits;
  };
}

/** The runtime's own memory, before the first allocation. */
const RESERVED = 65_536;
type Bits = 32 | 64;
/** Bytes of memory: what 32-bit addresses reach, and what engines give with 64-bit ones. */
export const LIMITS: Readonly<Record<Bits, number>> = { 32: 2 ** 32, 64: 2 ** 34 };
/** What the runtime's threads may need of the end of memory: eight of them, at least. */
const THREADS = 8;
const PAGE = 65_536;
const roundUp = (bytes: number, to: number): number => Math.ceil(bytes / to) * to;

/** @throws LimitError, naming the largest tensors, where the program does not fit memory */
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
  const { modules, wasm } = kernels.finish(allocations);
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

/** What a program needs that was assembled for 64-bit memory; undefined for any other. */
export function wideMemory({ wasm, tensors, allocations }: Program): { needed: number; kept: number; allowed: number; largest: AllocationInfo[] } | undefined {
  if (wasm?.memory !== 64) return undefined;
  const lasting = new Set(tensors.filter(({ role }) => role === 'param' || role === 'moment' || role === 'state').map(({ allocation }) => allocation));
  const kept = allocations.reduce((sum, { bytes }, i) => sum + (lasting.has(i) ? bytes : 0), 0);
  return { needed: wasm.end + wasm.sharedBytes + THREADS * wasm.ownBytes, kept, allowed: LIMITS[32], largest: largestOf(allocations) };
}

/** The five largest allocations, largest first. */
const largestOf = (allocations: readonly AllocationInfo[]): AllocationInfo[] => [...allocations].sort((a, b) => b.bytes - a.bytes).slice(0, 5);

/** `make`, once, when first asked. */
function lazy<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

/** All kernels as one module. */
interface Emitted {
  readonly memory: Bits;
  readonly module: WasmModule;
  /** By kernel: its name, and the functions of its phases. */
  readonly names: readonly string[];
  readonly phases: readonly (readonly string[])[];
  readonly ownBytes: number;
  readonly sharedBytes: number;
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

  /** All kernels have been launched. What a run of the program never looks at is made when it is asked for, from the kernels anew: no tree of it stays. */
  finish(allocations: readonly AllocationInfo[]): { readonly wasm: WasmInfo; readonly modules: ModuleInfo[] } {
    const addresses: number[] = [];
    let end = RESERVED;
    for (const allocation of allocations) {
      addresses.push(end);
      end = roundUp(end + allocation.bytes, 64);
    }
    // Packing reads whole vectors, a little past the last element.
    end += 64;
    const { memory, module, names, phases, sharedBytes, ownBytes } = this.fitting(end, allocations);
    const pages = LIMITS[memory] / PAGE;
    const plain = lazy(() => this.emit(false, memory).module.bytes(pages));
    const readable = lazy(() => this.emit(true, memory).module);
    const modules = this.kernels.map((kernel, i): ModuleInfo => {
      const text = lazy(() => readable().text(pages, phases[i] ?? []));
      return {
        name: names[i] ?? kernel.name,
        get source() {
          return text();
        },
        bindings: kernel.slots.map((slot) => ({ access: slot.access === 'read' ? 'read' : 'read_write', minBytes: 4 * slot.size })),
      };
    });
    const wasm: WasmInfo = {
      ...(memory === 64 && { memory }),
      get plain() {
        return plain();
      },
      relaxed: module.bytes(pages),
      addresses,
      end,
      sharedBytes,
      ownBytes,
      phases,
      peakFlops: PEAK_FLOPS,
    };
    return { wasm, modules };
  }

  /** All kernels for the memory they fit. `end`: where allocations end. */
  private fitting(end: number, allocations: readonly AllocationInfo[]): Emitted {
    const wanted = this.input.options?.memory;
    const needed = ({ sharedBytes, ownBytes }: Emitted): number => end + sharedBytes + THREADS * ownBytes;
    let emitted = this.emit(true, wanted ?? (end > LIMITS[32] ? 64 : 32));
    if (wanted === undefined && needed(emitted) > LIMITS[emitted.memory]) emitted = this.emit(true, 64);
    const { memory } = emitted;
    if (needed(emitted) > LIMITS[memory]) throw new LimitError(largestOf(allocations), needed(emitted), LIMITS[memory], memory);
    return emitted;
  }

  private emit(relaxed: boolean, memory: Bits): Emitted {
    const module = new WasmModule({ relaxed, memory });
    barrier(module);
    peak(module);
    const names: string[] = [];
    let [ownBytes, sharedBytes] = [0, 0];
    const phases = this.kernels.map((kernel, i) => {
      const made = emitKernel(module, kernel, { ...this.input.options, paths: [...(this.paths[i] ?? [])] });
      ownBytes = Math.max(ownBytes, made.ownBytes);
      sharedBytes = Math.max(sharedBytes, made.sharedBytes);
      const functions = made.phases.map(({ callee }) => callee.name);
      names.push(functions[functions.length - 1] ?? kernel.name);
      return functions;
    });
    return { memory, module, names, phases, ownBytes: roundUp(ownBytes + 64, 64), sharedBytes: roundUp(sharedBytes + 64, 64) };
  }
}

