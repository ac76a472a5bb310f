/**
 * @file Causal attention and its gradients with no score matrix: a strip of scores for 8 queries (or keys) at a time, which stays in the cache.
 *
 * Lanes are queries (in the gradient of keys and values: keys), strips run along the other axis. So the softmax needs nothing across lanes, and a strip of
 * weights is already the packed right operand of the next product (`panels.ts`). Each strip holds every score of its lanes: no rescaling as in Dao et al.
 * 2022 (arXiv 2205.14135), whose equations for the gradients are used here.
 */
import type { Attention } from '../../kernels/kernel.js';
import { ceilDivide, packAsColumns, packAsPanel, packAsRows, product, type Rows, roundUp, storeTransposed, stripBytes } from './attention-panels.js';
import { add, call, extract, f32, f32x4, get, i32, i32x4, type Instr, load, mul, op, select, set, shuffle, store, sub } from './instructions.js';
import { type EmitOptions, type KernelFunctions, phase } from './kernel-function.js';
import { expInline, vectorFunction } from './math.js';
import type { Block, WasmModule } from './module.js';
import { COLUMNS, multiply, packLanes, packRows, ROWS } from './panels.js';
import { chunkOf, shareWork } from './work.js';

/** Strips that share what is packed once, at most, and units that keep a few threads evenly busy. */
const STRIPS = 16;
const UNITS = 24;
const vectors = [0, 1] as const;

export function emitAttention(module: WasmModule, kernel: Attention, options: EmitOptions): KernelFunctions {
  for (const width of [ROWS, COLUMNS]) packRows(module, width);
  packLanes(module, ROWS);
  multiply(module);
  vectorFunction(module, 'log');
  const heads = kernel.variant === 'grad_kv' ? kernel.groups : kernel.heads;
  const strips = stripsOf(kernel, heads);
  const places = new Places(kernel, strips);
  const blocks = Math.ceil(kernel.time / (strips * COLUMNS));
  const units = kernel.batch * heads * blocks;
  const nanoseconds = (strips * COLUMNS * kernel.time * (kernel.keyWidth + kernel.valueWidth)) / 12;
  const only = phase(module, kernel, options, '', (root, { own, counter, slots }) => {
    shareWork(root.block, counter, i32(units), chunkOf(units, nanoseconds, options.grain), (chunk, begin, end) => {
      chunk.loop('unit', begin, end, 1, (block, unit) => {
        const position = block.bind('position', op('i32.div_u', unit, i32(blocks)));
        const from = block.bind('from', mul(op('i32.rem_u', unit, i32(blocks)), strips * COLUMNS));
        const batch = block.bind('batch', op('i32.div_u', position, i32(heads)));
        const head = block.bind('head', op('i32.rem_u', position, i32(heads)));
        const at: Unit = { block, own, slots, batch, head, from };
        if (kernel.variant === 'forward') forward(kernel, places, at);
        else if (kernel.variant === 'grad_q') gradQueries(kernel, places, at);
        else gradKeys(kernel, places, at);
      });
    });
  });
  return { phases: [only], ownBytes: places.bytes, sharedBytes: 0 };
}

/** As many strips as leave enough units. */
function stripsOf(kernel: Attention, heads: number): number {
  let strips = Math.min(STRIPS, Math.ceil(kernel.time / COLUMNS));
  while (strips > 1 && kernel.batch * heads * Math.ceil(kernel.time / (strips * COLUMNS)) < UNITS) strips = Math.ceil(strips / 2);
  return strips;
}

interface Unit {
  readonly block: Block;
  readonly own: Instr;
  readonly slots: readonly Instr[];
  readonly batch: Instr;
  /** The head; in grad_kv, the group. */
  readonly head: Instr;
  /** First query (key) of the unit. */
  readonly from: Instr;
}

/** Where things are in a thread's own memory. */
class Places {
  readonly time: number;
  readonly names = new Map<string, number>();
  bytes = 0;

  constructor(kernel: Attention, readonly strips: number) {
    this.time = roundUp(kernel.time, ROWS);
    const { keyWidth, valueWidth } = kernel;
    const [keyRows, valueRows] = [roundUp(keyWidth, ROWS), roundUp(valueWidth, ROWS)];
    const place = (name: string, bytes: number): void => {
      this.names.set(name, this.bytes);
      this.bytes += roundUp(bytes, 64);
    };
    // Operands packed by rows and by columns.
    place('key_rows', this.time * keyWidth * 4);
    place('key_columns', keyRows * this.time * 4);
    place('value_rows', this.time * valueWidth * 4);
    place('value_columns', valueRows * this.time * 4);
    place('key_panel', stripBytes(keyWidth));
    place('value_panel', stripBytes(valueWidth));
    place('scores', stripBytes(this.time));
    place('weights_grad', stripBytes(this.time));
    place('lse', this.time * 4);
    place('delta', this.time * 4);
    place('key_tiles', strips * stripBytes(keyRows));
    place('value_tiles', strips * stripBytes(valueRows));
    place('lanes', 4 * COLUMNS * 4);
  }

