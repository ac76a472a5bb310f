/**
 * @file The stages of a nest: lets, reductions, stores; and vector loops.
 */
import type { Let, Loop, Stage } from '../../kernels/kernel.js';
import { internalError } from './errors.js';
import { extract, f32, get, i32, type Instr, type Local, op, select, set, shuffle } from './instructions.js';
import { innerStage, type Lanes } from './nest-plan.js';
import type { Scope } from './scope.js';
import { accumulateProduct } from './vector-functions.js';

type Reduce = Extract<Stage, { kind: 'reduce' }>;

const nothing: ReadonlySet<number> = new Set();

/**
 * A loop in vectors of `copies` x 4 elements, then of 4, then of single ones. The parts that `sizes` (the lengths the loop can have; undefined: any) never
 * need are left out.
 */
export function vectorLoop(
  scope: Scope, name: string, from: Instr, to: Instr, copies: number, sizes: readonly number[] | undefined, writes: ReadonlySet<number>, build: (inner: Scope) => void,
): void {
  const { block } = scope;
  const variable = block.variable(name, from);
  const end = block.bind(`${name}_end`, to);
  const part = (width: number): void => {
    const fits = width === 1 ? op('i32.lt_s', get(variable), end) : op('i32.le_s', op('i32.add', get(variable), i32(width)), end);
    block.while(`${name}_by_${width}`, fits, (body) => {
      const vector = width === 1 ? undefined : { name, base: get(variable), copies: width / 4 };
      const inner = scope.inner(body, { writes, ...(vector && { vector }) });
      if (width === 1) inner.define(name, { varies: false, instr: get(variable) });
      build(inner);
      body.add(set(variable, op('i32.add', get(variable), i32(width))));
    });
  };
  const needs = (test: (size: number) => boolean): boolean => sizes === undefined || sizes.some(test);
  if (copies > 1 && needs((size) => size >= 4 * copies)) part(4 * copies);
  if (needs((size) => size % (4 * copies) >= 4 || (copies === 1 && size >= 4))) part(4);
  if (needs((size) => size % 4 !== 0)) part(1);
}

/** Runs a stage at the current point. */
export function runStage(scope: Scope, stage: Stage, lanes: Lanes): void {
  const lane = lanes.get(stage);
  switch (stage.kind) {
    case 'let':
      return scope.define(stage.name, scope.value(stage.value));
    case 'store': {
      const writes = new Set([stage.slot]);
      return loops(scope, stage.loops, lane, writes, 2, (point) => {
        const inner = stage.lets ? point.inner(point.block, { writes }) : point;
        defineLets(inner, stage.lets ?? []);
        inner.store(stage.slot, stage.index, stage.value);
      });
    }
    case 'reduce':
      return lane ? reduceAlong(scope, stage, lane, lanes) : reduce(scope, stage, lanes);
  }
}

/** The stage's loops; `lane` innermost, in vectors. */
export function loops(scope: Scope, all: readonly Loop[], lane: Loop | undefined, writes: ReadonlySet<number>, copies: number, build: (inner: Scope) => void): void {
  const outer = all.filter((loop) => loop !== lane);
  const next = (at: Scope, i: number): void => {
    const loop = outer[i] ?? lane;
    if (!loop || (loop === lane && i > outer.length)) return build(at);
    const from = loop.from ? at.scalar(loop.from) : i32(0);
    const to = loop.to ? at.scalar(loop.to) : i32(loop.extent);
    if (i < outer.length) return at.loop(loop.name, from, to, writes, (inner) => next(inner, i + 1));
    const sizes = loop.from === undefined && loop.to === undefined ? [loop.extent] : undefined;
    vectorLoop(at, loop.name, from, to, copies, sizes, writes, build);
  };
  next(scope, 0);
}

/** Maxima start at the lowest finite number, as on the other targets. */
export function initial(fn: Reduce['fn'], dtype: 'f32' | 'i32'): Instr {
  if (dtype === 'i32') return i32(fn === 'sum' ? 0 : fn === 'max' ? -0x80000000 : 0x7fffffff);
  return f32(fn === 'sum' ? 0 : fn === 'max' ? -3.4028234663852886e38 : 3.4028234663852886e38);
}

export function combine(fn: Reduce['fn'], dtype: 'f32' | 'i32', x: Instr, y: Instr): Instr {
  if (fn === 'sum') return op(`${dtype}.add`, x, y);
  if (dtype === 'f32') return op(`f32.${fn}`, x, y);
  return select(op(fn === 'max' ? 'i32.gt_s' : 'i32.lt_s', x, y), x, y);
}

