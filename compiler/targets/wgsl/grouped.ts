/**
 * @file Grouped matrix products over sorted entries. Each invocation keeps a tile of sums in registers, as in `contraction.ts`; lanes lie along n.
 *
 * Sorted entries are cut into tiles at fixed places, whatever the groups; a tile that several groups share is computed once for each. The pairs (tile, group) in
 * order are numbered tile + group, so a workgroup finds its own by a binary search in the groups' starts, and at most tiles + groups - 1 are dispatched.
 */
import type { Expr, GroupedContraction, GroupedOuter } from '../../kernels/kernel.js';
import { substitute } from './expressions.js';
import { grid } from './grid.js';
import { type EmitContext, Module, type Step } from './module.js';
import type { Scope } from './scope.js';

const ROWS = 8;
const vectorTypes = ['', 'f32', 'vec2f', 'vec3f', 'vec4f'];
const variable = (name: string): Expr => ({ kind: 'var', name, dtype: 'i32' });
const sequence = (length: number, name: string): string[] => Array.from({ length }, (_, i) => `${name}_${i}`);

/** How a workgroup's `lanes` x `columns` cover n. */
interface Width {
  readonly lanes: number;
  readonly columns: number;
  readonly span: number;
}

function widthOf(n: number): Width {
  const lanes = n <= 32 ? 8 : n <= 64 ? 16 : 32;
  const columns = Math.min(4, Math.ceil(n / lanes));
  return { lanes, columns, span: lanes * columns };
}

/** Binds n_0, n_1, ..., the columns of this lane; returns where they start. Beyond the edge the last is computed again, and not stored. */
function bindColumns(body: Scope, at: string, n: number, { lanes, columns, span }: Width): string {
  const first = body.fresh('first_n');
  body.line(`let ${first} = ${at} * ${span} + i32(lane_index);`);
  sequence(columns, 'n').forEach((name, j) => {
    const place = j === 0 ? first : `${first} + ${j * lanes}`;
    body.bind(name, n % span === 0 ? place : `min(${place}, ${n - 1})`);
  });
  return first;
}

/** Adds a(row) * b(columns) to each sum. */
function multiply(scope: Scope, sums: readonly string[], rows: readonly Expr[], columns: readonly Expr[]): void {
  const elements = columns.map((expr) => scope.value(expr));
  const b = scope.fresh('b');
  scope.line(`let ${b} = ${columns.length === 1 ? elements[0] : `${vectorTypes[columns.length]}(${elements.join(', ')})`};`);
  rows.forEach((expr, i) => scope.line(`${sums[i]} += ${scope.operand(expr)} * ${b};`));
}

function declareSums(body: Scope, rows: number, columns: number): string[] {
  const sums = sequence(rows, 'sum').map((name) => body.fresh(name));
  for (const sum of sums) body.line(`var ${sum} = ${columns === 1 ? '0.0' : `${vectorTypes[columns]}()`};`);
  return sums;
}

/** Stores the tile; `place` says which row row i is, or breaks off. */
function storeTile(body: Scope, kernel: GroupedContraction | GroupedOuter, sums: readonly string[], first: string, width: Width, place: (scope: Scope) => void): void {
  const { lanes, columns, span } = width;
  const results = body.fresh('sums');
  body.line(`var ${results} = array<${vectorTypes[columns]}, ${sums.length}>(${sums.join(', ')});`);
  body.block(`for (var i = 0; i < ${sums.length}; i++)`, (rowScope) => {
    place(rowScope);
    rowScope.block(`for (var j = 0; j < ${columns}; j++)`, (inner) => {
      const column = inner.fresh('n');
      inner.line(`let ${column} = ${first} + j * ${lanes};`, ...(kernel.n % span === 0 ? [] : [`if (${column} >= ${kernel.n}) { break; }`]));
      inner.define('n', column);
      inner.bind('acc', columns === 1 ? `${results}[i]` : `${results}[i][j]`);
      inner.store(kernel.store.slot, kernel.store.index, kernel.store.value);
    }, { pinned: true });
  }, { pinned: true });
}

