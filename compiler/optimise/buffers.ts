/**
 * @file Tensors in memory: one buffer for each parameter, state, input and output that all procedures share, one for the scalars, and temporaries.
 */
import type { Axis, Node, Param, ScalarSpec, State } from '../graph/graph.js';
import type { Buffer, BufferRole, DType, TargetLimits } from '../kernels/kernel.js';
import type { Home } from './access.js';
import { isKind } from './facts.js';
import { NodeMap } from './node-map.js';
import { LimitError, MAX_ELEMENTS } from './limits.js';

/** Makes buffers and remembers the persistent ones. */
export class Buffers {
  private next = 0;
  private readonly persistent = new Map<string, Buffer>();
  private readonly scalarPlaces = new Map<string, number>();
  private scalarBuffer: Buffer | undefined;
  readonly scalars: ScalarSpec[] = [];
  /** Scalars that kernels compute and keep behind those of the host. */
  private readonly computed = new Map<Node, number>();

  constructor(readonly limits: TargetLimits) {}

  make(name: string, role: BufferRole, dtype: DType, axes: readonly { readonly name: string; readonly size: number }[]): Buffer {
    const size = axes.reduce((n, axis) => n * axis.size, 1);
    if (size > MAX_ELEMENTS) throw new LimitError(name, 'elements', size, MAX_ELEMENTS);
    if (size * 4 > this.limits.maxBufferBytes) throw new LimitError(name, 'bytes', size * 4, this.limits.maxBufferBytes);
    return { id: this.next++, name, role, dtype, axes: axes.map((axis) => ({ name: axis.name, size: axis.size })), size };
  }

  /** A list of `size` numbers no node of the graph stands for. */
  list(name: string, dtype: DType, size: number): Buffer {
    return this.make(name, 'temp', dtype, [{ name: 'n', size }]);
  }

  temp(node: Node, layout: readonly Axis[]): Home {
    return { buffer: this.make(node.path === '' ? node.op.kind : node.path, 'temp', node.dtype, layout), layout, offset: 0 };
  }

  target(target: Param | State): Home {
    const moment = 'initial' in target ? target.moment : undefined;
    const role = 'init' in target ? 'param' : moment ? 'moment' : 'state';
    const name = moment ? `${moment.param}.${moment.name}` : target.path;
    return this.shared(`${role === 'param' ? 'param' : 'state'} ${target.path}`, name, role, 'f32', target.axes);
  }

  /** Where a leaf is stored; undefined for numbers known at compile time. */
  leaf(node: Node): Home | undefined {
    const known = this.leaves.get(node);
    if (known) return known;
    const home = this.findLeaf(node);
    if (home) this.leaves.set(node, home);
    return home;
  }
  private readonly leaves = new NodeMap<Home>();

  private findLeaf(node: Node): Home | undefined {
    const { op } = node;
    if (op.kind === 'param') return this.target(op.param);
    if (op.kind === 'state') return this.target(op.state);
    if (op.kind === 'input') return this.shared(`input ${op.name} ${node.axes.map((axis) => axis.size).join(' ')}`, op.name, 'input', node.dtype, node.axes);
    if (isKind(node, 'scalar')) return { buffer: this.scalarsBuffer(), layout: [], offset: this.scalarPlaces.get(JSON.stringify(node.op.scalar)) ?? 0 };
    const place = this.computed.get(node);
    return place === undefined ? undefined : { buffer: this.scalarsBuffer(), layout: [], offset: this.scalars.length + place };
  }

  /** The buffer the host reads an output from. */
  output(procedure: string, name: string, node: Node): Home {
    return this.shared(`output ${procedure} ${name}`, name, 'output', node.dtype, node.axes);
  }

  private shared(key: string, name: string, role: BufferRole, dtype: DType, axes: readonly Axis[]): Home {
    // procedures elaborated for other sizes have axes of their own; what they share is the memory
    const place = role === 'input' || role === 'output' ? `${key} ${axes.map((axis) => axis.size).join(' ')}` : key;
    let buffer = this.persistent.get(place);
    if (!buffer) this.persistent.set(place, (buffer = this.make(name, role, dtype, axes)));
    return { buffer, layout: axes, offset: 0 };
  }

  /** Must be called for every scalar before any is placed. */
  addScalar(node: Node): void {
    if (!isKind(node, 'scalar')) return;
    const key = JSON.stringify(node.op.scalar);
    if (this.scalarPlaces.has(key)) return;
    this.scalarPlaces.set(key, this.scalars.length);
    this.scalars.push(node.op.scalar);
  }

  /** Gives a computed scalar a place behind the host's. */
  keepScalar(node: Node): void {
    if (!this.computed.has(node)) this.computed.set(node, this.computed.size);
  }
  isKept(node: Node): boolean {
    return this.computed.has(node);
  }

  private scalarsBuffer(): Buffer {
    return (this.scalarBuffer ??= this.make('scalars', 'scalar', 'f32', [{ name: 'n', size: Math.max(1, this.scalars.length + this.computed.size) }]));
  }

  /** Parameters and states with a buffer, in the order they were met. */
  get all(): readonly Buffer[] {
    return [...this.persistent.values(), ...(this.scalarBuffer ? [this.scalarBuffer] : [])];
  }
}

