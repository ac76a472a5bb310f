/**
 * @file The gradients of attention: weights are made again from the scores and `lse`, as in Dao et al. 2022 (arXiv 2205.14135).
 */
import type { Attention } from '../../kernels/kernel.js';
import { plus } from './address.js';
import { packAsColumns, packAsPanel, packAsRows, product, roundUp, type Rows, storeTransposed, stripBytes } from './attention-panels.js';
import { bytesOf, eachStrip, laneNumbers, lseAddress, minimum, type Places, rowsOf, type Unit, vectors } from './attention-unit.js';
import { extract, f32, f32x4, get, i32, i32x4, type Instr, load, mul, op, set, shuffle, store, sub } from './instructions.js';
import { expInline } from './math.js';
import type { Block } from './module.js';
import { COLUMNS, ROWS } from './panels.js';

/** delta[i] = the sum of out * dout and lse[i], for rows [first, end), to a thread's own arrays at `to`, which start at row `first`. */
function rowNumbers(kernel: Attention, unit: Unit, block: Block, head: Instr, first: Instr, end: Instr, lse: Instr, delta: Instr): void {
  const out = rowsOf(kernel, { ...unit, block }, 3, head, kernel.heads, kernel.valueWidth);
  const dout = rowsOf(kernel, { ...unit, block }, 5, head, kernel.heads, kernel.valueWidth);
  block.loop('row', first, end, 1, (inner, row) => {
    const offset = inner.bind('offset', bytesOf(inner, row, out.stride));
    const whole = kernel.valueWidth - (kernel.valueWidth % 4);
    const sums = inner.variable('sums', f32x4(0));
    const at = (step: Block, f: Instr): Instr => step.bind('at', plus(offset, f, 4));
    inner.loop('f', i32(0), i32(whole), 4, (step, f) => {
      const place = at(step, f);
      step.add(set(sums, op('f32x4.add', get(sums), op('f32x4.mul', load('v128.load', plus(out.from, place)), load('v128.load', plus(dout.from, place))))));
    });
    const pairs = inner.bind('pairs', op('f32x4.add', get(sums), shuffle(get(sums), get(sums), 2, 3, 0, 1)));
    const sum = inner.variable('sum', op('f32.add', extract('f32', pairs, 0), extract('f32', pairs, 1)));
    inner.loop('f', i32(whole), i32(kernel.valueWidth), 1, (step, f) => {
      const place = at(step, f);
      step.add(set(sum, op('f32.add', get(sum), op('f32.mul', load('f32.load', plus(out.from, place)), load('f32.load', plus(dout.from, place))))));
    });
    const place = inner.bind('place', bytesOf(inner, sub(row, first), 4));
    inner.add(store('f32.store', plus(delta, place), get(sum)), store('f32.store', plus(lse, place), load('f32.load', lseAddress(kernel, unit, 4, head, row))));
  });
}

