/**
 * @file Slots as bindings: declarations, loads and stores. A slot larger than one binding may be is bound in several parts, each a
 * range of the same buffer, and read and written through a generated function that picks the part.
 */
import type { Kernel, TargetLimits } from '../../kernels/kernel.js';
import { internalError, LimitError } from './limits.js';
import type { Names } from './names.js';

/** One binding of a module: a range of what fills a slot. Bytes. */
export interface SlotBinding {
  readonly slot: number;
  readonly access: 'read' | 'read_write';
  readonly offset: number;
  readonly size: number;
}

interface Entry {
  readonly name: string;
  read: boolean;
  written: boolean;
}

/** Offsets of bindings must be multiples of this on some adapters (the WebGPU default). */
const offsetAlignment = 256;

/** The slots one module uses; those it never loads or stores are not bound. */
export class Slots {
  private readonly entries: Entry[];

  constructor(
    private readonly kernel: Kernel,
    private readonly limits: TargetLimits,
    names: Names,
  ) {
    this.entries = kernel.slots.map((slot) => ({ name: names.fresh(slot.name), read: false, written: false }));
  }

  private entry(slot: number): Entry {
    const entry = this.entries[slot];
    if (entry === undefined) throw internalError(`kernel ${this.kernel.name} has no slot ${slot}`);
    return entry;
  }

  private get partElements(): number {
    return Math.floor(this.limits.maxBindingBytes / offsetAlignment) * (offsetAlignment / 4);
  }

  private parts(slot: number): number {
    return Math.ceil((this.kernel.slots[slot]?.size ?? 0) / this.partElements);
  }

  /** The slot's name in the generated code. */
  name(slot: number): string {
    return this.entry(slot).name;
  }

  /** An expression: the element at `index` (i32). */
  load(slot: number, index: string): string {
    const entry = this.entry(slot);
    entry.read = true;
    return this.parts(slot) > 1 ? `load_${entry.name}(${index})` : `${entry.name}[${index}]`;
  }

  /** A statement: writes the element at `index` (i32). */
  store(slot: number, index: string, value: string): string {
    const entry = this.entry(slot);
    if (this.kernel.slots[slot]?.access === 'read') throw internalError(`kernel ${this.kernel.name} stores to its read-only slot ${entry.name}`);
    entry.written = true;
    return this.parts(slot) > 1 ? `store_${entry.name}(${index}, ${value});` : `${entry.name}[${index}] = ${value};`;
  }

  /** The bindings of the slots used so far, in the order of their binding numbers. */
  bindings(): readonly SlotBinding[] {
    const result: SlotBinding[] = [];
    this.entries.forEach((entry, slot) => {
      if (!entry.read && !entry.written) return;
      const size = this.kernel.slots[slot]?.size ?? 0;
      if (size < 1) throw internalError(`slot ${entry.name} of kernel ${this.kernel.name} is empty`);
      for (let part = 0; part < this.parts(slot); part++) {
        const start = part * this.partElements;
        const elements = Math.min(this.partElements, size - start);
        result.push({ slot, access: entry.written ? 'read_write' : 'read', offset: start * 4, size: elements * 4 });
      }
    });
    if (result.length > this.limits.maxSlots) {
      const largest = result.reduce((a, b) => (this.slotSize(b.slot) > this.slotSize(a.slot) ? b : a));
      throw new LimitError(this.kernel.slots[largest.slot]?.name ?? '', this.kernel.name, 'maxSlots', result.length, this.limits.maxSlots);
    }
    return result;
  }

  private slotSize(slot: number): number {
    return this.kernel.slots[slot]?.size ?? 0;
  }

  /** `@group(0) @binding(i) var ...` for every binding, and the part-picking functions. */
  declarations(): string {
    const lines: string[] = [];
    const functions: string[] = [];
    const bindings = this.bindings();
    bindings.forEach((binding, i) => {
      const entry = this.entry(binding.slot);
      const type = this.kernel.slots[binding.slot]?.dtype ?? 'f32';
      const parts = this.parts(binding.slot);
      const part = binding.offset / 4 / this.partElements;
      const name = parts > 1 ? `${entry.name}_part${part}` : entry.name;
      lines.push(`@group(0) @binding(${i}) var<storage, ${binding.access}> ${name}: array<${type}, ${binding.size / 4}>;`);
      if (parts > 1 && part === 0) functions.push(...this.partFunctions(entry, type, parts));
    });
    return [...lines, ...functions.flatMap((text) => ['', text])].join('\n');
  }

  private partFunctions(entry: Entry, type: string, parts: number): string[] {
    const choose = (statement: (part: number, index: string) => string): string => {
      const lines: string[] = [];
      for (let part = 0; part < parts; part++) {
        const start = part * this.partElements;
        const body = statement(part, part === 0 ? 'index' : `index - ${start}`);
        lines.push(part < parts - 1 ? `  if (index < ${start + this.partElements}) { ${body} }` : `  ${body}`);
      }
      return lines.join('\n');
    };
    const result: string[] = [];
    if (entry.read) {
      const body = choose((part, index) => `return ${entry.name}_part${part}[${index}];`);
      result.push(`fn load_${entry.name}(index: i32) -> ${type} {\n${body}\n}`);
    }
    if (entry.written) {
      const body = choose((part, index) => `${entry.name}_part${part}[${index}] = value;${part < parts - 1 ? ' return;' : ''}`);
      result.push(`fn store_${entry.name}(index: i32, value: ${type}) {\n${body}\n}`);
    }
    return result;
  }
}
