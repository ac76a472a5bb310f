/**
 * @file Exclusive prefix sums of a stretch of scratch, in place, by one workgroup: each lane sums a contiguous share, the sums of the lanes before it
 * give where it starts. The stretch is about a thirtieth of the entries at most, so one workgroup is enough.
 */
import type { Invert } from '../../kernels/kernel.js';
import { grid } from './grid.js';
import { type EmitContext, Module, type Step } from './module.js';

const lanes = 256;

export interface Scan {
  readonly name: string;
  readonly about: string;
  /** First element in scratch, and how many. */
  readonly at: number;
  readonly length: number;
  /** Slot whose only element becomes the total. */
  readonly total?: number;
}

export function emitScan(kernel: Invert, context: EmitContext, scan: Scan): Step {
  const module = new Module(kernel, context, [], ['i', 'first', 'end', 'before', 'own', 'sum'], scan);
  const sums = module.shared('sum_of_lane', `array<i32, ${lanes}>`);
  const share = Math.ceil(scan.length / lanes);
  const element = module.slots.load(kernel.scratch, `${scan.at} + i`);
  module.body.line(
    'let lane = i32(lane_index);',
    `let first = min(lane * ${share}, ${scan.length});`,
    `let end = min(first + ${share}, ${scan.length});`,
    'var sum = 0;',
    `for (var i = first; i < end; i++) { sum += ${element}; }`,
    `${sums}[lane] = sum;`,
    'workgroupBarrier();',
    'var before = 0;',
    `for (var i = 0; i < lane; i++) { before += ${sums}[i]; }`,
    'for (var i = first; i < end; i++) {',
    `  let own = ${element};`,
    `  ${module.slots.store(kernel.scratch, `${scan.at} + i`, 'before')}`,
    '  before += own;',
    '}',
  );
  if (scan.total !== undefined) module.body.line(`if (lane == ${lanes - 1}) { ${module.slots.store(scan.total, '0', 'before')} }`);
  return module.finish(lanes, grid([1, 1, 1]));
}
