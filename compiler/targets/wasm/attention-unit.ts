/**
 * @file What the kernels of attention share: the unit of work a thread takes, the places of its own memory, the rows of an operand, strips and lanes.
 */
import type { Attention } from '../../kernels/kernel.js';
import { distance, plus } from './address.js';
import { ceilDivide, roundUp, type Rows, stripBytes } from './attention-panels.js';
import { add, i32, type Instr, mul, op, select, sub } from './instructions.js';
import type { Block } from './module.js';
import { COLUMNS, ROWS } from './panels.js';

/** The vectors of a strip's lanes. */
export const vectors = [0, 1] as const;

/** A unit of work: some strips of one head (or group) of one sequence. */
export interface Unit {
  readonly block: Block;
  readonly own: Instr;
  readonly slots: readonly Instr[];
  readonly batch: Instr;
  /** The head; in grad_kv, the group. */
  readonly head: Instr;
  /** First query (key) of the unit. */
  readonly from: Instr;
}

/** Where things are in a thread's own memory. */
export class Places {
  readonly time: number;
  readonly names = new Map<string, number>();
  bytes = 0;

  constructor(kernel: Attention, readonly strips: number) {
    this.time = roundUp(kernel.time, ROWS);
    const { keyWidth, valueWidth } = kernel;
    const [keyRows, valueRows] = [roundUp(keyWidth, ROWS), roundUp(valueWidth, ROWS)];
    const place = (name: string, bytes: number): void => {
      this.names.set(name, this.bytes);
      this.bytes += roundUp(bytes, 64);
    };
    // Operands packed by rows and by columns.
    place('key_rows', this.time * keyWidth * 4);
    place('key_columns', keyRows * this.time * 4);
    place('value_rows', this.time * valueWidth * 4);
    place('value_columns', valueRows * this.time * 4);
    place('key_panel', stripBytes(keyWidth));
    place('value_panel', stripBytes(valueWidth));
    place('scores', stripBytes(this.time));
    place('weights_grad', stripBytes(this.time));
    place('lse', this.time * 4);
    place('delta', this.time * 4);
    place('key_tiles', strips * stripBytes(keyRows));
    place('value_tiles', strips * stripBytes(valueRows));
    place('lanes', 4 * COLUMNS * 4);
  }

  at({ own }: Unit, name: string): Instr {
    return plus(own, this.names.get(name) ?? 0);
  }
}

/** The rows of one head (or group) of an operand [batch, time, units, width]. */
export function rowsOf(kernel: Attention, { block, slots, batch }: Unit, slot: number, unit: Instr, units: number, width: number): Rows {
  const first = add(mul(batch, kernel.time * units * width), mul(unit, width));
  return { from: block.bind('rows', plus(slots[slot] ?? i32(0), first, 4)), stride: units * width * 4, width };
}

/** Where the logarithm of a query's sum of exponentials is. */
export const lseAddress = (kernel: Attention, { slots, batch }: Unit, slot: number, head: Instr, time: Instr): Instr =>
  plus(slots[slot] ?? i32(0), add(mul(add(mul(batch, kernel.time), time), kernel.heads), head), 4);

/** index * by, in bytes, for distances that several addresses share. */
export const bytesOf = (block: Block, index: Instr, by: number): Instr => distance(block.fn.module.address, index, by);

/** The smaller of x and a limit, signed. */
export const minimum = (block: Block, x: Instr, limit: number): Instr => {
  const value = block.bind('value', x);
  return block.bind('least', select(op('i32.lt_s', value, i32(limit)), value, i32(limit)));
};

/** Calls `build` for each strip of the unit: its first query (key) and how many rows the strip has in a causal world. */
export function eachStrip(kernel: Attention, most: number, { block, from }: Unit, build: (inner: Block, first: Instr, number: Instr) => void): void {
  const strips = minimum(block, ceilDivide(sub(i32(kernel.time), from), COLUMNS), most);
  block.loop('strip', i32(0), strips, 1, (inner, number) => build(inner, inner.bind('first', add(from, mul(number, COLUMNS))), number));
}

/** Lane numbers of a strip: first + 0..3, first + 4..7. */
export function laneNumbers(block: Block, first: Instr): Instr[] {
  return vectors.map((v) => block.bind('lane_numbers', op('i32x4.add', op('i32x4.splat', first), { kind: 'vector', shape: 'i32x4', values: [0, 1, 2, 3].map((i) => i + 4 * v) })));
}
