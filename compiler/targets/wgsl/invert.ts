/**
 * @file The inverted index: a stable radix sort of the entries by row, then the heads of equal runs, compacted. All steps are in a fixed
 * order and their work grows with the entries, not with the rows (Blelloch 1990, CMU-CS-90-190; Satish et al. 2009, doi 10.1109/IPDPS.2009.5161005).
 *
 * The digits needed for the rows are sorted from the lowest, up to 5 bits at a time. Each takes three dispatches: every workgroup counts the digits of
 * its block of entries; one workgroup turns the counts, digit by digit and block by block, into places; every workgroup moves its entries there.
 */
import type { Invert } from '../../kernels/kernel.js';
import { grid } from './grid.js';
import { emitHeads } from './invert_heads.js';
import { emitScan } from './invert_scan.js';
import { Module, type EmitContext, type Step } from './module.js';

/** Entries a workgroup handles: 64 lanes, 16 each. */
export const lanes = 64;
export const perLane = 16;
export const blockSize = lanes * perLane;

/** Where things are in the scratch slot. Elements (i32). */
export interface ScratchLayout {
  readonly blocks: number;
  /** Bits of each pass, lowest digit first. */
  readonly digits: readonly number[];
  /** Two arrays of keys, one of entries. */
  readonly keys: readonly [number, number];
  readonly entries: number;
  readonly counts: number;
  readonly heads: number;
  readonly size: number;
}

export function scratchLayout(kernel: Pick<Invert, 'entries' | 'rows'>): ScratchLayout {
  const { entries, rows } = kernel;
  const blocks = Math.ceil(entries / blockSize);
  // Keys are 0 .. rows; `rows` itself stands for "no row" and sorts to the end.
  const bits = Math.max(1, Math.ceil(Math.log2(rows + 1)));
  const passes = Math.ceil(bits / 5);
  const digits = Array.from({ length: passes }, (_, i) => Math.floor(((i + 1) * bits) / passes) - Math.floor((i * bits) / passes));
  const counts = 3 * entries;
  const heads = counts + 2 ** Math.max(...digits) * blocks;
  return { blocks, digits, keys: [0, entries], entries: 2 * entries, counts, heads, size: heads + blocks };
}

/** Elements (i32) the kernel's scratch slot must have. */
export function scratchSize(kernel: Pick<Invert, 'entries' | 'rows'>): number {
  return scratchLayout(kernel).size;
}

export function emitInvert(kernel: Invert, context: EmitContext): readonly Step[] {
  const layout = scratchLayout(kernel);
  const steps: Step[] = [];
  let shift = 0;
  layout.digits.forEach((bits, pass) => {
    const digit: Digit = { pass, shift, buckets: 2 ** bits, last: layout.digits.length - 1 };
    steps.push(emitCount(kernel, context, layout, digit));
    steps.push(emitScan(kernel, context, { name: `scan_${digit.buckets}_digits`, about: 'turns the counts of digits per block into places.', at: layout.counts, length: digit.buckets * layout.blocks }));
    steps.push(emitPlace(kernel, context, layout, digit));
    shift += bits;
  });
  return [...steps, ...emitHeads(kernel, context, layout)];
}

interface Digit {
  readonly pass: number;
  readonly shift: number;
  readonly buckets: number;
  readonly last: number;
}

/** Passes alternate between two homes, so that the last one leaves entries in `order` and keys in the first array. */
const homeOf = (digit: Digit, pass: number): 0 | 1 => ((digit.last - pass) % 2 === 0 ? 0 : 1);

/** Statements that read `key` (and `entry`) at position `i` as the pass before left them. */
function readKey(module: Module, kernel: Invert, layout: ScratchLayout, digit: Digit, wantEntry: boolean): string[] {
  if (digit.pass === 0) {
    module.body.define('entry', 'i');
    return [`let row = ${module.body.value(kernel.index)};`, `let key = select(row, ${kernel.rows}, row < 0);`, ...(wantEntry ? ['let entry = i;'] : [])];
  }
  const home = homeOf(digit, digit.pass - 1);
  const lines = [`let key = ${module.slots.load(kernel.scratch, `${layout.keys[home]} + i`)};`];
  if (wantEntry) lines.push(`let entry = ${home === 0 ? module.slots.load(kernel.order, 'i') : module.slots.load(kernel.scratch, `${layout.entries} + i`)};`);
  return lines;
}

