/**
 * @file The best candidates so far as a sorted list in vector registers. Inserting compares a candidate with all entries at once and moves those it precedes up by
 * one lane: no branch that depends on the data. For lists of at most 16.
 */
import { f32x4, get, i32x4, type Instr, type Local, op, set, shuffle, store } from './instructions.js';
import type { Block } from './module.js';

/** Longer lists do not fit the registers. */
export const LONGEST = 16;

export interface BestList {
  readonly take: number;
  /** Best first; lanes past `take` hold what fell off. */
  readonly values: readonly Local[];
  readonly indices: readonly Local[];
}

export function bestList(block: Block, take: number): BestList {
  const parts = Array.from({ length: Math.ceil(take / 4) });
  return { take, values: parts.map(() => block.variable('values', f32x4(-Infinity))), indices: parts.map(() => block.variable('indices', i32x4(0))) };
}

/** The worst entry in every lane. */
export function worstOf({ take, values }: BestList): Instr {
  const last = values[(take - 1) >> 2];
  const lane = (take - 1) & 3;
  return last ? shuffle(get(last), get(last), lane, lane, lane, lane) : f32x4(-Infinity);
}

export interface Insertion {
  /** How many entries the list holds, where it may not be full. */
  readonly count?: Instr;
  /** Whether candidates come in ascending order of index, so that none goes before an equal one. */
  readonly ordered: boolean;
}

/** Puts a candidate behind all that are better, and, among equals, behind those of lower index. One that is worse than all changes nothing. */
export function insertBest(block: Block, list: BestList, value: Instr, index: Instr, { count, ordered }: Insertion): void {
  const [x, i] = [block.bind('x', op('f32x4.splat', value)), block.bind('i', op('i32x4.splat', index))];
  const filled = count && block.bind('filled', op('i32x4.splat', count));
  const before = list.values.map((entry, part) => {
    const better = op('f32x4.gt', x, get(entry));
    const known = list.indices[part];
    const tie = ordered || !known ? better : op('v128.or', better, op('v128.and', op('f32x4.eq', x, get(entry)), op('i32x4.lt_s', i, get(known))));
    const empty = filled && op('i32x4.le_s', filled, { kind: 'vector', shape: 'i32x4', values: [0, 1, 2, 3].map((lane) => 4 * part + lane) });
    return block.bind('before', empty ? op('v128.or', tie, empty) : tie);
  });
  const moved = (of: readonly Instr[], part: number, first: Instr): Instr => {
    const [one, two] = [of[part - 1] ?? first, of[part]];
    return two ? shuffle(one, two, 3, 4, 5, 6) : first;
  };
  const afterMoved = before.map((_, part) => block.bind('moves', moved(before, part, i32x4(0))));
  const next = (of: readonly Local[], candidate: Instr): Instr[] =>
    of.map((entry, part) => {
      const shifted = moved(of.map(get), part, candidate);
      const placed = op('v128.bitselect', shifted, candidate, afterMoved[part] ?? candidate);
      return block.bind('next', op('v128.bitselect', placed, get(entry), before[part] ?? candidate));
    });
  const [values, indices] = [next(list.values, x), next(list.indices, i)];
  list.values.forEach((entry, part) => block.add(set(entry, values[part] ?? x)));
  list.indices.forEach((entry, part) => block.add(set(entry, indices[part] ?? i)));
}

/** Stores `take` lanes at `address`. */
export function storeLanes(block: Block, parts: readonly Local[], take: number, address: Instr): void {
  parts.forEach((part, at) => {
    const left = Math.min(4, take - 4 * at);
    if (left === 4) block.add(store('v128.store', address, get(part), 16 * at));
    else for (let lane = 0; lane < left; lane++) block.add(store('v128.store32_lane', address, get(part), 16 * at + 4 * lane, lane));
  });
}
