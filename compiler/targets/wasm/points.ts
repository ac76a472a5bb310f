/**
 * @file Four neighbouring points of a parallel loop at once, each with reductions along vectors of their own: four rows stream through the cache side by side, what
 * the points share is loaded once, and everything after the reductions runs in lanes, one lane a point. Gathered dots are made of this.
 */
import type { Expr, Loop, Stage } from '../../kernels/kernel.js';
import { internalError } from './errors.js';
import { substitute } from './facts.js';
import { extract, get, type Instr, type Local, op, replace, set, shuffle } from './instructions.js';
import type { Lanes } from './nest-plan.js';
import { combine, combineVectors, initial, loops } from './stage.js';
import type { Scope } from './scope.js';
import { accumulateProduct } from './vector-functions.js';

type Reduce = Extract<Stage, { kind: 'reduce' }>;

export const POINTS = 4;
/** Vectors of running totals for each point. */
const COPIES = 2;
const nothing: ReadonlySet<number> = new Set();
const all = [0, 1, 2, 3] as const;

/** Runs the stages for the four points of `scope`'s vector loop. */
export function runPoints(scope: Scope, stages: readonly Stage[], lanes: Lanes): void {
  const { vector } = scope;
  if (!vector) throw internalError('points without a vector loop');
  const first = `${vector.name}#`;
  scope.define(first, { varies: false, instr: vector.base });
  // The four points' names for what depends on the point.
  const names = all.map((p): Map<string, Expr> => {
    const start: Expr = { kind: 'var', name: first, dtype: 'i32' };
    return new Map([[vector.name, p === 0 ? start : { kind: 'call', fn: 'add', args: [start, { kind: 'number', value: p, dtype: 'i32' }], dtype: 'i32' }]]);
  });
  const forReductions = neededBy(scope, stages);
  for (const stage of stages) {
    if (stage.kind === 'store') {
      for (const { name, value } of stage.lets ?? []) scope.define(name, scope.value(value));
      scope.store(stage.slot, stage.index, stage.value);
      continue;
    }
    if (stage.kind === 'reduce') scope.define(stage.name, { varies: true, lanes: [reducePoints(scope, stage, lanes.get(stage), names)] });
    else scope.define(stage.name, scope.value(stage.value));
    if (!forReductions.has(stage.name)) continue;
    for (const p of all) {
      const name = `${stage.name}#${p}`;
      const value = scope.lookup(stage.name);
      const { dtype } = stage.value;
      if (stage.kind === 'let') scope.define(name, scope.value(substitute(stage.value, names[p] ?? new Map())));
      else if (value.varies) scope.define(name, { varies: false, instr: scope.block.bind(name, extract(dtype, value.lanes[0] ?? internal(), p)) });
      names[p]?.set(stage.name, { kind: 'local', name, dtype });
    }
  }
}

function internal(): never {
  throw internalError('a vector without lanes');
}

/** Names of lets and reductions that a later reduction depends on. */
function neededBy(scope: Scope, stages: readonly Stage[]): ReadonlySet<string> {
  const needed = new Set<string>();
  const add = (expr: Expr): void => scope.context.facts.of(expr).free.forEach((name) => needed.add(name));
  for (const stage of [...stages].reverse()) {
    if (stage.kind === 'let' && needed.has(stage.name)) add(stage.value);
    if (stage.kind !== 'reduce') continue;
    add(stage.value);
    for (const { value } of stage.lets) add(value);
  }
  return needed;
}

/** The reduction of each of the four points, one a lane. */
function reducePoints(scope: Scope, stage: Reduce, lane: Loop | undefined, names: readonly ReadonlyMap<string, Expr>[]): Instr {
  if (!lane) throw internalError('a reduction of points without a vector loop');
  const { fn } = stage;
  const { dtype } = stage.value;
  const { block } = scope;
  const inside = new Map<string, Expr>();
  for (const { name, value } of stage.lets) inside.set(name, substitute(value, inside));
  const whole = substitute(stage.value, inside);
  const values = names.map((by) => substitute(whole, by));
  const start = initial(fn, dtype);
  const copies = lane.extent >= 4 * COPIES ? COPIES : 1;
  const totals = all.map(() => Array.from({ length: copies }, () => block.variable(stage.name, op(`${dtype}x4.splat`, start))));
  const singles = lane.extent % 4 === 0 ? [] : all.map(() => block.variable(stage.name, start));
  loops(scope, stage.loops, lane, nothing, copies, (inner) => {
    values.forEach((value, p) => {
      const single = singles[p];
      if (inner.vector?.name === lane.name) accumulate(inner, fn, value, (totals[p] ?? []).slice(0, inner.vector.copies));
      else if (single) inner.block.add(set(single, combine(fn, dtype, get(single), inner.scalar(value))));
    });
  });
  const sums = totals.map((parts) => {
    const [one, two] = parts;
    if (!one) return internal();
    return two ? block.bind('joined', combineVectors(fn, dtype, get(one), get(two))) : get(one);
  });
  const joined = block.bind(stage.name, across(scope, stage, sums));
  if (singles.length === 0) return joined;
  let rest: Instr = op(`${dtype}x4.splat`, singles[0] ? get(singles[0]) : start);
  for (const p of all.slice(1)) rest = replace(dtype, rest, p, singles[p] ? get(singles[p]) : start);
  return block.bind(stage.name, combineVectors(fn, dtype, joined, rest));
}

function accumulate(scope: Scope, fn: Reduce['fn'], value: Expr, totals: readonly Local[]): void {
  if (fn === 'sum' && value.dtype === 'f32') {
    const sums = accumulateProduct(scope, value, totals.map(get));
    totals.forEach((total, i) => scope.block.add(set(total, sums[i] ?? get(total))));
    return;
  }
  const vectors = scope.vectors(value);
  totals.forEach((total, i) => scope.block.add(set(total, combineVectors(fn, value.dtype, get(total), vectors[i] ?? get(total)))));
}

/** Each of four vectors reduced to one lane, in the order of a reduction of one point. */
function across({ block }: Scope, { fn, value: { dtype } }: Reduce, [a, b, c, d]: readonly Instr[]): Instr {
  if (!a || !b || !c || !d) return internal();
  const halves = (x: Instr, y: Instr): Instr => block.bind('halves', combineVectors(fn, dtype, shuffle(x, y, 0, 4, 1, 5), shuffle(x, y, 2, 6, 3, 7)));
  const [left, right] = [halves(a, b), halves(c, d)];
  return combineVectors(fn, dtype, shuffle(left, right, 0, 1, 4, 5), shuffle(left, right, 2, 3, 6, 7));
}
