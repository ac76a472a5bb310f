/**
 * @file The inverted index: a stable radix sort of the entries by row (lowest digit first, up to 11 bits at a time), then one walk over the sorted rows. Its
 * work grows with the entries, not with the rows. One thread does it all: it takes a fraction of a millisecond for tens of thousands of entries.
 */
import type { Invert } from '../../kernels/kernel.js';
import { add, get, i32, type Instr, load, mul, op, select, set, store } from './instructions.js';
import { type EmitOptions, type KernelFunctions, phase } from './kernel-function.js';
import type { Block, WasmModule } from './module.js';
import { shareWork } from './work.js';

const DIGIT = 11;

export function emitInvert(module: WasmModule, kernel: Invert, options: EmitOptions): KernelFunctions {
  const { entries, rows } = kernel;
  // Keys are 0 .. rows; `rows` itself stands for "no row" and sorts to the end.
  const bits = Math.max(1, Math.ceil(Math.log2(rows + 1)));
  const passes = Math.ceil(bits / DIGIT);
  const digit = Math.ceil(bits / passes);
  const limit = Math.min(entries, rows);
  const only = phase(module, kernel, options, '', (root, { shared, counter, slots }) => {
    const slot = (i: number): Instr => slots[i] ?? i32(0);
    const pairs = [0, 1].map((i) => root.block.bind('pairs', op('i32.add', shared, i32(i * 8 * entries))));
    const counts = root.block.bind('counts', op('i32.add', shared, i32(16 * entries)));
    shareWork(root.block, counter, i32(1), 1, (block) => {
      const [from0, to0] = pairs;
      if (!from0 || !to0) return;
      block.loop('entry', i32(0), i32(entries), 1, (inner, entry) => {
        const scope = root.inner(inner);
        scope.define('entry', { varies: false, instr: entry });
        const row = inner.bind('row', scope.scalar(kernel.index));
        const inside = op('i32.lt_u', row, i32(rows));
        const at = inner.bind('at', add(from0, mul(entry, 8)));
        inner.add(store('i32.store', at, select(inside, row, i32(rows))), store('i32.store', at, entry, 4));
      });
      let [from, to] = [from0, to0];
      for (let pass = 0; pass < passes; pass++) {
        sortBy(block, from, to, counts, entries, pass * digit, digit);
        [from, to] = [to, from];
      }
      const touched = block.variable('count', i32(0));
      const last = block.variable('last', i32(-1));
      const end = block.variable('end', i32(0));
      block.loop('place', i32(0), i32(entries), 1, (inner, place) => {
        const at = inner.bind('at', add(from, mul(place, 8)));
        const row = inner.bind('row', load('i32.load', at));
        inner.add(store('i32.store', add(slot(kernel.order), mul(place, 4)), load('i32.load', at, 4)));
        inner.if(op('i32.lt_s', row, i32(rows)), (inside) => {
          inside.add(set(end, op('i32.add', place, i32(1))));
          inside.if(op('i32.ne', row, get(last)), (next) => {
            next.add(
              store('i32.store', add(slot(kernel.touched), mul(get(touched), 4)), row),
              store('i32.store', add(slot(kernel.offsets), mul(get(touched), 4)), place),
              set(touched, op('i32.add', get(touched), i32(1))),
              set(last, row),
            );
          });
        });
      });
      block.add(store('i32.store', slot(kernel.count), get(touched)));
      // Segments past the last are empty.
      block.loop('rest', get(touched), i32(limit + 1), 1, (inner, rest) => {
        inner.add(store('i32.store', add(slot(kernel.offsets), mul(rest, 4)), get(end)));
      });
    });
  });
  return { phases: [only], ownBytes: 0, sharedBytes: 16 * entries + 4 * 2 ** digit };
}

/** One pass: (key, entry) pairs from `from` to `to`, ordered by the digit, equal ones as they were. */
function sortBy(block: Block, from: Instr, to: Instr, counts: Instr, entries: number, shift: number, digit: number): void {
  const size = 2 ** digit;
  block.loop('digit', i32(0), i32(size), 1, (inner, i) => inner.add(store('i32.store', add(counts, mul(i, 4)), i32(0))));
  const countAt = (inner: Block, pair: Instr): Instr => {
    const key = load('i32.load', pair);
    return inner.bind('count_at', add(counts, mul(op('i32.and', op('i32.shr_u', key, i32(shift)), i32(size - 1)), 4)));
  };
  block.loop('place', i32(0), i32(entries), 1, (inner, place) => {
    const count = countAt(inner, add(from, mul(place, 8)));
    inner.add(store('i32.store', count, op('i32.add', load('i32.load', count), i32(1))));
  });
  const sum = block.variable('sum', i32(0));
  block.loop('digit', i32(0), i32(size), 1, (inner, i) => {
    const at = inner.bind('at', add(counts, mul(i, 4)));
    const count = inner.bind('count', load('i32.load', at));
    inner.add(store('i32.store', at, get(sum)), set(sum, op('i32.add', get(sum), count)));
  });
  block.loop('place', i32(0), i32(entries), 1, (inner, place) => {
    const pair = inner.bind('pair', add(from, mul(place, 8)));
    const count = countAt(inner, pair);
    const target = inner.bind('target', load('i32.load', count));
    const home = inner.bind('home', add(to, mul(target, 8)));
    inner.add(
      store('i32.store', count, op('i32.add', target, i32(1))),
      store('i32.store', home, load('i32.load', pair)),
      store('i32.store', home, load('i32.load', pair, 4), 4),
    );
  });
}
