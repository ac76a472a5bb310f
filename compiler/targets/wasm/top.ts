/**
 * @file Selecting the largest. Each row keeps its best so far in a sorted list, in registers where it is short (`best-list.ts`), else in memory; four candidates at
 * a time are compared with the worst of the list, and only those that exceed it are looked at one by one. `top_product` does so for each half, then for the
 * sums that can matter.
 */
import type { Expr, Top, TopProduct } from '../../kernels/kernel.js';
import { plus } from './address.js';
import { add, extract, get, i32, type Instr, load, type Local, mul, op, select, set, store } from './instructions.js';
import { type BestList, bestList, insertBest, LONGEST, storeLanes, worstOf } from './best-list.js';
import { type EmitOptions, type KernelFunctions, phase, type PhaseParams } from './kernel-function.js';
import type { Block, WasmModule } from './module.js';
import type { Scope } from './scope.js';
import { vectorLoop } from './stage.js';
import { chunkOf, shareWork } from './work.js';

const nothing: ReadonlySet<number> = new Set();

/** A list of `take` values and indices in a thread's own memory, best first. */
interface List {
  readonly values: Instr;
  readonly indices: Instr;
  readonly take: number;
  /** How many it holds. */
  readonly count: Local;
}

const listBytes = (take: number): number => 8 * take;

function newList(block: Block, at: Instr, take: number): List {
  return { values: block.bind('values', at), indices: block.bind('indices', plus(at, 4 * take)), take, count: block.variable('count', i32(0)) };
}

/** Inserts a candidate that belongs in the list: behind all that are better, and, among equals, behind those of lower index. */
function insert(block: Block, list: List, value: Instr, index: Instr, ordered: boolean): void {
  const place = block.variable('place', select(op('i32.lt_s', get(list.count), i32(list.take)), get(list.count), i32(list.take - 1)));
  const before = (at: Instr): readonly [Instr, Instr] => [plus(list.values, at, 4), plus(list.indices, at, 4)];
  const label = block.fn.label('shift');
  const done = block.fn.label('placed');
  const body = block.nested();
  body.add({ kind: 'br', label: done, condition: op('i32.eqz', get(place)) });
  const previous = body.bind('previous', op('i32.sub', get(place), i32(1)));
  const [valueAt, indexAt] = before(previous);
  const known = body.bind('known', load('f32.load', valueAt));
  const knownIndex = body.bind('known_index', load('i32.load', indexAt));
  const better = op('f32.gt', value, known);
  // Candidates in ascending order of index never go before an equal one.
  const goesBefore = ordered ? better : op('i32.or', better, op('i32.and', op('f32.eq', value, known), op('i32.lt_s', index, knownIndex)));
  body.add({ kind: 'br', label: done, condition: op('i32.eqz', goesBefore) });
  const [toValue, toIndex] = before(get(place));
  body.add(store('f32.store', toValue, known), store('i32.store', toIndex, knownIndex), set(place, previous), { kind: 'br', label });
  block.add({ kind: 'block', label: done, body: [{ kind: 'loop', label, body: body.list }] });
  const [valueHome, indexHome] = before(get(place));
  block.add(store('f32.store', valueHome, value), store('i32.store', indexHome, index));
  block.add(set(list.count, select(op('i32.lt_s', get(list.count), i32(list.take)), op('i32.add', get(list.count), i32(1)), i32(list.take))));
}

/** Fills a list with the best of value(n), n < extent. */
function selectFrom(scope: Scope, list: List, extent: number, value: Expr): void {
  const { block } = scope;
  const first = Math.min(list.take, extent);
  scope.loop('n', i32(0), i32(first), nothing, (inner) => {
    const n = inner.lookup('n');
    if (!n.varies) insert(inner.block, list, inner.block.bind('value', inner.scalar(value)), n.instr, true);
  });
  if (extent <= first) return;
  const worst = block.variable('worst', load('f32.load', list.values, 4 * (list.take - 1)));
  const take = (inner: Block, candidate: Instr, index: Instr): void => {
    inner.if(op('f32.gt', candidate, get(worst)), (found) => {
      insert(found, list, candidate, index, true);
      found.add(set(worst, load('f32.load', list.values, 4 * (list.take - 1))));
    });
  };
  vectorLoop(scope, 'n', i32(first), i32(extent), 1, [extent - first], nothing, (inner) => {
    const { vector } = inner;
    if (!vector) {
      const n = inner.lookup('n');
      if (!n.varies) take(inner.block, inner.block.bind('value', inner.scalar(value)), n.instr);
      return;
    }
    const [lanes] = inner.vectors(value);
    if (!lanes) return;
    const exceeds = op('f32x4.gt', lanes, op('f32x4.splat', get(worst)));
    inner.block.if(op('v128.any_true', exceeds), (some) => {
      for (let lane = 0; lane < 4; lane++) take(some, some.bind('value', extract('f32', lanes, lane)), some.bind('index', op('i32.add', vector.base, i32(lane))));
    });
  });
}

