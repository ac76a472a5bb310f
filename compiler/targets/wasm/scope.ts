/**
 * @file Scopes: where expressions of the kernels form become instructions. A scope is the body of a loop. Each value is computed once, in the outermost scope
 * that has what it needs, and kept in a local; addresses are summed loop by loop, so that an inner loop adds only its own part.
 *
 * Within a vector loop a value either varies with the loop's variable, and is then `copies` vectors of four lanes, or it does not, and is a scalar.
 */
import type { Expr } from '../../kernels/kernel.js';
import { lanePlaces, plus } from './address.js';
import { internalError } from './errors.js';
import { type Facts, type FactsTable, linear } from './facts.js';
import { f32, get, i32, i32x4, type Instr, load, loadLane, op, store } from './instructions.js';
import type { Block, WasmModule } from './module.js';
import { scalarCall, scalarCondition } from './scalar-functions.js';
import { vectorCall, vectorMask } from './vector-functions.js';

export type Value =
  | { readonly varies: false; readonly instr: Instr }
  | { readonly varies: true; readonly lanes: readonly Instr[] };

/** The variable of the innermost vector loop: lane i of copy c stands at base + 4c + i. */
interface VectorLoop {
  readonly name: string;
  readonly base: Instr;
  readonly copies: number;
}

/** What all scopes of a function share. */
export interface ScopeContext {
  readonly module: WasmModule;
  readonly facts: FactsTable;
  /** Address of each slot. */
  readonly slots: readonly Instr[];
}

export class Scope {
  private readonly defined = new Map<string, Value>();
  private readonly known = new Map<string, { readonly value: Value; readonly loads: ReadonlySet<number> }>();
  readonly vector: VectorLoop | undefined;

  constructor(
    readonly context: ScopeContext,
    readonly block: Block,
    private readonly parent?: Scope,
    private readonly options: {
      /** Slots stored to inside: loads of them do not move out. */
      readonly writes?: ReadonlySet<number>;
      readonly vector?: VectorLoop;
    } = {},
  ) {
    this.vector = options.vector ?? parent?.vector;
    if (options.vector) this.defined.set(options.vector.name, { varies: true, lanes: this.lanesOf(options.vector) });
  }

  private lanesOf({ name, base, copies }: VectorLoop): Instr[] {
    const first = this.block.bind(`${name}_lanes`, op('i32x4.add', op('i32x4.splat', base), { kind: 'vector', shape: 'i32x4', values: [0, 1, 2, 3] }));
    return Array.from({ length: copies }, (_, c) => (c === 0 ? first : this.block.bind(`${name}_lanes`, op('i32x4.add', first, i32x4(4 * c)))));
  }

  /** A scope inside this one, whose statements go to `block`. */
  inner(block: Block, options: { readonly writes?: ReadonlySet<number>; readonly vector?: VectorLoop } = {}): Scope {
    return new Scope(this.context, block, this, options);
  }

  define(name: string, value: Value): void {
    this.defined.set(name, value);
  }

  /** `for (name = from; name < to; name += step)`, `build` in its scope with `name` defined. */
  loop(name: string, from: Instr, to: Instr, writes: ReadonlySet<number>, build: (inner: Scope) => void): void {
    this.block.loop(name, from, to, 1, (block, variable) => {
      const scope = this.inner(block, { writes });
      scope.define(name, { varies: false, instr: variable });
      build(scope);
    });
  }

  lookup(name: string): Value {
    const found = this.defined.get(name) ?? this.parent?.lookup(name);
    if (!found) throw internalError(`${name} is not defined where it is used`);
    return found;
  }

  /** A value that does not vary. */
  scalar(expr: Expr): Instr {
    const value = this.value(expr);
    if (value.varies) throw internalError('a loop bound varies within a vector');
    return value.instr;
  }

