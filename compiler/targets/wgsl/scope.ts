/**
 * @file Scopes: nested blocks of statements under construction. A scope prints expressions; a part used more than once becomes a `let`, and
 * a costly part that does not depend on a loop is computed outside it, in the outermost open scope that has what it needs.
 */
import type { Expr } from '../../kernels/kernel.js';
import { childrenOf, type ExpressionTable, type Facts } from './expressions.js';
import type { Helper } from './helpers.js';
import { internalError } from './limits.js';
import type { Names } from './names.js';
import { at, atom, call, comparisons, literal, type Text } from './scalar.js';
import type { Slots } from './slots.js';

/** What all scopes of a module share. */
export interface ScopeContext {
  readonly names: Names;
  readonly slots: Slots;
  readonly table: ExpressionTable;
  readonly use: (helper: Helper) => void;
  /** How often each structure occurs in the kernel. */
  readonly counts: Map<number, number>;
}

export class Scope {
  private readonly lines: (string | Scope)[] = [];
  private readonly defined = new Map<string, string>();
  private readonly known = new Map<number, { readonly name: string; readonly facts: Facts }>();

  constructor(
    private readonly context: ScopeContext,
    private readonly parent?: Scope,
    /** `pinned`: nothing moves out of here (a branch). `writes`: loads of these slots do not move out (a loop that stores to them). */
    private readonly options: { readonly pinned?: boolean; readonly writes?: ReadonlySet<number> } = {},
  ) {}

  line(...text: string[]): void {
    this.lines.push(...text);
  }

  /** `header { ... }`. */
  block(head: string, build: (inner: Scope) => void, options: { pinned?: boolean; writes?: ReadonlySet<number> } = {}): void {
    const inner = new Scope(this.context, this, options);
    build(inner);
    this.lines.push(`${head} {`, inner, '}');
  }

  /** Makes the kernel's variable or local `name` available here, as `text`. */
  define(name: string, text: string): void {
    this.defined.set(name, text);
  }

  /** `let name = text;`, defining the kernel's `name`; returns the identifier. */
  bind(name: string, text: string, keyword: 'let' | 'var' = 'let'): string {
    const identifier = this.context.names.fresh(name);
    this.line(`${keyword} ${identifier} = ${text};`);
    this.define(name, identifier);
    return identifier;
  }

  fresh(hint: string): string {
    return this.context.names.fresh(hint);
  }

  /** The expression as text. */
  value(expr: Expr): string {
    return this.print(expr).text;
  }

  /** Parenthesised where it would not survive as an operand. */
  operand(expr: Expr): string {
    return at(this.print(expr), 4);
  }

  store(slot: number, index: Expr, value: Expr): void {
    const indexText = this.value(index);
    this.line(this.context.slots.store(slot, indexText, this.value(value)));
    this.forget(slot);
  }

  /** Values loaded from a slot are stale once it has been written. */
  forget(slot: number): void {
    for (const [id, entry] of this.known) if (entry.facts.loads.has(slot)) this.known.delete(id);
    this.parent?.forget(slot);
  }

  /** Counts the structures of `exprs`, so that repeated ones are named. */
  count(exprs: readonly Expr[]): void {
    const { counts, table } = this.context;
    const walk = (expr: Expr): void => {
      const id = table.facts(expr).id;
      const before = counts.get(id) ?? 0;
      counts.set(id, before + 1);
      if (before === 0) childrenOf(expr).forEach(walk);
    };
    exprs.forEach(walk);
  }

  private lookup(name: string): string {
    for (let scope: Scope | undefined = this; scope !== undefined; scope = scope.parent) {
      const text = scope.defined.get(name);
      if (text !== undefined) return text;
    }
    throw internalError(`${name} is not defined where it is used`);
  }

  private find(id: number): string | undefined {
    for (let scope: Scope | undefined = this; scope !== undefined; scope = scope.parent) {
      const entry = scope.known.get(id);
      if (entry !== undefined) return entry.name;
    }
    return undefined;
  }