/** The same for a short list. `scratch`: address of 16 bytes. */
function selectBest(scope: Scope, list: BestList, extent: number, value: Expr, scratch: Instr): void {
  const { block } = scope;
  scope.loop('n', i32(0), i32(list.take), nothing, (inner) => {
    const n = inner.lookup('n');
    if (!n.varies) insertBest(inner.block, list, inner.scalar(value), n.instr, { count: n.instr, ordered: true });
  });
  if (extent <= list.take) return;
  const worst = block.variable('worst', worstOf(list));
  vectorLoop(scope, 'n', i32(list.take), i32(extent), 1, [extent - list.take], nothing, (inner) => {
    const { vector } = inner;
    if (!vector) {
      const n = inner.lookup('n');
      if (n.varies) return;
      const candidate = inner.block.bind('value', inner.scalar(value));
      inner.block.if(op('f32.gt', candidate, extract('f32', get(worst), 0)), (found) => {
        insertBest(found, list, candidate, n.instr, { ordered: true });
        found.add(set(worst, worstOf(list)));
      });
      return;
    }
    const [lanes] = inner.vectors(value);
    if (!lanes) return;
    const exceeding = inner.block.variable('exceeding', op('i32x4.bitmask', op('f32x4.gt', lanes, get(worst))));
    inner.block.if(get(exceeding), (some) => {
      some.add(store('v128.store', scratch, lanes));
      some.while('candidates', get(exceeding), (each) => {
        const lane = each.bind('lane', op('i32.ctz', get(exceeding)));
        insertBest(each, list, load('f32.load', plus(scratch, lane, 4)), add(vector.base, lane), { ordered: true });
        each.add(set(exceeding, op('i32.and', get(exceeding), op('i32.sub', get(exceeding), i32(1)))));
      });
      some.add(set(worst, worstOf(list)));
    });
  });
}

function eachRow(module: WasmModule, kernel: Top | TopProduct, options: EmitOptions, nanoseconds: number, ownBytes: number, build: (scope: Scope, row: Instr, params: PhaseParams) => void): KernelFunctions {
  const only = phase(module, kernel, options, '', (root, params) => {
    shareWork(root.block, params.counter, i32(kernel.rows), chunkOf(kernel.rows, nanoseconds, options.grain), (block, begin, end) => {
      block.loop('row', begin, end, 1, (inner, row) => {
        const scope = root.inner(inner);
        scope.define('row', { varies: false, instr: row });
        build(scope, row, params);
      });
    });
  });
  return { phases: [only], ownBytes, sharedBytes: 0 };
}

function writeList(block: Block, list: List, row: Instr, slot: Instr, take: number): void {
  block.loop('rank', i32(0), i32(take), 1, (inner, rank) => {
    inner.add(store('i32.store', plus(plus(slot, row, 4 * take), rank, 4), load('i32.load', plus(list.indices, rank, 4))));
  });
}

export function emitTop(module: WasmModule, kernel: Top, options: EmitOptions): KernelFunctions {
  if (kernel.take <= LONGEST) {
    return eachRow(module, kernel, options, kernel.extent * 0.5 + kernel.take * 10, 16, (scope, row, { own, slots }) => {
      const list = bestList(scope.block, kernel.take);
      selectBest(scope, list, kernel.extent, kernel.value, own);
      storeLanes(scope.block, list.indices, kernel.take, rowOf(scope.block, slots[kernel.slot], row, kernel.take));
    });
  }
  return eachRow(module, kernel, options, kernel.extent * 0.8 + kernel.take * 10, listBytes(kernel.take), (scope, row, { own, slots }) => {
    const list = newList(scope.block, own, kernel.take);
    selectFrom(scope, list, kernel.extent, kernel.value);
    writeList(scope.block, list, row, slots[kernel.slot] ?? i32(0), kernel.take);
  });
}

/**
 * Why the best `take` of each half hold the answer, ties included: order a half by score, best first, equal scores by index, and let the pair (i, j) have ranks
 * (r, s) there, from 0. Each of the (r + 1)(s + 1) - 1 other pairs whose ranks are no larger has a sum no smaller and, where equal, a smaller combined index; so
 * only pairs with (r + 1)(s + 1) <= take can be chosen.
 */
