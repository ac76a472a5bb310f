/**
 * @file How a nest is run: which loop becomes vectors of four lanes, which loops are handed out to threads. Decided by counting memory accesses: a load is cheap where
 * its lanes are neighbours, or all the same; dear where each lane must be fetched for itself.
 */
import type { Expr, Loop, Nest, Stage } from '../../kernels/kernel.js';
import { FactsTable, childrenOf, stride } from './facts.js';

export interface NestPlan {
  /** `grid`: a parallel loop becomes vectors and every stage runs in lanes. `stages`: each stage vectorises a loop of its own. */
  readonly vectors: { readonly kind: 'grid'; readonly loop: Loop; readonly copies: number } | { readonly kind: 'stages'; readonly loops: ReadonlyMap<Stage, Loop> };
  /** Parallel loops in the order they run; the first `handedOut` are handed out to threads together. The vector loop is not among them. */
  readonly outer: readonly Loop[];
  readonly handedOut: number;
  /** The vector loop is cut into blocks of this many elements, handed out too; 0: not cut. */
  readonly block: number;
  readonly nanosecondsPerUnit: number;
}

const dear = new Set(['exp', 'log', 'tanh', 'erf', 'sin', 'cos', 'pow']);
/** Units that are enough to share between threads. */
const ENOUGH_UNITS = 64;

export const points = (loops: readonly Loop[]): number => loops.reduce((product, loop) => product * loop.extent, 1);
const isStatic = (loop: Loop): boolean => loop.from === undefined && loop.to === undefined;

export function planNest(kernel: Nest): NestPlan {
  const table = new FactsTable();
  const stageLoops = new Map<Stage, Loop>();
  let stagesCost = 0;
  for (const stage of kernel.stages) {
    const { cost, loop } = bestOfStage(stage, table);
    stagesCost += cost;
    if (loop) stageLoops.set(stage, loop);
  }
  const total = points(kernel.grid);
  let best: { loop: Loop; cost: number } | undefined;
  for (const loop of kernel.grid) {
    if (!isStatic(loop) || loop.extent < 4 || !canRunInLanes(kernel, loop, table)) continue;
    const cost = kernel.stages.reduce((sum, stage) => sum + costOfStage(stage, loop.name, loop.extent, table), 0);
    if (!best || cost <= best.cost) best = { loop, cost };
  }
  if (best && best.cost <= stagesCost) {
    const { loop } = best;
    const outer = kernel.grid.filter((x) => x !== loop);
    const reduces = kernel.stages.filter((stage) => stage.kind === 'reduce').length;
    const copies = reduces === 0 ? 1 : Math.min(8 / Math.max(1, Math.min(reduces, 2)), Math.max(1, Math.floor(loop.extent / 4)));
    const { handedOut, units } = share(outer);
    const width = 4 * copies;
    const cut = units < ENOUGH_UNITS && loop.extent > width;
    const block = cut ? Math.ceil(Math.ceil(loop.extent / Math.ceil(ENOUGH_UNITS / units)) / width) * width : 0;
    const allUnits = units * (cut ? Math.ceil(loop.extent / block) : 1);
    return { vectors: { kind: 'grid', loop, copies }, outer, handedOut, block, nanosecondsPerUnit: (best.cost * total * 0.3) / allUnits };
  }
  const { handedOut, units } = share(kernel.grid);
  return { vectors: { kind: 'stages', loops: stageLoops }, outer: kernel.grid, handedOut, block: 0, nanosecondsPerUnit: (stagesCost * total * 0.3) / units };
}

/** As many outermost loops as give enough units. */
function share(loops: readonly Loop[]): { handedOut: number; units: number } {
  let units = 1;
  let handedOut = 0;
  while (handedOut < loops.length && units < ENOUGH_UNITS) units *= loops[handedOut++]?.extent ?? 1;
  return { handedOut, units };
}

