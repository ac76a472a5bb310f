/**
 * @file Recognises kernels before they are written: two regions of the graph with the same signature become the same kernel, so the layers of a
 * model are written once. Axes, nodes and buffers are numbered in the order a walk meets them.
 */
import type { Axis, Node, Op } from '../graph/graph.js';
import type { Buffer } from '../kernels/kernel.js';
import type { Home } from './access.js';
import type { Lowering } from './lowering.js';

export class Signature {
  private readonly axes = new Map<Axis, number>();
  private readonly nodes = new Map<Node, number>();
  private readonly numbers = new Map<Buffer, number>();
  private text = '';

  constructor(private readonly lowering: Lowering, private readonly members: ReadonlySet<Node>) {}

  /** Buffers met, in order. */
  get buffers(): readonly Buffer[] {
    return [...this.numbers.keys()];
  }
  get key(): string {
    return this.text;
  }

  word(text: string | number): void {
    this.text += `${text} `;
  }

  axis(axis: Axis): void {
    const known = this.axes.get(axis);
    if (known === undefined) {
      this.axes.set(axis, this.axes.size);
      this.text += `${axis.name}:${axis.size},`;
    } else this.text += `${known},`;
  }
  list(axes: readonly Axis[]): void {
    for (const axis of axes) this.axis(axis);
    this.text += ';';
  }

  buffer(buffer: Buffer): void {
    const known = this.numbers.get(buffer);
    if (known === undefined) {
      this.numbers.set(buffer, this.numbers.size);
      this.text += `@${buffer.dtype}${buffer.size} `;
    } else this.text += `@${known} `;
  }
  home(home: Home): void {
    this.buffer(home.buffer);
    this.list(home.layout);
    if (home.offset !== 0) this.text += `+${home.offset} `;
  }

  /** A node and all the kernel computes to get it. */
  node(node: Node): void {
    const known = this.nodes.get(node);
    if (known !== undefined) {
      this.text += `#${known} `;
      return;
    }
    this.nodes.set(node, this.nodes.size);
    if (!this.members.has(node) && !this.lowering.isInline(node)) {
      this.home(this.lowering.home(node));
      if (node.dtype === 'i32') this.text += `in ${this.lowering.range(node).join(' ')} `;
      return;
    }
    this.op(node.op);
    // the order of loops follows the operands' axes
    if (node.op.kind === 'reduce' || node.op.kind === 'contract' || node.op.kind === 'scatter') {
      this.list(node.axes);
      for (const x of node.inputs) this.list(x.axes);
    }
    this.text += '(';
    for (const x of node.inputs) this.node(x);
    this.text += ')';
  }

  private op(op: Op): void {
    this.word(op.kind);
    switch (op.kind) {
      case 'const': return this.word(op.value);
      case 'iota': return this.axis(op.axis);
      case 'map': return this.word(op.fn);
      case 'reduce': this.word(op.fn); return this.list(op.over);
      case 'contract': return this.list(op.over);
      case 'rename': this.axis(op.from); return this.axis(op.to);
      case 'split': this.axis(op.axis); return this.list(op.into);
      case 'merge': this.list(op.axes); return this.axis(op.into);
      case 'slice': this.axis(op.axis); if (op.into) this.axis(op.into); return this.word(op.start);
      case 'pad': if (op.axis) this.axis(op.axis); this.axis(op.into); return this.word(op.start);
      case 'concat': this.list(op.parts); return this.axis(op.into);
      case 'shift': this.axis(op.axis); return this.word(op.by);
      case 'expand': case 'order': case 'gather': return this.list(op.axes);
      case 'scatter': this.list(op.axes); return this.list(op.result);
      default:
    }
  }
}
