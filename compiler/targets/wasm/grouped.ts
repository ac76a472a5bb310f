/**
 * @file Grouped matrix products: a product for each group of sorted entries, packed into panels like a contraction's (Gale et al. 2022, "MegaBlocks",
 * arXiv 2211.15841: dropless mixtures of experts as block-sparse products). Groups are cut into tiles of rows, and tiles are handed out whatever group they
 * belong to, so that a few large groups keep all threads busy. How a group is cut depends on its own length alone, and each sum runs in one order: results do
 * not depend on threads.
 */
import type { Expr, GroupedContraction, GroupedOuter, Groups } from '../../kernels/kernel.js';
import { plus } from './address.js';
import { finishPanel } from './contraction.js';
import { substitute } from './facts.js';
import { type Callee, call, get, i32, type Instr, mul, op, select, set, sub } from './instructions.js';
import { type EmitOptions, type KernelFunctions, phase } from './kernel-function.js';
import type { Block, WasmModule } from './module.js';
import { type Operand, packPanel } from './operand.js';
import { COLUMNS, multiply, packLanes, packRows, ROWS } from './panels.js';
import type { Scope } from './scope.js';
import { chunkOf, shareWork } from './work.js';

/** Depth of one part of the sum. */
const DEPTH = 512;
const BLOCK_ROWS = 8 * ROWS;
const BLOCK_COLUMNS = 512;
/** Blocks that keep a few threads evenly busy: of all groups, and of one that takes all. */
const BLOCKS = 24;
const BLOCKS_OF_ONE = 8;
/** Sorted entries packed at once. */
const PACKED_ENTRIES = 128;

const roundUp = (value: number, to: number): number => Math.ceil(value / to) * to;
const least = (block: Block, x: Instr, y: Instr): Instr => {
  const [a, b] = [block.bind('a', x), block.bind('b', y)];
  return block.bind('least', select(op('i32.lt_s', a, b), a, b));
};
const roundsOf = (length: Instr, size: number): Instr => op('i32.div_u', op('i32.add', length, i32(size - 1)), i32(size));

/** `expr` with its entry looked up at place `place` of the sorted ones. */
function entryAt(expr: Expr, of: Groups, place: string): Expr {
  const at = substitute(of.entry, new Map([['p', { kind: 'var', name: place, dtype: 'i32' }]]));
  return substitute(expr, new Map([['entry', at]]));
}

/** Defines the group's variable and row. */
function enterGroup(scope: Scope, of: Groups, group: Instr): { readonly from: Instr; readonly to: Instr } {
  scope.define('g', { varies: false, instr: group });
  scope.define('row', { varies: false, instr: scope.block.bind('row', scope.scalar(of.row)) });
  return { from: scope.block.bind('from', scope.scalar(of.from)), to: scope.block.bind('to', scope.scalar(of.to)) };
}

function addHelpers(module: WasmModule): void {
  for (const width of [ROWS, COLUMNS]) {
    packLanes(module, width);
    packRows(module, width);
  }
}

/** A block of results: rows packed here, columns packed before. Addresses are of this thread's packed rows, of the first panel of columns, of the results. */
interface BlockOfResults {
  readonly product: Callee;
  readonly rows: Operand;
  readonly columns: Operand;
  readonly store: GroupedContraction['store'];
  readonly row0: Instr;
  readonly rowEnd: Instr;
  readonly column0: Instr;
  readonly columnEnd: Instr;
  /** What is summed over, `depth` at a time; all at once where `single`. */
  readonly from: Instr;
  readonly to: Instr;
  readonly depth: number;
  readonly single: boolean;
  readonly blockRows: number;
  readonly panelBytes: number;
  readonly own: Instr;
  readonly packed: Instr;
  readonly results: Instr;
}

/** Computes and stores a block of results. */
function multiplyBlock(scope: Scope, of: BlockOfResults): void {
  const { row0, rowEnd, depth, single, blockRows, own } = of;
  scope.block.loop('part', of.from, of.to, depth, (partBlock, k0) => {
    const part = scope.inner(partBlock);
    const length = single ? sub(of.to, of.from) : least(partBlock, i32(depth), sub(of.to, k0));
    partBlock.loop('rows_at', row0, rowEnd, ROWS, (panelBlock, at) => {
      packPanel(part.inner(panelBlock), of.rows, ROWS, at, k0, length, panelBlock.bind('to', plus(own, sub(at, row0), depth * 4)));
    });
    partBlock.loop('column_at', of.column0, of.columnEnd, COLUMNS, (columnBlock, columnAt) => {
      const inBlock = columnBlock.bind('in_block', sub(columnAt, of.column0));
      const right = columnBlock.bind('right', plus(plus(of.packed, inBlock, of.panelBytes / COLUMNS), k0, COLUMNS * 4));
      // One panel's results are finished before the next is begun, unless the sum comes in parts.
      const result = columnBlock.bind('result', single ? of.results : plus(of.results, inBlock, blockRows * 4), true);
      columnBlock.loop('row_at', i32(0), sub(rowEnd, row0), ROWS, (inner, rowAt) => {
        inner.add(call(of.product, plus(own, rowAt, depth * 4), right, plus(result, rowAt, COLUMNS * 4), length, op('i32.gt_s', k0, of.from)));
      });
      const finish = (inner: Block): void => finishPanel(part.inner(inner), of, of, row0, rowEnd, columnAt, of.columnEnd, result);
      if (single) finish(columnBlock);
      else columnBlock.if(op('i32.ge_s', op('i32.add', k0, i32(depth)), of.to), finish);
    });
  });
}