  /** A value as vectors, one for each copy. One that does not vary is spread once, where it is computed. */
  vectors(expr: Expr): Instr[] {
    const value = this.value(expr);
    if (value.varies) return [...value.lanes];
    const facts = this.context.facts.of(expr);
    const spread = this.remember(`s${facts.id}`, facts, (home) => ({ varies: false, instr: home.block.bind('splat', op(`${expr.dtype}x4.splat`, value.instr)) }));
    if (spread.varies) throw internalError('a spread value varies');
    return Array.from({ length: this.vector?.copies ?? 1 }, () => spread.instr);
  }

  value(expr: Expr): Value {
    if (expr.kind === 'number') return { varies: false, instr: expr.dtype === 'i32' ? i32(expr.value) : f32(expr.value) };
    if (expr.kind === 'var' || expr.kind === 'local') return this.lookup(expr.name);
    const facts = this.context.facts.of(expr);
    return this.remember(`e${facts.id}`, facts, (home) => home.compute(expr));
  }

  /** The value known by `key`, or computed in its home scope. */
  private remember(key: string, facts: Pick<Facts, 'free' | 'loads'>, compute: (home: Scope) => Value): Value {
    for (let scope: Scope | undefined = this; scope; scope = scope.parent) {
      const entry = scope.known.get(key);
      if (entry) return entry.value;
    }
    const home = this.home(facts);
    const value = compute(home);
    home.known.set(key, { value, loads: facts.loads });
    return value;
  }

  /** The outermost scope where something with these dependencies can be computed. */
  private home({ free, loads }: Pick<Facts, 'free' | 'loads'>): Scope {
    let scope: Scope = this;
    while (scope.parent) {
      for (const name of free) if (scope.defined.has(name)) return scope;
      const { writes } = scope.options;
      if (writes) for (const slot of loads) if (writes.has(slot)) return scope;
      scope = scope.parent;
    }
    return scope;
  }

  private depth(): number {
    return this.parent ? this.parent.depth() + 1 : 0;
  }

  private varies(expr: Expr): boolean {
    for (const name of this.context.facts.of(expr).free) if (this.lookup(name).varies) return true;
    return false;
  }

  private bind(hint: string, lanes: readonly Instr[]): Value {
    return { varies: true, lanes: lanes.map((lane) => this.block.bind(hint, lane)) };
  }

  private compute(expr: Expr): Value {
    if (expr.kind === 'load') return this.computeLoad(expr);
    if (expr.kind !== 'call') return this.value(expr);
    if (this.varies(expr)) return this.bind(expr.fn, vectorCall(this, expr));
    return { varies: false, instr: this.block.bind(expr.fn, scalarCall(this, expr)) };
  }

  private computeLoad(expr: Extract<Expr, { kind: 'load' }>): Value {
    const name = `${expr.dtype}.load`;
    if (!this.varies(expr.index)) {
      const { address, offset } = this.address(expr.slot, expr.index);
      return { varies: false, instr: this.block.bind('loaded', load(name, address, offset)) };
    }
    const step = this.step(expr.index);
    const copies = this.vector?.copies ?? 1;
    if (step === undefined) {
      const indices = this.vectors(expr.index);
      const base = this.context.slots[expr.slot] ?? i32(0);
      return this.bind('gathered', indices.map((index) => {
        const [first = base, ...others] = lanePlaces(this.block, base, index);
        return others.reduce((vector, place, i) => loadLane(place, 0, i + 1, vector), load('v128.load32_splat', first));
      }));
    }
    const { address, offset } = this.address(expr.slot, expr.index);
    const lanes = Array.from({ length: copies }, (_, c) => {
      const start = offset + 16 * c * step;
      if (step === 1) return load('v128.load', address, start);
      let vector = load('v128.load32_splat', address, start);
      for (let lane = 1; lane < 4; lane++) vector = loadLane(address, start + 4 * lane * step, lane, vector);
      return vector;
    });
    return this.bind('loaded', lanes);
  }

