/**
 * @file Causal attention and its gradients with no score matrix: a strip of scores for 8 queries (or keys) at a time, which stays in the cache.
 *
 * Lanes are queries (in the gradient of keys and values: keys), strips run along the other axis. So the softmax needs nothing across lanes, and a strip of
 * weights is already the packed right operand of the next product (`panels.ts`). Each strip holds every score of its lanes: no rescaling as in Dao et al.
 * 2022 (arXiv 2205.14135), whose equations for the gradients are used here.
 */
import type { Attention } from '../../kernels/kernel.js';
import { forward } from './attention-forward.js';
import { gradKeys, gradQueries } from './attention-gradients.js';
import { Places, type Unit } from './attention-unit.js';
import { i32, mul, op } from './instructions.js';
import { type EmitOptions, type KernelFunctions, phase } from './kernel-function.js';
import { vectorFunction } from './math.js';
import type { WasmModule } from './module.js';
import { COLUMNS, multiply, packLanes, packRows, ROWS } from './panels.js';
import { chunkOf, shareWork } from './work.js';

/** Strips that share what is packed once, at most, and units that keep a few threads evenly busy. */
const STRIPS = 16;
const UNITS = 24;

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
