/**
 * @file Groups a procedure's nodes into kernels, operands first. A reduction opens a nest over its rows; reductions and elementwise values over the
 * same rows join it; it is launched when something outside needs one of its results, or when nothing more can join.
 */
import type { Node } from '../graph/graph.js';
import { isKind, isRowScatter, sameSet, scatterAxes, type NodeOf } from './facts.js';
import { launchContraction } from './contractions.js';
import { launchAttention, launchTop, launchTopProduct, launchTotal } from './kernels.js';
import { launchGrouped, launchOuter, scanGrouped } from './launch-grouped.js';
import type { Lowering, Scan, Start } from './lowering.js';
import { rowsSuit } from './kinds.js';
import { launchPosition } from './positions.js';
import { segmentsOf } from './segments.js';
import type { NestStep, NestUnit } from './units.js';

/** Assigns every node of the procedure to a launch. Updates come after. */
export function walkUnits(lowering: Lowering): void {
  new Walk(lowering).run();
}

class Walk {
  private readonly open = new Set<NestUnit>();
  private readonly closing = new Map<number, NestUnit[]>();
  /** The latest elementwise nest over a set of axes. */
  private readonly siblings = new Map<string, NestUnit>();
  private readonly parts = new Map<Node, Node[]>();

  constructor(private readonly lowering: Lowering) {
    lowering.computeNow = (node) => this.alone(node);
  }

  run(): void {
    const { order } = this.lowering.schedule;
    for (const node of order) {
      if (!isKind(node, 'part') || this.lowering.whole.totals.has(node)) continue;
      const tuple = node.inputs[0];
      if (!tuple) continue;
      const parts = this.parts.get(tuple) ?? [];
      parts[node.op.index] = node;
      this.parts.set(tuple, parts);
    }
    order.forEach((node, i) => {
      this.node(node);
      for (const unit of this.closing.get(i) ?? []) if ((unit.until ?? i) <= i) this.close(unit);
    });
    for (const unit of [...this.open]) this.close(unit);
  }

  private close(unit: NestUnit): void {
    this.open.delete(unit);
    this.lowering.place(unit);
  }

  private node(node: Node): void {
    const { lowering } = this;
    const total = lowering.whole.totals.get(node);
    if (total) return void lowering.producer.set(node, launchTotal(lowering, total));
    if (lowering.isReduction(node)) return this.reduction(node);
    if (isKind(node, 'contract')) {
      if (!this.hasEpilogue(node)) this.contraction(node, node);
      return;
    }
    if (isKind(node, 'attention') || isKind(node, 'attention_grad')) return this.attention(node);
    if (isKind(node, 'top')) return void lowering.producer.set(node, launchTop(lowering, node));
    if (isKind(node, 'position')) return void lowering.producer.set(node, launchPosition(lowering, node));
    if (isKind(node, 'top_product')) return void lowering.producer.set(node, launchTopProduct(lowering, node));
    if (isRowScatter(node)) return lowering.schedule.dense.has(node) ? this.dense(node) : undefined;
    if (lowering.schedule.stored.has(node)) this.stored(node);
  }

  private fused: Set<Node> | undefined;
  private hasEpilogue(node: Node): boolean {
    this.fused ??= new Set(this.lowering.schedule.epilogues.values());
    return this.fused.has(node);
  }

  // ---- nests

  private reduction(node: Node): void {
    const step: NestStep = { kind: 'reduce', node };
    const start: Start = { node, compute: true };
    const scan = this.lowering.scan([start]);
    if (!this.joinOpen(node, start, step, scan)) {
      const unit = this.fresh(node, scan, step);
      this.open.add(unit);
      this.closeAfter(unit, node);
    }
    const unit = this.lowering.producer.get(node);
    if (this.lowering.isOutput(node) && typeof unit === 'object' && unit.slots.size < this.lowering.maxSlots) {
      unit.steps.push(this.store(node));
      unit.slots.add(this.lowering.home(node).buffer);
    }
  }