export function emitGroupedContraction(module: WasmModule, kernel: GroupedContraction, options: EmitOptions): KernelFunctions {
  const { of, k, n } = kernel;
  const panels = Math.ceil(n / COLUMNS);
  const panelBytes = k * COLUMNS * 4;
  addHelpers(module);
  const product = multiply(module);
  const columns: Operand = { expr: kernel.b, lane: 'n', lanes: n };
  const pack = phase(module, kernel, options, 'pack', (root, { shared, counter }) => {
    const units = root.block.bind('packed_panels', mul(root.scalar(of.count), panels));
    shareWork(root.block, counter, units, chunkOf(of.groups * panels, k * COLUMNS * 0.4, options.grain), (block, begin, end) => {
      block.loop('panel', begin, end, 1, (inner, unit) => {
        const scope = root.inner(inner);
        enterGroup(scope, of, inner.bind('group', op('i32.div_u', unit, i32(panels))));
        const from = inner.bind('from', mul(op('i32.rem_u', unit, i32(panels)), COLUMNS));
        packPanel(scope, columns, COLUMNS, from, i32(0), i32(k), inner.bind('to', plus(shared, unit, panelBytes)));
      });
    });
  });

  const parts = Math.ceil(k / DEPTH);
  const depth = parts === 1 ? k : roundUp(Math.ceil(k / parts), 4);
  const average = Math.ceil(of.entries / of.groups);
  let blockRows = Math.min(BLOCK_ROWS, roundUp(average, ROWS));
  let blockColumns = Math.min(BLOCK_COLUMNS, roundUp(n, COLUMNS));
  const blocks = (): number => Math.ceil(of.entries / blockRows) * Math.ceil(n / blockColumns);
  while (blocks() < BLOCKS && blockRows > 2 * ROWS) blockRows = roundUp(blockRows / 2, ROWS);
  while (blocks() < BLOCKS && blockColumns > 128) blockColumns = roundUp(blockColumns / 2, COLUMNS);
  const columnBlocks = Math.ceil(n / blockColumns);
  const rowBytes = blockRows * depth * 4;
  const resultBytes = blockRows * COLUMNS * 4 * (parts > 1 ? blockColumns / COLUMNS : 1);
  const store = { slot: kernel.store.slot, index: entryAt(kernel.store.index, of, 'p'), value: entryAt(kernel.store.value, of, 'p') };

  const compute = phase(module, kernel, options, '', (root, { own, shared, counter }) => {
    const tilesOf = (block: Block, group: Instr): Instr => {
      const scope = root.inner(block);
      const { from, to } = enterGroup(scope, of, group);
      return block.bind('tiles', roundsOf(sub(to, from), blockRows));
    };
    const tiles = root.block.variable('all_tiles', i32(0));
    root.block.loop('group', i32(0), root.scalar(of.count), 1, (block, group) => block.add(set(tiles, op('i32.add', get(tiles), tilesOf(block, group)))));
    // A thread meets tiles in ascending order: it walks the groups once.
    const group = root.block.variable('group', i32(-1));
    const first = root.block.variable('first_tile', i32(0));
    const next = root.block.variable('next_tile', i32(0));
    const results = root.block.bind('results', plus(own, rowBytes));
    const units = root.block.bind('blocks', mul(get(tiles), columnBlocks), true);
    const nanoseconds = (blockRows * blockColumns * k) / 12;
    shareWork(root.block, counter, units, chunkOf(blocks(), nanoseconds, options.grain), (chunk, begin, end) => {
      chunk.loop('unit', begin, end, 1, (block, unit) => {
        const tile = block.bind('tile', op('i32.div_u', unit, i32(columnBlocks)));
        block.while('next_group', op('i32.ge_s', tile, get(next)), (inner) => {
          inner.add(set(group, op('i32.add', get(group), i32(1))), set(first, get(next)));
          inner.add(set(next, op('i32.add', get(next), tilesOf(inner, get(group)))));
        });
        const scope = root.inner(block);
        const { from, to } = enterGroup(scope, of, get(group));
        const row0 = block.bind('row0', op('i32.add', from, mul(sub(tile, get(first)), blockRows)));
        const rowEnd = least(block, op('i32.add', row0, i32(blockRows)), to);
        const column0 = block.bind('column', mul(op('i32.rem_u', unit, i32(columnBlocks)), blockColumns));
        const columnEnd = least(block, op('i32.add', column0, i32(blockColumns)), i32(n));
        const rows: Operand = { expr: entryAt(kernel.a, of, 'p'), lane: 'p', lanes: of.entries, end: rowEnd };
        const packed = block.bind('packed', plus(plus(shared, get(group), panels * panelBytes), column0, panelBytes / COLUMNS));
        multiplyBlock(scope, { product, rows, columns, store, row0, rowEnd, column0, columnEnd, from: i32(0), to: i32(k), depth, single: parts === 1, blockRows, panelBytes, own, packed, results });
      });
    });
  });
  return { phases: [pack, compute], ownBytes: rowBytes + resultBytes, sharedBytes: of.groups * panels * panelBytes };
}