/** Adds a unit of the gradient of the queries, strips of queries over the keys they see. */
export function gradQueries(kernel: Attention, places: Places, unit: Unit): void {
  const { block, head, from } = unit;
  const group = block.bind('group', op('i32.div_u', head, i32(kernel.heads / kernel.groups)));
  const q = rowsOf(kernel, unit, 0, head, kernel.heads, kernel.keyWidth);
  const k = rowsOf(kernel, unit, 1, group, kernel.groups, kernel.keyWidth);
  const v = rowsOf(kernel, unit, 2, group, kernel.groups, kernel.valueWidth);
  const dout = rowsOf(kernel, unit, 5, head, kernel.heads, kernel.valueWidth);
  const dq = rowsOf(kernel, unit, 6, head, kernel.heads, kernel.keyWidth);
  const visible = minimum(block, op('i32.add', from, i32(places.strips * COLUMNS)), kernel.time);
  packAsRows(block, k, visible, places.at(unit, 'key_rows'));
  packAsColumns(block, k, visible, places.time, places.at(unit, 'key_columns'));
  packAsRows(block, v, visible, places.at(unit, 'value_rows'));
  const place = (name: string): Instr => places.at(unit, name);
  rowNumbers(kernel, unit, block, head, from, visible, place('lse'), place('delta'));
  eachStrip(kernel, places.strips, unit, (inner, first) => {
    const count = minimum(inner, op('i32.add', first, i32(COLUMNS)), kernel.time);
    packAsPanel(inner, q, first, i32(kernel.time), kernel.scale, place('key_panel'));
    packAsPanel(inner, dout, first, i32(kernel.time), 1, place('value_panel'));
    product(inner, place('key_rows'), ROWS * kernel.keyWidth * 4, count, place('key_panel'), i32(kernel.keyWidth), place('scores'), i32(0));
    product(inner, place('value_rows'), ROWS * kernel.valueWidth * 4, count, place('value_panel'), i32(kernel.valueWidth), place('weights_grad'), i32(0));
    const lanes = laneNumbers(inner, first);
    const offset = inner.bind('offset', bytesOf(inner, sub(first, from), 4));
    const [lse, delta] = ['lse', 'delta'].map((name) => vectors.map((v) => inner.bind(name, load('v128.load', plus(place(name), offset), 16 * v))));
    const [scores, grads] = [inner.bind('scores', place('scores')), inner.bind('grads', place('weights_grad'))];
    inner.loop('s', i32(0), count, 1, (step, s) => {
      const row = step.bind('row', bytesOf(step, s, COLUMNS * 4));
      const [scoreRow, gradRow] = [step.bind('score_row', plus(scores, row)), step.bind('grad_row', plus(grads, row))];
      vectors.forEach((v) => {
        const weight = expInline(step, op('f32x4.sub', load('v128.load', scoreRow, 16 * v), lse?.[v] ?? f32x4(0)));
        const gradient = op('f32x4.mul', weight, op('f32x4.sub', load('v128.load', gradRow, 16 * v), delta?.[v] ?? f32x4(0)));
        const hidden = op('i32x4.lt_s', lanes[v] ?? i32x4(0), op('i32x4.splat', s));
        step.add(store('v128.store', scoreRow, op('v128.andnot', gradient, hidden), 16 * v));
      });
    });
    product(inner, place('key_columns'), ROWS * places.time * 4, i32(kernel.keyWidth), scores, count, place('key_tiles'), i32(0));
    storeTransposed(inner, place('key_tiles'), dq, first, i32(kernel.time), f32(kernel.scale));
  });
}

