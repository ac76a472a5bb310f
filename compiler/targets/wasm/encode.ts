/**
 * @file Instructions and modules as bytes: the WebAssembly binary format (https://webassembly.github.io/spec/core/binary/).
 *
 * The encoder is our own, not a library's: it is a few hundred lines, starts in no time, works in browsers, and the tree it prints is also the readable
 * text. Optimisation is not its business: engines do their own.
 */
import type { Callee, Instr, Label, Signature } from './instructions.js';
import { type AddressType, lanes, memory, type Opcode, plain, type ValueType } from './opcodes.js';

/** A growing array of bytes. */
export class Bytes {
  private data = new Uint8Array(256);
  length = 0;

  byte(value: number): void {
    if (this.length === this.data.length) this.grow(this.length + 1);
    this.data[this.length++] = value;
  }
  bytes(values: Uint8Array): void {
    if (this.length + values.length > this.data.length) this.grow(this.length + values.length);
    this.data.set(values, this.length);
    this.length += values.length;
  }
  /** Unsigned LEB128. */
  unsigned(value: number): void {
    let rest = value;
    do {
      const low = rest % 128;
      rest = Math.floor(rest / 128);
      this.byte(rest === 0 ? low : low | 0x80);
    } while (rest !== 0);
  }
  /** Signed LEB128. */
  signed(value: number): void {
    let rest = value;
    for (;;) {
      const low = rest & 0x7f;
      rest = Math.floor(rest / 128);
      if ((rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0)) return this.byte(low);
      this.byte(low | 0x80);
    }
  }
  name(text: string): void {
    const encoded = new TextEncoder().encode(text);
    this.unsigned(encoded.length);
    this.bytes(encoded);
  }
  result(): Uint8Array<ArrayBuffer> {
    return this.data.slice(0, this.length);
  }
  private grow(needed: number): void {
    const next = new Uint8Array(Math.max(needed, this.data.length * 2));
    next.set(this.data);
    this.data = next;
  }
}

const typeCodes: Record<ValueType, number> = { i32: 0x7f, i64: 0x7e, f32: 0x7d, v128: 0x7b };

function opcode(out: Bytes, { prefix, code }: Opcode): void {
  if (prefix === 0) out.byte(code);
  else {
    out.byte(prefix);
    out.unsigned(code);
  }
}

function known<T>(found: T | undefined, name: string): T {
  if (found === undefined) throw new Error(`internal error (wasm target): no instruction ${name}`);
  return found;
}

const scratch = new DataView(new ArrayBuffer(16));
const scratchBytes = new Uint8Array(scratch.buffer);

function encodeInstr(out: Bytes, instr: Instr, labels: readonly Label[]): void {
  const inner = (x: Instr): void => encodeInstr(out, x, labels);
  switch (instr.kind) {
    case 'plain':
      instr.args.forEach(inner);
      return opcode(out, known(plain.get(instr.op), instr.op));
    case 'const':
      if (instr.type === 'f32') {
        scratch.setFloat32(0, instr.value, true);
        out.byte(0x43);
        return out.bytes(scratchBytes.subarray(0, 4));
      }
      out.byte(instr.type === 'i32' ? 0x41 : 0x42);
      return out.signed(instr.value);
    case 'vector':
      instr.values.forEach((value, i) => {
        if (instr.shape === 'f64x2') scratch.setFloat64(8 * i, value, true);
        else if (instr.shape === 'f32x4') scratch.setFloat32(4 * i, value, true);
        else scratch.setInt32(4 * i, value, true);
      });
      out.byte(0xfd);
      out.unsigned(0x0c);
      return out.bytes(scratchBytes);
    case 'get':
      out.byte(0x20);
      return out.unsigned(instr.local.index);
    case 'set':
      inner(instr.value);
      out.byte(0x21);
      return out.unsigned(instr.local.index);
    case 'memory': {
      instr.args.forEach(inner);
      const code = known(memory.get(instr.op), instr.op);
      opcode(out, code);
      out.unsigned(code.align);
      out.unsigned(instr.offset);
      if (code.lane) out.byte(instr.lane);
      return;
    }
    case 'lane':
      instr.args.forEach(inner);
      opcode(out, known(lanes.get(instr.op), instr.op));
      return out.byte(instr.lane);
    case 'shuffle':
      instr.args.forEach(inner);
      out.byte(0xfd);
      out.unsigned(0x0d);
      for (const lane of instr.lanes) for (let i = 0; i < 4; i++) out.byte(4 * lane + i);
      return;
    case 'select':
      inner(instr.yes);
      inner(instr.no);
      inner(instr.condition);
      return out.byte(0x1b);
    case 'call':
      instr.args.forEach(inner);
      out.byte(0x10);
      return out.unsigned(instr.callee.index);
    case 'block':
    case 'loop':
      out.byte(instr.kind === 'loop' ? 0x03 : 0x02);
      out.byte(0x40);
      for (const x of instr.body) encodeInstr(out, x, [instr.label, ...labels]);
      return out.byte(0x0b);
    case 'if': {
      inner(instr.condition);
      out.byte(0x04);
      out.byte(0x40);
      const within = [{ name: '' }, ...labels];
      for (const x of instr.then) encodeInstr(out, x, within);
      if (instr.otherwise.length > 0) {
        out.byte(0x05);
        for (const x of instr.otherwise) encodeInstr(out, x, within);
      }
      return out.byte(0x0b);
    }
    case 'br': {
      if (instr.condition) inner(instr.condition);
      const depth = labels.indexOf(instr.label);
      if (depth < 0) throw new Error(`internal error (wasm target): branch to ${instr.label.name} from outside`);
      out.byte(instr.condition ? 0x0d : 0x0c);
      return out.unsigned(depth);
    }
  }
}

