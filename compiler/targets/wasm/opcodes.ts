/**
 * @file The WebAssembly instructions the target uses: names, opcodes and result types. From the core specification's index of instructions
 * (https://webassembly.github.io/spec/core/appendix/index-instructions.html) and the threads and relaxed SIMD proposals.
 */

export type ValueType = 'i32' | 'i64' | 'f32' | 'v128';

/** What memory is addressed by. */
export type AddressType = 'i32' | 'i64';

/** A prefix byte (0 for none), the code after it, and what it leaves on the stack. */
export interface Opcode {
  readonly prefix: 0 | 0xfd | 0xfe | 0xfc;
  readonly code: number;
  readonly result: ValueType | undefined;
}

type Row = readonly [name: string, code: number];

const table = (prefix: Opcode['prefix'], result: ValueType | undefined, rows: readonly Row[]): [string, Opcode][] =>
  rows.map(([name, code]) => [name, { prefix, code, result }]);

/** Instructions with operands only. */
export const plain: ReadonlyMap<string, Opcode> = new Map([
  ...table(0, 'i32', [
    ['i32.eqz', 0x45], ['i32.ctz', 0x68], ['i32.eq', 0x46], ['i32.ne', 0x47], ['i32.lt_s', 0x48], ['i32.lt_u', 0x49], ['i32.gt_s', 0x4a], ['i32.gt_u', 0x4b],
    ['i32.le_s', 0x4c], ['i32.ge_s', 0x4e], ['i32.ge_u', 0x4f],
    ['f32.eq', 0x5b], ['f32.ne', 0x5c], ['f32.lt', 0x5d], ['f32.gt', 0x5e], ['f32.le', 0x5f], ['f32.ge', 0x60],
    ['i32.add', 0x6a], ['i32.sub', 0x6b], ['i32.mul', 0x6c], ['i32.div_s', 0x6d], ['i32.div_u', 0x6e], ['i32.rem_s', 0x6f], ['i32.rem_u', 0x70],
    ['i32.and', 0x71], ['i32.or', 0x72], ['i32.xor', 0x73], ['i32.shl', 0x74], ['i32.shr_s', 0x75], ['i32.shr_u', 0x76],
    ['i32.reinterpret_f32', 0xbc],
  ]),
  ...table(0, 'f32', [
    ['f32.abs', 0x8b], ['f32.neg', 0x8c], ['f32.ceil', 0x8d], ['f32.floor', 0x8e], ['f32.sqrt', 0x91],
    ['f32.add', 0x92], ['f32.sub', 0x93], ['f32.mul', 0x94], ['f32.div', 0x95], ['f32.min', 0x96], ['f32.max', 0x97],
    ['f32.convert_i32_s', 0xb2], ['f32.reinterpret_i32', 0xbe],
  ]),
  ...table(0, 'i64', [['i64.add', 0x7c], ['i64.sub', 0x7d], ['i64.mul', 0x7e], ['i64.shl', 0x86], ['i64.extend_i32_s', 0xac]]),
  ...table(0, undefined, [['drop', 0x1a], ['nop', 0x01]]),
  ...table(0xfc, 'i32', [['i32.trunc_sat_f32_s', 0x00]]),
  ...table(0xfd, 'i32', [['v128.any_true', 0x53], ['i32x4.bitmask', 0xa4], ['i32x4.all_true', 0xa3]]),
  ...table(0xfd, 'v128', [
    ['i32x4.splat', 0x11], ['f32x4.splat', 0x13],
    ['i32x4.eq', 0x37], ['i32x4.ne', 0x38], ['i32x4.lt_s', 0x39], ['i32x4.gt_s', 0x3b], ['i32x4.le_s', 0x3d], ['i32x4.ge_s', 0x3f],
    ['f32x4.eq', 0x41], ['f32x4.ne', 0x42], ['f32x4.lt', 0x43], ['f32x4.gt', 0x44], ['f32x4.le', 0x45], ['f32x4.ge', 0x46],
    ['v128.not', 0x4d], ['v128.and', 0x4e], ['v128.andnot', 0x4f], ['v128.or', 0x50], ['v128.xor', 0x51], ['v128.bitselect', 0x52],
    ['f32x4.demote_f64x2_zero', 0x5e], ['f64x2.promote_low_f32x4', 0x5f],
    ['f32x4.floor', 0x68], ['f32x4.nearest', 0x6a],
    ['i32x4.abs', 0xa0], ['i32x4.neg', 0xa1], ['i32x4.shl', 0xab], ['i32x4.shr_s', 0xac], ['i32x4.shr_u', 0xad],
    ['i32x4.add', 0xae], ['i32x4.sub', 0xb1], ['i32x4.mul', 0xb5], ['i32x4.min_s', 0xb6], ['i32x4.max_s', 0xb8],
    ['f32x4.abs', 0xe0], ['f32x4.neg', 0xe1], ['f32x4.sqrt', 0xe3], ['f32x4.add', 0xe4], ['f32x4.sub', 0xe5], ['f32x4.mul', 0xe6],
    ['f32x4.div', 0xe7], ['f32x4.min', 0xe8], ['f32x4.max', 0xe9], ['f32x4.pmin', 0xea], ['f32x4.pmax', 0xeb],
    ['f64x2.nearest', 0x94], ['f64x2.abs', 0xec], ['f64x2.add', 0xf0], ['f64x2.sub', 0xf1], ['f64x2.mul', 0xf2], ['f64x2.div', 0xf3],
    ['f64x2.min', 0xf4], ['f64x2.max', 0xf5], ['f64x2.lt', 0x49], ['f64x2.gt', 0x4a],
    ['i64x2.shl', 0xcb], ['i64x2.shr_u', 0xcd], ['i64x2.add', 0xce], ['i64x2.sub', 0xd1],
    ['i32x4.trunc_sat_f32x4_s', 0xf8], ['f32x4.convert_i32x4_s', 0xfa], ['i32x4.trunc_sat_f64x2_s_zero', 0xfc], ['f64x2.convert_low_i32x4_s', 0xfe],
    ['f32x4.relaxed_madd', 0x105], ['f32x4.relaxed_nmadd', 0x106],
  ]),
]);

