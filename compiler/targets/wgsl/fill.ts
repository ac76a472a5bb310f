/**
 * @file Fill: every element of slot 0 gets one value. One invocation writes several elements, consecutive invocations consecutive ones.
 */
import type { Fill } from '../../kernels/kernel.js';
import { grid } from './grid.js';
import { type EmitContext, Module, type Step } from './module.js';
import { literal } from './scalar.js';

const lanes = 64;
const perLane = 8;

export function emitFill(kernel: Fill, context: EmitContext): readonly Step[] {
  const module = new Module(kernel, context, [], ['first', 'i']);
  const size = kernel.slots[0]?.size ?? 0;
  const shape = grid([Math.ceil(size / (lanes * perLane)), 1, 1]);
  const { body } = module;
  const value = literal(kernel.value, kernel.slots[0]?.dtype ?? 'f32', () => undefined).text;
  body.line(`let first = ${shape.coordinates[0]} * ${lanes * perLane} + i32(lane_index);`);
  body.block(`for (var i = first; i < min(first + ${lanes * perLane}, ${size}); i += ${lanes})`, (inner) => {
    inner.line(module.slots.store(0, 'i', value));
  });
  return [module.finish(lanes, shape)];
}