export function emitTopProduct(module: WasmModule, kernel: TopProduct, options: EmitOptions): KernelFunctions {
  const { take, extent } = kernel;
  const half = Math.min(take, extent);
  if (take <= LONGEST) return emitShortProduct(module, kernel, options, half);
  const bytes = 2 * listBytes(half) + listBytes(take);
  return eachRow(module, kernel, options, extent * 1.6 + take * 40, bytes, (scope, row, { own, slots }) => {
    const { block } = scope;
    const first = newList(block, own, half);
    const second = newList(block, plus(own, listBytes(half)), half);
    const best = newList(block, plus(own, 2 * listBytes(half)), take);
    selectFrom(scope, first, extent, kernel.first);
    selectFrom(scope, second, extent, kernel.second);
    block.loop('r', i32(0), i32(half), 1, (outer, r) => {
      const x = outer.bind('x', load('f32.load', plus(first.values, r, 4)));
      const i = outer.bind('i', mul(load('i32.load', plus(first.indices, r, 4)), extent));
      const ranks = outer.bind('ranks', op('i32.div_u', i32(take), op('i32.add', r, i32(1))));
      const limit = select(op('i32.lt_s', ranks, i32(half)), ranks, i32(half));
      outer.loop('s', i32(0), limit, 1, (inner, s) => {
        const value = inner.bind('value', op('f32.add', x, load('f32.load', plus(second.values, s, 4))));
        const index = inner.bind('index', op('i32.add', i, load('i32.load', plus(second.indices, s, 4))));
        const worst = load('f32.load', best.values, 4 * (take - 1));
        const worstIndex = load('i32.load', best.indices, 4 * (take - 1));
        const room = op('i32.lt_s', get(best.count), i32(take));
        const tie = op('i32.and', op('f32.eq', value, worst), op('i32.lt_s', index, worstIndex));
        inner.if(op('i32.or', room, op('i32.or', op('f32.gt', value, worst), tie)), (found) => insert(found, best, value, index, false));
      });
    });
    writeList(block, best, row, slots[kernel.slot] ?? i32(0), take);
  });
}

/** Where a row's choices go. */
function rowOf(block: Block, slot: Instr | undefined, row: Instr, take: number): Instr {
  return block.bind('choices', plus(slot ?? i32(0), row, 4 * take));
}

/** Places in a thread's own memory: scratch, then values and indices of each half. */
const HALF_BYTES = 8 * LONGEST;

function emitShortProduct(module: WasmModule, kernel: TopProduct, options: EmitOptions, half: number): KernelFunctions {
  const { take, extent } = kernel;
  return eachRow(module, kernel, options, extent + take * 30, 16 + 2 * HALF_BYTES, (scope, row, { own, slots }) => {
    const { block } = scope;
    const halves = [kernel.first, kernel.second].map((value, i) => {
      const list = bestList(block, half);
      selectBest(scope, list, extent, value, own);
      const values = block.bind('half_values', plus(own, 16 + i * HALF_BYTES));
      const indices = block.bind('half_indices', plus(values, 4 * LONGEST));
      list.values.forEach((part, at) => block.add(store('v128.store', values, get(part), 16 * at)));
      list.indices.forEach((part, at) => block.add(store('v128.store', indices, get(part), 16 * at)));
      return { values, indices };
    });
    const [first, second] = halves;
    if (!first || !second) return;
    const best = bestList(block, take);
    const count = block.variable('count', i32(0));
    block.loop('r', i32(0), i32(half), 1, (outer, r) => {
      const x = outer.bind('x', load('f32.load', plus(first.values, r, 4)));
      const i = outer.bind('i', mul(load('i32.load', plus(first.indices, r, 4)), extent));
      const ranks = outer.bind('ranks', op('i32.div_u', i32(take), op('i32.add', r, i32(1))));
      const limit = select(op('i32.lt_s', ranks, i32(half)), ranks, i32(half));
      outer.loop('s', i32(0), limit, 1, (inner, s) => {
        const value = op('f32.add', x, load('f32.load', plus(second.values, s, 4)));
        const index = op('i32.add', i, load('i32.load', plus(second.indices, s, 4)));
        insertBest(inner, best, value, index, { count: get(count), ordered: false });
        inner.add(set(count, op('i32.add', get(count), i32(1))));
      });
    });
    storeLanes(block, best.indices, take, rowOf(block, slots[kernel.slot], row, take));
  });
}
