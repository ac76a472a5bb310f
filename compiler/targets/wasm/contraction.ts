/**
 * @file Contractions: batched matrix products in two phases. First all threads pack one operand into column panels; then each takes blocks of rows, packs their
 * operand for itself, multiplies panel by panel, and finishes each result while it is still in the cache.
 *
 * All layouts (A * B, A * B^T, A^T * B and what views make of them) differ only in how operands are packed. The operand whose variable is the innermost of the
 * result has the columns. Long sums are cut into parts of fixed length, added in order: results do not depend on threads.
 */
import type { Contraction } from '../../kernels/kernel.js';
import { minus, plus } from './address.js';
import { FactsTable, stride } from './facts.js';
import { type EmitOptions, type KernelFunctions, phase } from './kernel-function.js';
import { call, i32, type Instr, load, mul, op, select, sub } from './instructions.js';
import type { WasmModule } from './module.js';
import { type Operand, packPanel } from './operand.js';
import { COLUMNS, multiply, packLanes, packRows, ROWS } from './panels.js';
import type { Scope } from './scope.js';
import { vectorLoop } from './stage.js';
import { chunkOf, shareWork } from './work.js';

/** Depth of one part of the sum: a column panel of it stays in the first-level cache. */
const DEPTH = 512;
/** Rows and columns of a block: its packed rows stay in the second-level cache. */
const BLOCK_ROWS = 8 * ROWS;
const BLOCK_COLUMNS = 512;
/** Blocks that keep a few threads evenly busy. */
const BLOCKS = 24;

const roundUp = (value: number, to: number): number => Math.ceil(value / to) * to;
const least = (block: Scope['block'], x: Instr, y: Instr): Instr => {
  const [a, b] = [block.bind('a', x), block.bind('b', y)];
  return block.bind('least', select(op('i32.lt_s', a, b), a, b));
};

export function emitContraction(module: WasmModule, kernel: Contraction, options: EmitOptions): KernelFunctions {
  const plan = planContraction(kernel);
  const { rows, columns, depth, blockRows, blockColumns } = plan;
  const panels = Math.ceil(columns.lanes / COLUMNS);
  const columnBatches = plan.columnsBatched ? kernel.batch : 1;
  const panelBytes = kernel.k * COLUMNS * 4;
  for (const width of [ROWS, COLUMNS]) {
    packLanes(module, width);
    packRows(module, width);
  }
  const product = multiply(module);

  const pack = phase(module, kernel, options, 'pack', (root, { shared, counter }) => {
    const units = columnBatches * panels;
    shareWork(root.block, counter, i32(units), chunkOf(units, kernel.k * COLUMNS * 0.4, options.grain), (block, begin, end) => {
      block.loop('panel', begin, end, 1, (inner, unit) => {
        const scope = root.inner(inner);
        scope.define('batch', { varies: false, instr: inner.bind('batch', columnBatches === 1 ? i32(0) : op('i32.div_u', unit, i32(panels))) });
        const from = inner.bind('from', mul(op('i32.rem_u', unit, i32(panels)), COLUMNS));
        packPanel(scope, columns, COLUMNS, from, i32(0), i32(kernel.k), inner.bind('to', plus(shared, unit, panelBytes)));
      });
    });
  });

  const rowBlocks = Math.ceil(rows.lanes / blockRows);
  const columnBlocks = Math.ceil(columns.lanes / blockColumns);
  const rowBytes = blockRows * depth * 4;
  const parts = Math.ceil(kernel.k / depth);
  // One panel's results are finished before the next is begun, unless the sum comes in parts.
  const resultBytes = blockRows * COLUMNS * 4 * (parts > 1 ? blockColumns / COLUMNS : 1);
  const compute = phase(module, kernel, options, '', (root, { own, shared, counter }) => {
    const units = kernel.batch * rowBlocks * columnBlocks;
    const nanoseconds = (blockRows * blockColumns * kernel.k) / 12;
    const results = root.block.bind('results', plus(own, rowBytes));
    shareWork(root.block, counter, i32(units), chunkOf(units, nanoseconds, options.grain), (chunk, begin, end) => {
      chunk.loop('unit', begin, end, 1, (block, unit) => {
        const scope = root.inner(block);
        const rowBlock = block.bind('row_block', op('i32.div_u', unit, i32(columnBlocks)));
        const columnBlock = op('i32.rem_u', unit, i32(columnBlocks));
        const batch = block.bind('batch', kernel.batch === 1 ? i32(0) : op('i32.div_u', rowBlock, i32(rowBlocks)));
        scope.define('batch', { varies: false, instr: batch });
        const row0 = block.bind('row', mul(op('i32.rem_u', rowBlock, i32(rowBlocks)), blockRows));
        const rowEnd = least(block, op('i32.add', row0, i32(blockRows)), i32(rows.lanes));
        const column0 = block.bind('column', mul(columnBlock, blockColumns));
        const columnEnd = least(block, op('i32.add', column0, i32(blockColumns)), i32(columns.lanes));
        const columnBatch = columnBatches === 1 ? shared : plus(shared, batch, panels * panelBytes);
        const packed = block.bind('packed', plus(columnBatch, column0, panelBytes / COLUMNS));

        block.loop('part', i32(0), i32(kernel.k), depth, (partBlock, k0) => {
          const part = scope.inner(partBlock);
          const length = parts === 1 ? i32(kernel.k) : least(partBlock, i32(depth), sub(i32(kernel.k), k0));
          const isLater = op('i32.gt_s', k0, i32(0));
          partBlock.loop('rows_at', row0, rowEnd, ROWS, (panelBlock, at) => {
            packPanel(part.inner(panelBlock), rows, ROWS, at, k0, length, panelBlock.bind('to', plus(own, sub(at, row0), depth * 4)));
          });
          partBlock.loop('column_at', column0, columnEnd, COLUMNS, (columnBlockBody, columnAt) => {
            const inBlock = columnBlockBody.bind('in_block', sub(columnAt, column0));
            const right = columnBlockBody.bind('right', plus(plus(packed, inBlock, panelBytes / COLUMNS), k0, COLUMNS * 4));
            const result = columnBlockBody.bind('result', parts > 1 ? plus(results, inBlock, blockRows * 4) : results, true);
            columnBlockBody.loop('row_at', i32(0), sub(rowEnd, row0), ROWS, (inner, rowAt) => {
              inner.add(call(product, plus(own, rowAt, depth * 4), right, plus(result, rowAt, COLUMNS * 4), length, isLater));
            });
            const finish = (inner: typeof columnBlockBody): void => {
              finishPanel(part.inner(inner), kernel, plan, row0, rowEnd, columnAt, columnEnd, result);
            };
            if (parts === 1) finish(columnBlockBody);
            else columnBlockBody.if(op('i32.ge_s', op('i32.add', k0, i32(depth)), i32(kernel.k)), finish);
          });
        });
      });
    });
  });
  return { phases: [pack, compute], ownBytes: rowBytes + resultBytes, sharedBytes: columnBatches * panels * panelBytes };
}

