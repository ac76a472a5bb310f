/**
 * @file Reads a node as a function: from where it stands on each axis to a scalar. Views, lookups and elementwise functions are followed
 * inward; what is stored is loaded; what the kernel being built computes itself is a local.
 */
import type { Axis, Node } from '../graph/graph.js';
import type { Buffer } from '../kernels/kernel.js';
import { input, isKind, isSameLookup, scatterAxes, type NodeOf } from './facts.js';
import { add, constant, dynamic, rowMajor, unravel, type Index } from './index-form.js';
import { call, load, num, type Value } from './value.js';

/** Where a stored node's elements are: row-major over `layout`, from `offset` on. */
export interface Home {
  readonly buffer: Buffer;
  readonly layout: readonly Axis[];
  readonly offset: number;
}

export type Coordinates = ReadonlyMap<Axis, Index>;

/** What a reader must be told about a node: it is stored, it is a local of this kernel, or it is to be computed here. */
export type Source = { readonly kind: 'home'; readonly home: Home } | { readonly kind: 'local'; readonly value: Value } | { readonly kind: 'compute' };

export type Resolve = (node: Node, at: Coordinates) => Source;

/** Reads nodes for one kernel. The same node at the same place is the same `Value` object. */
export class Reader {
  private readonly known = new Map<Node, Map<string, Value>>();
  private counter = 0;

  constructor(
    private readonly resolve: Resolve,
    /** The smallest and largest value of an i32 node. */
    private readonly range: (node: Node) => readonly [number, number],
  ) {}

  /** The value of `node` at `at`, which says where it stands on every axis of `node`. */
  at(node: Node, at: Coordinates): Value {
    let places = this.known.get(node);
    if (!places) this.known.set(node, (places = new Map()));
    let key = '';
    for (const axis of node.axes) key += `${this.where(axis, at).key};`;
    const known = places.get(key);
    if (known) return known;
    const value = this.read(node, at);
    places.set(key, value);
    return value;
  }

  /** A run-time i32 as an index. */
  index(value: Value, lo: number, hi: number): Index {
    if (value.kind === 'number') return constant(value.value);
    if (value.kind === 'index') return value.index;
    let key = this.keys.get(value);
    if (key === undefined) this.keys.set(value, (key = `$${this.counter++}`));
    return dynamic(value, key, lo, hi);
  }
  private readonly keys = new Map<Value, string>();

  private where(axis: Axis, at: Coordinates): Index {
    const found = at.get(axis);
    if (!found) throw new Error(`no place on axis ${axis.name}`);
    return found;
  }

  private read(node: Node, at: Coordinates): Value {
    const source = this.resolve(node, at);
    if (source.kind === 'local') return source.value;
    if (source.kind === 'home') return this.stored(source.home, at);
    return this.compute(node, at);
  }

  /** Loads from where a node is stored. */
  stored(home: Home, at: Coordinates): Value {
    const place = rowMajor(home.layout.map((axis) => this.where(axis, at)), home.layout.map((axis) => axis.size));
    return load(home.buffer, home.offset === 0 ? place : add(place, constant(home.offset)));
  }

  /** Follows the node's own operation. */
  compute(node: Node, at: Coordinates): Value {
    const { op } = node;
    const x = (): Node => input(node);
    switch (op.kind) {
      case 'const': return num(op.value, node.dtype);
      case 'iota': return call('to_f32', [indexValue(this.where(op.axis, at))], 'f32');
      case 'map': return call(op.fn, node.inputs.map((operand) => this.at(operand, at)), node.dtype);
      case 'expand': case 'order': case 'stop_gradient': case 'surrogate': return this.at(x(), at);
      case 'rename': return this.at(x(), moved(at, op.from, this.where(op.to, at)));
      case 'split': return this.at(x(), moved(at, op.axis, rowMajor(op.into.map((axis) => this.where(axis, at)), op.into.map((axis) => axis.size))));
      case 'merge': {
        const places = unravel(this.where(op.into, at), op.axes.map((axis) => axis.size));
        const inner = new Map(at);
        op.axes.forEach((axis, i) => inner.set(axis, places[i] ?? constant(0)));
        return this.at(x(), inner);
      }
      case 'slice': return this.at(x(), moved(at, op.axis, op.into ? add(this.where(op.into, at), constant(op.start)) : constant(op.start)));
      case 'pad': {
        const from = add(this.where(op.into, at), constant(-op.start));
        return this.window(from, op.axis?.size ?? 1, (inside) => this.at(x(), op.axis ? moved(at, op.axis, inside) : at));
      }
      case 'shift': return this.window(add(this.where(op.axis, at), constant(-op.by)), op.axis.size, (inside) => this.at(x(), moved(at, op.axis, inside)));
      case 'concat': return this.concat(node, op.parts, this.where(op.into, at), at);
      case 'gather': return this.gather(node, op.axes, at);
      case 'scatter': if (isKind(node, 'scatter')) return this.placed(node, at, at); break;
      default: break;
    }
    throw new Error(`${op.kind} cannot be read in passing: it must be stored`);
  }

