/**
 * @file Nests with one invocation per parallel point. Consecutive invocations are consecutive points, so the innermost parallel loop (the columns
 * of a segment reduction, say) reads and writes consecutive addresses. Where there are many points, or a number only known when it runs, a limited
 * number of workgroups strides over them: an idle workgroup is not free (about 1 us each on the software adapter).
 */
import type { Nest } from '../../kernels/kernel.js';
import { grid } from './grid.js';
import { decode, initial, nestLoops, points, reduceBody } from './loops.js';
import { type EmitContext, Module, type Step } from './module.js';
import { expressionsOf } from './nest.js';
import type { Scope } from './scope.js';

const lanes = 64;
const mostGroups = { known: 4096, dynamic: 1024 };

export function emitPoints(kernel: Nest, context: EmitContext): readonly Step[] {
  const module = new Module(kernel, context, expressionsOf(kernel), []);
  const { body } = module;
  const total = points(kernel.grid);
  const outer = kernel.grid[0];
  if (outer === undefined) {
    body.line('if (lane_index != 0u) { return; }');
    emitStages(kernel, body);
    return [module.finish(lanes, grid([1, 1, 1]))];
  }
  const dynamic = outer.to !== undefined;
  const needed = Math.ceil(total / lanes);
  const groups = Math.min(needed, dynamic ? mostGroups.dynamic : mostGroups.known);
  const shape = grid([groups, 1, 1]);
  const start = `${shape.coordinates[0]} * ${lanes} + i32(lane_index)`;
  const position = body.fresh(kernel.grid.length === 1 && outer.from === undefined ? outer.name : 'position');
  if (!dynamic && groups === needed) {
    body.line(`let ${position} = ${start};`);
    if (total % lanes !== 0) body.line(`if (${position} >= ${total}) { return; }`);
    decode(body, kernel.grid, position);
    emitStages(kernel, body);
    return [module.finish(lanes, shape)];
  }
  let end = String(total);
  if (outer.to !== undefined) {
    const count = outer.from === undefined ? body.operand(outer.to) : `(${body.operand(outer.to)} - ${body.operand(outer.from)})`;
    const inner = points(kernel.grid.slice(1));
    end = body.bind('end', inner === 1 ? count : `${count} * ${inner}`);
  }
  const writes = new Set(kernel.stages.flatMap((stage) => (stage.kind === 'store' ? [stage.slot] : [])));
  body.block(
    `for (var ${position} = ${start}; ${position} < ${end}; ${position} += ${groups * lanes})`,
    (inner) => {
      decode(inner, kernel.grid, position);
      emitStages(kernel, inner);
    },
    { writes },
  );
  return [module.finish(lanes, shape)];
}

function emitStages(kernel: Nest, scope: Scope): void {
  for (const stage of kernel.stages) {
    if (stage.kind === 'let') scope.bind(stage.name, scope.value(stage.value));
    else if (stage.kind === 'store') {
      nestLoops(scope, stage.loops, new Set([stage.slot]), (inner) => {
        for (const { name, value } of stage.lets ?? []) inner.bind(name, inner.value(value));
        inner.store(stage.slot, stage.index, stage.value);
      });
    } else {
      const total = scope.fresh(stage.name);
      scope.line(`var ${total} = ${initial(stage.fn, stage.value.dtype)};`);
      nestLoops(scope, stage.loops, new Set(), (inner) => {
        reduceBody(inner, stage, total);
      });
      scope.define(stage.name, total);
    }
  }
}
