/**
 * @file Checks that shape rules share: which axes an operand has, how operands broadcast, which names may meet.
 */
import type { Axis, Node, TensorType } from './graph.js';
import { ShapeError, axesText, axisText } from './shape-error.js';

export interface Shape extends TensorType {
  /** Of tuple operations. */
  readonly results?: readonly TensorType[];
}

export function operand(inputs: readonly Node[], i: number): Node {
  const node = inputs[i];
  if (!node) throw new ShapeError(`operand ${i + 1} is missing`);
  return node;
}

export function typeOf(x: Node): TensorType {
  return { axes: x.axes, dtype: x.dtype };
}

export function needsF32(what: string, x: Node): void {
  if (x.dtype !== 'f32') throw new ShapeError(`${what} needs numbers, not indices: convert them with \`to_f32\` first`, x.axes);
}

/** The axes of `x` that are not in `over`; each of `over` must be there, once. */
export function without(x: Node, over: readonly Axis[], what: string): readonly Axis[] {
  const seen = new Set<Axis>();
  for (const axis of over) {
    if (!x.axes.includes(axis)) throw new ShapeError(`${what} ${axisText(axis)}: the tensor is ${axesText(x.axes)} and has no such axis`, [axis, ...x.axes]);
    if (seen.has(axis)) throw new ShapeError(`${what} ${axisText(axis)} twice`, [axis]);
    seen.add(axis);
  }
  return x.axes.filter((a) => !seen.has(a));
}

/** Broadcasting by identity: the axes of the operand with most (ties: the first), then the missing ones of the others in order. */
export function broadcast(operands: readonly { readonly axes: readonly Axis[] }[]): readonly Axis[] {
  let most: readonly Axis[] = [];
  for (const { axes } of operands) if (axes.length > most.length) most = axes;
  const result = [...most];
  for (const { axes } of operands) for (const axis of axes) if (!result.includes(axis)) result.push(axis);
  return result;
}

/** Refuses operands that have same-named axes which are not the same axis, unless one of them already has both. */
export function checkNames(what: string, operands: readonly { readonly axes: readonly Axis[] }[]): void {
  for (const [i, { axes: left }] of operands.entries()) {
    for (const { axes: right } of operands.slice(i + 1)) {
      if (left === right) continue;
      for (const p of left) {
        const q = right.find((axis) => axis.name === p.name && axis !== p);
        if (q && !right.includes(p) && !left.includes(q)) throw sameName(what, p, q);
      }
    }
  }
}

function sameName(what: string, p: Axis, q: Axis): ShapeError {
  const problem = p.size === q.size ? `are called ${p.name} but are different axes` : `are called ${p.name} but differ in size`;
  return new ShapeError(`${what} joins ${axisText(p)} and ${axisText(q)}, which ${problem}: bind them to one axis with \`let\`, or rename one`, [p, q]);
}