  /** `inner` where 0 <= from < size, else zero; the address stays inside either way. */
  private window(from: Index, size: number, inner: (inside: Index) => Value): Value {
    if (from.lo >= 0 && from.hi < size) return inner(from);
    if (from.hi < 0 || from.lo >= size) return num(0);
    const tests: Value[] = [];
    const base = add(from, constant(-from.constant));
    if (from.lo < 0) tests.push(call('le', [num(-from.constant, 'i32'), indexValue(base)], 'f32'));
    if (from.hi >= size) tests.push(call('lt', [indexValue(base), num(size - from.constant, 'i32')], 'f32'));
    const value = inner(this.clamped(from, size));
    return call('select', [both(tests), value, num(0, value.dtype)], value.dtype);
  }

  /** max(0, min(from, size - 1)). Equal windows share it. */
  private clamped(from: Index, size: number): Index {
    const key = `${from.key}<${size}`;
    const known = this.clamps.get(key);
    if (known) return known;
    let value = indexValue(from);
    if (from.hi >= size) value = call('min', [value, num(size - 1, 'i32')], 'i32');
    if (from.lo < 0) value = call('max', [value, num(0, 'i32')], 'i32');
    const index = dynamic(value, `clamp(${key})`, Math.max(0, from.lo), Math.min(size - 1, from.hi));
    this.clamps.set(key, index);
    return index;
  }
  private readonly clamps = new Map<string, Index>();

  private concat(node: Node, parts: readonly Axis[], at: Index, places: Coordinates): Value {
    let value: Value | undefined;
    let start = parts.reduce((n, part) => n + part.size, 0);
    for (let i = parts.length - 1; i >= 0; i--) {
      const part = parts[i];
      if (!part) break;
      const end = start;
      start -= part.size;
      if (at.hi < start || at.lo >= end) continue;
      const local = add(at, constant(-start));
      const inside = local.lo >= 0 && local.hi < part.size ? local : this.clamped(local, part.size);
      const member = this.at(input(node, i), moved(places, part, inside));
      value = value ? call('select', [call('lt', [indexValue(at), num(end, 'i32')], 'f32'), member, value], member.dtype) : member;
    }
    return value ?? num(0);
  }

  /** In a kernel of one row after another: the scatter whose rows they are, and where the row at hand stands. */
  segment: { readonly scatter: Node; readonly row: Coordinates } | undefined;

  /** A row of a table; rows outside the table read as zero. */
  private gather(node: Node, axes: readonly Axis[], at: Coordinates): Value {
    const inner = new Map(at);
    const { segment } = this;
    if (segment && isSameLookup(node, segment.scatter)) {
      for (const axis of axes) inner.set(axis, this.where(axis, segment.row));
      return this.at(input(node), inner);
    }
    const tests: Value[] = [];
    axes.forEach((axis, i) => inner.set(axis, this.chosen(input(node, i + 1), axis, at, tests)));
    const value = this.at(input(node), inner);
    return tests.length === 0 ? value : call('select', [both(tests), value, num(0, value.dtype)], value.dtype);
  }

  /** The place an index node chooses on `axis`, kept inside; what must hold for it to count is added to `tests`. */
  chosen(node: Node, axis: Axis, at: Coordinates, tests: Value[]): Index {
    const value = this.at(node, at);
    const [lo, hi] = value.kind === 'index' ? [value.index.lo, value.index.hi] : this.range(node);
    if (lo < 0) tests.push(call('le', [num(0, 'i32'), value], 'f32'));
    if (hi >= axis.size) tests.push(call('lt', [value, num(axis.size, 'i32')], 'f32'));
    const index = this.index(value, lo, hi);
    return lo < 0 || hi >= axis.size ? this.clamped(index, axis.size) : index;
  }

