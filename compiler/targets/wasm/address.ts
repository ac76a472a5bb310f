/**
 * @file Addresses: the one place that turns a base and an index into a place in memory. A module's memory is addressed by 32 or by 64 bits (the memory64 part of
 * WebAssembly 3.0, https://webassembly.github.io/spec/core/); indices of elements are i32 in both, and widened before they are made bytes.
 */
import { add, extract, i32, i64, type Instr, mul, op, sub, typeOf } from './instructions.js';
import type { Block } from './module.js';
import type { AddressType } from './opcodes.js';

/** base + index * by, in bytes, of the base's type. `index`: i32, or a `distance`; it may be negative. */
export function plus(base: Instr, index: Instr | number, by = 1): Instr {
  const type = addressTypeOf(base);
  return type === 'i32' ? add(base, distance(type, index, by)) : op('i64.add', base, distance(type, index, by));
}

/** base - index * by. */
export function minus(base: Instr, index: Instr | number, by = 1): Instr {
  const type = addressTypeOf(base);
  return type === 'i32' ? sub(base, distance(type, index, by)) : op('i64.sub', base, distance(type, index, by));
}

/** index * by as a number of bytes: what `plus` adds to an address of `type`, for distances that several addresses share. */
export function distance(type: AddressType, index: Instr | number, by = 1): Instr {
  if (typeof index === 'number') return type === 'i32' ? i32(index * by) : i64(index * by);
  if (type === 'i32') return mul(index, by);
  const wide = typeOf(index) === 'i64' ? index : index.kind === 'const' ? i64(index.value) : op('i64.extend_i32_s', index);
  return op('i64.mul', wide, i64(by));
}

/** base + 4 * each of four lanes of i32 indices. */
export function lanePlaces(block: Block, base: Instr, indices: Instr): Instr[] {
  const lanes = [0, 1, 2, 3];
  if (addressTypeOf(base) === 'i32') {
    const at = block.bind('at', op('i32x4.shl', indices, i32(2)));
    return lanes.map((lane) => add(base, extract('i32', at, lane)));
  }
  const at = block.bind('at', indices);
  return lanes.map((lane) => plus(base, extract('i32', at, lane), 4));
}

const addressTypeOf = (base: Instr): AddressType => (typeOf(base) === 'i64' ? 'i64' : 'i32');
