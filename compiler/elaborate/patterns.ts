/**
 * @file Axis patterns: what `let q[h, e = 32] = ...`, `param w[...from, o]`, a block's `x[d]` and its result declare about axes.
 */
import type { AxisDecl, AxisPattern, Span } from '../../grammar/ast.js';
import type { Axis, Node } from '../graph/graph.js';
import { axesText } from '../graph/shape-error.js';
import type { Context } from './context.js';
import type { Frame } from './frame.js';
import { evaluateSize } from './statics.js';
import type { Value } from './values.js';

/** `axis h = heads`: a new axis of the size, bound to the name. An axis already bound to the name must have the size. */
export function declareAxis(context: Context, frame: Frame, declaration: AxisDecl | AxisPattern): void {
  if (!declaration.size) return;
  const { name: { name }, size: given } = declaration;
  const bound = frame.axis(name);
  const axis = frame.readings.forSize(() => {
    const size = evaluateSize(context, frame, given, `axis \`${name}\``);
    if (bound && bound.size !== size) context.fail('ARCH3002', { axis: name, sizes: [size, bound.size] }, declaration.span, { notes: context.notes(frame) });
    return bound ?? context.build.axis(name, size);
  });
  if (!bound) frame.bindAxes(name, [axis], context.where(declaration.span));
}

/** The axes a pattern names, all of which must be bound (`param w[i, o]`). */
export function axesOf(context: Context, frame: Frame, patterns: readonly AxisPattern[]): Axis[] {
  for (const pattern of patterns) declareAxis(context, frame, pattern);
  return patterns.flatMap((pattern) => {
    const axes = frame.pack(pattern.name.name);
    if (axes) return [...axes];
    return context.fail('ARCH2003', { name: pattern.name.name, among: frame.axisNames() }, pattern.span);
  });
}

/** Fits the axes of `value` to a pattern: axes of another name but the same size take the pattern's, lacking ones are repeated, and unbound names are
 *  bound. The order becomes carried axes first, then the pattern's. */
export function conform(context: Context, frame: Frame, value: Value, patterns: readonly AxisPattern[], span: Span, what: string): Value {
  if (value.kind === 'choice') {
    const index = fit(context, frame, value.index, patterns, span, what);
    const score = fit(context, frame, value.score, patterns, span, what);
    return { ...value, index, score };
  }
  if (value.kind === 'number') return { kind: 'tensor', node: fit(context, frame, context.build.constant(value.value), patterns, span, what) };
  if (value.kind !== 'tensor') return value;
  return { kind: 'tensor', node: fit(context, frame, value.node, patterns, span, what) };
}

function fit(context: Context, frame: Frame, node: Node, patterns: readonly AxisPattern[], span: Span, what: string): Node {
  for (const pattern of patterns) declareAxis(context, frame, pattern);
  const named = patterns.filter((pattern) => !pattern.spread);
  const free = frame.own(node.axes);
  const take = (axis: Axis): void => void free.splice(free.indexOf(axis), 1);
  const wanted = new Map<AxisPattern, Axis | undefined>();
  // packs and axes the value already has
  for (const pattern of patterns) {
    const bound = frame.pack(pattern.name.name);
    if (pattern.spread) for (const axis of bound ?? []) if (free.includes(axis)) take(axis);
    if (!pattern.spread && bound?.[0] && free.includes(bound[0])) {
      wanted.set(pattern, bound[0]);
      take(bound[0]);
    }
  }
  // then by name, then in order
  for (const pattern of named) {
    const same = wanted.has(pattern) ? undefined : free.find((axis) => axis.name === pattern.name.name);
    if (same) {
      wanted.set(pattern, same);
      take(same);
    }
  }
  const unmatched = named.filter((pattern) => !wanted.has(pattern));
  if (free.length > unmatched.length) {
    const declared = `[${patterns.map((pattern) => `${pattern.spread ? '...' : ''}${pattern.name.name}`).join(', ')}]`;
    context.fail('ARCH3009', { block: what, declared, got: axesText(frame.own(node.axes)) }, span, { notes: context.notes(frame) });
  }
  // fewer axes than names: names that are bound are repeated along, the others take the axes in order
  const surplus = unmatched.length - free.length;
  const repeated = unmatched.filter((pattern) => frame.axis(pattern.name.name)).slice(0, surplus);
  for (const pattern of unmatched) if (!repeated.includes(pattern)) wanted.set(pattern, free.shift());
  let result = node;
  for (const pattern of named) {
    const name = pattern.name.name;
    const has = wanted.get(pattern);
    const bound = frame.axis(name);
    if (!has && !bound) context.fail('ARCH2003', { name, among: frame.axisNames() }, pattern.span, { help: `the value has no axis for \`${name}\`; give it a size: \`${name} = ...\`` });
    if (has && bound && has !== bound) {
      if (has.size !== bound.size) context.fail('ARCH3002', { axis: name, sizes: [has.size, bound.size] }, pattern.span, { notes: context.notes(frame) });
      result = context.build.rename(result, has, bound);
    }
    if (has && !bound) frame.bindAxes(name, [has], context.where(pattern.span));
  }
  const order = patterns.flatMap((pattern) => frame.pack(pattern.name.name) ?? []);
  const missing = order.filter((axis) => !result.axes.includes(axis));
  if (missing.length > 0) result = context.build.expand(result, missing);
  return context.build.order(result, [...result.axes.filter((axis) => !order.includes(axis)), ...order]);
}
