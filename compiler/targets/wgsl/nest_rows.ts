/**
 * @file Nests where a team of invocations shares each parallel point (a row): every member takes each team-th element of a reduction, the partial
 * results meet in workgroup memory, and every member adds them in the same fixed order. Stores over the row are shared out likewise.
 */
import type { Expr, Loop, Nest } from '../../kernels/kernel.js';
import { loadsIn } from './expressions.js';
import { grid } from './grid.js';
import { accumulate, decode, divide, initial, nestLoops, points, type Reduce, reduceBody, remainder } from './loops.js';
import { type EmitContext, Module, type Step } from './module.js';
import { expressionsOf, expressionsOfStage } from './nest.js';
import type { Scope } from './scope.js';

/** `team`: invocations per row, a power of two. */
export function emitRows(kernel: Nest, context: EmitContext, team: number): readonly Step[] {
  const module = new Module(kernel, context, expressionsOf(kernel), ['member', 'inside', 'i']);
  const { body } = module;
  const lanes = Math.max(64, team);
  const rowsPerGroup = lanes / team;
  const rows = points(kernel.grid);
  const shape = grid([Math.ceil(rows / rowsPerGroup), 1, 1]);
  const uneven = rows % rowsPerGroup !== 0;
  const outer = kernel.grid[0];
  const ragged = uneven || outer?.to !== undefined;
  body.line('let lane = i32(lane_index);');
  const row = body.fresh('row');
  const position = rowsPerGroup === 1 ? shape.coordinates[0] : `${shape.coordinates[0]} * ${rowsPerGroup} + (${divide('lane', team)})`;
  // Members beyond the last row repeat it, so that everyone reaches the barriers, and store nothing.
  body.line(`let ${row} = ${uneven ? `min(${position}, ${rows - 1})` : position};`);
  const member = rowsPerGroup === 1 ? 'lane' : 'member';
  if (rowsPerGroup > 1) body.line(`let member = ${remainder('lane', team)};`);
  decode(body, kernel.grid, row);
  if (ragged) {
    const conditions: string[] = uneven ? [`${position} < ${rows}`] : [];
    if (outer?.to !== undefined) conditions.push(`${body.value({ kind: 'var', name: outer.name, dtype: 'i32' })} < ${body.operand(outer.to)}`);
    body.line(`let inside = ${conditions.join(' && ')};`);
  }

  const guard = (condition: string | undefined): string | undefined => [condition, ragged ? 'inside' : undefined].filter((x) => x !== undefined).join(' && ') || undefined;
  /** Slots loaded or stored since the last barrier, to keep members in step where a slot is both read and written. */
  const loaded = new Set<number>();
  const stored = new Set<number>();
  const fence = (reads: Iterable<number>, writes: Iterable<number>): void => {
    const clash = [...reads].some((slot) => stored.has(slot)) || [...writes].some((slot) => loaded.has(slot) || stored.has(slot));
    if (clash) {
      body.line('storageBarrier();');
      loaded.clear();
      stored.clear();
    }
    for (const slot of reads) loaded.add(slot);
    for (const slot of writes) stored.add(slot);
  };

  for (const stage of kernel.stages) {
    if (stage.kind === 'let') {
      fence(slotsOf(stage.value), []);
      body.bind(stage.name, body.value(stage.value));
    } else if (stage.kind === 'reduce') {
      fence(slotsOf(...expressionsOfStage(stage)), []);
      reduceTogether(module, stage, team, rowsPerGroup, member, guard(undefined));
    } else {
      const reads = slotsOf(...expressionsOfStage(stage));
      // A row's own elements may be replaced in place; what other members read before must have been read.
      fence(reads.filter((slot) => slot !== stage.slot), [stage.slot]);
      const writes = new Set([stage.slot]);
      const condition = guard(stage.loops.length === 0 ? `${member} == 0` : undefined);
      const build = (scope: Scope): void =>
        shareOut(scope, stage.loops, team, member, writes, (inner) => {
          for (const { name, value } of stage.lets ?? []) inner.bind(name, inner.value(value));
          inner.store(stage.slot, stage.index, stage.value);
        });
      if (condition === undefined) build(body);
      else body.block(`if (${condition})`, build);
    }
  }
  return [module.finish(lanes, shape)];
}

const slotsOf = (...exprs: Expr[]): number[] => loadsIn(exprs).map((load) => load.slot);

/** This member's share of the points of `loops`. */
function shareOut(scope: Scope, loops: readonly Loop[], team: number, member: string, writes: ReadonlySet<number>, build: (inner: Scope) => void): void {
  const last = loops[loops.length - 1];
  if (last === undefined) {
    build(scope);
    return;
  }
  if (last.extent >= team || loops.length === 1) {
    nestLoops(scope, loops.slice(0, -1), writes, (inner) => {
      const name = inner.fresh(last.name);
      inner.block(
        `for (var ${name} = ${member}; ${name} < ${last.extent}; ${name} += ${team})`,
        (innermost) => {
          innermost.define(last.name, name);
          build(innermost);
        },
        { writes },
      );
    });
    return;
  }
  const position = scope.fresh('position');
  scope.block(
    `for (var ${position} = ${member}; ${position} < ${points(loops)}; ${position} += ${team})`,
    (inner) => {
      decode(inner, loops, position);
      build(inner);
    },
    { writes },
  );
}

function reduceTogether(module: Module, stage: Reduce, team: number, rowsPerGroup: number, member: string, guard: string | undefined): void {
  const { body } = module;
  const type = stage.value.dtype;
  const own = body.fresh(`own_${stage.name}`);
  body.line(`var ${own} = ${initial(stage.fn, type)};`);
  const build = (scope: Scope): void =>
    shareOut(scope, stage.loops, team, member, new Set(), (inner) => {
      reduceBody(inner, stage, own);
    });
  if (guard === undefined) build(body);
  else body.block(`if (${guard})`, build);
  const partial = module.shared(`${stage.name}_of_lane`, `array<${type}, ${team * rowsPerGroup}>`);
  body.line(`${partial}[lane] = ${own};`, 'workgroupBarrier();');
  const total = body.fresh(stage.name);
  const first = rowsPerGroup === 1 ? '0' : 'lane - member';
  body.line(`var ${total} = ${partial}[${first}];`);
  const at = rowsPerGroup === 1 ? 'i' : `${first} + i`;
  body.line(`for (var i = 1; i < ${team}; i++) { ${accumulate(stage.fn, total, `${partial}[${at}]`)} }`);
  body.define(stage.name, total);
}
