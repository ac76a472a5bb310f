/**
 * @file The inner loops of matrix products: operands are packed into panels, and a micro-kernel multiplies a panel of ROWS rows by one of COLUMNS columns with
 * all sums in registers (Goto and van de Geijn 2008, "Anatomy of high-performance matrix multiplication").
 *
 * A row panel holds, for each depth k, ROWS values; a column panel, COLUMNS values. The micro-kernel's result is row-major [ROWS][COLUMNS], so that results
 * stacked row panel under row panel form a column panel again: attention multiplies its weights without moving them.
 */
import { plus } from './address.js';
import { type Callee, access, f32x4, get, i32, type Instr, load, type Local, op, set, shuffle, store, sub, when } from './instructions.js';
import type { Block, WasmModule } from './module.js';

/** 6 x 8 sums are 12 vector registers; with two of a column panel and one broadcast they fill the 15 that engines use on x86. */
export const ROWS = 6;
export const COLUMNS = 8;

/** a * b + c, fused where the engine can. */
export function madd(module: WasmModule, a: Instr, b: Instr, c: Instr): Instr {
  return module.features.relaxed ? op('f32x4.relaxed_madd', a, b, c) : op('f32x4.add', op('f32x4.mul', a, b), c);
}

const UNROLL = 4;

/** (a, b, c, k, accumulate): c[ROWS][COLUMNS] = a[k][ROWS]^T * b[k][COLUMNS], added to c where `accumulate` is not 0. Addresses in bytes. */
export function multiply(module: WasmModule): Callee {
  return module.once('multiply', () =>
    module.fn(
      `multiply_${ROWS}x${COLUMNS}`,
      [['a', module.address], ['b', module.address], ['c', module.address], ['k', 'i32'], ['accumulate', 'i32']],
      undefined,
      (fn, a, b, c, k, accumulate) => {
        if (!a || !b || !c || !k || !accumulate) return undefined;
        const { body } = fn;
        const vectors = COLUMNS / 4;
        const sums: Local[] = [];
        for (let i = 0; i < ROWS * vectors; i++) sums.push(fn.local(`sum_${Math.floor(i / vectors)}_${i % vectors}`, 'v128'));
        body.add(when(get(accumulate), sums.map((sum, i) => set(sum, load('v128.load', get(c), 16 * i))), sums.map((sum) => set(sum, f32x4(0)))));
        const step = (inner: Block, u: number): void => {
          const right = Array.from({ length: vectors }, (_, j) => inner.bind(`b_${j}`, load('v128.load', get(b), (u * vectors + j) * 16)));
          for (let i = 0; i < ROWS; i++) {
            const left = inner.bind(`a_${i}`, load('v128.load32_splat', get(a), (u * ROWS + i) * 4));
            right.forEach((value, j) => {
              const sum = sums[i * vectors + j];
              if (sum) inner.add(set(sum, madd(module, left, value, get(sum))));
            });
          }
        };
        const advance = (inner: Block, steps: number): void => {
          inner.add(set(a, plus(get(a), steps * ROWS * 4)), set(b, plus(get(b), steps * COLUMNS * 4)), set(k, sub(get(k), i32(steps))));
        };
        body.while('depth', op('i32.ge_s', get(k), i32(UNROLL)), (inner) => {
          for (let u = 0; u < UNROLL; u++) step(inner, u);
          advance(inner, UNROLL);
        });
        body.while('rest', op('i32.gt_s', get(k), i32(0)), (inner) => {
          step(inner, 0);
          advance(inner, 1);
        });
        sums.forEach((sum, i) => body.add(store('v128.store', get(c), get(sum), 16 * i)));
        return undefined;
      },
      { about: [`c[${ROWS}][${COLUMNS}] (+)= a[k][${ROWS}]^T * b[k][${COLUMNS}], packed panels`] },
    ),
  );
}

/** Stores the first `width - 4 * part` lanes (at most 4) of `vector` as part `part` of a panel entry. */
function storePart(target: Instr, vector: Instr, part: number, width: number, offset: number): Instr {
  const left = width - 4 * part;
  if (left >= 4) return store('v128.store', target, vector, offset + 16 * part);
  if (left === 2) return access('v128.store64_lane', target, offset + 16 * part, [vector]);
  throw new Error('internal error (wasm target): panels are 4n or 4n + 2 wide');
}

