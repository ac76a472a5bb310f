/**
 * @file Selecting the largest: one invocation per row keeps a sorted list of the best so far. `top_product` does so twice, for product keys.
 */
import type { Expr, Top, TopProduct } from '../../kernels/kernel.js';
import { grid } from './grid.js';
import { type EmitContext, Module, type Step } from './module.js';
import type { Scope } from './scope.js';

const lanes = 64;

/** What the statements below declare. */
const localNames = [
  ...['best', 'first', 'second'].flatMap((list) => [`${list}_value`, `${list}_index`]),
  'n', 'i', 'r', 's', 'value', 'index', 'placed', 'next_value', 'next_index',
];

/** Statements that declare an empty list: places not yet taken have index -1. */
function declareList(scope: Scope, name: string, take: number): void {
  scope.line(`var ${name}_value: array<f32, ${take}>;`, `var ${name}_index: array<i32, ${take}>;`);
  scope.line(`for (var i = 0; i < ${take}; i++) { ${name}_index[i] = -1; }`);
}

/** Statements that insert (`value`, `index`), both mutable variables, into a list sorted best first. A candidate goes before those it exceeds, and, where
 *  candidates do not come in ascending order of index (`ordered` false), before equal ones of higher index. */
function insert(name: string, take: number, ordered: boolean): string[] {
  const better = (place: string): string =>
    `${name}_index[${place}] < 0 || value > ${name}_value[${place}]${ordered ? '' : ` || (value == ${name}_value[${place}] && index < ${name}_index[${place}])`}`;
  return [
    `if (${better(String(take - 1))}) {`,
    `  for (var i = 0; i < ${take}; i++) {`,
    // Once placed, the candidate displaces all that follow: they are in order already.
    `    if (placed || ${better('i')}) {`,
    '      placed = true;',
    `      let next_value = ${name}_value[i];`,
    `      let next_index = ${name}_index[i];`,
    `      ${name}_value[i] = value;`,
    `      ${name}_index[i] = index;`,
    '      value = next_value;',
    '      index = next_index;',
    '    }',
    '  }',
    '}',
  ];
}

function startRow(module: Module, rows: number): ReturnType<typeof grid> {
  const shape = grid([Math.ceil(rows / lanes), 1, 1]);
  const row = module.body.fresh('row');
  module.body.line(`let ${row} = ${shape.coordinates[0]} * ${lanes} + i32(lane_index);`, `if (${row} >= ${rows}) { return; }`);
  module.body.define('row', row);
  return shape;
}

function selectFrom(scope: Scope, name: string, extent: number, take: number, value: Expr): void {
  declareList(scope, name, take);
  scope.block(`for (var n = 0; n < ${extent}; n++)`, (inner) => {
    inner.define('n', 'n');
    inner.line(`var value = ${inner.value(value)};`, 'var index = n;', 'var placed = false;', ...insert(name, take, true));
  });
}

export function emitTop(kernel: Top, context: EmitContext): readonly Step[] {
  const module = new Module(kernel, context, [kernel.value], localNames);
  const { body } = module;
  const shape = startRow(module, kernel.rows);
  selectFrom(body, 'best', kernel.extent, kernel.take, kernel.value);
  body.line(`for (var i = 0; i < ${kernel.take}; i++) { ${module.slots.store(kernel.slot, `${rowName(body)} * ${kernel.take} + i`, 'best_index[i]')} }`);
  return [module.finish(lanes, shape)];
}

const rowName = (scope: Scope): string => scope.value({ kind: 'var', name: 'row', dtype: 'i32' });

/**
 * Why the best `take` of each half hold the answer, ties included. Order a half by score, best first, equal scores by index. Let the pair (i, j)
 * have ranks (r, s) there, from 0. Each of the (r + 1)(s + 1) - 1 other pairs whose ranks are no larger has a sum no smaller; where the sum is
 * equal, both its scores are equal to those of (i, j), so neither of its indices is larger and its combined index is smaller. Hence all
 * those pairs come before (i, j), and only pairs with (r + 1)(s + 1) <= take can be chosen: ranks below `take` in each half, and of those
 * about take * log(take) sums instead of take^2. (Two sums that differ by less than half a unit in the last place round to the same f32: the values
 * chosen are then still the largest, but among such pairs at the very end of the list the one found here is not always that of lowest index.)
 */
export function emitTopProduct(kernel: TopProduct, context: EmitContext): readonly Step[] {
  const module = new Module(kernel, context, [kernel.first, kernel.second], localNames);
  const { body } = module;
  const shape = startRow(module, kernel.rows);
  const { take, extent } = kernel;
  const half = Math.min(take, extent);
  selectFrom(body, 'first', extent, half, kernel.first);
  selectFrom(body, 'second', extent, half, kernel.second);
  body.line('// A pair of ranks (r, s) can only be chosen where (r + 1) * (s + 1) <= take: all pairs of lower ranks come before it.');
  declareList(body, 'best', take);
  body.block(`for (var r = 0; r < ${half}; r++)`, (outer) => {
    outer.block(`for (var s = 0; s < min(${half}, ${take} / (r + 1)); s++)`, (inner) => {
      inner.line(
        'var value = first_value[r] + second_value[s];',
        `var index = first_index[r] * ${extent} + second_index[s];`,
        'var placed = false;',
        ...insert('best', take, false),
      );
    });
  });
  body.line(`for (var i = 0; i < ${take}; i++) { ${module.slots.store(kernel.slot, `${rowName(body)} * ${take} + i`, 'best_index[i]')} }`);
  return [module.finish(lanes, shape)];
}
