/**
 * @file The inverted index: a stable radix sort of the entries by row (lowest digit first, up to 11 bits at a time), then one walk over the sorted rows. Its
 * work grows with the entries, not with the rows. One thread does it all: it takes a fraction of a millisecond for tens of thousands of entries.
 */
import type { Invert } from '../../kernels/kernel.js';
import { plus } from './address.js';
import { get, i32, type Instr, load, op, select, set, store, sub } from './instructions.js';
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
    const pairs = [0, 1].map((i) => root.block.bind('pairs', plus(shared, i * 8 * entries)));
    const counts = root.block.bind('counts', plus(shared, 16 * entries));
    shareWork(root.block, counter, i32(1), 1, (block) => {
      const [from0, to0] = pairs;
      if (!from0 || !to0) return;
      block.loop('entry', i32(0), i32(entries), 1, (inner, entry) => {
        const scope = root.inner(inner);
        scope.define('entry', { varies: false, instr: entry });
        const row = inner.bind('row', scope.scalar(kernel.index));
        const inside = op('i32.lt_u', row, i32(rows));
        const at = inner.bind('at', plus(from0, entry, 8));
        inner.add(store('i32.store', at, select(inside, row, i32(rows))), store('i32.store', at, entry, 4));
      });
      let [from, to] = [from0, to0];
      for (let pass = 0; pass < passes; pass++) {
        sortBy(block, from, to, counts, entries, pass * digit, digit);
        [from, to] = [to, from];
      }
      const touched = block.variable('count', i32(0));
      const last = block.variable('last', i32(-1));
      const start = block.variable('start', i32(0));
      const end = block.variable('end', i32(0));
      block.loop('place', i32(0), i32(entries), 1, (inner, place) => {
        const at = inner.bind('at', plus(from, place, 8));
        const row = inner.bind('row', load('i32.load', at));
        inner.add(store('i32.store', plus(slot(kernel.order), place, 4), load('i32.load', at, 4)));
        inner.if(op('i32.lt_s', row, i32(rows)), (inside) => {
          // No branch on whether the row is new, which no processor foretells: number and start of a row are written again for each of its entries.
          const isNew = inside.bind('is_new', op('i32.ne', row, get(last)));
          inside.add(
            set(touched, op('i32.add', get(touched), isNew)), set(start, select(isNew, place, get(start))),
            set(last, row), set(end, op('i32.add', place, i32(1))),
          );
          const number = inside.bind('number', sub(get(touched), i32(1)));
          inside.add(store('i32.store', plus(slot(kernel.touched), number, 4), row), store('i32.store', plus(slot(kernel.offsets), number, 4), get(start)));
        });
      });
      block.add(store('i32.store', slot(kernel.count), get(touched)));
      // Segments past the last are empty.
      block.loop('rest', get(touched), i32(limit + 1), 1, (inner, rest) => {
        inner.add(store('i32.store', plus(slot(kernel.offsets), rest, 4), get(end)));
      });
    });
  });
  return { phases: [only], ownBytes: 0, sharedBytes: 16 * entries + 4 * 2 ** digit };
}

/** One pass: (key, entry) pairs from `from` to `to`, ordered by the digit, equal ones as they were. */
function sortBy(block: Block, from: Instr, to: Instr, counts: Instr, entries: number, shift: number, digit: number): void {
  const size = 2 ** digit;
  block.loop('digit', i32(0), i32(size), 1, (inner, i) => inner.add(store('i32.store', plus(counts, i, 4), i32(0))));
  const countAt = (inner: Block, pair: Instr): Instr => {
    const key = load('i32.load', pair);
    return inner.bind('count_at', plus(counts, op('i32.and', op('i32.shr_u', key, i32(shift)), i32(size - 1)), 4));
  };
  block.loop('place', i32(0), i32(entries), 1, (inner, place) => {
    const count = countAt(inner, plus(from, place, 8));
    inner.add(store('i32.store', count, op('i32.add', load('i32.load', count), i32(1))));
  });
  const sum = block.variable('sum', i32(0));
  block.loop('digit', i32(0), i32(size), 1, (inner, i) => {
    const at = inner.bind('at', plus(counts, i, 4));
    const count = inner.bind('count', load('i32.load', at));
    inner.add(store('i32.store', at, get(sum)), set(sum, op('i32.add', get(sum), count)));
  });
  block.loop('place', i32(0), i32(entries), 1, (inner, place) => {
    const pair = inner.bind('pair', plus(from, place, 8));
    const count = countAt(inner, pair);
    const target = inner.bind('target', load('i32.load', count));
    const home = inner.bind('home', plus(to, target, 8));
    inner.add(
      store('i32.store', count, op('i32.add', target, i32(1))),
      store('i32.store', home, load('i32.load', pair)),
      store('i32.store', home, load('i32.load', pair, 4), 4),
    );
  });
}
