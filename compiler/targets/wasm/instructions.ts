/**
 * @file WebAssembly as trees: each instruction holds its operands. `encode.ts` prints them as bytes, `text.ts` as readable text. Constructors fold
 * integer constants, so that generators can write address arithmetic without care.
 */
import { lanes, memory, plain, type ValueType } from './opcodes.js';

export type { ValueType } from './opcodes.js';

export interface Local {
  readonly name: string;
  readonly type: ValueType;
  /** Position among parameters and locals. */
  readonly index: number;
}

export interface Signature {
  readonly params: readonly ValueType[];
  readonly result: ValueType | undefined;
}

/** What can be called: a function of the module. */
export interface Callee {
  readonly name: string;
  readonly signature: Signature;
  readonly index: number;
}

/** Where a branch goes: the end of a block, or the start of a loop. */
export interface Label {
  readonly name: string;
}

export type Instr =
  | { readonly kind: 'plain'; readonly op: string; readonly args: readonly Instr[] }
  | { readonly kind: 'const'; readonly type: 'i32' | 'i64' | 'f32'; readonly value: number }
  /** Four f32, four i32 or two f64. */
  | { readonly kind: 'vector'; readonly shape: 'f32x4' | 'i32x4' | 'f64x2'; readonly values: readonly number[] }
  | { readonly kind: 'get'; readonly local: Local }
  | { readonly kind: 'set'; readonly local: Local; readonly value: Instr }
  | { readonly kind: 'memory'; readonly op: string; readonly offset: number; readonly lane: number; readonly args: readonly Instr[] }
  | { readonly kind: 'lane'; readonly op: string; readonly lane: number; readonly args: readonly Instr[] }
  /** 32-bit lanes 0..3 of the first, 4..7 of the second operand. */
  | { readonly kind: 'shuffle'; readonly lanes: readonly [number, number, number, number]; readonly args: readonly [Instr, Instr] }
  /** The first where the condition is not 0. */
  | { readonly kind: 'select'; readonly yes: Instr; readonly no: Instr; readonly condition: Instr }
  | { readonly kind: 'call'; readonly callee: Callee; readonly args: readonly Instr[] }
  | { readonly kind: 'block' | 'loop'; readonly label: Label; readonly body: readonly Instr[] }
  | { readonly kind: 'if'; readonly condition: Instr; readonly then: readonly Instr[]; readonly otherwise: readonly Instr[] }
  | { readonly kind: 'br'; readonly label: Label; readonly condition?: Instr };

/** What an instruction leaves on the stack. */
export function typeOf(instr: Instr): ValueType | undefined {
  switch (instr.kind) {
    case 'plain': return plain.get(instr.op)?.result;
    case 'memory': return memory.get(instr.op)?.result;
    case 'lane': return lanes.get(instr.op)?.result;
    case 'const': return instr.type;
    case 'vector': case 'shuffle': return 'v128';
    case 'get': return instr.local.type;
    case 'select': return typeOf(instr.yes);
    case 'call': return instr.callee.signature.result;
    default: return undefined;
  }
}

export const i32 = (value: number): Instr => ({ kind: 'const', type: 'i32', value: value | 0 });
/** A whole number that float64 holds. */
export const i64 = (value: number): Instr => ({ kind: 'const', type: 'i64', value });
export const f32 = (value: number): Instr => ({ kind: 'const', type: 'f32', value: Math.fround(value) });
export const f32x4 = (value: number): Instr => ({ kind: 'vector', shape: 'f32x4', values: [value, value, value, value] });
export const i32x4 = (value: number): Instr => ({ kind: 'vector', shape: 'i32x4', values: [value, value, value, value] });
export const f64x2 = (value: number): Instr => ({ kind: 'vector', shape: 'f64x2', values: [value, value] });
export const get = (local: Local): Instr => ({ kind: 'get', local });
export const set = (local: Local, value: Instr): Instr => ({ kind: 'set', local, value });

const isZero64 = (instr: Instr): boolean => instr.kind === 'const' && instr.type === 'i64' && instr.value === 0;
const constantOf = (instr: Instr | undefined): number | undefined => (instr?.kind === 'const' && instr.type === 'i32' ? instr.value : undefined);