/** Whether no loop's bounds, inside or outside, depend on the loop. */
function canRunInLanes(kernel: Nest, loop: Loop, table: FactsTable): boolean {
  const varying = new Set([loop.name]);
  const depends = (expr: Expr | undefined): boolean => expr !== undefined && [...table.of(expr).free].some((name) => varying.has(name));
  if (kernel.grid.some((other) => depends(other.from) || depends(other.to))) return false;
  for (const stage of kernel.stages) {
    if (stage.kind === 'let') {
      if (depends(stage.value)) varying.add(stage.name);
      continue;
    }
    if (stage.loops.some((inner) => depends(inner.from) || depends(inner.to))) return false;
    if (stage.kind === 'reduce') {
      for (const { name, value } of stage.lets) if (depends(value)) varying.add(name);
      if (depends(stage.value)) varying.add(stage.name);
    }
  }
  return true;
}

/** The cheapest way to run a stage by itself: which of its loops becomes vectors, if any. */
function bestOfStage(stage: Stage, table: FactsTable): { cost: number; loop: Loop | undefined } {
  let best: { cost: number; loop: Loop | undefined } = { cost: costOfStage(stage, undefined, 1, table), loop: undefined };
  if (stage.kind === 'let') return best;
  for (const [i, loop] of stage.loops.entries()) {
    // Only the innermost loop may be dynamic, or depend on others; another can be moved inwards where no loop inside depends on it.
    const movable = i === stage.loops.length - 1 || (isStatic(loop) && stage.loops.slice(i + 1).every((inner) => isStatic(inner)));
    if (!movable || loop.extent < 4) continue;
    const overhead = stage.kind === 'reduce' ? 6 * points(stage.loops.filter((x) => x !== loop && !isStatic(x))) : 0;
    const cost = costOfStage(stage, loop.name, isStatic(loop) ? loop.extent : Math.max(loop.extent, 8), table) + overhead;
    if (cost <= best.cost) best = { cost, loop };
  }
  return best;
}

const expressions = (stage: Stage): readonly Expr[] => {
  if (stage.kind === 'let') return [stage.value];
  if (stage.kind === 'reduce') return [...stage.lets.map((x) => x.value), stage.value];
  return [stage.value];
};

/** Instructions, about, for one parallel point, where loop `lane` (of `extent`) runs in vectors; undefined: nothing does. */
function costOfStage(stage: Stage, lane: string | undefined, extent: number, table: FactsTable): number {
  const loops = stage.kind === 'let' ? [] : stage.loops;
  const inner = loops[loops.length - 1]?.name;
  const seen = new Set<number>();
  let vector = 0;
  let scalar = 0;
  const access = (index: Expr, by: string): void => {
    const step = stride(index, by, table);
    vector += step === 0 ? 0.5 : step === 1 ? 1 : step === undefined ? 10 : 6;
  };
  const walk = (expr: Expr): void => {
    const facts = table.of(expr);
    if (seen.has(facts.id)) return;
    seen.add(facts.id);
    // What does not change in the innermost loop is computed outside it.
    const moves = inner !== undefined && !facts.free.has(inner) && (lane === undefined || !facts.free.has(lane));
    if (expr.kind === 'load' && !moves) {
      scalar += 4;
      if (lane !== undefined) access(expr.index, lane);
      if (lane === undefined || stride(expr.index, lane, table) === undefined) walk(expr.index);
      return;
    }
    if (expr.kind === 'call' && !moves) {
      const cost = dear.has(expr.fn) ? 12 : 1;
      vector += cost;
      scalar += 4 * cost * (dear.has(expr.fn) ? 1 : 0.5);
    }
    childrenOf(expr).forEach(walk);
  };
  expressions(stage).forEach(walk);
  if (stage.kind === 'store') {
    scalar += 4;
    if (lane !== undefined) access(stage.index, lane);
  }
  const count = points(loops) / 4;
  if (lane === undefined) return scalar * count;
  const inVectors = Math.floor(extent / 4) * 4;
  return (vector * inVectors + scalar * (extent - inVectors)) * (count / extent);
}
