/**
 * @file Makes the nodes of a graph: checks shapes, simplifies where it is obviously safe, shares equal nodes.
 *
 * Nothing else makes nodes or axes. A number may stand wherever an elementwise operand is expected. `path` and `span` are the
 * provenance given to new nodes; a node that already exists keeps its own.
 */
import type { Span } from '../../grammar/ast.js';
import type { Axis, DType, Node, Op, Param, ScalarFn, ScalarSpec, State, TensorType } from './graph.js';
import { Keys } from './key.js';
import { ShapeError } from './shape-error.js';
import { attentionTypes } from './shapes-lookup.js';
import { shapeOf } from './shapes.js';
import { without } from './shape-checks.js';
import { simplify } from './simplify.js';

export { ShapeError } from './shape-error.js';

export type Operand = Node | number;

export interface AttentionAxes {
  readonly heads: Axis;
  readonly groups: Axis;
  readonly key: Axis;
  readonly value: Axis;
  readonly scale: number;
}

/** Counts axes and nodes. Graphs that are lowered together are numbered together. */
export class Numbering {
  axes = 0;
  nodes = 0;
}

export class GraphBuilder {
  constructor(private readonly numbering = new Numbering()) {}

  /** Provenance of the nodes made from now on. */
  path = '';
  span: Span | undefined = undefined;
  /** Refuse to join different axes of one name in elementwise operations, products and lookups. Passes that derive graphs from checked graphs
   *  turn it off. */
  strictNames = true;

  private readonly keys = new Keys();
  private readonly shared = new Map<string, Node>();

  /** Runs `fn` with another provenance; `span` absent keeps the present one. */
  at<T>(path: string, span: Span | undefined, fn: () => T): T {
    const before = { path: this.path, span: this.span };
    this.path = path;
    this.span = span ?? before.span;
    try {
      return fn();
    } finally {
      this.path = before.path;
      this.span = before.span;
    }
  }

  /** Runs `fn` without the check of names. */
  lenient<T>(fn: () => T): T {
    const before = this.strictNames;
    this.strictNames = false;
    try {
      return fn();
    } finally {
      this.strictNames = before;
    }
  }

  /** A fresh axis, different from every other. */
  axis(name: string, size: number, token?: 'batch' | 'time'): Axis {
    if (!Number.isSafeInteger(size) || size < 1) throw new ShapeError(`axis ${name} cannot have size ${size}: sizes are whole numbers from 1`);
    return { id: this.numbering.axes++, name, size, ...(token ? { token } : {}) };
  }

  /** Any operation. Prefer the methods below; rewrites use this to rebuild a node over other operands. `declared` types inputs, constants and
   *  random numbers. */
  make(op: Op, inputs: readonly Node[], declared?: TensorType): Node {
    const shape = shapeOf(op, inputs, declared, this.strictNames);
    const simpler = simplify(this, op, inputs, shape);
    if (simpler) return simpler;
    const key = this.keys.key(op, inputs, shape);
    const known = this.shared.get(key);
    if (known) return known;
    const node: Node = { id: this.numbering.nodes++, op, inputs, ...shape, path: this.path, ...(this.span ? { span: this.span } : {}) };
    this.shared.set(key, node);
    return node;
  }

  // ---- leaves
  param(param: Param): Node { return this.make({ kind: 'param', param }, []); }
  state(state: State): Node { return this.make({ kind: 'state', state }, []); }
  input(name: string, axes: readonly Axis[], dtype: DType): Node { return this.make({ kind: 'input', name }, [], { axes, dtype }); }
  scalar(scalar: ScalarSpec): Node { return this.make({ kind: 'scalar', scalar }, []); }
  constant(value: number, dtype: DType = 'f32'): Node { return this.make({ kind: 'const', value }, [], { axes: [], dtype }); }
  iota(axis: Axis): Node { return this.make({ kind: 'iota', axis }, []); }
  random(axes: readonly Axis[], stream: number, distribution: 'uniform' | 'normal'): Node {
    return this.make({ kind: 'random', stream, distribution }, [], { axes, dtype: 'f32' });
  }