const digitOf = (digit: Digit): string => `(key >> ${digit.shift}u) & ${digit.buckets - 1}`;

const localNames = ['i', 'row', 'key', 'entry', 'digit', 'place', 'block', 'first', 'sum', 'before', 'own'];

function start(kernel: Invert, context: EmitContext, digit: Digit, name: string, about: string): Module {
  return new Module(kernel, context, [], localNames, { name: `${name}_digit_${digit.pass}`, about });
}

const clear = (table: string, buckets: number): string[] => [
  `for (var i = lane; i < ${buckets * lanes}; i += ${lanes}) { ${table}[i] = 0; }`,
  'workgroupBarrier();',
];

function emitCount(kernel: Invert, context: EmitContext, layout: ScratchLayout, digit: Digit): Step {
  const module = start(kernel, context, digit, 'count', `counts digit ${digit.pass} of the rows in each block of ${blockSize} entries.`);
  const table = module.shared('count_of_lane', `array<i32, ${digit.buckets * lanes}>`);
  const shape = grid([layout.blocks, 1, 1]);
  const { body } = module;
  body.line('let lane = i32(lane_index);', `let block = ${shape.coordinates[0]};`, ...clear(table, digit.buckets));
  body.line(
    `for (var i = block * ${blockSize} + lane; i < min((block + 1) * ${blockSize}, ${kernel.entries}); i += ${lanes}) {`,
    ...readKey(module, kernel, layout, digit, false).map((line) => `  ${line}`),
    `  ${table}[(${digitOf(digit)}) * ${lanes} + lane]++;`,
    '}',
    'workgroupBarrier();',
    `for (var digit = lane; digit < ${digit.buckets}; digit += ${lanes}) {`,
    '  var sum = 0;',
    `  for (var i = 0; i < ${lanes}; i++) { sum += ${table}[digit * ${lanes} + i]; }`,
    `  ${module.slots.store(kernel.scratch, `${layout.counts} + digit * ${layout.blocks} + block`, 'sum')}`,
    '}',
  );
  return module.finish(lanes, shape);
}

function emitPlace(kernel: Invert, context: EmitContext, layout: ScratchLayout, digit: Digit): Step {
  const module = start(kernel, context, digit, 'place', `moves each block of ${blockSize} entries to where digit ${digit.pass} of their row puts them, equal ones in order.`);
  const table = module.shared('place_of_lane', `array<i32, ${digit.buckets * lanes}>`);
  const shape = grid([layout.blocks, 1, 1]);
  const { body } = module;
  const home = homeOf(digit, digit.pass);
  const loop = `for (var i = first; i < min(first + ${perLane}, ${kernel.entries}); i++) {`;
  body.line(
    'let lane = i32(lane_index);',
    `let block = ${shape.coordinates[0]};`,
    `let first = block * ${blockSize} + lane * ${perLane};`,
    ...clear(table, digit.buckets),
    loop,
    ...readKey(module, kernel, layout, digit, false).map((line) => `  ${line}`),
    `  ${table}[(${digitOf(digit)}) * ${lanes} + lane]++;`,
    '}',
    'workgroupBarrier();',
    `for (var digit = lane; digit < ${digit.buckets}; digit += ${lanes}) {`,
    `  var before = ${module.slots.load(kernel.scratch, `${layout.counts} + digit * ${layout.blocks} + block`)};`,
    `  for (var i = digit * ${lanes}; i < (digit + 1) * ${lanes}; i++) {`,
    `    let own = ${table}[i];`,
    `    ${table}[i] = before;`,
    '    before += own;',
    '  }',
    '}',
    'workgroupBarrier();',
    loop,
    ...readKey(module, kernel, layout, digit, true).map((line) => `  ${line}`),
    `  let digit = ${digitOf(digit)};`,
    `  let place = ${table}[digit * ${lanes} + lane];`,
    `  ${table}[digit * ${lanes} + lane] = place + 1;`,
    `  ${module.slots.store(kernel.scratch, `${layout.keys[home]} + place`, 'key')}`,
    `  ${home === 0 ? module.slots.store(kernel.order, 'place', 'entry') : module.slots.store(kernel.scratch, `${layout.entries} + place`, 'entry')}`,
    '}',
  );
  return module.finish(lanes, shape);
}
