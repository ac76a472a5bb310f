/**
 * @file What is known of expressions: what they depend on, structural identity, and their linear form in loop variables.
 */
import type { Expr } from '../../kernels/kernel.js';

export interface Facts {
  /** Equal structures have equal ids. */
  readonly id: number;
  /** Loop variables and locals it depends on. */
  readonly free: ReadonlySet<string>;
  /** Slots it loads from. */
  readonly loads: ReadonlySet<number>;
}

/** Facts of expressions, computed once per object and per structure. */
export class FactsTable {
  private readonly byObject = new Map<Expr, Facts>();
  private readonly byKey = new Map<string, Facts>();

  of(expr: Expr): Facts {
    const known = this.byObject.get(expr);
    if (known) return known;
    const children = childrenOf(expr).map((child) => this.of(child));
    const key = `${expr.kind} ${expr.dtype} ${label(expr)} ${children.map((child) => child.id).join(' ')}`;
    let facts = this.byKey.get(key);
    if (!facts) {
      const free = new Set(children.flatMap((child) => [...child.free]));
      if (expr.kind === 'var' || expr.kind === 'local') free.add(expr.name);
      const loads = new Set(children.flatMap((child) => [...child.loads]));
      if (expr.kind === 'load') loads.add(expr.slot);
      facts = { id: this.byKey.size, free, loads };
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
    case 'number': return Object.is(expr.value, -0) ? '-0' : String(expr.value);
    case 'var':
    case 'local': return expr.name;
    case 'load': return String(expr.slot);
    case 'call': return expr.fn;
  }
}

/** constant + the sum of by * atom; atoms are expressions that are not sums. */
export interface Linear {
  readonly terms: readonly { readonly atom: Expr; readonly by: number }[];
  readonly constant: number;
}

/** An i32 expression as a linear form. */
export function linear(expr: Expr): Linear {
  const terms: { atom: Expr; by: number }[] = [];
  let constant = 0;
  const walk = (node: Expr, by: number): void => {
    if (node.kind === 'number') {
      constant += by * node.value;
      return;
    }
    if (node.kind === 'call') {
      const [a, b] = node.args;
      if (a && b) {
        if (node.fn === 'add' || node.fn === 'sub') {
          walk(a, by);
          walk(b, node.fn === 'add' ? by : -by);
          return;
        }
        if (node.fn === 'mul' && b.kind === 'number') return walk(a, by * b.value);
        if (node.fn === 'mul' && a.kind === 'number') return walk(b, by * a.value);
      }
      if (a && node.fn === 'neg') return walk(a, -by);
    }
    const same = terms.find((term) => term.atom === node || (term.atom.kind === 'var' && node.kind === 'var' && term.atom.name === node.name));
    if (same) same.by += by;
    else terms.push({ atom: node, by });
  };
  walk(expr, 1);
  return { terms: terms.filter((term) => term.by !== 0), constant };
}

/** By how much `index` grows when the variable grows by one; undefined where that is not constant. */
export function stride(index: Expr, name: string, table: FactsTable): number | undefined {
  if (!table.of(index).free.has(name)) return 0;
  let total = 0;
  for (const { atom, by } of linear(index).terms) {
    if (atom.kind === 'var' && atom.name === name) total += by;
    else if (table.of(atom).free.has(name)) return undefined;
  }
  return total;
}

/** Every load in the expressions, each object once. */
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

/** `expr` with variables replaced. */
export function substitute(expr: Expr, by: ReadonlyMap<string, Expr>): Expr {
  const memo = new Map<Expr, Expr>();
  const walk = (node: Expr): Expr => {
    const known = memo.get(node);
    if (known) return known;
    let result: Expr = node;
    if (node.kind === 'var' || node.kind === 'local') result = by.get(node.name) ?? node;
    else if (node.kind === 'load') result = { ...node, index: walk(node.index) };
    else if (node.kind === 'call') result = { ...node, args: node.args.map(walk) };
    memo.set(node, result);
    return result;
  };
  return walk(expr);
}
