/**
 * @file `table[pick]`, `u[opened, pick]`, `logits[v: targets]`, `pair[part: 0]`: lookup by choice, by an integer tensor, or at a fixed place.
 */
import type { Expr } from '../../grammar/ast.js';
import { axesText } from '../graph/shape-error.js';
import type { Axis, Node } from '../graph/graph.js';
import type { Context } from './context.js';
import { evaluate, toTensor } from './expressions.js';
import type { Frame } from './frame.js';
import { evaluateAxis } from './statics.js';
import { type Choice, type Value, describeValue, tensor } from './values.js';

export function evaluateIndex(context: Context, frame: Frame, expr: Extract<Expr, { kind: 'index' }>): Value {
  const value = evaluate(context, frame, expr.base);
  if (value.kind === 'choice') return lookUpChoice(context, frame, expr, value);
  let base = toTensor(context, frame, value, expr.base);
  const axes: Axis[] = [];
  const indices: Node[] = [];
  for (const entry of expr.entries) {
    const named = entry.axis && evaluateAxis(context, frame, { kind: 'path', segments: [entry.axis], span: entry.axis.span }, base.axes);
    const value = evaluate(context, frame, entry.value);
    if (named && value.kind === 'number') {
      base = context.shaped(frame, entry.span, () => context.build.slice(base, named, value.value));
      continue;
    }
    const axis = named ?? (value.kind === 'choice' ? value.of : undefined);
    const index = value.kind === 'choice' ? value.index : value.kind === 'tensor' && value.node.dtype === 'i32' ? value.node : undefined;
    if (!axis || !index) {
      const expected = named ? 'a number, a choice or token ids' : 'a choice (or name the axis: `table[axis: ids]`)';
      return context.fail('ARCH2012', { owner: frame.block, name: 'index', expected, got: describeValue(value) }, entry.span);
    }
    if (!base.axes.includes(axis)) {
      return context.fail('ARCH3010', { text: `there is no axis \`${axis.name}\` (${axis.size}) to choose from in ${axesText(base.axes)}` }, entry.span, { notes: context.notes(frame) });
    }
    axes.push(axis);
    indices.push(index);
  }
  if (axes.length === 0) return tensor(base);
  return tensor(context.shaped(frame, expr.span, () => context.build.gather(base, axes, indices)));
}

/** `opened[slot]`: some of the members of a choice, chosen along one of its axes. */
function lookUpChoice(context: Context, frame: Frame, expr: Extract<Expr, { kind: 'index' }>, base: Choice): Value {
  const [entry] = expr.entries;
  const value = entry && evaluate(context, frame, entry.value);
  if (value?.kind !== 'choice' || expr.entries.length !== 1 || !base.index.axes.includes(value.of)) {
    return context.fail('ARCH2012', { owner: frame.block, name: 'index', expected: `one choice of an axis of ${axesText(frame.own(base.index.axes))}`, got: value ? describeValue(value) : 'nothing' }, expr.span);
  }
  const at = (x: Node): Node => context.shaped(frame, expr.span, () => context.build.gather(x, [value.of], [value.index]));
  const found = { ...base, index: at(base.index), score: at(base.score) };
  if (!value.partial) return found;
  const { build } = context;
  return { ...found, index: build.select(build.lt(value.index, 0), build.constant(-1, 'i32'), found.index), partial: true };
}
