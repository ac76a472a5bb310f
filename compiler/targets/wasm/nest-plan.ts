/**
 * @file How a nest is run: which loop becomes vectors of four lanes, which loops are handed out to threads. Decided by counting memory accesses: a load is cheap where
 * its lanes are neighbours, or all the same; dear where each lane must be fetched for itself.
 */
import type { Expr, Inner, Let, Loop, Nest, Stage } from '../../kernels/kernel.js';
import { FactsTable, childrenOf, stride, substitute } from './facts.js';

/** Which loop of a stage, or of a reduction inside one, becomes vectors. */
export type Lanes = ReadonlyMap<Stage | Inner, Loop>;

export interface NestPlan {
  /** `grid`: a parallel loop becomes vectors and every stage runs in lanes. `stages`: each stage vectorises a loop of its own. `points`: so do reductions, for four
   *  points of a parallel loop at once; the rest runs in lanes along that loop. */
  readonly vectors:
    | { readonly kind: 'grid'; readonly loop: Loop; readonly copies: number }
    | { readonly kind: 'stages'; readonly loops: Lanes }
    | { readonly kind: 'points'; readonly loop: Loop; readonly loops: Lanes };
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
  const innerLoops = new Map<Inner, Loop>();
  const stages = withoutLets(kernel.stages);
  stages.forEach((stage, i) => {
    const original = kernel.stages[i];
    const { cost, loop } = bestOfStage(stage, table);
    stagesCost += cost;
    if (!original) return;
    if (loop) stageLoops.set(original, loop);
    else if (stage.kind === 'reduce' && stage.inner && original.kind === 'reduce' && original.inner) {
      const inside = bestOfStage(innerStage(stage.inner), table).loop;
      if (inside) innerLoops.set(original.inner, inside);
    }
  });
  const total = points(kernel.grid);
  let best: { loop: Loop; cost: number } | undefined;
  for (const loop of kernel.grid) {
    if (!isStatic(loop) || loop.extent < 4 || !canRunInLanes(kernel, loop, table)) continue;
    const cost = stages.reduce((sum, stage) => sum + costOfStage(stage, loop.name, loop.extent, table), 0);
    if (!best || cost <= best.cost) best = { loop, cost };
  }
  if (best && best.cost <= stagesCost) {
    const { loop } = best;
    const outer = kernel.grid.filter((x) => x !== loop);
    const reduces = kernel.stages.reduce((sum, stage) => sum + (stage.kind === 'reduce' ? (stage.inner ? 2 : 1) : 0), 0);
    const copies = reduces === 0 ? 1 : Math.min(8 / Math.max(1, Math.min(reduces, 2)), Math.max(1, Math.floor(loop.extent / 4)));
    const { handedOut, block, units } = shareWithBlocks(outer, loop, 4 * copies);
    return { vectors: { kind: 'grid', loop, copies }, outer, handedOut, block, nanosecondsPerUnit: (best.cost * total * 0.3) / units };
  }
  const point = kernel.grid[kernel.grid.length - 1];
  if (point && canRunAsPoints(kernel, point, stageLoops, table)) {
    const outer = kernel.grid.slice(0, -1);
    const { handedOut, block, units } = shareWithBlocks(outer, point, 4);
    return { vectors: { kind: 'points', loop: point, loops: stageLoops }, outer, handedOut, block, nanosecondsPerUnit: (stagesCost * total * 0.3) / units };
  }
  const { handedOut, units } = share(kernel.grid);
  return { vectors: { kind: 'stages', loops: new Map<Stage | Inner, Loop>([...stageLoops, ...innerLoops]) }, outer: kernel.grid, handedOut, block: 0, nanosecondsPerUnit: (stagesCost * total * 0.3) / units };
}

/** The stages with every let replaced by its value, so that strides show; lets themselves cost nothing then. */
function withoutLets(stages: readonly Stage[]): Stage[] {
  const known = new Map<string, Expr>();
  const within = <T extends { readonly lets?: readonly Let[]; readonly value: Expr }>(stage: T, outer: Map<string, Expr>): { at: Map<string, Expr>; stage: T } => {
    const at = new Map(outer);
    for (const { name, value } of stage.lets ?? []) at.set(name, substitute(value, at));
    return { at, stage: { ...stage, lets: [], value: substitute(stage.value, at) } };
  };
  return stages.map((stage): Stage => {
    if (stage.kind === 'let') {
      known.set(stage.name, substitute(stage.value, known));
      return { ...stage, value: { kind: 'number', value: 0, dtype: 'i32' } };
    }
    if (stage.kind === 'store') {
      const { at, stage: made } = within(stage, known);
      return { ...made, index: substitute(stage.index, at) };
    }
    const { at, stage: made } = within(stage, known);
    return stage.inner ? { ...made, inner: within(stage.inner, at).stage } : made;
  });
}

/** As many outermost loops as give enough units. */
function share(loops: readonly Loop[]): { handedOut: number; units: number } {
  let units = 1;
  let handedOut = 0;
  while (handedOut < loops.length && units < ENOUGH_UNITS) units *= loops[handedOut++]?.extent ?? 1;
  return { handedOut, units };
}

