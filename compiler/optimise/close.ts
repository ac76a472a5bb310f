/**
 * @file Closing a kernel: buffers become numbered slots, values and indices become expressions.
 */
import type { Buffer, Expr, Slot } from '../kernels/kernel.js';
import * as expr from './expr.js';
import { lastName } from './facts.js';
import type { Atom, Index } from './index-form.js';
import type { Value } from './value.js';

/** The buffers a kernel uses, in order of first use. */
export class SlotTable {
  private readonly numbers = new Map<Buffer, number>();
  private readonly reads = new Set<Buffer>();
  private readonly writes = new Set<Buffer>();

  read(buffer: Buffer): number {
    this.reads.add(buffer);
    return this.number(buffer);
  }
  write(buffer: Buffer): number {
    this.writes.add(buffer);
    return this.number(buffer);
  }
  private number(buffer: Buffer): number {
    const known = this.numbers.get(buffer);
    if (known !== undefined) return known;
    this.numbers.set(buffer, this.numbers.size);
    return this.numbers.size - 1;
  }

  get buffers(): readonly Buffer[] {
    return [...this.numbers.keys()];
  }

  /** Slots named after what the buffers hold. */
  slots(): Slot[] {
    const taken = new Set<string>();
    return this.buffers.map((buffer) => {
      const access = this.writes.has(buffer) ? (this.reads.has(buffer) ? 'read_write' : 'write') : 'read';
      return { name: unused(lastName(buffer.name), taken), dtype: buffer.dtype, access, size: buffer.size };
    });
  }

  /** `x[batch 8, time 128] -> y[batch 8]` */
  about(): string {
    const taken = new Set<string>();
    const shown = this.buffers.map((buffer) => ({ buffer, text: `${unused(lastName(buffer.name), taken)}[${buffer.axes.map((axis) => `${axis.name} ${axis.size}`).join(', ')}]` }));
    const list = (of: ReadonlySet<Buffer>): string => shown.filter((x) => of.has(x.buffer)).map((x) => x.text).join(', ');
    return this.reads.size === 0 ? `-> ${list(this.writes)}` : `${list(this.reads)} -> ${list(this.writes)}`;
  }
}

/** `name`, or `name_2`, `name_3`, ... */
export function unused(name: string, taken: Set<string>): string {
  let free = name;
  for (let n = 2; taken.has(free); n++) free = `${name}_${n}`;
  taken.add(free);
  return free;
}

/** Turns values into expressions. A subclass may replace a value by a local. */
export class Closer {
  /** Loop variables that were joined with the next one, and the new names of those that absorbed them. */
  readonly joined = new Set<string>();
  readonly renamed = new Map<string, string>();

  constructor(readonly slots: SlotTable) {}

  value(value: Value): Expr {
    switch (value.kind) {
      case 'number': return expr.number(value.value, value.dtype);
      case 'local': return expr.local(value.name, value.dtype);
      case 'index': return this.index(value.index);
      case 'load': {
        const index = this.index(value.index);
        return expr.load(this.slots.read(value.buffer), index, value.dtype);
      }
      case 'call': return expr.call(value.fn, value.args.map((arg) => this.value(arg)), value.dtype);
    }
  }

  index(index: Index): Expr {
    let sum: Expr | undefined;
    // c - x rather than -x + c
    let fromConstant = false;
    for (const { atom, by } of index.terms) {
      if (atom.kind === 'var' && this.joined.has(atom.name)) continue;
      const inner = this.atom(atom);
      const size = Math.abs(by);
      const term = size === 1 ? inner : expr.call('mul', [inner, expr.number(size)], 'i32');
      if (by < 0) sum = expr.call('sub', [sum ?? expr.number(index.constant), term], 'i32');
      else sum = sum ? expr.call('add', [sum, term], 'i32') : term;
      fromConstant ||= by < 0 && sum.kind === 'call' && sum.args[0]?.kind === 'number';
    }
    if (!sum) return expr.number(index.constant);
    if (index.constant === 0 || fromConstant) return sum;
    return index.constant > 0 ? expr.call('add', [sum, expr.number(index.constant)], 'i32') : expr.call('sub', [sum, expr.number(-index.constant)], 'i32');
  }

  private atom(atom: Atom): Expr {
    if (atom.kind === 'var') return expr.variable(this.renamed.get(atom.name) ?? atom.name);
    if (atom.kind === 'value') return this.value(atom.value);
    return expr.call(atom.kind, [this.index(atom.of), expr.number(atom.by)], 'i32');
  }
}
