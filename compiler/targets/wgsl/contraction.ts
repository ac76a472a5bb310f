/**
 * @file Contractions (matrix products, batched). Each invocation keeps a tile of sums in registers: up to 8 rows by 4 columns. The lanes of a workgroup
 * lie along one output axis, so that for each k the other operand is the same for the whole workgroup (one broadcast load serves all lanes)
 * and every loaded element of either operand is used 4 or 8 times.
 *
 * On the software adapter this is 1.5 to 2.5 times as fast as staging tiles in workgroup memory, whose every access costs as much there as one to a buffer;
 * `test/bench/matmul.ts` measures it. The lanes' axis is the one whose operand and result have neighbouring elements there.
 */
import type { Contraction, Expr } from '../../kernels/kernel.js';
import { loadsIn, stride, substitute } from './expressions.js';
import { grid } from './grid.js';
import { type EmitContext, Module, type Step } from './module.js';

/** How the output is cut: a workgroup computes `rows` x (`lanes` * `columns`). */
interface Tile {
  /** The axis the lanes lie along. */
  readonly along: 'm' | 'n';
  readonly rows: number;
  readonly columns: number;
  readonly lanes: number;
}

const vectorTypes = ['', 'f32', 'vec2f', 'vec3f', 'vec4f'];

function tileAlong(kernel: Contraction, along: 'm' | 'n'): Tile {
  const wide = along === 'n' ? kernel.n : kernel.m;
  const other = along === 'n' ? kernel.m : kernel.n;
  const lanes = wide <= 32 ? 8 : wide <= 64 ? 16 : 32;
  return { along, lanes, columns: Math.min(4, Math.ceil(wide / lanes)), rows: Math.min(8, other) };
}

/** Loads per multiplication, padding included; loads whose lanes are apart in memory count double. */
function cost(kernel: Contraction, tile: Tile): number {
  const { along, rows, columns, lanes } = tile;
  const wide = along === 'n' ? kernel.n : kernel.m;
  const other = along === 'n' ? kernel.m : kernel.n;
  const padded = Math.ceil(wide / (lanes * columns)) * lanes * columns * Math.ceil(other / rows) * rows;
  const operand = along === 'n' ? kernel.b : kernel.a;
  const apart = loadsIn([operand]).some((load) => Math.abs(stride(load.index, along) ?? 2) > 1);
  const storeApart = Math.abs(stride(kernel.store.index, along) ?? 2) > 1;
  return padded * ((apart ? 2 : 1) / rows + 0.2 / columns + 0.1) * kernel.k + padded * (storeApart ? 2 : 1);
}

const variable = (name: string): Expr => ({ kind: 'var', name, dtype: 'i32' });

export function emitContraction(kernel: Contraction, context: EmitContext): readonly Step[] {
  const alongN = tileAlong(kernel, 'n');
  const alongM = tileAlong(kernel, 'm');
  const tile = cost(kernel, alongM) < cost(kernel, alongN) ? alongM : alongN;
  const { along, rows, columns, lanes } = tile;
  const across = along === 'n' ? 'm' : 'n';
  const wide = kernel[along];
  const other = kernel[across];
  const laneOperand = along === 'n' ? kernel.b : kernel.a;
  const rowOperand = along === 'n' ? kernel.a : kernel.b;

  // One copy of each operand per row and per column of the tile, its variable renamed.
  const rowNames = Array.from({ length: rows }, (_, i) => `${across}_${i}`);
  const columnNames = Array.from({ length: columns }, (_, j) => `${along}_${j}`);
  const rowExprs = rowNames.map((name) => substitute(rowOperand, { [across]: variable(name) }));
  const columnExprs = columnNames.map((name) => substitute(laneOperand, { [along]: variable(name) }));

  const module = new Module(kernel, context, [...rowExprs, ...columnExprs, kernel.store.index, kernel.store.value], ['i', 'j']);
  const { body } = module;
  const span = lanes * columns;
  const shape = grid([Math.ceil(wide / span), Math.ceil(other / rows), kernel.batch]);
  const name = { [along]: body.fresh(`first_${along}`), [across]: body.fresh(`first_${across}`) };
  body.bind('batch', shape.coordinates[2]);
  body.line(
    `let ${name[along]} = ${shape.coordinates[0]} * ${span} + i32(lane_index);`,
    `let ${name[across]} = ${shape.coordinates[1]} * ${rows};`,
  );
  // Beyond the edge the last row and column are computed again, and not stored.
  const place = (first: string, step: number, of: number, exact: boolean): string => {
    const sum = step === 0 ? first : `${first} + ${step}`;
    return exact ? sum : `min(${sum}, ${of - 1})`;
  };
  rowNames.forEach((row, i) => body.bind(row, place(name[across] ?? '', i, other, other % rows === 0)));
  columnNames.forEach((column, j) => body.bind(column, place(name[along] ?? '', j * lanes, wide, wide % span === 0)));

  const vector = vectorTypes[columns] ?? 'f32';
  const sums = rowNames.map((_, i) => body.fresh(`sum_${i}`));
  for (const sum of sums) body.line(`var ${sum} = ${columns === 1 ? '0.0' : `${vector}()`};`);
  const k = body.fresh('k');
  body.block(`for (var ${k} = 0; ${k} < ${kernel.k}; ${k}++)`, (inner) => {
    inner.define('k', k);
    const elements = columnExprs.map((expr) => inner.value(expr));
    const laneValue = inner.fresh(along === 'n' ? 'b' : 'a');
    inner.line(`let ${laneValue} = ${columns === 1 ? elements[0] : `${vector}(${elements.join(', ')})`};`);
    rowExprs.forEach((expr, i) => inner.line(`${sums[i]} += ${inner.operand(expr)} * ${laneValue};`));
  });

  const results = body.fresh('sums');
  body.line(`var ${results} = array<${vector}, ${rows}>(${sums.join(', ')});`);
  const storeRow = body.fresh(across);
  const storeColumn = body.fresh(along);
  const bound = (value: string, of: number, exact: boolean): string[] => (exact ? [] : [`if (${value} >= ${of}) { break; }`]);
  body.block(`for (var i = 0; i < ${rows}; i++)`, (rowScope) => {
    rowScope.line(`let ${storeRow} = ${name[across]} + i;`, ...bound(storeRow, other, other % rows === 0));
    rowScope.define(across, storeRow);
    rowScope.block(`for (var j = 0; j < ${columns}; j++)`, (inner) => {
      inner.line(`let ${storeColumn} = ${name[along]} + j * ${lanes};`, ...bound(storeColumn, wide, wide % span === 0));
      inner.define(along, storeColumn);
      inner.bind('acc', columns === 1 ? `${results}[i]` : `${results}[i][j]`);
      inner.store(kernel.store.slot, kernel.store.index, kernel.store.value);
    }, { pinned: true });
  }, { pinned: true });
  return [module.finish(lanes, shape)];
}
