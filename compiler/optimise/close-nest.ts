/**
 * @file Closes a loop nest: joins loops, gives shared values a name, lifts what does not change out of loops.
 */
import type { Buffer, Expr, Let, Loop, Nest, Stage } from '../kernels/kernel.js';
import { Closer, SlotTable } from './close.js';
import type { DraftLoop, DraftNest, DraftReduce, DraftStage } from './draft.js';
import * as expr from './expr.js';
import { callCost } from './facts.js';
import { indexValues, parts, visit, type Value } from './value.js';
import { forms, type Index } from './index-form.js';
import { joinable } from './join-loops.js';
import { nestWork } from './work.js';

/** The kernel and the buffers of its slots. */
export function closeNest(draft: DraftNest): { kernel: Nest; buffers: readonly Buffer[] } {
  return new NestCloser(draft).run();
}

type Scope = { readonly lets: Let[]; readonly bound: Map<Value, string>; readonly loops: ReadonlySet<string> };

class NestCloser extends Closer {
  private readonly stages: Stage[] = [];
  private readonly outer = new Map<Value, string>();
  private readonly variables = new Map<Value, ReadonlySet<string>>();
  private readonly counts = new Map<Value, number>();
  private scope: Scope | undefined;
  private names = 0;
  /** While bounds of the grid are closed, which cannot refer to stages. */
  private plain = false;

  constructor(private readonly draft: DraftNest) {
    super(new SlotTable());
  }

  run(): { kernel: Nest; buffers: readonly Buffer[] } {
    const indices = this.indices();
    const join = (loops: readonly DraftLoop[]): DraftLoop[] => this.join(loops, indices);
    const grid = join(this.draft.grid);
    this.count(this.draft.stages, this.counts);
    this.plain = true;
    const closedGrid = grid.map((loop) => this.loop(loop));
    this.plain = false;
    const updates = inPlace(this.draft.stages);
    const late: Stage[] = [];
    for (const stage of this.draft.stages) {
      if (stage.kind === 'let') this.stages.push({ kind: 'let', name: stage.name, value: this.value(stage.value) });
      else if (stage.kind === 'reduce') this.stages.push(this.reduce(stage, join));
      else if (stage.loops.length === 0) {
        const value = updates ? this.bind(stage.value) : this.value(stage.value);
        const index = this.index(stage.index);
        (updates ? late : this.stages).push({ kind: 'store', loops: [], slot: this.slots.write(stage.buffer), index, value });
      } else {
        const loops = join(stage.loops);
        const { lets, result } = this.inside(loops, stage, () => ({ value: this.value(stage.value), index: this.index(stage.index) }));
        this.stages.push({ kind: 'store', loops: loops.map((loop) => this.loop(loop)), ...(lets.length > 0 ? { lets } : {}), slot: this.slots.write(stage.buffer), ...result });
      }
    }
    this.stages.push(...late);
    const work = nestWork(this.draft);
    const kernel: Nest = { kind: 'nest', name: this.draft.name, slots: this.slots.slots(), about: [this.slots.about()], ...work, grid: closedGrid, stages: this.stages };
    return { kernel, buffers: this.slots.buffers };
  }

  private reduce(stage: DraftReduce, join: (loops: readonly DraftLoop[]) => DraftLoop[]): Stage {
    const loops = join(stage.loops);
    const { lets, result } = this.inside(loops, stage, (own) => {
      for (const { name, value } of stage.lets) own.push({ name, value: this.value(value) });
      const inner = stage.inner;
      if (!inner) return { value: this.value(stage.value) };
      const closed = inner.loops.map((loop) => this.loop(loop));
      const nested = this.inside(inner.loops, { ...inner, kind: 'reduce' }, (list) => {
        for (const { name, value } of inner.lets) list.push({ name, value: this.value(value) });
        return { value: this.value(inner.value) };
      });
      return { inner: { name: inner.name, fn: inner.fn, loops: closed, lets: nested.lets, ...nested.result }, value: this.value(stage.value) };
    });
    return { kind: 'reduce', name: stage.name, fn: stage.fn, loops: loops.map((loop) => this.loop(loop)), lets, ...result };
  }

  /** Closes the body of a loop; values shared within it get a name there. */
  private inside<T>(loops: readonly DraftLoop[], stage: DraftStage, body: (lets: Let[]) => T): { lets: Let[]; result: T } {
    const before = this.scope;
    const counts = new Map<Value, number>();
    this.count([stage], counts);
    const own = stage.kind === 'reduce' ? [...stage.lets.map((x) => x.name), ...(stage.inner ? [stage.inner.name, ...stage.inner.lets.map((x) => x.name), ...stage.inner.loops.map((x) => x.name)] : [])] : [];
    const loopNames = stage.kind === 'let' ? [] : stage.loops.map((loop) => loop.name);
    const scope: Scope = { lets: [], bound: new Map(), loops: new Set([...loops.map((loop) => loop.name), ...loopNames, ...own]) };
    const enclosing = this.local;
    this.local = counts;
    this.scope = before ? { ...scope, loops: new Set([...before.loops, ...scope.loops]), bound: new Map(before.bound) } : scope;
    const lets = this.scope.lets;
    const result = body(lets);
    this.scope = before;
    this.local = enclosing;
    return { lets, result };
  }
  private local: ReadonlyMap<Value, number> = new Map();