  at({ own }: Unit, name: string): Instr {
    return op('i32.add', own, i32(this.names.get(name) ?? 0));
  }
}

/** The rows of one head (or group) of an operand [batch, time, units, width]. */
function rowsOf(kernel: Attention, { block, slots, batch }: Unit, slot: number, unit: Instr, units: number, width: number): Rows {
  const first = add(mul(batch, kernel.time * units * width), mul(unit, width));
  return { from: block.bind('rows', add(slots[slot] ?? i32(0), mul(first, 4))), stride: units * width * 4, width };
}

const lseAddress = (kernel: Attention, { slots, batch }: Unit, slot: number, head: Instr, time: Instr): Instr =>
  add(slots[slot] ?? i32(0), mul(add(mul(add(mul(batch, kernel.time), time), kernel.heads), head), 4));

const minimum = (block: Block, x: Instr, limit: number): Instr => {
  const value = block.bind('value', x);
  return block.bind('least', select(op('i32.lt_s', value, i32(limit)), value, i32(limit)));
};

/** Calls `build` for each strip of the unit: its first query (key) and how many rows the strip has in a causal world. */
function eachStrip(kernel: Attention, most: number, { block, from }: Unit, build: (inner: Block, first: Instr, number: Instr) => void): void {
  const strips = minimum(block, ceilDivide(sub(i32(kernel.time), from), COLUMNS), most);
  block.loop('strip', i32(0), strips, 1, (inner, number) => build(inner, inner.bind('first', add(from, mul(number, COLUMNS))), number));
}

/** Lane numbers of a strip: first + 0..3, first + 4..7. */
function laneNumbers(block: Block, first: Instr): Instr[] {
  return vectors.map((v) => block.bind('lane_numbers', op('i32x4.add', op('i32x4.splat', first), { kind: 'vector', shape: 'i32x4', values: [0, 1, 2, 3].map((i) => i + 4 * v) })));
}

function forward(kernel: Attention, places: Places, unit: Unit): void {
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
      const row = mask.bind('row', add(scores, mul(s, COLUMNS * 4)));
      vectors.forEach((v) => {
        const hidden = op('i32x4.lt_s', lanes[v] ?? i32x4(0), op('i32x4.splat', s));
        mask.add(store('v128.store', row, op('v128.bitselect', f32x4(-3.4028234663852886e38), load('v128.load', row, 16 * v), hidden), 16 * v));
      });
    });
    const highest = vectors.map(() => inner.variable('highest', f32x4(-3.4028234663852886e38)));
    inner.loop('s', i32(0), count, 1, (step, s) => {
      const row = step.bind('row', add(scores, mul(s, COLUMNS * 4)));
      highest.forEach((local, v) => step.add(set(local, op('f32x4.pmax', get(local), load('v128.load', row, 16 * v)))));
    });
    const totals = vectors.map(() => inner.variable('total', f32x4(0)));
    const weigh = (from: Instr, to: Instr, someHidden: boolean): void => {
      inner.loop('s', from, to, 1, (step, s) => {
        const row = step.bind('row', add(scores, mul(s, COLUMNS * 4)));
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
      const row = step.bind('row', add(tile, mul(f, COLUMNS * 4)));
      scaling.forEach((factor, v) => step.add(store('v128.store', row, op('f32x4.mul', load('v128.load', row, 16 * v), factor), 16 * v)));
    });
    storeTransposed(inner, tile, out, first, i32(kernel.time), f32(1));
    const lane = places.at(unit, 'lanes');
    vectors.forEach((v) => {
      const [high, total] = [highest[v], totals[v]];
      if (high && total) inner.add(store('v128.store', lane, op('f32x4.add', get(high), call(vectorFunction(module, 'log'), get(total))), 16 * v));
    });
    inner.loop('query', first, count, 1, (step, query) => {
      const value = load('f32.load', add(lane, mul(sub(query, first), 4)));
      step.add(store('f32.store', lseAddress(kernel, unit, 4, head, query), value));
    });
  });
}