export function combineVectors(fn: Reduce['fn'], dtype: 'f32' | 'i32', x: Instr, y: Instr): Instr {
  return op(`${dtype}x4.${fn === 'sum' ? 'add' : fn}${dtype === 'i32' && fn !== 'sum' ? '_s' : ''}`, x, y);
}

function addVectors(scope: Scope, { fn, value }: Reduce, totals: readonly Local[]): void {
  if (fn === 'sum' && value.dtype === 'f32') {
    const sums = accumulateProduct(scope, value, totals.map(get));
    totals.forEach((total, i) => scope.block.add(set(total, sums[i] ?? get(total))));
    return;
  }
  const vectors = scope.vectors(value);
  totals.forEach((total, i) => scope.block.add(set(total, combineVectors(fn, value.dtype, get(total), vectors[i] ?? get(total)))));
}

/** A reduction in its own order: scalar, or, within a vector loop, lane by lane. */
function reduce(scope: Scope, stage: Reduce, lanes: Lanes): void {
  const { fn, value } = stage;
  const start = initial(fn, value.dtype);
  const copies = scope.vector?.copies ?? 0;
  if (copies === 0) {
    const total = scope.block.variable(stage.name, start);
    loops(scope, stage.loops, undefined, nothing, 1, (inner) => {
      definePoint(inner, stage, lanes);
      inner.block.add(set(total, combine(fn, value.dtype, get(total), inner.scalar(value))));
    });
    return scope.define(stage.name, { varies: false, instr: get(total) });
  }
  const totals = Array.from({ length: copies }, () => scope.block.variable(stage.name, op(`${value.dtype}x4.splat`, start)));
  loops(scope, stage.loops, undefined, nothing, 1, (inner) => {
    definePoint(inner, stage, lanes);
    addVectors(inner, stage, totals);
  });
  scope.define(stage.name, { varies: true, lanes: totals.map(get) });
}

/** Vectors of running totals: a few, to keep several additions in flight; more where each round walks another reduction. */
const unroll = (stage: Reduce): number => (stage.inner ? 8 : 4);

/** A reduction along vectors of one of its loops: several running totals, joined in a fixed order at the end. */
function reduceAlong(scope: Scope, stage: Reduce, lane: Loop, lanes: Lanes): void {
  const { fn, value } = stage;
  const start = initial(fn, value.dtype);
  const copies = lane.from === undefined && lane.to === undefined ? Math.min(unroll(stage), Math.max(1, Math.floor(lane.extent / 4))) : unroll(stage);
  const totals = Array.from({ length: copies }, () => scope.block.variable(stage.name, op(`${value.dtype}x4.splat`, start)));
  const single = scope.block.variable(stage.name, start);
  loops(scope, stage.loops, lane, nothing, copies, (inner) => {
    definePoint(inner, stage, lanes);
    if (inner.vector) addVectors(inner, stage, totals.slice(0, inner.vector.copies));
    else inner.block.add(set(single, combine(fn, value.dtype, get(single), inner.scalar(value))));
  });
  const { block } = scope;
  let left: Instr[] = totals.map(get);
  while (left.length > 1) {
    const half = Math.ceil(left.length / 2);
    const before = left;
    left = before.slice(0, half).map((x, i) => {
      const y = before[i + half];
      return y ? block.bind('joined', combineVectors(fn, value.dtype, x, y)) : x;
    });
  }
  const [all] = left;
  if (!all) throw internalError('a reduction without totals');
  const pairs = block.bind('pairs', combineVectors(fn, value.dtype, all, shuffle(all, all, 2, 3, 0, 1)));
  const ends = block.bind('ends', combineVectors(fn, value.dtype, pairs, shuffle(pairs, pairs, 1, 0, 3, 2)));
  const result = block.bind(stage.name, combine(fn, value.dtype, extract(value.dtype, ends, 0), get(single)), true);
  scope.define(stage.name, { varies: false, instr: result });
}

function defineLets(scope: Scope, lets: readonly Let[]): void {
  for (const { name, value } of lets) scope.define(name, scope.value(value));
}

/** What a reduction's value may use at each point: its lets, and the reduction inside it. */
function definePoint(scope: Scope, stage: Reduce, lanes: Lanes): void {
  defineLets(scope, stage.lets);
  if (!stage.inner) return;
  const inside = innerStage(stage.inner);
  const lane = lanes.get(stage.inner);
  if (lane && !scope.vector) reduceAlong(scope, inside, lane, lanes);
  else reduce(scope, inside, lanes);
}