  // ---- elementwise
  /** Result axes: those of the operand with most (ties: the first), then the missing ones of the others in order. Numbers take the others' dtype. */
  map(fn: ScalarFn, ...operands: Operand[]): Node {
    const values = fn === 'select' ? operands.slice(1) : operands;
    const dtype = values.find((x): x is Node => typeof x !== 'number')?.dtype ?? 'f32';
    const inputs = operands.map((x, i) => (typeof x === 'number' ? this.constant(x, fn === 'select' && i === 0 ? 'f32' : dtype) : x));
    return this.make({ kind: 'map', fn }, inputs);
  }
  add(a: Operand, b: Operand): Node { return this.map('add', a, b); }
  sub(a: Operand, b: Operand): Node { return this.map('sub', a, b); }
  mul(a: Operand, b: Operand): Node { return this.map('mul', a, b); }
  div(a: Operand, b: Operand): Node { return this.map('div', a, b); }
  pow(a: Operand, b: Operand): Node { return this.map('pow', a, b); }
  max(a: Operand, b: Operand): Node { return this.map('max', a, b); }
  min(a: Operand, b: Operand): Node { return this.map('min', a, b); }
  mod(a: Operand, b: Operand): Node { return this.map('mod', a, b); }
  neg(x: Operand): Node { return this.map('neg', x); }
  exp(x: Operand): Node { return this.map('exp', x); }
  log(x: Operand): Node { return this.map('log', x); }
  sqrt(x: Operand): Node { return this.map('sqrt', x); }
  rsqrt(x: Operand): Node { return this.map('rsqrt', x); }
  tanh(x: Operand): Node { return this.map('tanh', x); }
  erf(x: Operand): Node { return this.map('erf', x); }
  sin(x: Operand): Node { return this.map('sin', x); }
  cos(x: Operand): Node { return this.map('cos', x); }
  abs(x: Operand): Node { return this.map('abs', x); }
  sign(x: Operand): Node { return this.map('sign', x); }
  floor(x: Operand): Node { return this.map('floor', x); }
  reciprocal(x: Operand): Node { return this.map('reciprocal', x); }
  toF32(x: Operand): Node { return this.map('to_f32', x); }
  toI32(x: Operand): Node { return this.map('to_i32', x); }
  isFinite(x: Operand): Node { return this.map('is_finite', x); }
  // Truth values are 0 and 1; conditions of `not`, `and` and `or` must be truth values.
  lt(a: Operand, b: Operand): Node { return this.map('lt', a, b); }
  le(a: Operand, b: Operand): Node { return this.map('le', a, b); }
  gt(a: Operand, b: Operand): Node { return this.map('lt', b, a); }
  ge(a: Operand, b: Operand): Node { return this.map('le', b, a); }
  eq(a: Operand, b: Operand): Node { return this.map('eq', a, b); }
  ne(a: Operand, b: Operand): Node { return this.not(this.eq(a, b)); }
  not(a: Operand): Node { return this.sub(1, a); }
  and(a: Operand, b: Operand): Node { return this.mul(a, b); }
  or(a: Operand, b: Operand): Node { return this.max(a, b); }
  select(condition: Operand, a: Operand, b: Operand): Node { return this.map('select', condition, a, b); }

  // ---- reductions
  reduce(fn: 'sum' | 'max' | 'min', x: Node, over: readonly Axis[]): Node { return this.make({ kind: 'reduce', fn, over }, [x]); }
  sum(x: Node, over: readonly Axis[]): Node { return this.reduce('sum', x, over); }
  mean(x: Node, over: readonly Axis[]): Node { return this.div(this.sum(x, over), over.reduce((n, axis) => n * axis.size, 1)); }

  /** Sum over `over` of a * b, in a form where both operands have every summed axis: an axis of one operand only is summed in it first.
   *  Result: axes of a not summed, then axes of b not in a and not summed. */
  contract(a: Node, b: Node, over: readonly Axis[]): Node {
    for (const axis of over) if (!a.axes.includes(axis) && !b.axes.includes(axis)) without(a, [axis], 'sum over');
    const both = over.filter((axis) => a.axes.includes(axis) && b.axes.includes(axis));
    const left = this.sum(a, over.filter((axis) => !b.axes.includes(axis)));
    const right = this.sum(b, over.filter((axis) => !a.axes.includes(axis)));
    if (both.length > 0) return this.make({ kind: 'contract', over: both }, [left, right]);
    return this.order(this.mul(left, right), [...left.axes, ...right.axes.filter((axis) => !left.axes.includes(axis))]);
  }
  softmax(x: Node, over: readonly Axis[]): Node { return this.make({ kind: 'softmax', over }, [x]); }
  logsumexp(x: Node, over: readonly Axis[]): Node { return this.make({ kind: 'logsumexp', over }, [x]); }