  /** The outermost open scope where the expression can be computed. */
  private home(facts: Facts): Scope {
    let scope: Scope = this;
    for (;;) {
      if (scope.parent === undefined || scope.options.pinned === true) return scope;
      if ([...facts.free].some((name) => scope.defined.has(name))) return scope;
      const writes = scope.options.writes;
      if (writes !== undefined && [...facts.loads].some((slot) => writes.has(slot))) return scope;
      scope = scope.parent;
    }
  }

  private print(expr: Expr): Text {
    if (expr.kind === 'number') return literal(expr.value, expr.dtype, this.context.use);
    if (expr.kind === 'var' || expr.kind === 'local') return atom(this.lookup(expr.name));
    const facts = this.context.table.facts(expr);
    const known = this.find(facts.id);
    if (known !== undefined) return atom(known);
    const home = this.home(facts);
    const count = this.context.counts.get(facts.id) ?? 1;
    const shared = count > 1 && facts.weight > 2 && (facts.heavy || expr.dtype === 'f32');
    if (shared || (home !== this && facts.heavy)) {
      const text = home.compute(expr).text;
      const name = this.context.names.fresh(this.hint(expr));
      home.line(`let ${name} = ${text};`);
      home.known.set(facts.id, { name, facts });
      return atom(name);
    }
    return this.compute(expr);
  }

  private hint(expr: Expr): string {
    if (expr.kind === 'load') return `${this.context.slots.name(expr.slot)}_value`;
    if (expr.kind === 'call') {
      const loaded = [...this.context.table.facts(expr).loads][0];
      if (expr.dtype === 'i32' && loaded !== undefined) return `${this.context.slots.name(loaded)}_offset`;
      if (expr.dtype === 'i32') return expr.fn === 'div' || expr.fn === 'mod' ? 'position' : 'index';
      const words: Partial<Record<string, string>> = { add: 'sum', sub: 'difference', mul: 'product', div: 'quotient', neg: 'negative', select: 'chosen' };
      return words[expr.fn] ?? `${expr.fn}_value`;
    }
    return 'value';
  }

  private compute(expr: Expr): Text {
    if (expr.kind === 'load') return atom(this.context.slots.load(expr.slot, this.value(expr.index)));
    if (expr.kind !== 'call') return this.print(expr);
    if (expr.fn === 'select') {
      const [condition, yes, no] = expr.args;
      if (condition === undefined || yes === undefined || no === undefined) throw internalError('select needs three arguments');
      return atom(`select(${this.value(no)}, ${this.value(yes)}, ${this.condition(condition)})`);
    }
    const last = expr.args[expr.args.length - 1];
    const constant = last?.kind === 'number' ? last.value : undefined;
    return call(expr.fn, expr.args.map((arg) => this.print(arg)), expr.dtype, constant, this.context.use);
  }

  /** A truth value as a bool: comparisons, and products of them, without the detour over 0 and 1. */
  private condition(expr: Expr): string {
    if (expr.kind === 'call') {
      const [x, y] = expr.args;
      const comparison = comparisons[expr.fn];
      if (comparison !== undefined && x !== undefined && y !== undefined) return `${this.operand(x)} ${comparison} ${this.operand(y)}`;
      if (expr.fn === 'mul' && x !== undefined && y !== undefined && isComparison(x) && isComparison(y)) return `${this.condition(x)} && ${this.condition(y)}`;
    }
    return `${this.operand(expr)} != ${expr.dtype === 'i32' ? '0' : '0.0'}`;
  }

  /** The statements, indented. */
  render(depth: number): string[] {
    return this.lines.flatMap((line) => (typeof line === 'string' ? [line === '' ? '' : `${'  '.repeat(depth)}${line}`] : line.render(depth + 1)));
  }
}

function isComparison(expr: Expr): boolean {
  if (expr.kind !== 'call') return false;
  return comparisons[expr.fn] !== undefined || (expr.fn === 'mul' && expr.args.every(isComparison));
}
