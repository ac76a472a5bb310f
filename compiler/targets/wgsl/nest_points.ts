/**
 * @file Nests with one invocation per parallel point. Consecutive invocations are consecutive points, so the innermost parallel loop (the columns
 * of a segment reduction, say) reads and writes consecutive addresses.
 */
import type { Nest } from '../../kernels/kernel.js';
import { grid } from './grid.js';
import { decode, initial, nestLoops, points, reduceBody } from './loops.js';
import { type EmitContext, Module, type Step } from './module.js';
import { expressionsOf } from './nest.js';

const lanes = 64;

export function emitPoints(kernel: Nest, context: EmitContext): readonly Step[] {
  const module = new Module(kernel, context, expressionsOf(kernel), []);
  const { body } = module;
  const total = points(kernel.grid);
  const shape = grid([Math.ceil(total / lanes), 1, 1]);
  const outer = kernel.grid[0];
  if (outer !== undefined) {
    const single = kernel.grid.length === 1 && outer.from === undefined;
    const position = body.fresh(single ? outer.name : 'position');
    body.line(`let ${position} = ${shape.coordinates[0]} * ${lanes} + i32(lane_index);`);
    if (total % lanes !== 0 || shape.outside !== undefined) body.line(`if (${position} >= ${total}) { return; }`);
    decode(body, kernel.grid, position);
    if (outer.to !== undefined) {
      const bound = body.operand(outer.to);
      body.line(`if (${body.value({ kind: 'var', name: outer.name, dtype: 'i32' })} >= ${bound}) { return; }`);
    }
  } else {
    body.line('if (lane_index != 0u) { return; }');
  }
  for (const stage of kernel.stages) {
    if (stage.kind === 'let') body.bind(stage.name, body.value(stage.value));
    else if (stage.kind === 'store') {
      nestLoops(body, stage.loops, new Set([stage.slot]), (inner) => {
        for (const { name, value } of stage.lets ?? []) inner.bind(name, inner.value(value));
        inner.store(stage.slot, stage.index, stage.value);
      });
    } else {
      const total = body.fresh(stage.name);
      body.line(`var ${total} = ${initial(stage.fn, stage.value.dtype)};`);
      nestLoops(body, stage.loops, new Set(), (inner) => {
        reduceBody(inner, stage, total);
      });
      body.define(stage.name, total);
    }
  }
  return [module.finish(lanes, shape)];
}