  override value(value: Value): Expr {
    const name = this.outer.get(value) ?? this.scope?.bound.get(value);
    if (name !== undefined) return expr.local(name, value.dtype);
    if (this.plain || (value.kind !== 'call' && value.kind !== 'load')) return super.value(value);
    const scope = this.scope;
    if (!scope) return (this.counts.get(value) ?? 0) > 1 && worthNaming(value) ? this.bind(value) : super.value(value);
    const varies = [...this.free(value)].some((free) => scope.loops.has(free));
    if (!varies && worthLifting(value)) return this.bind(value);
    if (varies && (this.local.get(value) ?? 0) > 1 && worthNaming(value)) {
      const inner = super.value(value);
      const fresh = this.fresh();
      scope.lets.push({ name: fresh, value: inner });
      scope.bound.set(value, fresh);
      return expr.local(fresh, value.dtype);
    }
    return super.value(value);
  }

  /** Names a value outside all loops. */
  private bind(value: Value): Expr {
    const known = this.outer.get(value);
    if (known !== undefined) return expr.local(known, value.dtype);
    if (value.kind === 'number' || value.kind === 'local') return super.value(value);
    const scope = this.scope;
    this.scope = undefined;
    const closed = super.value(value);
    this.scope = scope;
    const name = this.fresh();
    this.stages.push({ kind: 'let', name, value: closed });
    this.outer.set(value, name);
    return expr.local(name, value.dtype);
  }

  private fresh(): string {
    return `t${this.names++}`;
  }

  private loop(loop: DraftLoop): Loop {
    return { name: loop.name, extent: loop.extent, ...(loop.from ? { from: this.value(loop.from) } : {}), ...(loop.to ? { to: this.value(loop.to) } : {}) };
  }

  /** Loop variables and locals a value depends on. */
  private free(value: Value): ReadonlySet<string> {
    const known = this.variables.get(value);
    if (known) return known;
    const found = new Set<string>();
    if (value.kind === 'local') found.add(value.name);
    if (value.kind === 'load' || value.kind === 'index') forms(value.index, (form) => {
      for (const { atom } of form.terms) if (atom.kind === 'var') found.add(this.renamed.get(atom.name) ?? atom.name).add(atom.name);
    });
    for (const part of parts(value)) for (const name of this.free(part)) found.add(name);
    this.variables.set(value, found);
    return found;
  }

  private count(stages: readonly DraftStage[], counts: Map<Value, number>): void {
    const seen = new Set<Value>();
    const use = (value: Value): void => {
      counts.set(value, (counts.get(value) ?? 0) + 1);
      if (seen.has(value)) return;
      seen.add(value);
      for (const part of parts(value)) use(part);
    };
    for (const stage of stages) for (const value of valuesOf(stage)) use(value);
  }

  private indices(): Index[] {
    const found: Index[] = [];
    const seen = new Set<Value>();
    const see = (value: Value): void => {
      if (value.kind === 'load' || value.kind === 'index') found.push(value.index);
    };
    for (const stage of this.draft.stages) {
      for (const value of valuesOf(stage)) visit(value, seen, see);
      if (stage.kind === 'store') found.push(stage.index);
    }
    for (const loop of this.draft.grid) for (const bound of [loop.from, loop.to]) if (bound) visit(bound, seen, see);
    return found;
  }

  private join(loops: readonly DraftLoop[], indices: readonly Index[]): DraftLoop[] {
    return joinable(loops, indices).map((group) => {
      const last = group.at(-1);
      if (group.length === 1 || !last) return group[0] ?? { name: 'i', extent: 1 };
      const name = group.length === loops.length && loops === this.draft.grid ? 'i' : group.map((loop) => loop.name).join('_');
      for (const loop of group.slice(0, -1)) this.joined.add(loop.name);
      this.renamed.set(last.name, name);
      return { name, extent: group.reduce((n, loop) => n * loop.extent, 1) };
    });
  }
}

/** Every value of a stage, bounds of its loops included. */
export function valuesOf(stage: DraftStage): Value[] {
  if (stage.kind === 'let') return [stage.value];
  const bounds = (loops: readonly DraftLoop[]): Value[] => loops.flatMap((loop) => [...(loop.from ? [loop.from] : []), ...(loop.to ? [loop.to] : [])]);
  if (stage.kind === 'store') return [...bounds(stage.loops), stage.value, ...indexValues(stage.index)];
  const inner = stage.inner ? valuesOf({ ...stage.inner, kind: 'reduce' }) : [];
  return [...bounds(stage.loops), ...stage.lets.map((x) => x.value), ...inner, stage.value];
}

function worthNaming(value: Value): boolean {
  return value.kind === 'load' || (value.kind === 'call' && !value.args.every((arg) => arg.kind === 'number' || arg.kind === 'local'))
    || (value.kind === 'call' && callCost(value.fn) > 1);
}

function worthLifting(value: Value): boolean {
  return value.kind === 'load' || (value.kind === 'call' && (callCost(value.fn) > 1 || value.args.some((arg) => arg.kind === 'call' || arg.kind === 'load')));
}

/** Whether some buffer is both read and written: then everything is read before anything is written. */
function inPlace(stages: readonly DraftStage[]): boolean {
  const written = new Set(stages.flatMap((stage) => (stage.kind === 'store' ? [stage.buffer] : [])));
  const seen = new Set<Value>();
  let found = false;
  for (const stage of stages) for (const value of valuesOf(stage)) visit(value, seen, (part) => {
    if (part.kind === 'load' && written.has(part.buffer)) found = true;
  });
  return found;
}