  private closeAfter(unit: NestUnit, node: Node): void {
    const { last: lasts, position } = this.lowering.schedule;
    const last = Math.max(lasts.get(node) ?? 0, position.get(node) ?? 0);
    unit.until = Math.max(unit.until ?? 0, last);
    const list = this.closing.get(last);
    if (list) list.push(unit);
    else this.closing.set(last, [unit]);
  }

  private stored(node: Node): void {
    const { lowering } = this;
    const contract = lowering.schedule.epilogues.get(node);
    if (contract && this.contraction(contract, node)) return;
    if (contract) this.contraction(contract, contract);
    const start: Start = { node, compute: true };
    const step = this.store(node);
    const scan = lowering.scan([start]);
    if (this.joinOpen(node, start, step, scan)) return;
    if (this.joinSibling(node, start, step, scan)) return;
    const unit = this.fresh(node, scan, step);
    lowering.place(unit);
    this.siblings.set(this.siblingKey(node), unit);
  }

  private store(node: Node): NestStep {
    return { kind: 'store', store: { node, home: this.lowering.home(node) } };
  }

  /** Joins the latest open nest whose members `node` reads, row by row. */
  private joinOpen(node: Node, start: Start, step: NestStep, outside: Scan): boolean {
    const { lowering } = this;
    if (this.open.size === 0) return false;
    const candidates = new Set<NestUnit>();
    for (const [x, same] of outside.boundary) {
      const unit = lowering.producer.get(x);
      if (same && typeof unit === 'object' && this.open.has(unit)) candidates.add(unit);
    }
    for (const unit of [...candidates].reverse()) {
      const fits = step.kind === 'reduce' ? sameSet(unit.rows, node.axes) : rowsSuit(unit.rows, node.axes);
      if (fits && this.join(unit, node, start, step)) return true;
    }
    return false;
  }

  private join(unit: NestUnit, node: Node, start: Start, step: NestStep): boolean {
    const { lowering } = this;
    const scan = lowering.scan([start], unit.members);
    if (!scan.fits || !this.haveSlots(unit, scan, node, step)) return false;
    for (const x of scan.boundary.keys()) if (unit.place !== undefined && (lowering.placeOf(x) ?? Infinity) >= unit.place) return false;
    lowering.requireAll(scan);
    // what was just launched may have needed this unit itself
    if (unit.place !== undefined && [...scan.boundary.keys()].some((x) => (lowering.placeOf(x) ?? Infinity) >= (unit.place ?? 0))) return false;
    this.add(unit, node, scan, step);
    if (unit.place === undefined && (step.kind === 'reduce' || sameSet(unit.rows, node.axes))) this.closeAfter(unit, node);
    return true;
  }

  private haveSlots(unit: NestUnit, scan: Scan, node: Node, step: NestStep): boolean {
    let more = step.kind === 'store' && !unit.slots.has(this.lowering.home(node).buffer) ? 1 : 0;
    for (const slot of scan.slots) if (!unit.slots.has(slot) && !this.isHeld(unit, slot)) more++;
    // room for a result that others will want
    const wanted = unit.steps.some((s) => s.kind === 'reduce' && this.lowering.schedule.many.has(s.node) && !unit.steps.some((t) => t.kind === 'store' && t.store.node === s.node));
    return unit.slots.size + more + (wanted ? 1 : 0) <= this.lowering.maxSlots;
  }
  private isHeld(unit: NestUnit, slot: unknown): boolean {
    return [...unit.members].some((member) => member === slot);
  }

  private add(unit: NestUnit, node: Node, scan: Scan, step: NestStep): void {
    unit.steps.push(step);
    unit.members.add(node);
    for (const slot of scan.slots) unit.slots.add(slot);
    if (step.kind === 'store') unit.slots.add(step.store.home.buffer);
    this.lowering.producer.set(node, unit);
  }

  private fresh(node: Node, scan: Scan, step: NestStep): NestUnit {
    const { lowering } = this;
    lowering.requireAll(scan);
    const unit: NestUnit = { kind: 'nest', rows: node.axes, steps: [], members: new Set(), slots: new Set(), place: undefined };
    this.add(unit, node, scan, step);
    return unit;
  }

