/**
 * @file The second half of the inverted index: in the sorted keys, an entry whose row differs from that of the one before heads a segment. Heads are counted
 * per block, the counts scanned, and each head's row and place written to its rank in `touched` and `offsets`.
 */
import type { Invert } from '../../kernels/kernel.js';
import { grid } from './grid.js';
import { blockSize, lanes, perLane, type ScratchLayout } from './invert.js';
import { emitScan } from './invert_scan.js';
import { type EmitContext, Module, type Step } from './module.js';

const localNames = ['i', 'block', 'first', 'own', 'rank', 'row', 'sum'];

export function emitHeads(kernel: Invert, context: EmitContext, layout: ScratchLayout): readonly Step[] {
  return [
    emitCount(kernel, context, layout),
    emitScan(kernel, context, {
      name: 'scan_heads', about: 'turns the counts of segments per block into ranks.', at: layout.heads, length: layout.blocks, total: kernel.count,
    }),
    emitWrite(kernel, context, layout),
  ];
}

/** Adds `is_head(i)`: whether a segment starts at `i` of the sorted keys. */
function start(kernel: Invert, context: EmitContext, layout: ScratchLayout, name: string, about: string): { module: Module; key: (i: string) => string } {
  const module = new Module(kernel, context, [], [...localNames, 'is_head'], { name, about });
  const key = (i: string): string => module.slots.load(kernel.scratch, layout.keys[0] === 0 ? i : `${layout.keys[0]} + ${i}`);
  module.fn(
    [
      '// Whether the segment of a row starts here.',
      'fn is_head(i: i32) -> bool {',
      `  let row = ${key('i')};`,
      `  return row < ${kernel.rows} && (i == 0 || row != ${key('max(i - 1, 0)')});`,
      '}',
    ].join('\n'),
  );
  return { module, key };
}

function emitCount(kernel: Invert, context: EmitContext, layout: ScratchLayout): Step {
  const { module } = start(kernel, context, layout, 'count_heads', `counts the segments that start in each block of ${blockSize} entries.`);
  const counts = module.shared('count_of_lane', `array<i32, ${lanes}>`);
  const shape = grid([layout.blocks, 1, 1]);
  module.body.line(
    'let lane = i32(lane_index);',
    `let block = ${shape.coordinates[0]};`,
    'var own = 0;',
    `for (var i = block * ${blockSize} + lane; i < min((block + 1) * ${blockSize}, ${kernel.entries}); i += ${lanes}) { own += select(0, 1, is_head(i)); }`,
    `${counts}[lane] = own;`,
    'workgroupBarrier();',
    'if (lane == 0) {',
    '  var sum = 0;',
    `  for (var i = 0; i < ${lanes}; i++) { sum += ${counts}[i]; }`,
    `  ${module.slots.store(kernel.scratch, `${layout.heads} + block`, 'sum')}`,
    '}',
  );
  return module.finish(lanes, shape);
}

function emitWrite(kernel: Invert, context: EmitContext, layout: ScratchLayout): Step {
  const { module, key } = start(kernel, context, layout, 'write_segments', 'writes the row and the start of every segment, and where the last one ends.');
  const counts = module.shared('count_of_lane', `array<i32, ${lanes}>`);
  const shape = grid([layout.blocks, 1, 1]);
  const loop = `for (var i = first; i < min(first + ${perLane}, ${kernel.entries}); i++) {`;
  module.body.line(
    'let lane = i32(lane_index);',
    `let block = ${shape.coordinates[0]};`,
    `let first = block * ${blockSize} + lane * ${perLane};`,
    'var own = 0;',
    loop,
    '  own += select(0, 1, is_head(i));',
    '}',
    `${counts}[lane] = own;`,
    'workgroupBarrier();',
    `var rank = ${module.slots.load(kernel.scratch, `${layout.heads} + block`)};`,
    `for (var i = 0; i < lane; i++) { rank += ${counts}[i]; }`,
    loop,
    `  let row = ${key('i')};`,
    '  if (is_head(i)) {',
    `    ${module.slots.store(kernel.touched, 'rank', 'row')}`,
    `    ${module.slots.store(kernel.offsets, 'rank', 'i')}`,
    '    rank++;',
    '  }',
    '  // The last entry that has a row ends the last segment.',
    `  if (row < ${kernel.rows} && (i == ${kernel.entries - 1} || ${key(`min(i + 1, ${kernel.entries - 1})`)} >= ${kernel.rows})) { ${module.slots.store(kernel.offsets, 'rank', 'i + 1')} }`,
    `  if (i == 0 && row >= ${kernel.rows}) { ${module.slots.store(kernel.offsets, '0', '0')} }`,
    '}',
  );
  return module.finish(lanes, shape);
}