  /** What one entry of a scatter adds at the place `at` of the result: its value if its index is there, else zero. */
  placed(node: NodeOf<'scatter'>, at: Coordinates, entry: Coordinates): Value {
    const tests = node.op.axes.map((axis, i) => call('eq', [this.at(input(node, i + 1), entry), indexValue(this.where(axis, at))], 'f32'));
    const value = this.at(input(node), entry);
    return call('select', [both(tests), value, num(0)], 'f32');
  }

  /** The row an entry looks up or adds to, among `rows` (a scatter's own unless given) in row-major order, or -1. */
  row(node: NodeOf<'gather'> | NodeOf<'scatter'>, entry: Coordinates, rows: readonly Axis[] = isKind(node, 'scatter') ? scatterAxes(node).rows : []): Value {
    const tests: Value[] = [];
    const places = rows.map((axis) => {
      const i = node.op.axes.indexOf(axis);
      return i < 0 ? this.where(axis, entry) : this.chosen(input(node, i + 1), axis, entry, tests);
    });
    const row = indexValue(rowMajor(places, rows.map((axis) => axis.size)));
    return tests.length === 0 ? row : call('select', [both(tests), row, num(-1, 'i32')], 'i32');
  }
}

export function indexValue(index: Index): Value {
  return index.terms.length === 0 ? num(index.constant, 'i32') : { kind: 'index', index, dtype: 'i32' };
}

function both(tests: readonly Value[]): Value {
  return tests.reduce((a, b) => call('mul', [a, b], 'f32'));
}

function moved(at: Coordinates, axis: Axis, to: Index): Coordinates {
  const inner = new Map(at);
  inner.set(axis, to);
  return inner;
}

/** Range of what a quotient, remainder, sum, ... of i32 nodes can be. */
export function i32Range(node: Node, of: (node: Node) => readonly [number, number]): readonly [number, number] {
  const unknown = [-(2 ** 31), 2 ** 31 - 1] as const;
  const { op } = node;
  const x = (i = 0): readonly [number, number] => (node.inputs[i] ? of(input(node, i)) : unknown);
  switch (op.kind) {
    case 'const': return [op.value, op.value];
    case 'top': return [0, op.axis.size - 1];
    case 'top_product': return [0, op.axis.size ** 2 - 1];
    case 'rename': case 'split': case 'merge': case 'slice': case 'expand': case 'order': case 'stop_gradient': case 'surrogate': return x();
    case 'gather': case 'pad': case 'shift': return [Math.min(0, x()[0]), Math.max(0, x()[1])];
    case 'concat': return node.inputs.map(of).reduce((a, b) => [Math.min(a[0], b[0]), Math.max(a[1], b[1])]);
    case 'map': {
      const [a, b] = [x(), x(1)];
      const within = (lo: number, hi: number): readonly [number, number] => (lo >= unknown[0] && hi <= unknown[1] ? [lo, hi] : unknown);
      switch (op.fn) {
        case 'add': return within(a[0] + b[0], a[1] + b[1]);
        case 'sub': return within(a[0] - b[1], a[1] - b[0]);
        case 'mul': { const all = [a[0] * b[0], a[0] * b[1], a[1] * b[0], a[1] * b[1]]; return within(Math.min(...all), Math.max(...all)); }
        case 'div': return b[0] > 0 && b[0] === b[1] && a[0] >= 0 ? [Math.floor(a[0] / b[0]), Math.floor(a[1] / b[0])] : unknown;
        case 'mod': return b[0] > 0 && b[0] === b[1] && a[0] >= 0 ? [0, Math.min(a[1], b[0] - 1)] : unknown;
        case 'min': return [Math.min(a[0], b[0]), Math.min(a[1], b[1])];
        case 'max': return [Math.max(a[0], b[0]), Math.max(a[1], b[1])];
        case 'select': { const c = x(2); return [Math.min(b[0], c[0]), Math.max(b[1], c[1])]; }
        default: return unknown;
      }
    }
    default: return unknown;
  }
}