  private siblingKey(node: Node): string {
    return node.axes.map((axis) => axis.id).sort((a, b) => a - b).join(' ');
  }

  /** Joins the latest elementwise nest over the same axes, if it reads some of the same buffers and all that `node` reads was there before it. */
  private joinSibling(node: Node, start: Start, step: NestStep, scan: Scan): boolean {
    const unit = this.siblings.get(this.siblingKey(node));
    if (!unit || ![...scan.slots].some((slot) => unit.slots.has(slot) || this.isHeld(unit, slot))) return false;
    return this.join(unit, node, start, step);
  }

  /** A nest for one node that could not stay where it was, launched at once. */
  private alone(node: Node): void {
    const { lowering } = this;
    if (isKind(node, 'contract') && !lowering.isReduction(node)) return void this.contraction(node, node);
    if (!lowering.isReduction(node)) throw new Error(`nothing computes ${node.op.kind} ${node.path}`);
    const unit = this.fresh(node, lowering.scan([{ node, compute: true }]), { kind: 'reduce', node });
    const step = this.store(node);
    unit.steps.push(step);
    unit.slots.add(lowering.home(node).buffer);
    lowering.place(unit);
  }

  // ---- other kernels

  /** Launches a contraction; with an epilogue only if it can bind all that reads. */
  private contraction(contract: Node, root: Node): boolean {
    const { lowering } = this;
    const grouped = lowering.whole.grouped.get(contract);
    const scan = grouped ? scanGrouped(lowering, grouped) : lowering.scan([{ node: contract, compute: true }]);
    const slots = new Set<unknown>(scan.slots);
    if (root !== contract) {
      const after = lowering.scan([{ node: root, compute: true }], new Set([contract]));
      for (const slot of after.slots) slots.add(slot);
      // the result, and a grouped product's two lists
      if (slots.size + (grouped ? 3 : 1) > lowering.maxSlots) return false;
      lowering.requireAll(after);
    }
    lowering.requireAll(scan);
    if (grouped) launchGrouped(lowering, contract, grouped, root);
    else launchContraction(lowering, contract, root);
    lowering.producer.set(root, lowering.units.at(-1)?.place ?? 0);
    return true;
  }

  private attention(node: NodeOf<'attention'> | NodeOf<'attention_grad'>): void {
    const parts = this.parts.get(node) ?? [];
    const place = launchAttention(this.lowering, node, parts);
    for (const part of parts) if (part) this.lowering.producer.set(part, place);
  }

  /** A scatter some kernel reads as a whole: zeros, then the touched rows. */
  private dense(node: NodeOf<'scatter'>): void {
    const { lowering } = this;
    const home = lowering.home(node);
    const kernel = {
      kind: 'fill' as const, name: 'zeros', value: 0, about: [`${home.buffer.size} elements`], flops: 0, bytes: 4 * home.buffer.size,
      slots: [{ name: 'out', dtype: 'f32' as const, access: 'write' as const, size: home.buffer.size }],
    };
    lowering.finish(kernel, [home.buffer], lowering.pathsOf([node]));
    const outer = lowering.whole.outers.get(node);
    if (outer) {
      launchOuter(lowering, node, outer);
      lowering.producer.set(node, lowering.units.at(-1)?.place ?? 0);
      return;
    }
    const of = segmentsOf(lowering, node);
    const value = node.inputs[0];
    const scan = lowering.scan(value ? [{ node: value, compute: false }] : []);
    lowering.requireAll(scan);
    const unit: NestUnit = {
      kind: 'nest', rows: scatterAxes(node).rest, steps: [this.store(node)], members: new Set([node]),
      slots: new Set([...scan.slots, of.packed, of.order, home.buffer]), place: undefined, segments: { scatter: node, of },
    };
    lowering.place(unit);
    lowering.producer.set(node, unit);
  }
}
