/**
 * @file Facts about scalar expressions: structural identity, free names, slots loaded, weight, strides; and substitution. Expressions are
 * trees that may share parts, so every walk here is memoised.
 */
import type { Expr } from '../../kernels/kernel.js';

export interface Facts {
  /** Equal for structurally equal expressions. */
  readonly id: number;
  /** Variables and locals it refers to. */
  readonly free: ReadonlySet<string>;
  readonly loads: ReadonlySet<number>;
  /** Nodes, shared parts counted each time. */
  readonly weight: number;
  /** Worth computing once outside a loop: loads memory, divides, or calls a transcendental function. */
  readonly heavy: boolean;
}

const cheap = new Set(['neg', 'abs', 'add', 'sub', 'mul', 'max', 'min', 'lt', 'le', 'eq', 'select', 'to_f32', 'to_i32', 'sign', 'floor']);

/** Facts of expressions, computed once per object and per structure. */
export class ExpressionTable {
  private readonly byObject = new WeakMap<Expr, Facts>();
  private readonly byKey = new Map<string, Facts>();

  facts(expr: Expr): Facts {
    const known = this.byObject.get(expr);
    if (known !== undefined) return known;
    const children = childrenOf(expr).map((child) => this.facts(child));
    const key = `${expr.kind} ${expr.dtype} ${label(expr)} ${children.map((child) => child.id).join(' ')}`;
    let facts = this.byKey.get(key);
    if (facts === undefined) {
      const free = new Set(children.flatMap((child) => [...child.free]));
      if (expr.kind === 'var' || expr.kind === 'local') free.add(expr.name);
      const loads = new Set(children.flatMap((child) => [...child.loads]));
      if (expr.kind === 'load') loads.add(expr.slot);
      facts = {
        id: this.byKey.size,
        free,
        loads,
        weight: children.reduce((sum, child) => sum + child.weight, 1),
        heavy: expr.kind === 'load' || (expr.kind === 'call' && !cheap.has(expr.fn)) || children.some((child) => child.heavy),
      };
      this.byKey.set(key, facts);
    }
    this.byObject.set(expr, facts);
    return facts;
  }
}

export function childrenOf(expr: Expr): readonly Expr[] {
  return expr.kind === 'load' ? [expr.index] : expr.kind === 'call' ? expr.args : [];
}

function label(expr: Expr): string {
  switch (expr.kind) {
    case 'number':
      return Object.is(expr.value, -0) ? '-0' : String(expr.value);
    case 'var':
    case 'local':
      return expr.name;
    case 'load':
      return String(expr.slot);
    case 'call':
      return expr.fn;
  }
}

/** `expr` with variables replaced. */
export function substitute(expr: Expr, by: Readonly<Record<string, Expr>>): Expr {
  const memo = new Map<Expr, Expr>();
  const walk = (node: Expr): Expr => {
    const known = memo.get(node);
    if (known !== undefined) return known;
    let result: Expr = node;
    if (node.kind === 'var' || node.kind === 'local') result = by[node.name] ?? node;
    else if (node.kind === 'load') result = { ...node, index: walk(node.index) };
    else if (node.kind === 'call') result = { ...node, args: node.args.map(walk) };
    memo.set(node, result);
    return result;
  };
  return walk(expr);
}

/** By how much `index` grows when `name` grows by one; undefined where that is not constant. */
export function stride(index: Expr, name: string): number | undefined {
  const known = (node: Expr): number | undefined => stride(node, name);
  switch (index.kind) {
    case 'number':
      return 0;
    case 'var':
    case 'local':
      return index.name === name ? 1 : 0;
    case 'load':
      return known(index.index) === 0 ? 0 : undefined;
    case 'call': {
      const strides = index.args.map(known);
      if (strides.every((s) => s === 0)) return 0;
      const [a, b] = strides;
      const [x, y] = index.args;
      if (a === undefined || b === undefined || x === undefined || y === undefined) return undefined;
      if (index.fn === 'add') return a + b;
      if (index.fn === 'sub') return a - b;
      if (index.fn === 'mul' && y.kind === 'number') return a * y.value;
      if (index.fn === 'mul' && x.kind === 'number') return b * x.value;
      return undefined;
    }
  }
}

/** Every load in the expressions. */
export function loadsIn(exprs: readonly Expr[]): Extract<Expr, { kind: 'load' }>[] {
  const seen = new Set<Expr>();
  const result: Extract<Expr, { kind: 'load' }>[] = [];
  const walk = (node: Expr): void => {
    if (seen.has(node)) return;
    seen.add(node);
    if (node.kind === 'load') result.push(node);
    childrenOf(node).forEach(walk);
  };
  exprs.forEach(walk);
  return result;
}
