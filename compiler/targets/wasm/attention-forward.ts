/**
 * @file Attention forward: a strip of scores, its softmax down each lane, its product with the values.
 */
import type { Attention } from '../../kernels/kernel.js';
import { plus } from './address.js';
import { packAsColumns, packAsPanel, packAsRows, product, storeTransposed } from './attention-panels.js';
import { eachStrip, laneNumbers, lseAddress, minimum, type Places, rowsOf, type Unit, vectors } from './attention-unit.js';
import { call, f32, f32x4, get, i32, i32x4, type Instr, load, op, set, store, sub } from './instructions.js';
import { expInline, vectorFunction } from './math.js';
import { COLUMNS, ROWS } from './panels.js';

/** Adds a unit of the forward pass: `out`, and `lse` for the gradients. */
export function forward(kernel: Attention, places: Places, unit: Unit): void {
  const { block, head, from } = unit;
  const { module } = block.fn;
  const group = block.bind('group', op('i32.div_u', head, i32(kernel.heads / kernel.groups)));
  const q = rowsOf(kernel, unit, 0, head, kernel.heads, kernel.keyWidth);
  const k = rowsOf(kernel, unit, 1, group, kernel.groups, kernel.keyWidth);
  const v = rowsOf(kernel, unit, 2, group, kernel.groups, kernel.valueWidth);
  const out = rowsOf(kernel, unit, 3, head, kernel.heads, kernel.valueWidth);
  const visible = minimum(block, op('i32.add', from, i32(places.strips * COLUMNS)), kernel.time);
  packAsRows(block, k, visible, places.at(unit, 'key_rows'));
  packAsColumns(block, v, visible, places.time, places.at(unit, 'value_columns'));
  const [panel, scores, tile] = ['key_panel', 'scores', 'value_tiles'].map((name) => block.bind(name, places.at(unit, name)));
  if (!panel || !scores || !tile) return;
  eachStrip(kernel, places.strips, unit, (inner, first) => {
    const count = minimum(inner, op('i32.add', first, i32(COLUMNS)), kernel.time);
    packAsPanel(inner, q, first, i32(kernel.time), kernel.scale, panel);
    product(inner, places.at(unit, 'key_rows'), ROWS * kernel.keyWidth * 4, count, panel, i32(kernel.keyWidth), scores, i32(0));
    const lanes = laneNumbers(inner, first);
    // Queries before a key do not see it.
    inner.loop('s', first, count, 1, (mask, s) => {
      const row = mask.bind('row', plus(scores, s, COLUMNS * 4));
      vectors.forEach((v) => {
        const hidden = op('i32x4.lt_s', lanes[v] ?? i32x4(0), op('i32x4.splat', s));
        mask.add(store('v128.store', row, op('v128.bitselect', f32x4(-3.4028234663852886e38), load('v128.load', row, 16 * v), hidden), 16 * v));
      });
    });
    const highest = vectors.map(() => inner.variable('highest', f32x4(-3.4028234663852886e38)));
    inner.loop('s', i32(0), count, 1, (step, s) => {
      const row = step.bind('row', plus(scores, s, COLUMNS * 4));
      highest.forEach((local, v) => step.add(set(local, op('f32x4.pmax', get(local), load('v128.load', row, 16 * v)))));
    });
    const totals = vectors.map(() => inner.variable('total', f32x4(0)));
    const weigh = (from: Instr, to: Instr, someHidden: boolean): void => {
      inner.loop('s', from, to, 1, (step, s) => {
        const row = step.bind('row', plus(scores, s, COLUMNS * 4));
        vectors.forEach((v) => {
          const [high, total] = [highest[v], totals[v]];
          if (!high || !total) return;
          const all = expInline(step, op('f32x4.sub', load('v128.load', row, 16 * v), get(high)));
          const weight = step.bind('weight', someHidden ? op('v128.andnot', all, op('i32x4.lt_s', lanes[v] ?? i32x4(0), op('i32x4.splat', s))) : all);
          step.add(store('v128.store', row, weight, 16 * v), set(total, op('f32x4.add', get(total), weight)));
        });
      });
    };
    weigh(i32(0), first, false);
    weigh(first, count, true);
    product(inner, places.at(unit, 'value_columns'), ROWS * places.time * 4, i32(kernel.valueWidth), scores, count, tile, i32(0));
    const scaling = vectors.map((v) => inner.bind('scaling', op('f32x4.div', f32x4(1), totals[v] ? get(totals[v]) : f32x4(1))));
    inner.loop('f', i32(0), i32(kernel.valueWidth), 1, (step, f) => {
      const row = step.bind('row', plus(tile, f, COLUMNS * 4));
      scaling.forEach((factor, v) => step.add(store('v128.store', row, op('f32x4.mul', load('v128.load', row, 16 * v), factor), 16 * v)));
    });
    storeTransposed(inner, tile, out, first, i32(kernel.time), f32(1));
    const lane = places.at(unit, 'lanes');
    vectors.forEach((v) => {
      const [high, total] = [highest[v], totals[v]];
      if (high && total) inner.add(store('v128.store', lane, op('f32x4.add', get(high), call(vectorFunction(module, 'log'), get(total))), 16 * v));
    });
    inner.loop('query', first, count, 1, (step, query) => {
      const value = load('f32.load', plus(lane, sub(query, first), 4));
      step.add(store('f32.store', lseAddress(kernel, unit, 4, head, query), value));
    });
  });
}
