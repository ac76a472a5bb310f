/**
 * @file Shape rules of the views: rename, split, merge, slice, pad, concat, shift, expand, order.
 */
import type { Axis, Node, Op } from './graph.js';
import { ShapeError, axesText, axisText } from './shape-error.js';
import type { Shape } from './shape-checks.js';

type Of<K extends Op['kind']> = Extract<Op, { kind: K }>;

/** Position of `axis`, which must be there. */
function find(what: string, x: Node, axis: Axis): number {
  const i = x.axes.indexOf(axis);
  if (i < 0) throw new ShapeError(`${what} ${axisText(axis)}: the tensor is ${axesText(x.axes)} and has no such axis`, [axis, ...x.axes]);
  return i;
}

/** `axes` with the one at `i` replaced; the newcomers must be new and different. */
function replace(what: string, axes: readonly Axis[], i: number, into: readonly Axis[]): readonly Axis[] {
  const rest = [...axes.slice(0, i), ...axes.slice(i + 1)];
  fresh(what, rest, into);
  return [...axes.slice(0, i), ...into, ...axes.slice(i + 1)];
}

/** Throws if one of `into` is in `axes` already or stands twice. */
export function fresh(what: string, axes: readonly Axis[], into: readonly Axis[]): void {
  for (const [i, axis] of into.entries()) {
    if (axes.includes(axis)) throw new ShapeError(`${what} ${axisText(axis)}: the tensor ${axesText(axes)} already has that axis`, [axis]);
    if (into.indexOf(axis) !== i) throw new ShapeError(`${what} ${axisText(axis)} twice`, [axis]);
  }
}

export function renameShape(op: Of<'rename'>, x: Node): Shape {
  const i = find('rename', x, op.from);
  if (op.from.size !== op.to.size) throw new ShapeError(`rename ${axisText(op.from)} to ${axisText(op.to)}: the sizes differ`, [op.from, op.to]);
  return { axes: replace('rename to', x.axes, i, [op.to]), dtype: x.dtype };
}

function multiply(what: string, whole: Axis, parts: readonly Axis[]): void {
  const product = parts.reduce((n, axis) => n * axis.size, 1);
  if (product === whole.size) return;
  const sizes = parts.length === 1 ? 'that is' : `${parts.map((axis) => axis.size).join(' * ')} =`;
  throw new ShapeError(`${what}: ${sizes} ${product}, not ${whole.size}`, [whole, ...parts]);
}

export function splitShape(op: Of<'split'>, x: Node): Shape {
  const i = find('split', x, op.axis);
  multiply(`split ${axisText(op.axis)} into ${axesText(op.into)}`, op.axis, op.into);
  return { axes: replace('split into', x.axes, i, op.into), dtype: x.dtype };
}

export function mergeShape(op: Of<'merge'>, x: Node): Shape {
  const first = op.axes[0];
  if (!first) throw new ShapeError('merge needs at least one axis', [op.into]);
  for (const [i, axis] of op.axes.entries()) {
    find('merge', x, axis);
    if (op.axes.indexOf(axis) !== i) throw new ShapeError(`merge ${axisText(axis)} twice`, [axis]);
  }
  multiply(`merge ${axesText(op.axes)} into ${axisText(op.into)}`, op.into, op.axes);
  const kept = x.axes.filter((axis) => axis === first || !op.axes.includes(axis));
  return { axes: replace('merge into', kept, kept.indexOf(first), [op.into]), dtype: x.dtype };
}

function within(what: string, start: number, size: number, whole: Axis, named: readonly Axis[]): void {
  if (Number.isInteger(start) && start >= 0 && start + size <= whole.size) return;
  throw new ShapeError(`${what}: ${start} to ${start + size - 1} is outside ${axisText(whole)}`, named);
}

export function sliceShape(op: Of<'slice'>, x: Node): Shape {
  const i = find('slice', x, op.axis);
  const into = op.into ? [op.into] : [];
  within('slice', op.start, op.into?.size ?? 1, op.axis, [op.axis, ...into]);
  return { axes: replace('slice into', x.axes, i, into), dtype: x.dtype };
}

/** Without `axis`, `into` becomes the first axis. */
export function padShape(op: Of<'pad'>, x: Node): Shape {
  within('pad', op.start, op.axis?.size ?? 1, op.into, op.axis ? [op.into, op.axis] : [op.into]);
  if (op.axis) return { axes: replace('pad into', x.axes, find('pad', x, op.axis), [op.into]), dtype: x.dtype };
  fresh('pad into', x.axes, [op.into]);
  return { axes: [op.into, ...x.axes], dtype: x.dtype };
}

export function concatShape(op: Of<'concat'>, xs: readonly Node[]): Shape {
  const [first, part] = [xs[0], op.parts[0]];
  if (!first || !part || xs.length !== op.parts.length) throw new ShapeError(`concat of ${xs.length} tensors along ${op.parts.length} axes`, op.parts);
  const total = op.parts.reduce((n, axis) => n + axis.size, 0);
  if (total !== op.into.size) {
    throw new ShapeError(`concat into ${axisText(op.into)}: ${op.parts.map((axis) => axis.size).join(' + ')} = ${total}`, [op.into, ...op.parts]);
  }
  const rest = first.axes.filter((axis) => axis !== part);
  for (const [i, x] of xs.entries()) {
    const own = op.parts[i] ?? part;
    find('concat along', x, own);
    const others = x.axes.filter((axis) => axis !== own);
    if (others.length !== rest.length || others.some((axis) => !rest.includes(axis))) {
      throw new ShapeError(`concat of ${axesText(first.axes)} and ${axesText(x.axes)}: apart from the joined axis they must have the same axes`, [...rest, ...others]);
    }
    if (x.dtype !== first.dtype) throw new ShapeError('concat joins numbers and indices', x.axes);
  }
  return { axes: replace('concat into', first.axes, first.axes.indexOf(part), [op.into]), dtype: first.dtype };
}

export function shiftShape(op: Of<'shift'>, x: Node): Shape {
  find('shift along', x, op.axis);
  if (!Number.isInteger(op.by)) throw new ShapeError(`shift by ${op.by}: not a whole number`, [op.axis]);
  return { axes: x.axes, dtype: x.dtype };
}

/** The new axes come last. */
export function expandShape(op: Of<'expand'>, x: Node): Shape {
  fresh('expand along', x.axes, op.axes);
  return { axes: [...x.axes, ...op.axes], dtype: x.dtype };
}

export function orderShape(op: Of<'order'>, x: Node): Shape {
  if (op.axes.length !== x.axes.length || new Set(op.axes).size !== op.axes.length || op.axes.some((axis) => !x.axes.includes(axis))) {
    throw new ShapeError(`order ${axesText(x.axes)} as ${axesText(op.axes)}: not the same axes`, [...x.axes, ...op.axes]);
  }
  return { axes: op.axes, dtype: x.dtype };
}