  // ---- views
  rename(x: Node, from: Axis, to: Axis): Node { return this.make({ kind: 'rename', from, to }, [x]); }
  split(x: Node, axis: Axis, into: readonly Axis[]): Node { return this.make({ kind: 'split', axis, into }, [x]); }
  merge(x: Node, axes: readonly Axis[], into: Axis): Node { return this.make({ kind: 'merge', axes, into }, [x]); }
  slice(x: Node, axis: Axis, start: number, into?: Axis): Node { return this.make({ kind: 'slice', axis, start, ...(into ? { into } : {}) }, [x]); }
  /** Zeros along `into`, x from `start` on. Without `axis`, x stands at `start` and `into` becomes its first axis. */
  pad(x: Node, axis: Axis | undefined, start: number, into: Axis): Node {
    return this.make({ kind: 'pad', ...(axis ? { axis } : {}), start, into }, [x]);
  }
  concat(xs: readonly Node[], parts: readonly Axis[], into: Axis): Node { return this.make({ kind: 'concat', parts, into }, xs); }
  shift(x: Node, axis: Axis, by: number): Node { return this.make({ kind: 'shift', axis, by }, [x]); }
  /** Repeats along axes x lacks; they come last. */
  expand(x: Node, axes: readonly Axis[]): Node { return this.make({ kind: 'expand', axes }, [x]); }
  order(x: Node, axes: readonly Axis[]): Node { return this.make({ kind: 'order', axes }, [x]); }

  // ---- choices and lookup
  top(x: Node, axis: Axis, take: Axis): Node { return this.make({ kind: 'top', axis, take }, [x]); }
  topProduct(x: Node, half: Axis, axis: Axis, take: Axis): Node { return this.make({ kind: 'top_product', half, axis, take }, [x]); }
  /** How many entries of `index` before each hold the same index (of `members`); see the operation for what comes before what. */
  position(index: Node, members: number, along: readonly Axis[], by?: Node): Node {
    return this.make({ kind: 'position', members, along }, by ? [index, by] : [index]);
  }
  gather(table: Node, axes: readonly Axis[], indices: readonly Node[]): Node { return this.make({ kind: 'gather', axes }, [table, ...indices]); }
  scatter(value: Node, axes: readonly Axis[], indices: readonly Node[], resultAxes: readonly Axis[]): Node {
    return this.make({ kind: 'scatter', axes, result: resultAxes }, [value, ...indices]);
  }

  // ---- attention; operands are brought into the order the primitive asks for
  attention(q: Node, k: Node, v: Node, axes: AttentionAxes): { out: Node; lse: Node } {
    const types = attentionTypes(axes, q);
    const inputs = [this.inOrder(q, types.q), this.inOrder(k, types.k), this.inOrder(v, types.v)];
    const node = this.make({ kind: 'attention', ...pick(axes) }, inputs);
    return { out: this.part(node, 0), lse: this.part(node, 1) };
  }
  attentionGrad(q: Node, k: Node, v: Node, out: Node, lse: Node, dout: Node, axes: AttentionAxes): { dq: Node; dk: Node; dv: Node } {
    const types = attentionTypes(axes, q);
    const expected = [types.q, types.k, types.v, types.out, types.lse, types.out];
    const inputs = [q, k, v, out, lse, dout].map((x, i) => this.inOrder(x, expected[i]));
    const node = this.make({ kind: 'attention_grad', ...pick(axes) }, inputs);
    return { dq: this.part(node, 0), dk: this.part(node, 1), dv: this.part(node, 2) };
  }
  part(tuple: Node, index: number): Node { return this.make({ kind: 'part', index }, [tuple]); }

  // ---- gradient control
  stopGradient(x: Node): Node { return this.make({ kind: 'stop_gradient' }, [x]); }
  /** Reads as `value`; its gradient with respect to xs[i] is partials[i] times the incoming one. */
  surrogate(value: Node, xs: readonly Node[], partials: readonly Node[]): Node {
    return this.make({ kind: 'surrogate', wrt: xs.length }, [value, ...xs, ...partials]);
  }

  /** As `type` wants its axes if x has exactly those; else x itself, for the shape rule to complain of. */
  private inOrder(x: Node, type: TensorType | undefined): Node {
    if (!type || type.axes.length !== x.axes.length || type.axes.some((axis) => !x.axes.includes(axis))) return x;
    return this.order(x, type.axes);
  }
}

function pick({ heads, groups, key, value, scale }: AttentionAxes): AttentionAxes {
  return { heads, groups, key, value, scale };
}
