/**
 * @file Tensors of a compiled program from the lowered entries: which buffers of which entries are one tensor, and which allocations they share. Knows no target.
 */
import type { AllocationInfo, InitInfo, ScalarInfo, TensorInfo } from '../../runtime/program.js';
import type { Buffer, KernelProgram } from './kernel.js';

/** How a parameter or state starts, and its place in an expert family. */
export interface TensorStart {
  readonly init: InitInfo;
  readonly expert?: TensorInfo['expert'];
}

export interface TensorsInput {
  /** The entries. Buffers of role param, moment, state, input, scalar and output that have the same name are one tensor, whichever entry they stand in;
   *  temporaries are their entry's own, but entries share the memory (they never run at once). */
  readonly programs: readonly KernelProgram[];
  /** By name: params, moments and states. */
  readonly starts: ReadonlyMap<string, TensorStart>;
}

/** What every target is given to assemble a program from. */
export interface ProgramInput extends TensorsInput {
  readonly arch: string;
  readonly batch: number;
  readonly time: number;
  readonly vocab: number;
  /** In the order of the elements of the scalars buffer. */
  readonly scalars: readonly ScalarInfo[];
}

/** A buffer's tensor. */
export interface BoundTensor {
  readonly id: number;
  readonly name: string;
  readonly allocation: number;
}

/** Tensors and allocations of all entries together. */
export class Tensors {
  readonly infos: TensorInfo[] = [];
  readonly allocations: AllocationInfo[] = [];
  private readonly shared = new Map<string, BoundTensor>();
  private readonly own = new Map<KernelProgram, Map<number, BoundTensor>>();
  /** This entry's allocation -> the program's. */
  private readonly placed = new Map<KernelProgram, Map<number, number>>();

  constructor(private readonly input: TensorsInput) {
    this.takePlan();
    for (const program of input.programs) for (const buffer of program.buffers) if (buffer.role !== 'temp') this.bound(program, buffer);
    const temporary: number[] = [];
    for (const program of input.programs) this.placeTemporaries(program, temporary);
    for (const program of input.programs) for (const buffer of program.buffers) this.bound(program, buffer);
  }

  /** Where all entries are placed in one set of allocations, that is what the device allocates, as it is. */
  private takePlan(): void {
    const [first] = this.input.programs;
    if (first === undefined || this.input.programs.some((program) => program.allocations !== first.allocations)) return;
    this.allocations.push(...first.allocations);
    for (const program of this.input.programs) this.placed.set(program, new Map(first.allocations.map((_, i) => [i, i])));
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
    if (place === undefined) throw new Error(`internal error: buffer ${buffer.name} of ${program.name} has no place`);
    if (known !== undefined) {
      if (this.infos[known.id]?.axes.map((axis) => axis.size).join() !== buffer.axes.map((axis) => axis.size).join())
        throw new Error(`internal error: ${buffer.name} has different shapes in different entries`);
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
    if (allocation === undefined) throw new Error(`internal error: ${program.name} has no allocation ${place}`);
    const index = placed.get(place) ?? this.allocate(allocation);
    placed.set(place, index);
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
