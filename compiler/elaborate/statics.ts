/**
 * @file Static values: sizes, counts and axis lists computed while blocks are expanded.
 */
import type { Expr } from '../../grammar/ast.js';
import { printExpr } from '../../grammar/print-expressions.js';
import type { Axis } from '../graph/graph.js';
import type { Context } from './context.js';
import { evaluate } from './expressions.js';
import type { Frame } from './frame.js';
import { describeValue } from './values.js';

/** A number known at compile time; axis names read as their sizes. */
export function evaluateNumber(context: Context, frame: Frame, expr: Expr, what: string): number {
  const value = evaluate(context, frame, expr);
  if (value.kind === 'number') return value.value;
  if (value.kind === 'tensor' && value.node.op.kind === 'const') return value.node.op.value;
  return context.fail('ARCH3006', { what, got: describeValue(value) }, expr.span, { notes: context.notes(frame) });
}

/** A whole number of at least 1. */
export function evaluateSize(context: Context, frame: Frame, expr: Expr, what: string): number {
  const value = evaluateNumber(context, frame, expr, what);
  if (Number.isSafeInteger(value) && value >= 1) return value;
  if (expr.kind === 'binary' && expr.operator === '/') {
    const left = evaluateNumber(context, frame, expr.left, what);
    const right = evaluateNumber(context, frame, expr.right, what);
    context.fail('ARCH3003', { what: printExpr(expr.left), value: left, divisor: printExpr(expr.right), by: right }, expr.span, { notes: context.notes(frame) });
  }
  return context.fail('ARCH3006', { what, got: value }, expr.span, { notes: context.notes(frame) });
}

/** Axes given as `d`, `[h, e]`, `...from`, or a mix of them. `on`: the axes of the operand, whose names are in reach when the block has not bound them. */
export function evaluateAxes(context: Context, frame: Frame, expr: Expr, on: readonly Axis[] = []): readonly Axis[] {
  if (expr.kind === 'list') return expr.items.flatMap((item) => [...evaluateAxes(context, frame, item, on)]);
  if (expr.kind === 'spread') {
    return frame.pack(expr.name.name) ?? context.fail('ARCH2003', { name: expr.name.name, among: frame.axisNames() }, expr.span);
  }
  if (expr.kind === 'path' && expr.segments.length === 1) {
    const name = expr.segments[0]?.name ?? '';
    if (name === 'batch') return [context.batch];
    if (name === 'time') return [context.time];
    const bound = frame.pack(name);
    if (bound) return bound;
    const value = frame.value(name);
    if (value?.kind === 'axes') return value.axes;
    const labelled = on.filter((axis) => axis.name === name);
    if (labelled.length === 1) return labelled;
    const [first, second] = labelled;
    if (first && second) context.fail('ARCH3005', { axis: name, sizes: [first.size, second.size] }, expr.span, { notes: context.notes(frame) });
    return context.fail('ARCH2003', { name, among: [...frame.axisNames(), ...on.map((axis) => axis.name)] }, expr.span, { notes: context.notes(frame) });
  }
  return context.fail('ARCH2003', { name: printExpr(expr), among: frame.axisNames() }, expr.span);
}

/** Exactly one axis. */
export function evaluateAxis(context: Context, frame: Frame, expr: Expr, on: readonly Axis[] = []): Axis {
  const axes = evaluateAxes(context, frame, expr, on);
  const [axis] = axes;
  if (axes.length === 1 && axis) return axis;
  return context.fail('ARCH3007', { what: `\`${printExpr(expr)}\``, expected: 1, got: axes.length }, expr.span);
}
