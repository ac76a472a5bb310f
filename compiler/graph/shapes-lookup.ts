/**
 * @file Shape rules of choices (top, top_product), lookup (gather, scatter) and attention.
 */
import type { Axis, Node, Op, TensorType } from './graph.js';
import { broadcast, checkNames, needsF32, operand, without, type Shape } from './shape-checks.js';
import { ShapeError, axesText, axisText } from './shape-error.js';
import { fresh } from './shapes-views.js';

type Of<K extends Op['kind']> = Extract<Op, { kind: K }>;

export function topShape(op: Of<'top'>, x: Node): Shape {
  needsF32('top', x);
  const rest = without(x, [op.axis], 'top along');
  if (op.take.size > op.axis.size) {
    throw new ShapeError(`top ${op.take.size} of ${axisText(op.axis)}: it has only ${op.axis.size}`, [op.axis, op.take]);
  }
  fresh('top into', rest, [op.take]);
  return { axes: [...rest, op.take], dtype: 'i32' };
}

export function topProductShape(op: Of<'top_product'>, x: Node): Shape {
  needsF32('top_product', x);
  const rest = without(x, [op.half, op.axis], 'top_product along');
  if (op.half.size !== 2) throw new ShapeError(`top_product needs two halves: ${axisText(op.half)} must have size 2`, [op.half]);
  const pairs = op.axis.size * op.axis.size;
  if (op.take.size > pairs) {
    throw new ShapeError(`top_product ${op.take.size} of ${axisText(op.axis)}: there are only ${op.axis.size} * ${op.axis.size} = ${pairs} pairs`, [op.axis, op.take]);
  }
  fresh('top_product into', rest, [op.take]);
  return { axes: [...rest, op.take], dtype: 'i32' };
}

export function positionShape(op: Of<'position'>, index: Node, by: Node | undefined): Shape {
  if (index.dtype !== 'i32') throw new ShapeError('position of a value that holds numbers, not indices', index.axes);
  if (op.along.length === 0) throw new ShapeError('position needs an axis to count along', index.axes);
  without(index, op.along, 'count along');
  if (by) {
    needsF32('the order of position', by);
    for (const axis of by.axes) if (!index.axes.includes(axis)) throw new ShapeError(`position: the order has ${axisText(axis)}, which the choice ${axesText(index.axes)} lacks`, [axis]);
  }
  return { axes: index.axes, dtype: 'f32' };
}

function checkIndices(what: string, axes: readonly Axis[], indices: readonly Node[]): void {
  if (axes.length === 0 || axes.length !== indices.length) {
    throw new ShapeError(`${what} along ${axesText(axes)} needs one index for each axis, not ${indices.length}`, axes);
  }
  for (const [i, index] of indices.entries()) {
    if (index.dtype !== 'i32') throw new ShapeError(`${what} along ${axes[i]?.name ?? 'an axis'}: the index holds numbers, not indices`, index.axes);
  }
}

/** Result: the axes of the indices, then those of the table that are neither looked up nor in an index. */
export function gatherShape(op: Of<'gather'>, table: Node, indices: readonly Node[], strictNames: boolean): Shape {
  const rest = without(table, op.axes, 'look up along');
  checkIndices('look up', op.axes, indices);
  if (strictNames) checkNames('a lookup', [{ axes: rest }, ...indices]);
  const index = broadcast(indices);
  return { axes: [...index, ...rest.filter((axis) => !index.includes(axis))], dtype: table.dtype };
}

/** The value may lack axes of the indices (it repeats along them), and must have or share every other axis of the result. */
export function scatterShape(op: Of<'scatter'>, value: Node, indices: readonly Node[]): Shape {
  needsF32('scatter', value);
  checkIndices('scatter', op.axes, indices);
  const index = broadcast(indices);
  fresh('scatter into', [], op.result);
  for (const axis of op.axes) if (!op.result.includes(axis)) throw new ShapeError(`scatter along ${axisText(axis)}: the result ${axesText(op.result)} lacks it`, [axis]);
  for (const axis of op.result) {
    if (op.axes.includes(axis) || value.axes.includes(axis) || index.includes(axis)) continue;
    throw new ShapeError(`scatter into ${axesText(op.result)}: neither the value nor an index has ${axisText(axis)}`, [axis]);
  }
  for (const axis of value.axes) {
    const kept = op.result.includes(axis) && !op.axes.includes(axis);
    if (!kept && !index.includes(axis)) throw new ShapeError(`scatter: the value has ${axisText(axis)}, which neither an index nor the result has`, [axis]);
  }
  return { axes: op.result, dtype: 'f32' };
}

interface HeadAxes {
  readonly heads: Axis;
  readonly groups: Axis;
  readonly key: Axis;
  readonly value: Axis;
}

function exactly(what: string, x: Node, axes: readonly Axis[]): void {
  needsF32(what, x);
  if (x.axes.length === axes.length && x.axes.every((axis, i) => axis === axes[i])) return;
  throw new ShapeError(`${what} must be ${axesText(axes)}, not ${axesText(x.axes)}`, [...axes, ...x.axes]);
}

/** Types of q, k, v, out and lse, from q's token axes. */
export function attentionTypes(op: HeadAxes, q: Node): { q: TensorType; k: TensorType; v: TensorType; out: TensorType; lse: TensorType } {
  const batch = q.axes.find((axis) => axis.token === 'batch');
  const time = q.axes.find((axis) => axis.token === 'time');
  if (!batch || !time) throw new ShapeError(`attention needs the batch and time axes: its queries are ${axesText(q.axes)}`, q.axes);
  if (op.heads.size % op.groups.size !== 0) {
    throw new ShapeError(`attention: ${axisText(op.heads)} cannot be divided evenly among ${axisText(op.groups)}`, [op.heads, op.groups]);
  }
  const f32 = (axes: readonly Axis[]): TensorType => ({ axes, dtype: 'f32' });
  return {
    q: f32([batch, time, op.heads, op.key]),
    k: f32([batch, time, op.groups, op.key]),
    v: f32([batch, time, op.groups, op.value]),
    out: f32([batch, time, op.heads, op.value]),
    lse: f32([batch, time, op.heads]),
  };
}

export function attentionShape(op: HeadAxes, q: Node, k: Node, v: Node): Shape {
  const types = attentionTypes(op, q);
  exactly('the queries of attention', q, types.q.axes);
  exactly('the keys of attention', k, types.k.axes);
  exactly('the values of attention', v, types.v.axes);
  return { ...types.out, results: [types.out, types.lse] };
}

export function attentionGradShape(op: HeadAxes, inputs: readonly Node[]): Shape {
  const q = operand(inputs, 0);
  const types = attentionTypes(op, q);
  const expected = [types.q, types.k, types.v, types.out, types.lse, types.out];
  for (const [i, type] of expected.entries()) exactly(`operand ${i + 1} of attention's gradient`, operand(inputs, i), type.axes);
  return { ...types.q, results: [types.q, types.k, types.v] };
}

export function partShape(index: number, x: Node): Shape {
  const result = x.results?.[index];
  if (!result) throw new ShapeError(`part ${index} of a value that has ${x.results?.length ?? 1}`);
  return result;
}
