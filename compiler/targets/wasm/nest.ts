/**
 * @file Loop nests. Parallel loops run as real loops, the outermost handed out to threads; see `nest-plan.ts` for what becomes vectors.
 */
import type { Expr, Loop, Nest } from '../../kernels/kernel.js';
import { type EmitOptions, type KernelFunctions, phase } from './kernel-function.js';
import { i32, type Instr, mul, op, sub } from './instructions.js';
import { type Lanes, type NestPlan, planNest, points } from './nest-plan.js';
import { runPoints } from './points.js';
import { runStage, vectorLoop } from './stage.js';
import type { Scope } from './scope.js';
import { chunkOf, shareWork } from './work.js';

export function emitNest(module: Parameters<typeof phase>[0], kernel: Nest, options: EmitOptions): KernelFunctions {
  const plan = planNest(kernel);
  const only = phase(module, kernel, options, '', (root, { counter }) => {
    const handed = plan.outer.slice(0, plan.handedOut);
    const [first] = handed;
    const lane = plan.vectors.kind === 'stages' ? undefined : plan.vectors.loop;
    const blocks = plan.block > 0 && lane ? Math.ceil(lane.extent / plan.block) : 1;
    const from = first?.from ? root.scalar(first.from) : i32(0);
    const outermost = first ? (first.to ? sub(root.scalar(first.to), from) : sub(i32(first.extent), from)) : i32(1);
    const rest = points(handed.slice(1)) * blocks;
    const most = (first?.extent ?? 1) * rest;
    const writes = writesOf(kernel);
    shareWork(root.block, counter, mul(atLeastZero(root, outermost), rest), chunkOf(most, plan.nanosecondsPerUnit, options.grain), (block, begin, end) => {
      block.loop('unit', begin, end, 1, (inner, unit) => {
        const scope = root.inner(inner, { writes });
        const blockAt = decode(scope, handed, unit, blocks, from);
        nested(scope, plan.outer.slice(plan.handedOut), writes, (innermost) => body(innermost, kernel, plan, writes, blockAt));
      });
    });
  });
  return { phases: [only], ownBytes: 0, sharedBytes: 0 };
}

function atLeastZero(scope: Scope, value: Instr): Instr {
  if (value.kind === 'const') return value;
  const count = scope.block.bind('count', value);
  return { kind: 'select', condition: op('i32.gt_s', count, i32(0)), yes: count, no: i32(0) };
}

function writesOf(kernel: Nest): ReadonlySet<number> {
  return new Set(kernel.stages.flatMap((stage) => (stage.kind === 'store' ? [stage.slot] : [])));
}

/** Defines the variables of the handed-out loops from a unit's number; returns the number of its block of the vector loop. */
function decode(scope: Scope, loops: readonly Loop[], unit: Instr, blocks: number, from: Instr): Instr {
  let position = unit;
  let block: Instr = i32(0);
  if (blocks > 1) {
    block = scope.block.bind('block', op('i32.rem_u', position, i32(blocks)));
    position = scope.block.bind('position', op('i32.div_u', position, i32(blocks)));
  }
  for (let i = loops.length - 1; i >= 0; i--) {
    const loop = loops[i];
    if (!loop) continue;
    if (i === 0) scope.define(loop.name, { varies: false, instr: scope.block.bind(loop.name, op('i32.add', position, from)) });
    else {
      scope.define(loop.name, { varies: false, instr: scope.block.bind(loop.name, op('i32.rem_u', position, i32(loop.extent))) });
      position = scope.block.bind('position', op('i32.div_u', position, i32(loop.extent)));
    }
  }
  return block;
}

function bounds(scope: Scope, loop: Loop): readonly [Instr, Instr] {
  const at = (expr: Expr | undefined, otherwise: number): Instr => (expr ? scope.scalar(expr) : i32(otherwise));
  return [at(loop.from, 0), at(loop.to, loop.extent)];
}

function nested(scope: Scope, loops: readonly Loop[], writes: ReadonlySet<number>, build: (inner: Scope) => void): void {
  const [loop, ...rest] = loops;
  if (!loop) return build(scope);
  const [from, to] = bounds(scope, loop);
  scope.loop(loop.name, from, to, writes, (inner) => nested(inner, rest, writes, build));
}

/** One point of the parallel loops; in a plan over the grid, all points of the vector loop (or of its block). */
function body(scope: Scope, kernel: Nest, plan: NestPlan, writes: ReadonlySet<number>, blockAt: Instr): void {
  const { vectors } = plan;
  const lanes: Lanes = vectors.kind === 'grid' ? new Map() : vectors.loops;
  const stages = (inner: Scope): void => {
    if (vectors.kind === 'points' && inner.vector) return runPoints(inner, kernel.stages, lanes);
    for (const stage of kernel.stages) runStage(inner, stage, lanes);
  };
  if (vectors.kind === 'stages') return stages(scope);
  const { loop } = vectors;
  const copies = vectors.kind === 'grid' ? vectors.copies : 1;
  const cut = plan.block > 0;
  const begin = cut ? scope.block.bind('begin', mul(blockAt, plan.block)) : i32(0);
  let end: Instr = i32(loop.extent);
  if (cut) {
    const after = scope.block.bind('after', op('i32.add', begin, i32(plan.block)));
    end = scope.block.bind('end', { kind: 'select', condition: op('i32.lt_s', after, end), yes: after, no: end });
  }
  const sizes = cut ? [plan.block, loop.extent % plan.block] : [loop.extent];
  vectorLoop(scope, loop.name, begin, end, copies, sizes, writes, stages);
}

