/**
 * @file Structural keys: two operations with the same key over the same operands are the same node (hash-consing).
 */
import type { Axis, Node, Op, TensorType } from './graph.js';

const ids = (axes: readonly Axis[]): string => axes.map((axis) => axis.id).join(',');

/** Params, states and inputs are told apart by identity or name; random numbers by stream. */
export class Keys {
  private readonly objects = new Map<object, number>();

  key(op: Op, inputs: readonly Node[], type: TensorType): string {
    return `${op.kind} ${this.fields(op, type)} ${inputs.map((x) => x.id).join(',')}`;
  }

  private identity(object: object): number {
    const known = this.objects.get(object) ?? this.objects.size;
    this.objects.set(object, known);
    return known;
  }

  private fields(op: Op, type: TensorType): string {
    switch (op.kind) {
      case 'param': return String(this.identity(op.param));
      case 'state': return String(this.identity(op.state));
      case 'input': return JSON.stringify(op.name) + ids(type.axes) + type.dtype;
      case 'scalar': return JSON.stringify(op.scalar);
      case 'const': return `${Object.is(op.value, -0) ? '-0' : op.value} ${type.dtype}`;
      case 'iota': return ids([op.axis]);
      case 'map': return op.fn;
      case 'reduce': return `${op.fn} ${ids(op.over)}`;
      case 'contract': case 'softmax': case 'logsumexp': return ids(op.over);
      case 'rename': return ids([op.from, op.to]);
      case 'split': return `${op.axis.id}:${ids(op.into)}`;
      case 'merge': return `${ids(op.axes)}:${op.into.id}`;
      case 'slice': return `${op.axis.id}:${op.start}:${op.into?.id ?? ''}`;
      case 'pad': return `${op.axis?.id ?? ''}:${op.start}:${op.into.id}`;
      case 'concat': return `${ids(op.parts)}:${op.into.id}`;
      case 'shift': return `${op.axis.id}:${op.by}`;
      case 'expand': case 'order': case 'gather': return ids(op.axes);
      case 'top': return ids([op.axis, op.take]);
      case 'top_product': return ids([op.half, op.axis, op.take]);
      case 'position': return `${op.members}:${ids(op.along)}`;
      case 'scatter': return `${ids(op.axes)}:${ids(op.result)}`;
      case 'attention': case 'attention_grad': return `${ids([op.heads, op.groups, op.key, op.value])}:${op.scale}`;
      case 'part': return String(op.index);
      case 'stop_gradient': return '';
      case 'surrogate': return String(op.wrt);
      case 'random': return `${op.stream}:${op.distribution}:${ids(type.axes)}`;
    }
  }
}