/** Adds a unit of the gradients of keys and values, strips of keys over the queries that see them, summed over the heads that read the group. */
export function gradKeys(kernel: Attention, places: Places, unit: Unit): void {
  const { block, head: group, from } = unit;
  const perGroup = kernel.heads / kernel.groups;
  const place = (name: string): Instr => places.at(unit, name);
  const k = rowsOf(kernel, unit, 1, group, kernel.groups, kernel.keyWidth);
  const v = rowsOf(kernel, unit, 2, group, kernel.groups, kernel.valueWidth);
  const dk = rowsOf(kernel, unit, 6, group, kernel.groups, kernel.keyWidth);
  const dv = rowsOf(kernel, unit, 7, group, kernel.groups, kernel.valueWidth);
  const [keyTile, valueTile] = [stripBytes(roundUp(kernel.keyWidth, ROWS)), stripBytes(roundUp(kernel.valueWidth, ROWS))];
  // Only queries from the unit's first key on see its keys.
  const count = block.bind('queries', sub(i32(kernel.time), from));
  const end = mul(op('i32.add', group, i32(1)), perGroup);
  block.loop('reader', mul(group, perGroup), end, 1, (perHead, head) => {
    const within: Unit = { ...unit, block: perHead };
    const later = perHead.bind('later', op('i32.gt_s', head, mul(group, perGroup)));
    const cut = (rows: Rows): Rows => ({ ...rows, from: perHead.bind('rows', plus(rows.from, from, rows.stride)) });
    const q = cut(rowsOf(kernel, within, 0, head, kernel.heads, kernel.keyWidth));
    const dout = cut(rowsOf(kernel, within, 5, head, kernel.heads, kernel.valueWidth));
    packAsRows(perHead, q, count, place('key_rows'));
    packAsColumns(perHead, q, count, places.time, place('key_columns'));
    packAsRows(perHead, dout, count, place('value_rows'));
    packAsColumns(perHead, dout, count, places.time, place('value_columns'));
    rowNumbers(kernel, within, perHead, head, from, i32(kernel.time), place('lse'), place('delta'));
    eachStrip(kernel, places.strips, within, (inner, first, number) => {
      packAsPanel(inner, k, first, i32(kernel.time), kernel.scale, place('key_panel'));
      packAsPanel(inner, v, first, i32(kernel.time), 1, place('value_panel'));
      // Queries before the strip's first key see none of it: the first whole panel that does not lie before.
      const skipped = inner.bind('skipped', mul(op('i32.div_u', mul(number, COLUMNS), i32(ROWS)), ROWS));
      const seen = inner.bind('seen', sub(count, skipped));
      const panels = (name: string, width: number): Instr => inner.bind('panels', plus(place(name), skipped, width * 4));
      product(inner, panels('key_rows', kernel.keyWidth), ROWS * kernel.keyWidth * 4, seen, place('key_panel'), i32(kernel.keyWidth), place('scores'), i32(0));
      product(inner, panels('value_rows', kernel.valueWidth), ROWS * kernel.valueWidth * 4, seen, place('value_panel'), i32(kernel.valueWidth), place('weights_grad'), i32(0));
      const lanes = laneNumbers(inner, first);
      const [scores, grads] = [inner.bind('scores', place('scores')), inner.bind('grads', place('weights_grad'))];
      const [lses, deltas] = [panels('lse', 1), panels('delta', 1)];
      const firstQuery = inner.bind('first_query', op('i32.add', from, skipped));
      inner.loop('t', i32(0), seen, 1, (step, t) => {
        const row = step.bind('row', bytesOf(step, t, COLUMNS * 4));
        const [scoreRow, gradRow] = [step.bind('score_row', plus(scores, row)), step.bind('grad_row', plus(grads, row))];
        const lse = step.bind('lse', load('v128.load32_splat', plus(lses, t, 4)));
        const delta = step.bind('delta', load('v128.load32_splat', plus(deltas, t, 4)));
        const query = step.bind('query', op('i32x4.splat', op('i32.add', firstQuery, t)));
        vectors.forEach((v) => {
          const hidden = op('i32x4.gt_s', lanes[v] ?? i32x4(0), query);
          const all = expInline(step, op('f32x4.sub', load('v128.load', scoreRow, 16 * v), lse));
          const weight = step.bind('weight', op('v128.andnot', all, hidden));
          const gradient = op('f32x4.mul', weight, op('f32x4.sub', load('v128.load', gradRow, 16 * v), delta));
          step.add(store('v128.store', scoreRow, weight, 16 * v), store('v128.store', gradRow, gradient, 16 * v));
        });
      });
      const [keys, values] = [plus(place('key_tiles'), number, keyTile), plus(place('value_tiles'), number, valueTile)];
      product(inner, panels('value_columns', ROWS), ROWS * places.time * 4, i32(kernel.valueWidth), scores, seen, inner.bind('values', values), later);
      product(inner, panels('key_columns', ROWS), ROWS * places.time * 4, i32(kernel.keyWidth), grads, seen, inner.bind('keys', keys), later);
    });
  });
  eachStrip(kernel, places.strips, unit, (inner, first, number) => {
    storeTransposed(inner, inner.bind('keys', plus(place('key_tiles'), number, keyTile)), dk, first, i32(kernel.time), f32(kernel.scale));
    storeTransposed(inner, inner.bind('values', plus(place('value_tiles'), number, valueTile)), dv, first, i32(kernel.time), f32(1));
  });
}