/** A function as the encoder and the printer see it. */
export interface FunctionForm extends Callee {
  /** Names of the parameters, then of the locals. */
  readonly params: readonly { readonly name: string; readonly type: ValueType }[];
  readonly locals: readonly { readonly name: string; readonly type: ValueType }[];
  readonly body: readonly Instr[];
  /** What the function leaves, after the body. */
  readonly value?: Instr;
  readonly exported: boolean;
  /** Lines for the readable form. */
  readonly about: readonly string[];
}

function functionBody(fn: FunctionForm): Uint8Array {
  const out = new Bytes();
  const runs: { type: ValueType; count: number }[] = [];
  for (const { type } of fn.locals) {
    const last = runs[runs.length - 1];
    if (last?.type === type) last.count++;
    else runs.push({ type, count: 1 });
  }
  out.unsigned(runs.length);
  for (const { type, count } of runs) {
    out.unsigned(count);
    out.byte(typeCodes[type]);
  }
  for (const instr of fn.body) encodeInstr(out, instr, []);
  if (fn.value) encodeInstr(out, fn.value, []);
  out.byte(0x0b);
  return out.result();
}

const signatureKey = ({ params, result }: Signature): string => `${params.join(',')}->${result ?? ''}`;

/** The memory a module imports, as `env.memory`: shared, of at most `maxPages` pages of 64 KiB. */
export interface MemoryForm {
  readonly address: AddressType;
  readonly maxPages: number;
}

/** A whole module. */
export function encodeModule(functions: readonly FunctionForm[], memoryForm: MemoryForm): Uint8Array<ArrayBuffer> {
  const out = new Bytes();
  out.bytes(Uint8Array.of(0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00));
  const section = (id: number, build: (content: Bytes) => void): void => {
    const content = new Bytes();
    build(content);
    out.byte(id);
    out.unsigned(content.length);
    out.bytes(content.result());
  };
  const signatures = [...new Map(functions.map((fn) => [signatureKey(fn.signature), fn.signature])).entries()];
  const typeIndex = new Map(signatures.map(([key], i) => [key, i]));
  section(1, (content) => {
    content.unsigned(signatures.length);
    for (const [, { params, result }] of signatures) {
      content.byte(0x60);
      content.unsigned(params.length);
      for (const param of params) content.byte(typeCodes[param]);
      content.unsigned(result === undefined ? 0 : 1);
      if (result !== undefined) content.byte(typeCodes[result]);
    }
  });
  section(2, (content) => {
    content.unsigned(1);
    content.name('env');
    content.name('memory');
    content.byte(0x02);
    // Limits: shared, with a maximum; 4: addressed by 64 bits.
    content.byte(memoryForm.address === 'i64' ? 0x07 : 0x03);
    content.unsigned(1);
    content.unsigned(memoryForm.maxPages);
  });
  section(3, (content) => {
    content.unsigned(functions.length);
    for (const fn of functions) content.unsigned(typeIndex.get(signatureKey(fn.signature)) ?? 0);
  });
  const exported = functions.filter((fn) => fn.exported);
  section(7, (content) => {
    content.unsigned(exported.length);
    for (const fn of exported) {
      content.name(fn.name);
      content.byte(0x00);
      content.unsigned(fn.index);
    }
  });
  section(10, (content) => {
    content.unsigned(functions.length);
    for (const fn of functions) {
      const body = functionBody(fn);
      content.unsigned(body.length);
      content.bytes(body);
    }
  });
  // Names, for stack traces and profilers.
  section(0, (content) => {
    content.name('name');
    const names = new Bytes();
    names.unsigned(functions.length);
    for (const fn of functions) {
      names.unsigned(fn.index);
      names.name(fn.name);
    }
    content.byte(1);
    content.unsigned(names.length);
    content.bytes(names.result());
  });
  return out.result();
}