/** One depth of a panel from lanes that are neighbours in memory. Reads whole vectors, past the last lane. */
export function copyLanes(block: Block, from: Instr, offset: number, to: Instr, width: number): void {
  const target = block.bind('target', to);
  for (let part = 0; 4 * part < width; part++) block.add(storePart(target, load('v128.load', from, offset + 16 * part), part, width, 0));
}

/**
 * (from, to, stride, depth, scale): packs one panel of `width` lanes that are neighbours in memory, one depth after another `stride` bytes apart, times `scale`.
 * Reads whole vectors, past the last lane.
 */
export function packLanes(module: WasmModule, width: number): Callee {
  return module.once(`pack_lanes_${width}`, () =>
    module.fn(
      `pack_lanes_${width}`,
      [['from', module.address], ['to', module.address], ['stride', module.address], ['depth', 'i32'], ['scale', 'f32']],
      undefined,
      (fn, from, to, stride, depth, scale) => {
        if (!from || !to || !stride || !depth || !scale) return undefined;
        const { body } = fn;
        const factor = body.bind('factor', op('f32x4.splat', get(scale)));
        body.while('step', op('i32.gt_s', get(depth), i32(0)), (inner) => {
          for (let part = 0; 4 * part < width; part++) {
            inner.add(storePart(get(to), op('f32x4.mul', load('v128.load', get(from), 16 * part), factor), part, width, 0));
          }
          inner.add(set(from, plus(get(from), get(stride))), set(to, plus(get(to), 4 * width)), set(depth, sub(get(depth), i32(1))));
        });
        return undefined;
      },
      { about: [`a panel of ${width} lanes, lanes neighbours in memory`] },
    ),
  );
}

/** (row 0, row 1, ..., to, depth, scale): packs one panel whose lanes are `width` rows with depths neighbours in memory: a transposition, times `scale`. */
export function packRows(module: WasmModule, width: number): Callee {
  const names = Array.from({ length: width }, (_, i) => [`row_${i}`, module.address] as const);
  return module.once(`pack_rows_${width}`, () =>
    module.fn(
      `pack_rows_${width}`,
      [['to', module.address], ['depth', 'i32'], ['scale', 'f32'], ...names],
      undefined,
      (fn, to, depth, scale, ...rows) => {
        if (!to || !depth || !scale) return undefined;
        const { body } = fn;
        const factor = body.bind('factor', op('f32x4.splat', get(scale)));
        const advance = (inner: Block, steps: number): void => {
          for (const row of rows) inner.add(set(row, plus(get(row), 4 * steps)));
          inner.add(set(to, plus(get(to), 4 * steps * width)), set(depth, sub(get(depth), i32(steps))));
        };
        body.while('block', op('i32.ge_s', get(depth), i32(4)), (inner) => {
          for (let part = 0; 4 * part < width; part++) {
            const four = rows.slice(4 * part, 4 * part + 4).map((row) => inner.bind('in', op('f32x4.mul', load('v128.load', get(row)), factor)));
            transpose(inner, four).forEach((vector, k) => inner.add(storePart(get(to), vector, part, width, 4 * k * width)));
          }
          advance(inner, 4);
        });
        body.while('step', op('i32.gt_s', get(depth), i32(0)), (inner) => {
          rows.forEach((row, i) => inner.add(store('f32.store', get(to), op('f32.mul', load('f32.load', get(row)), get(scale)), 4 * i)));
          advance(inner, 1);
        });
        return undefined;
      },
      { about: [`a panel of ${width} rows, depths neighbours in memory`] },
    ),
  );
}

/** Four depths of 4 (or 2) rows: lane i of vector k is lane k of row i. */
export function transpose(block: Block, rows: readonly Instr[]): Instr[] {
  const [a, b, c, d] = rows;
  if (!a || !b) throw new Error('internal error (wasm target): a transposition of 2 or 4 rows');
  const low = block.bind('low', shuffle(a, b, 0, 4, 1, 5));
  const high = block.bind('high', shuffle(a, b, 2, 6, 3, 7));
  if (!c || !d) return [low, shuffle(low, low, 2, 3, 0, 1), high, shuffle(high, high, 2, 3, 0, 1)];
  const low2 = block.bind('low', shuffle(c, d, 0, 4, 1, 5));
  const high2 = block.bind('high', shuffle(c, d, 2, 6, 3, 7));
  return [shuffle(low, low2, 0, 1, 4, 5), shuffle(low, low2, 2, 3, 6, 7), shuffle(high, high2, 0, 1, 4, 5), shuffle(high, high2, 2, 3, 6, 7)];
}

