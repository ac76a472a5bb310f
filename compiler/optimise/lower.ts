/**
 * @file From procedures to kernel programs: the table of contents of lowering.
 *
 * decompose (softmax, long sums, gradient controls) -> schedule (what is stored) -> units (what is computed together) -> kernels -> updates ->
 * equal kernels shared -> memory planned.
 */
import type { Node, Procedure, ScalarSpec } from '../graph/graph.js';
import type { Buffer, KernelProgram, Launch, TargetLimits } from '../kernels/kernel.js';
import { Buffers } from './buffers.js';
import { decompose } from './decompose.js';
import { KernelTable, Patterns } from './dedupe.js';
import { sameOrder } from './facts.js';
import { Lowering, type ScratchSize } from './lowering.js';
import { planMemory } from './memory.js';
import { writeNest } from './nests.js';
import { schedule } from './schedule.js';
import { launchUpdates } from './updates.js';
import type { NestUnit } from './units.js';
import { walkUnits } from './walk-units.js';

export { LimitError } from './limits.js';

export interface LowerOptions {
  readonly limits: TargetLimits;
  /** Elements of i32 scratch memory the target's inverted index needs. */
  readonly scratchSize: ScratchSize;
}

export interface Lowered {
  /** In the order of the procedures; they share persistent buffers and one set of allocations. */
  readonly programs: KernelProgram[];
  /** What the host writes at the start of the scalars buffer before each step, in order. */
  readonly scalars: ScalarSpec[];
}

/** Lowers procedures to kernels. Throws `LimitError` for what the target cannot hold. */
export function lower(procedures: readonly Procedure[], options: LowerOptions): Lowered {
  const whole = decompose(procedures);
  const buffers = new Buffers(options.limits);
  const schedules = whole.procedures.map((procedure) => schedule(whole, procedure, options.limits.maxSlots));
  for (const { order } of schedules) for (const node of order) buffers.addScalar(node);
  for (const { kept } of schedules) for (const node of kept) buffers.keepScalar(node);
  const kernels = new KernelTable();
  const patterns = new Patterns(kernels);
  const programs = whole.procedures.map((procedure, i) => {
    const plan = schedules[i];
    if (!plan) throw new Error('a schedule for each procedure');
    const lowering = new Lowering(whole, plan, buffers, options.scratchSize, options.limits.maxSlots, patterns);
    const copies = outputs(lowering, procedure);
    walkUnits(lowering);
    for (const { node } of procedure.outputs) if (lowering.isOutput(node)) lowering.require(node);
    for (const copy of copies) {
      lowering.requireAll(lowering.scan([{ node: copy.node, compute: false }]));
      lowering.place(copy.unit());
    }
    launchUpdates(lowering);
    return { name: procedure.name, ...launches(lowering, kernels) };
  });
  return { programs: planMemory(programs), scalars: buffers.scalars };
}

interface OutputCopy {
  readonly node: Node;
  readonly unit: () => NestUnit;
}

/** Lets computed outputs be stored where the host reads them; the others are copied there. */
function outputs(lowering: Lowering, procedure: Procedure): OutputCopy[] {
  const copies: OutputCopy[] = [];
  const taken = new Set<Node>();
  for (const { name, node } of procedure.outputs) {
    const home = lowering.buffers.output(procedure.name, name, node);
    const layout = lowering.schedule.layout(node);
    const computed = !lowering.isLeaf(node) && !lowering.isInline(node) && !lowering.buffers.isKept(node) && sameOrder(layout, home.layout);
    if (computed && !taken.has(node)) {
      taken.add(node);
      lowering.storeAs(node, home);
      continue;
    }
    copies.push({
      node,
      unit: () => ({ kind: 'nest', rows: home.layout, steps: [{ kind: 'store', store: { node, home } }], members: new Set(), slots: new Set([home.buffer]), place: undefined }),
    });
  }
  return copies;
}

function launches(lowering: Lowering, kernels: KernelTable): { launches: Launch[]; buffers: Buffer[] } {
  for (const unit of [...lowering.units]) if (unit.kind === 'nest') writeNest(lowering, unit);
  const finished = lowering.units.flatMap((unit) => (unit.kind === 'finished' ? [unit] : [])).sort((a, b) => a.place - b.place);
  const all = finished.map(({ kernel, buffers, paths }): Launch => ({ kernel: kernels.share(kernel), buffers, paths }));
  return { launches: all, buffers: [...new Set(all.flatMap((launch) => launch.buffers))] };
}

