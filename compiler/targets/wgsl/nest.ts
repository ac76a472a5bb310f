/**
 * @file Loop nests: which of two forms a nest takes. `nest_points.ts` gives each parallel point one invocation; `nest_rows.ts` gives it a team.
 */
import type { Expr, Loop, Nest, Stage } from '../../kernels/kernel.js';
import { loadsIn, stride } from './expressions.js';
import { isDynamic, points } from './loops.js';
import type { EmitContext, Step } from './module.js';
import { emitPoints } from './nest_points.js';
import { emitRows } from './nest_rows.js';

/**
 * When a team is worth its barriers. With many parallel points one invocation each keeps any device busy, and on the software adapter that is 8 to 13
 * times as fast (gathered dots of 128 and 256, 16,384 to 32,768 of them); so teams are for few points, or rows so long that the barriers vanish.
 */
const team = { shortestLoop: 32, fewPoints: 256, longLoop: 2048 };

export function emitNest(kernel: Nest, context: EmitContext): readonly Step[] {
  const size = teamSize(kernel);
  return size === 1 ? emitPoints(kernel, context) : emitRows(kernel, context, size);
}

/** How many invocations share one parallel point: 1, or a power of two that divides the workgroup. */
function teamSize(kernel: Nest): number {
  const loops = kernel.stages.flatMap((stage) => (stage.kind === 'let' || stage.loops.length === 0 ? [] : [stage.loops]));
  const longest = Math.max(1, ...loops.map(points));
  // Segments of dynamic length are mostly short.
  if (longest < team.shortestLoop || (points(kernel.grid) >= team.fewPoints && longest < team.longLoop) || loops.some(isDynamic) || readsColumns(kernel)) return 1;
  if (longest >= 4096 && points(kernel.grid) < 64) return 256;
  return longest >= 256 ? 64 : 2 ** Math.floor(Math.log2(longest / 4));
}

/** Whether neighbouring parallel points read neighbouring addresses in every long loop, and a loop's own steps are apart: then one
 *  invocation a point already reads memory in order. */
function readsColumns(kernel: Nest): boolean {
  const column = kernel.grid[kernel.grid.length - 1];
  if (column === undefined || points(kernel.grid) < 64) return false;
  let columns = false;
  for (const stage of kernel.stages) {
    if (stage.kind === 'let') continue;
    const innermost = stage.loops[stage.loops.length - 1];
    if (innermost === undefined) continue;
    const indices: Expr[] = loadsIn(expressionsOfStage(stage)).map((load) => load.index);
    if (stage.kind === 'store') indices.push(stage.index);
    for (const index of indices) {
      if (stride(index, innermost.name) === 1) return false;
      if (stride(index, column.name) === 1) columns = true;
    }
  }
  return columns;
}

/** Every expression of the nest. */
export function expressionsOf(kernel: Nest): Expr[] {
  return [...boundsOf(kernel.grid), ...kernel.stages.flatMap(expressionsOfStage)];
}

const boundsOf = (loops: readonly Loop[]): Expr[] => loops.flatMap((loop) => [loop.from, loop.to].filter((x) => x !== undefined));

export function expressionsOfStage(stage: Stage): Expr[] {
  if (stage.kind === 'let') return [stage.value];
  const lets = (stage.lets ?? []).map((x) => x.value);
  const bounds = boundsOf(stage.loops);
  if (stage.kind === 'store') return [...bounds, ...lets, stage.index, stage.value];
  const inner = stage.inner;
  return [...bounds, ...lets, ...(inner === undefined ? [] : [...boundsOf(inner.loops), ...inner.lets.map((x) => x.value), inner.value]), stage.value];
}