/** Computes the stored value of each sum of a panel of columns, in vectors along the columns. */
export function finishPanel(scope: Scope, kernel: Pick<Contraction, 'store'>, plan: Pick<Plan, 'rows' | 'columns'>, row0: Instr, rowEnd: Instr, columnAt: Instr, columnEnd: Instr, result: Instr): void {
  const { rows, columns } = plan;
  const { slot, index, value } = kernel.store;
  const writes = new Set([slot]);
  const end = least(scope.block, op('i32.add', columnAt, i32(COLUMNS)), columnEnd);
  scope.loop(rows.lane, row0, rowEnd, writes, (row) => {
    const at = row.lookup(rows.lane);
    if (at.varies) return;
    const sums = row.block.bind('sums', minus(plus(result, sub(at.instr, row0), COLUMNS * 4), columnAt, 4));
    vectorLoop(row, columns.lane, columnAt, end, COLUMNS / 4, [COLUMNS, columns.lanes % COLUMNS], writes, (inner) => {
      const { vector } = inner;
      if (vector) {
        const address = inner.block.bind('sum_at', plus(sums, vector.base, 4));
        const lanes = Array.from({ length: vector.copies }, (_, c) => inner.block.bind('acc', load('v128.load', address, 16 * c)));
        inner.define('acc', { varies: true, lanes });
      } else {
        const place = inner.lookup(columns.lane);
        if (place.varies) return;
        inner.define('acc', { varies: false, instr: inner.block.bind('acc', load('f32.load', plus(sums, place.instr, 4))) });
      }
      inner.store(slot, index, value);
    });
  });
}

interface Plan {
  readonly rows: Operand;
  readonly columns: Operand;
  /** Whether the columns' operand differs from batch to batch. */
  readonly columnsBatched: boolean;
  readonly depth: number;
  readonly blockRows: number;
  readonly blockColumns: number;
}

function planContraction(kernel: Contraction): Plan {
  const facts = new FactsTable();
  const first: Operand = { expr: kernel.a, lane: 'm', lanes: kernel.m };
  const second: Operand = { expr: kernel.b, lane: 'n', lanes: kernel.n };
  const swapped = stride(kernel.store.index, 'n', facts) !== 1 && stride(kernel.store.index, 'm', facts) === 1;
  const [rows, columns] = swapped ? [second, first] : [first, second];
  const parts = Math.ceil(kernel.k / DEPTH);
  const depth = parts === 1 ? kernel.k : roundUp(Math.ceil(kernel.k / parts), 4);
  let blockRows = Math.min(BLOCK_ROWS, roundUp(rows.lanes, ROWS));
  let blockColumns = Math.min(BLOCK_COLUMNS, roundUp(columns.lanes, COLUMNS));
  const blocks = (): number => kernel.batch * Math.ceil(rows.lanes / blockRows) * Math.ceil(columns.lanes / blockColumns);
  // Rows are packed anew for every block of columns: columns are cut last.
  while (blocks() < BLOCKS && blockRows > 2 * ROWS) blockRows = roundUp(blockRows / 2, ROWS);
  while (blocks() < BLOCKS && blockColumns > 128) blockColumns = roundUp(blockColumns / 2, COLUMNS);
  return { rows, columns, columnsBatched: facts.of(columns.expr).free.has('batch'), depth, blockRows, blockColumns };
}