/** Instructions that read or write memory: natural alignment as a power of two; `value`: takes a value besides the address. */
export interface MemoryOpcode extends Opcode {
  readonly align: number;
  readonly operands: 1 | 2 | 3;
  readonly lane: boolean;
}

const memoryRow = (
  name: string, prefix: Opcode['prefix'], code: number, align: number, result: ValueType | undefined, operands: 1 | 2 | 3 = result === undefined ? 2 : 1, lane = false,
): [string, MemoryOpcode] => [name, { prefix, code, result, align, operands, lane }];

export const memory: ReadonlyMap<string, MemoryOpcode> = new Map([
  memoryRow('i32.load', 0, 0x28, 2, 'i32'),
  memoryRow('f32.load', 0, 0x2a, 2, 'f32'),
  memoryRow('i32.store', 0, 0x36, 2, undefined),
  memoryRow('f32.store', 0, 0x38, 2, undefined),
  // Rows start where they start: 16-byte alignment is not promised.
  memoryRow('v128.load', 0xfd, 0x00, 2, 'v128'),
  memoryRow('v128.load32_splat', 0xfd, 0x09, 2, 'v128'),
  memoryRow('v128.store', 0xfd, 0x0b, 2, undefined),
  memoryRow('v128.load32_lane', 0xfd, 0x56, 2, 'v128', 2, true),
  memoryRow('v128.store32_lane', 0xfd, 0x5a, 2, undefined, 2, true),
  memoryRow('v128.store64_lane', 0xfd, 0x5b, 2, undefined, 2, true),
  memoryRow('memory.atomic.notify', 0xfe, 0x00, 2, 'i32', 2),
  memoryRow('memory.atomic.wait32', 0xfe, 0x01, 2, 'i32', 3),
  memoryRow('i32.atomic.load', 0xfe, 0x10, 2, 'i32'),
  memoryRow('i32.atomic.store', 0xfe, 0x17, 2, undefined),
  memoryRow('i32.atomic.rmw.add', 0xfe, 0x1e, 2, 'i32', 2),
]);

/** Instructions with a lane number: extract and replace. */
export const lanes: ReadonlyMap<string, Opcode> = new Map([
  ...table(0xfd, 'i32', [['i32x4.extract_lane', 0x1b]]),
  ...table(0xfd, 'f32', [['f32x4.extract_lane', 0x1f]]),
  ...table(0xfd, 'v128', [['i32x4.replace_lane', 0x1c], ['f32x4.replace_lane', 0x20]]),
]);