/** An instruction by name. Integer sums and products of constants are folded. */
export function op(name: string, ...args: readonly Instr[]): Instr {
  const known = plain.get(name);
  if (known === undefined) throw new Error(`internal error (wasm target): no instruction ${name}`);
  const [x, y] = args;
  const [a, b] = [constantOf(x), constantOf(y)];
  if (x !== undefined && y !== undefined) {
    if (name === 'i32.add') {
      if (a !== undefined && b !== undefined) return i32(a + b);
      if (a === 0) return y;
      if (b === 0) return x;
    }
    if (name === 'i32.sub' && b !== undefined) return a !== undefined ? i32(a - b) : b === 0 ? x : op('i32.add', x, i32(-b));
    if (name === 'i32.mul') {
      if (a !== undefined && b !== undefined) return i32(Math.imul(a, b));
      if (a !== undefined) return op('i32.mul', y, x);
      if (b === 0) return i32(0);
      if (b === 1) return x;
      if (b !== undefined && b > 0 && (b & (b - 1)) === 0) return { kind: 'plain', op: 'i32.shl', args: [x, i32(Math.log2(b))] };
    }
    if (name === 'i64.add') {
      if (isZero64(x)) return y;
      if (isZero64(y)) return x;
    }
    if (name === 'i64.mul' && y.kind === 'const') {
      if (x.kind === 'const') return i64(x.value * y.value);
      if (y.value === 1) return x;
      if (y.value > 0 && Number.isInteger(Math.log2(y.value))) return { kind: 'plain', op: 'i64.shl', args: [x, i64(Math.log2(y.value))] };
    }
    if ((name === 'i32.div_s' || name === 'i32.div_u') && b === 1) return x;
  }
  return { kind: 'plain', op: name, args };
}

export const add = (...terms: readonly Instr[]): Instr => terms.reduce((sum, term) => op('i32.add', sum, term), i32(0));
export const mul = (x: Instr, y: Instr | number): Instr => op('i32.mul', x, typeof y === 'number' ? i32(y) : y);
export const sub = (x: Instr, y: Instr): Instr => op('i32.sub', x, y);

/** A load. `offset` is in bytes; negative ones are added to the address. */
export function load(name: string, address: Instr, offset = 0): Instr {
  return access(name, address, offset, []);
}
export function store(name: string, address: Instr, value: Instr, offset = 0, lane = 0): Instr {
  return access(name, address, offset, [value], lane);
}
/** Replaces one lane of `vector` by what memory holds. */
export function loadLane(address: Instr, offset: number, lane: number, vector: Instr): Instr {
  return access('v128.load32_lane', address, offset, [vector], lane);
}
export function access(name: string, address: Instr, offset: number, values: readonly Instr[], lane = 0): Instr {
  if (!memory.has(name)) throw new Error(`internal error (wasm target): no memory instruction ${name}`);
  return offset < 0
    ? { kind: 'memory', op: name, offset: 0, lane, args: [typeOf(address) === 'i64' ? op('i64.add', address, i64(offset)) : op('i32.add', address, i32(offset)), ...values] }
    : { kind: 'memory', op: name, offset, lane, args: [address, ...values] };
}

export const extract = (type: 'f32' | 'i32', vector: Instr, lane: number): Instr => ({ kind: 'lane', op: `${type}x4.extract_lane`, lane, args: [vector] });
export const replace = (type: 'f32' | 'i32', vector: Instr, lane: number, value: Instr): Instr => ({ kind: 'lane', op: `${type}x4.replace_lane`, lane, args: [vector, value] });
export const shuffle = (x: Instr, y: Instr, ...order: readonly [number, number, number, number]): Instr => ({ kind: 'shuffle', lanes: order, args: [x, y] });
export const select = (condition: Instr, yes: Instr, no: Instr): Instr => ({ kind: 'select', condition, yes, no });
export const call = (callee: Callee, ...args: readonly Instr[]): Instr => ({ kind: 'call', callee, args });
export const when = (condition: Instr, then: readonly Instr[], otherwise: readonly Instr[] = []): Instr => ({ kind: 'if', condition, then, otherwise });
