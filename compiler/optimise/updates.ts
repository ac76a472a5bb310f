/**
 * @file New values of parameters, moments and states: one nest for those that change together, launched after everything that reads the old ones.
 */
import type { Node, Update } from '../graph/graph.js';
import type { Buffer } from '../kernels/kernel.js';
import type { Home } from './access.js';
import { isKind, sameSet, scatterAxes } from './facts.js';
import type { Lowering, Scan, Start } from './lowering.js';
import type { UpdateGroup } from './update-groups.js';
import { segmentsOf } from './segments.js';
import { launchUnitRows } from './unit-rows.js';
import type { NestUnit } from './units.js';

/** A store of an update's value: where, and what else its kernel reads. */
interface Planned {
  readonly unit: NestUnit;
  readonly writes: ReadonlySet<Buffer>;
}

/** Launches the updates. */
export function launchUpdates(lowering: Lowering): void {
  const planned: Planned[] = [];
  const copies: NestUnit[] = [];
  for (const group of lowering.schedule.groups) {
    for (const unit of unitsOf(lowering, group, copies)) {
      planned.push({ unit, writes: new Set(unit.steps.flatMap((step) => (step.kind === 'store' ? [step.store.home.buffer] : []))) });
    }
  }
  for (const unit of inOrder(lowering, planned, copies)) lowering.place(unit);
  for (const unit of copies) lowering.place(unit);
  launchUnitRows(lowering);
}

function unitsOf(lowering: Lowering, group: UpdateGroup, copies: NestUnit[]): NestUnit[] {
  const units: NestUnit[] = [];
  let current: NestUnit | undefined;
  for (const update of group.updates) {
    const next = current && join(lowering, current, update, group.touched);
    if (next) continue;
    const unit = start(lowering, update, group.touched, copies);
    current = unit;
    units.push(unit);
  }
  return units;
}

function start(lowering: Lowering, update: Update, touched: Node | undefined, copies: NestUnit[]): NestUnit {
  const home = lowering.buffers.target(update.target);
  const segmented = touched && isKind(touched, 'scatter') && !lowering.schedule.dense.has(touched) ? touched : undefined;
  const members = new Set<Node>(segmented ? [segmented] : []);
  const scan = lowering.scan([startOf(update)], members);
  lowering.requireAll(scan);
  const segments = segmented && { scatter: segmented, of: segmentsOf(lowering, segmented) };
  const inside = segments && isKind(segments.scatter, 'scatter') ? valueScan(lowering, segments.scatter) : undefined;
  const unit: NestUnit = {
    kind: 'nest', rows: segments && isKind(segments.scatter, 'scatter') ? scatterAxes(segments.scatter).rest : home.layout,
    steps: [{ kind: 'store', store: { node: update.value, home } }], members,
    slots: new Set<Buffer | Node>([...scan.slots, ...(inside?.slots ?? []), ...(segments ? [segments.of.packed, segments.of.order] : []), home.buffer]),
    place: undefined, update: true, ...(segments ? { segments } : {}),
  };
  if (!readsElsewhere(scan, update)) return unit;
  // a value that reads its own target at other places is made first and copied after
  const temporary = lowering.buffers.temp(update.value, home.layout);
  copies.push(copyUnit(lowering, update.value, temporary, home));
  return redirected(unit, update.value, temporary);
}

function valueScan(lowering: Lowering, scatter: Node): Scan {
  const scan = lowering.scan(scatter.inputs.slice(0, 1).map((node) => ({ node, compute: false })), new Set(), scatter);
  lowering.requireAll(scan);
  return scan;
}

function join(lowering: Lowering, unit: NestUnit, update: Update, touched: Node | undefined): boolean {
  const home = lowering.buffers.target(update.target);
  const first = unit.steps[0];
  if (first?.kind !== 'store' || !sameSet(first.store.home.layout, home.layout) || (touched === undefined) !== (unit.segments === undefined)) return false;
  const scan = lowering.scan([startOf(update)], unit.members);
  if (!scan.fits || readsElsewhere(scan, update)) return false;
  const slots = new Set([...unit.slots, ...scan.slots, home.buffer]);
  if (slots.size > lowering.maxSlots) return false;
  lowering.requireAll(scan);
  for (const slot of slots) unit.slots.add(slot);
  unit.steps.push({ kind: 'store', store: { node: update.value, home } });
  return true;
}

const startOf = (update: Update): Start => ({ node: update.value, compute: false });

function readsElsewhere(scan: Scan, update: Update): boolean {
  for (const leaf of scan.shifted) {
    if (isKind(leaf, 'param') && 'init' in update.target && leaf.op.param.path === update.target.path) return true;
    if (isKind(leaf, 'state') && 'initial' in update.target && leaf.op.state.path === update.target.path) return true;
  }
  return false;
}

function redirected(unit: NestUnit, node: Node, home: Home): NestUnit {
  const slots = new Set(unit.slots);
  slots.add(home.buffer);
  return { ...unit, steps: [{ kind: 'store', store: { node, home } }], slots };
}

/** Moves a value that waits in `from` to `to`. */
function copyUnit(lowering: Lowering, node: Node, from: Home, to: Home): NestUnit {
  const waiting: Node = { ...node, id: lowering.whole.freshId(), op: { kind: 'part', index: 0 }, inputs: [] };
  lowering.adopt(waiting, from);
  return {
    kind: 'nest', rows: to.layout, steps: [{ kind: 'store', store: { node: waiting, home: to } }], members: new Set(), slots: new Set([from.buffer, to.buffer]),
    place: undefined, update: true,
  };
}

/** Readers of a buffer before its writer. In a circle, one value waits in a temporary until all have been read. */
function inOrder(lowering: Lowering, planned: readonly Planned[], copies: NestUnit[]): NestUnit[] {
  const writer = new Map<Buffer, Planned>();
  for (const plan of planned) for (const buffer of plan.writes) writer.set(buffer, plan);
  const before = new Map<Planned, Set<Planned>>(planned.map((plan) => [plan, new Set()]));
  const after = new Map<Planned, Planned[]>(planned.map((plan) => [plan, []]));
  for (const plan of planned) for (const slot of plan.unit.slots) {
    const writes = 'role' in slot ? writer.get(slot) : undefined;
    if (!writes || writes === plan || before.get(writes)?.has(plan)) continue;
    before.get(writes)?.add(plan);
    after.get(plan)?.push(writes);
  }
  const done: NestUnit[] = [];
  const waiting = new Set(planned);
  let ready = planned.filter((plan) => before.get(plan)?.size === 0);
  while (waiting.size > 0) {
    const next = ready.shift();
    if (next) {
      waiting.delete(next);
      done.push(next.unit);
      for (const later of after.get(next) ?? []) {
        const left = before.get(later);
        if (left?.delete(next) && left.size === 0 && waiting.has(later)) ready.push(later);
      }
      continue;
    }
    const [stuck] = waiting;
    if (!stuck) break;
    waiting.delete(stuck);
    for (const step of stuck.unit.steps) {
      if (step.kind !== 'store') continue;
      const temporary = lowering.buffers.temp(step.store.node, step.store.home.layout);
      copies.push(copyUnit(lowering, step.store.node, temporary, step.store.home));
      done.push(redirected(stuck.unit, step.store.node, temporary));
    }
    ready = [...waiting].filter((plan) => {
      before.get(plan)?.delete(stuck);
      return before.get(plan)?.size === 0;
    });
  }
  return done;
}