export function emitGroupedOuter(module: WasmModule, kernel: GroupedOuter, options: EmitOptions): KernelFunctions {
  const { of, m, n } = kernel;
  const panels = Math.ceil(n / COLUMNS);
  const panelBytes = of.entries * COLUMNS * 4;
  addHelpers(module);
  const product = multiply(module);
  // The depth of a group's product is its entries: panels of columns run through all sorted entries.
  const columns: Operand = { expr: entryAt(kernel.b, of, 'k'), lane: 'n', lanes: n };
  const rows: Operand = { expr: entryAt(kernel.a, of, 'k'), lane: 'm', lanes: m };
  const pack = phase(module, kernel, options, 'pack', (root, { shared, counter }) => {
    const sorted = root.block.variable('sorted', i32(0));
    const count = root.block.bind('count', root.scalar(of.count));
    root.block.if(op('i32.gt_s', count, i32(0)), (block) => {
      block.add(set(sorted, enterGroup(root.inner(block), of, block.bind('last', sub(count, i32(1)))).to));
    });
    const rounds = root.block.bind('rounds', roundsOf(get(sorted), PACKED_ENTRIES));
    const most = panels * Math.ceil(of.entries / PACKED_ENTRIES);
    shareWork(root.block, counter, root.block.bind('units', mul(rounds, panels)), chunkOf(most, PACKED_ENTRIES * COLUMNS * 0.4, options.grain), (block, begin, end) => {
      block.loop('panel', begin, end, 1, (inner, unit) => {
        const panel = inner.bind('panel', op('i32.div_u', unit, rounds));
        const k0 = inner.bind('k0', mul(op('i32.rem_u', unit, rounds), PACKED_ENTRIES));
        const length = least(inner, i32(PACKED_ENTRIES), sub(get(sorted), k0));
        packPanel(root.inner(inner), columns, COLUMNS, inner.bind('from', mul(panel, COLUMNS)), k0, length, inner.bind('to', plus(plus(shared, panel, panelBytes), k0, COLUMNS * 4)));
      });
    });
  });

  let blockRows = Math.min(BLOCK_ROWS, roundUp(m, ROWS));
  let blockColumns = Math.min(BLOCK_COLUMNS, roundUp(n, COLUMNS));
  const blocks = (): number => Math.ceil(m / blockRows) * Math.ceil(n / blockColumns);
  while (blocks() < BLOCKS_OF_ONE && blockRows > 2 * ROWS) blockRows = roundUp(blockRows / 2, ROWS);
  while (blocks() < BLOCKS_OF_ONE && blockColumns > 128) blockColumns = roundUp(blockColumns / 2, COLUMNS);
  const [rowBlocks, columnBlocks] = [Math.ceil(m / blockRows), Math.ceil(n / blockColumns)];
  const rowBytes = blockRows * DEPTH * 4;
  const compute = phase(module, kernel, options, '', (root, { own, shared, counter }) => {
    const results = root.block.bind('results', plus(own, rowBytes));
    const units = root.block.bind('blocks', mul(root.scalar(of.count), rowBlocks * columnBlocks), true);
    const nanoseconds = (blockRows * blockColumns * Math.ceil(of.entries / of.groups)) / 12;
    shareWork(root.block, counter, units, chunkOf(of.groups * rowBlocks * columnBlocks, nanoseconds, options.grain), (chunk, begin, end) => {
      chunk.loop('unit', begin, end, 1, (block, unit) => {
        const scope = root.inner(block);
        const rowUnit = block.bind('row_unit', op('i32.div_u', unit, i32(columnBlocks)));
        const { from, to } = enterGroup(scope, of, block.bind('group', op('i32.div_u', rowUnit, i32(rowBlocks))));
        const row0 = block.bind('row0', mul(op('i32.rem_u', rowUnit, i32(rowBlocks)), blockRows));
        const rowEnd = least(block, op('i32.add', row0, i32(blockRows)), i32(m));
        const column0 = block.bind('column', mul(op('i32.rem_u', unit, i32(columnBlocks)), blockColumns));
        const columnEnd = least(block, op('i32.add', column0, i32(blockColumns)), i32(n));
        const packed = block.bind('packed', plus(shared, column0, panelBytes / COLUMNS));
        multiplyBlock(scope, { product, rows, columns, store: kernel.store, row0, rowEnd, column0, columnEnd, from, to, depth: DEPTH, single: false, blockRows, panelBytes, own, packed, results });
      });
    });
  });
  return { phases: [pack, compute], ownBytes: rowBytes + blockRows * blockColumns * 4, sharedBytes: panels * panelBytes };
}