/** delta[i] = the sum of out * dout and lse[i], for rows [first, end), to a thread's own arrays at `to`, which start at row `first`. */
function rowNumbers(kernel: Attention, unit: Unit, block: Block, head: Instr, first: Instr, end: Instr, lse: Instr, delta: Instr): void {
  const out = rowsOf(kernel, { ...unit, block }, 3, head, kernel.heads, kernel.valueWidth);
  const dout = rowsOf(kernel, { ...unit, block }, 5, head, kernel.heads, kernel.valueWidth);
  block.loop('row', first, end, 1, (inner, row) => {
    const offset = inner.bind('offset', mul(row, out.stride));
    const whole = kernel.valueWidth - (kernel.valueWidth % 4);
    const sums = inner.variable('sums', f32x4(0));
    const at = (step: Block, f: Instr): Instr => step.bind('at', add(offset, mul(f, 4)));
    inner.loop('f', i32(0), i32(whole), 4, (step, f) => {
      const place = at(step, f);
      step.add(set(sums, op('f32x4.add', get(sums), op('f32x4.mul', load('v128.load', add(out.from, place)), load('v128.load', add(dout.from, place))))));
    });
    const pairs = inner.bind('pairs', op('f32x4.add', get(sums), shuffle(get(sums), get(sums), 2, 3, 0, 1)));
    const sum = inner.variable('sum', op('f32.add', extract('f32', pairs, 0), extract('f32', pairs, 1)));
    inner.loop('f', i32(whole), i32(kernel.valueWidth), 1, (step, f) => {
      const place = at(step, f);
      step.add(set(sum, op('f32.add', get(sum), op('f32.mul', load('f32.load', add(out.from, place)), load('f32.load', add(dout.from, place))))));
    });
    const place = inner.bind('place', mul(sub(row, first), 4));
    inner.add(store('f32.store', add(delta, place), get(sum)), store('f32.store', add(lse, place), load('f32.load', lseAddress(kernel, unit, 4, head, row))));
  });
}

function gradQueries(kernel: Attention, places: Places, unit: Unit): void {
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
    const offset = inner.bind('offset', mul(sub(first, from), 4));
    const [lse, delta] = ['lse', 'delta'].map((name) => vectors.map((v) => inner.bind(name, load('v128.load', add(place(name), offset), 16 * v))));
    const [scores, grads] = [inner.bind('scores', place('scores')), inner.bind('grads', place('weights_grad'))];
    inner.loop('s', i32(0), count, 1, (step, s) => {
      const row = step.bind('row', mul(s, COLUMNS * 4));
      const [scoreRow, gradRow] = [step.bind('score_row', add(scores, row)), step.bind('grad_row', add(grads, row))];
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

function gradKeys(kernel: Attention, places: Places, unit: Unit): void {
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
    const cut = (rows: Rows): Rows => ({ ...rows, from: perHead.bind('rows', add(rows.from, mul(from, rows.stride))) });
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
      const panels = (name: string, width: number): Instr => inner.bind('panels', add(place(name), mul(skipped, width * 4)));
      product(inner, panels('key_rows', kernel.keyWidth), ROWS * kernel.keyWidth * 4, seen, place('key_panel'), i32(kernel.keyWidth), place('scores'), i32(0));
      product(inner, panels('value_rows', kernel.valueWidth), ROWS * kernel.valueWidth * 4, seen, place('value_panel'), i32(kernel.valueWidth), place('weights_grad'), i32(0));
      const lanes = laneNumbers(inner, first);
      const [scores, grads] = [inner.bind('scores', place('scores')), inner.bind('grads', place('weights_grad'))];
      const [lses, deltas] = [panels('lse', 1), panels('delta', 1)];
      const firstQuery = inner.bind('first_query', op('i32.add', from, skipped));
      inner.loop('t', i32(0), seen, 1, (step, t) => {
        const row = step.bind('row', mul(t, COLUMNS * 4));
        const [scoreRow, gradRow] = [step.bind('score_row', add(scores, row)), step.bind('grad_row', add(grads, row))];
        const lse = step.bind('lse', load('v128.load32_splat', add(lses, mul(t, 4))));
        const delta = step.bind('delta', load('v128.load32_splat', add(deltas, mul(t, 4))));
        const query = step.bind('query', op('i32x4.splat', op('i32.add', firstQuery, t)));
        vectors.forEach((v) => {
          const hidden = op('i32x4.gt_s', lanes[v] ?? i32x4(0), query);
          const all = expInline(step, op('f32x4.sub', load('v128.load', scoreRow, 16 * v), lse));
          const weight = step.bind('weight', op('v128.andnot', all, hidden));
          const gradient = op('f32x4.mul', weight, op('f32x4.sub', load('v128.load', gradRow, 16 * v), delta));
          step.add(store('v128.store', scoreRow, weight, 16 * v), store('v128.store', gradRow, gradient, 16 * v));
        });
      });
      const [keys, values] = [add(place('key_tiles'), mul(number, keyTile)), add(place('value_tiles'), mul(number, valueTile))];
      product(inner, panels('value_columns', ROWS), ROWS * places.time * 4, i32(kernel.valueWidth), scores, seen, inner.bind('values', values), later);
      product(inner, panels('key_columns', ROWS), ROWS * places.time * 4, i32(kernel.keyWidth), grads, seen, inner.bind('keys', keys), later);
    });
  });
  eachStrip(kernel, places.strips, unit, (inner, first, number) => {
    storeTransposed(inner, inner.bind('keys', add(place('key_tiles'), mul(number, keyTile))), dk, first, i32(kernel.time), f32(kernel.scale));
    storeTransposed(inner, inner.bind('values', add(place('value_tiles'), mul(number, valueTile))), dv, first, i32(kernel.time), f32(1));
  });
}