  /** By how much an index grows from lane to lane, where that is constant. */
  private step(index: Expr): number | undefined {
    let step = 0;
    for (const { atom, by } of linear(index).terms) {
      if (atom.kind === 'var' && atom.name === this.vector?.name) step += by;
      else if (this.varies(atom)) return undefined;
    }
    return step;
  }

  /** Address of an element in bytes: at the first lane, where the index varies. Summed scope by scope. */
  address(slot: number, index: Expr): { readonly address: Instr; readonly offset: number } {
    const { terms, constant } = linear(index);
    const facts = this.context.facts;
    const placed = terms.map(({ atom, by }) => {
      const of = facts.of(atom);
      return { atom, by, of, depth: this.home(of).depth() };
    });
    const chain: Scope[] = [];
    for (let scope: Scope | undefined = this; scope; scope = scope.parent) chain.unshift(scope);
    let sum = this.context.slots[slot] ?? i32(0);
    let key = `a${slot}`;
    for (const [depth, scope] of chain.entries()) {
      const here = placed.filter((term) => term.depth === depth).sort((a, b) => a.of.id - b.of.id);
      if (here.length === 0) continue;
      key += here.map((term) => ` ${term.by}*${term.of.id}`).join('');
      const known = scope.known.get(key);
      if (known && !known.value.varies) {
        sum = known.value.instr;
        continue;
      }
      const parts = here.map(({ atom, by }) => {
        const isVector = atom.kind === 'var' && atom.name === scope.vector?.name;
        return { index: isVector ? (scope.vector?.base ?? i32(0)) : scope.scalar(atom), by: by * 4 };
      });
      sum = scope.block.bind('address', parts.reduce((place, { index: at, by }) => plus(place, at, by), sum));
      scope.known.set(key, { value: { varies: false, instr: sum }, loads: new Set(here.flatMap((term) => [...term.of.loads])) });
    }
    return { address: sum, offset: constant * 4 };
  }

  /** slot[index] = value, for every lane. */
  store(slot: number, index: Expr, value: Expr): void {
    if (!this.vector || (!this.varies(index) && !this.varies(value))) {
      const instr = this.scalar(value);
      const { address, offset } = this.address(slot, index);
      this.block.add(store(`${value.dtype}.store`, address, instr, offset));
    } else {
      const lanes = this.vectors(value);
      const step = this.varies(index) ? this.step(index) : undefined;
      if (step === undefined) {
        const base = this.context.slots[slot] ?? i32(0);
        const indices = this.vectors(index);
        lanes.forEach((vector, c) => {
          lanePlaces(this.block, base, indices[c] ?? i32x4(0)).forEach((place, lane) => this.block.add(store('v128.store32_lane', place, vector, 0, lane)));
        });
      } else {
        const { address, offset } = this.address(slot, index);
        lanes.forEach((vector, c) => {
          const start = offset + 16 * c * step;
          if (step === 1) this.block.add(store('v128.store', address, vector, start));
          else for (let lane = 0; lane < 4; lane++) this.block.add(store('v128.store32_lane', address, vector, start + 4 * lane * step, lane));
        });
      }
    }
    this.forget(slot);
  }

  /** Values loaded from a slot are stale once it has been written. */
  private forget(slot: number): void {
    for (let scope: Scope | undefined = this; scope; scope = scope.parent) {
      for (const [key, entry] of scope.known) if (entry.loads.has(slot)) scope.known.delete(key);
    }
  }

  /** A truth value as i32. */
  condition(expr: Expr): Instr {
    return scalarCondition(this, expr);
  }

  /** Truth values as masks, one for each copy. */
  masks(expr: Expr): Instr[] {
    return vectorMask(this, expr);
  }

  /** A name for the current round of a loop: its own variable. */
  variable(name: string, value: Instr): Instr {
    return get(this.block.variable(name, value));
  }
}
