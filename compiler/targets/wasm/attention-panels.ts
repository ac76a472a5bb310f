/**
 * @file Steps that attention is made of, as statements: packing rows of an operand, multiplying stacked row panels, storing a transposed tile.
 */
import { distance, plus } from './address.js';
import { call, f32, i32, type Instr, load, op, select, store, sub } from './instructions.js';
import type { Block } from './module.js';
import { COLUMNS, multiply, packLanes, packRows, ROWS } from './panels.js';

/** Bytes of a column panel, or of stacked results, of this many rows. */
export const stripBytes = (rows: number): number => rows * COLUMNS * 4;
export const roundUp = (value: number, to: number): number => Math.ceil(value / to) * to;

/** A matrix in memory: `from` is its first row, rows `stride` bytes apart. */
export interface Rows {
  readonly from: Instr;
  readonly stride: number;
  /** Elements of a row. */
  readonly width: number;
}

/** ceil(x / by), x >= 0. */
export const ceilDivide = (x: Instr, by: number): Instr => op('i32.div_u', op('i32.add', x, i32(by - 1)), i32(by));

function rowPointers(block: Block, rows: Rows, first: Instr, count: Instr, width: number): Instr[] {
  const last = block.bind('last', sub(count, i32(1)));
  return Array.from({ length: width }, (_, i) => {
    const place = block.bind('row', op('i32.add', first, i32(i)));
    return plus(rows.from, select(op('i32.lt_s', place, last), place, last), rows.stride);
  });
}

/** Packs rows [0, count) as row panels whose depth is the row: panel p at to + p * ROWS * width * 4. */
export function packAsRows(block: Block, rows: Rows, count: Instr, to: Instr): void {
  block.loop('row_at', i32(0), count, ROWS, (inner, at) => {
    const target = inner.bind('to', plus(to, at, rows.width * 4));
    inner.add(call(packRows(inner.fn.module, ROWS), target, i32(rows.width), f32(1), ...rowPointers(inner, rows, at, count, ROWS)));
  });
}

/** Packs the transposed matrix as row panels whose depth is the row number: panel p at to + p * ROWS * capacity * 4. Reads past the end of a row. */
export function packAsColumns(block: Block, rows: Rows, count: Instr, capacity: number, to: Instr): void {
  const { module } = block.fn;
  for (let at = 0; at < rows.width; at += ROWS) {
    block.add(call(packLanes(module, ROWS), plus(rows.from, 4 * at), plus(to, at * capacity * 4), distance(module.address, rows.stride), count, f32(1)));
  }
}

/** Packs rows [first, first + COLUMNS) of `count` as one column panel whose depth is the row, times `scale`. */
export function packAsPanel(block: Block, rows: Rows, first: Instr, count: Instr, scale: number, to: Instr): void {
  block.add(call(packRows(block.fn.module, COLUMNS), to, i32(rows.width), f32(scale), ...rowPointers(block, rows, first, count, COLUMNS)));
}

/** result[count][COLUMNS] (+)= stacked row panels * a column panel. */
export function product(block: Block, left: Instr, panelBytes: number, count: Instr, right: Instr, depth: Instr, result: Instr, accumulate: Instr): void {
  block.loop('panel', i32(0), ceilDivide(count, ROWS), 1, (inner, panel) => {
    inner.add(call(multiply(inner.fn.module), plus(left, panel, panelBytes), right, plus(result, panel, stripBytes(ROWS)), depth, accumulate));
  });
}

/** rows[first + lane][i] = tile[i][lane] * factor, for lanes inside. */
export function storeTransposed(block: Block, tile: Instr, rows: Rows, first: Instr, count: Instr, factor: Instr): void {
  const left = block.bind('left', sub(count, first));
  block.loop('lane', i32(0), select(op('i32.lt_s', left, i32(COLUMNS)), left, i32(COLUMNS)), 1, (inner, lane) => {
    const target = inner.bind('target', plus(rows.from, op('i32.add', first, lane), rows.stride));
    const source = inner.bind('source', plus(tile, lane, 4));
    inner.loop('element', i32(0), i32(rows.width), 1, (one, i) => {
      one.add(store('f32.store', plus(target, i, 4), op('f32.mul', load('f32.load', plus(source, i, COLUMNS * 4)), factor)));
    });
  });
}