export function emitGroupedContraction(kernel: GroupedContraction, context: EmitContext): readonly Step[] {
  const { of, n, k } = kernel;
  const width = widthOf(n);
  const rowExprs = sequence(ROWS, 'entry').map((name) => substitute(kernel.a, { entry: variable(name) }));
  const columnExprs = sequence(width.columns, 'n').map((name) => substitute(kernel.b, { n: variable(name) }));
  const module = new Module(kernel, context, [...rowExprs, ...columnExprs, kernel.store.index, kernel.store.value], ['i', 'j', 'place', 'low', 'high', 'middle', 'begin', 'end']);
  const { body } = module;
  const shape = grid([Math.ceil(n / width.span), Math.ceil(of.entries / ROWS) + of.groups - 1, 1]);
  body.line(`let place = ${shape.coordinates[1]};`, 'var low = 0;', `var high = ${body.value(of.count)};`, 'if (high == 0) { return; }');
  body.block('while (high - low > 1)', (inner) => {
    inner.line('let middle = (low + high) / 2;');
    inner.define('g', 'middle');
    inner.line(`if (${inner.operand(of.from)} / ${ROWS} + middle <= place) { low = middle; } else { high = middle; }`);
  }, { pinned: true });
  body.bind('g', 'low');
  body.line(`let begin = max((place - low) * ${ROWS}, ${body.value(of.from)});`, `let end = min((place - low + 1) * ${ROWS}, ${body.value(of.to)});`, 'if (begin >= end) { return; }');
  body.bind('row', body.value(of.row));
  sequence(ROWS, 'p').forEach((name, i) => {
    body.bind(name, i === 0 ? 'begin' : `min(begin + ${i}, end - 1)`);
    body.bind(`entry_${i}`, body.value(substitute(of.entry, { p: variable(name) })));
  });
  const first = bindColumns(body, shape.coordinates[0], n, width);
  const sums = declareSums(body, ROWS, width.columns);
  const at = body.fresh('k');
  body.block(`for (var ${at} = 0; ${at} < ${k}; ${at}++)`, (inner) => {
    inner.define('k', at);
    multiply(inner, sums, rowExprs, columnExprs);
  });
  storeTile(body, kernel, sums, first, width, (scope) => {
    scope.bind('p', 'begin + i');
    scope.line('if (begin + i >= end) { break; }');
    scope.bind('entry', scope.value(of.entry));
  });
  return [module.finish(width.lanes, shape)];
}

export function emitGroupedOuter(kernel: GroupedOuter, context: EmitContext): readonly Step[] {
  const { of, m, n } = kernel;
  const width = widthOf(n);
  const rows = Math.min(ROWS, m);
  const rowExprs = sequence(rows, 'm').map((name) => substitute(kernel.a, { m: variable(name) }));
  const columnExprs = sequence(width.columns, 'n').map((name) => substitute(kernel.b, { n: variable(name) }));
  const module = new Module(kernel, context, [...rowExprs, ...columnExprs, kernel.store.index, kernel.store.value], ['i', 'j']);
  const { body } = module;
  const shape = grid([Math.ceil(n / width.span), Math.ceil(m / rows), of.groups]);
  body.bind('g', shape.coordinates[2]);
  body.line(`if (${body.value(variable('g'))} >= ${body.operand(of.count)}) { return; }`);
  body.bind('row', body.value(of.row));
  const firstRow = body.fresh('first_m');
  body.line(`let ${firstRow} = ${shape.coordinates[1]} * ${rows};`);
  sequence(rows, 'm').forEach((name, i) => {
    const place = i === 0 ? firstRow : `${firstRow} + ${i}`;
    body.bind(name, m % rows === 0 ? place : `min(${place}, ${m - 1})`);
  });
  const first = bindColumns(body, shape.coordinates[0], n, width);
  const sums = declareSums(body, rows, width.columns);
  const at = body.fresh('p');
  body.block(`for (var ${at} = ${body.value(of.from)}; ${at} < ${body.operand(of.to)}; ${at}++)`, (inner) => {
    inner.define('p', at);
    inner.bind('entry', inner.value(of.entry));
    multiply(inner, sums, rowExprs, columnExprs);
  });
  storeTile(body, kernel, sums, first, width, (scope) => {
    const row = scope.bind('m', `${firstRow} + i`);
    if (m % rows !== 0) scope.line(`if (${row} >= ${m}) { break; }`);
  });
  return [module.finish(width.lanes, shape)];
}