/** The same; where they are not enough, `loop` is cut into blocks of a multiple of `width`. */
function shareWithBlocks(loops: readonly Loop[], loop: Loop, width: number): { handedOut: number; block: number; units: number } {
  const { handedOut, units } = share(loops);
  if (units >= ENOUGH_UNITS || loop.extent <= width) return { handedOut, block: 0, units };
  const block = Math.ceil(Math.ceil(loop.extent / Math.ceil(ENOUGH_UNITS / units)) / width) * width;
  return { handedOut, block, units: units * Math.ceil(loop.extent / block) };
}

/** A reduction shorter than this is not worth the joining of four. */
const LONG = 16;

/** Reductions along vectors, the same loops for every point; around them only what has no loops. */
function canRunAsPoints(kernel: Nest, point: Loop, lanes: ReadonlyMap<Stage, Loop>, table: FactsTable): boolean {
  if (!isStatic(point) || point.extent < 4 || !kernel.stages.some((stage) => stage.kind === 'reduce') || !canRunInLanes(kernel, point, table)) return false;
  return kernel.stages.every((stage) => {
    if (stage.kind !== 'reduce') return stage.kind === 'let' || stage.loops.length === 0;
    const lane = lanes.get(stage);
    return stage.inner === undefined && lane !== undefined && isStatic(lane) && lane.extent >= LONG;
  });
}

/** Names that depend on `names`, as stages are walked in order; `bounded`: some loop's bounds depend on them, so that lanes would differ in length. */
class Dependence {
  readonly varying: Set<string>;
  bounded = false;

  constructor(names: readonly string[], private readonly table: FactsTable) {
    this.varying = new Set(names);
  }

  on(expr: Expr | undefined): boolean {
    return expr !== undefined && [...this.table.of(expr).free].some((name) => this.varying.has(name));
  }

  lets(lets: readonly Let[]): void {
    for (const { name, value } of lets) if (this.on(value)) this.varying.add(name);
  }

  loops(loops: readonly Loop[]): void {
    if (loops.some((loop) => this.on(loop.from) || this.on(loop.to))) this.bounded = true;
  }

  stage(stage: Stage): void {
    if (stage.kind === 'let') return this.lets([stage]);
    this.loops(stage.loops);
    this.lets(stage.lets ?? []);
    if (stage.kind === 'store') return;
    if (stage.inner) this.stage(innerStage(stage.inner));
    if (this.on(stage.value)) this.varying.add(stage.name);
  }
}

/** The reduction inside a reduction, as a stage of its own. */
export const innerStage = (inner: Inner): Extract<Stage, { kind: 'reduce' }> => ({ kind: 'reduce', ...inner });

/** Whether no loop's bounds, inside or outside, depend on the loop. */
function canRunInLanes(kernel: Nest, loop: Loop, table: FactsTable): boolean {
  const dependence = new Dependence([loop.name], table);
  dependence.loops(kernel.grid);
  for (const stage of kernel.stages) dependence.stage(stage);
  return !dependence.bounded;
}

/** The cheapest way to run a stage by itself: which of its loops becomes vectors, if any. */
function bestOfStage(stage: Stage, table: FactsTable): { cost: number; loop: Loop | undefined } {
  let best: { cost: number; loop: Loop | undefined } = { cost: costOfStage(stage, undefined, 1, table), loop: undefined };
  if (stage.kind === 'let') return best;
  for (const [i, loop] of stage.loops.entries()) {
    // Only the innermost loop may be dynamic, or depend on others; another can be moved inwards where no loop inside depends on it.
    const movable = i === stage.loops.length - 1 || (isStatic(loop) && stage.loops.slice(i + 1).every((inner) => isStatic(inner)));
    const within = new Dependence([loop.name], table);
    within.stage(stage);
    if (!movable || loop.extent < 4 || within.bounded) continue;
    const overhead = stage.kind === 'reduce' ? 6 * points(stage.loops.filter((x) => x !== loop && !isStatic(x))) : 0;
    const cost = costOfStage(stage, loop.name, isStatic(loop) ? loop.extent : Math.max(loop.extent, 8), table) + overhead;
    if (cost <= best.cost) best = { cost, loop };
  }
  return best;
}

const expressions = (stage: Stage): readonly Expr[] => [...(stage.kind === 'let' ? [] : (stage.lets ?? [])).map((x) => x.value), stage.value];

/** Instructions, about, for one parallel point, where loop `lane` (of `extent`) runs in vectors; undefined: nothing does. */
function costOfStage(stage: Stage, lane: string | undefined, extent: number, table: FactsTable): number {
  const loops = stage.kind === 'let' ? [] : stage.loops;
  const inner = loops[loops.length - 1]?.name;
  const seen = new Set<number>();
  let vector = 0;
  let scalar = 0;
  const access = (index: Expr, by: string): void => {
    const step = stride(index, by, table);
    vector += step === 0 ? 0.5 : step === 1 ? 1 : step === undefined ? 10 : Math.abs(step) <= 4 ? 5 : 14;
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
  const inside = stage.kind === 'reduce' && stage.inner ? 4 * count * costOfInner(stage.inner, lane, extent, table) : 0;
  if (lane === undefined) return scalar * count + inside;
  const inVectors = Math.floor(extent / 4) * 4;
  return (vector * inVectors + scalar * (extent - inVectors)) * (count / extent) + inside;
}

/** A reduction inside another runs in the lanes of the outer one, or, where that has none, in lanes of its own. */
function costOfInner(inner: Inner, lane: string | undefined, extent: number, table: FactsTable): number {
  const stage = innerStage(inner);
  return lane === undefined ? bestOfStage(stage, table).cost : costOfStage(stage, lane, extent, table);
}
