/**
 * @file Training by the definitions: the interpreter computes a Procedure's outputs and updates in float64, and the updates are made.
 */
import { GraphBuilder } from '../../compiler/graph/build.js';
import type { Node, Procedure } from '../../compiler/graph/graph.js';
import { evaluate } from '../reference/interpret.js';

export interface Tensors {
  readonly params: Map<string, Float64Array>;
  /** Moments too, by path. */
  readonly states: Map<string, Float64Array>;
}

/** Makes one step in place. @returns the outputs, each a number */
export function referenceStep(procedure: Procedure, tensors: Tensors, inputs: ReadonlyMap<string, ArrayLike<number>>, step: number): Map<string, number> {
  const { outputs, updates } = procedure;
  const fired = updates.map(({ touched }) => touched && timesTouched(touched));
  const nodes = [...outputs.map(({ node }) => node), ...updates.map(({ value }) => value), ...fired.flatMap((node) => node ?? [])];
  const values = evaluate(nodes, { ...tensors, inputs, step });
  const valueOf = new Map(nodes.map((node, i) => [node, values[i] ?? new Float64Array()]));
  updates.forEach(({ target, value, unit }, i) => {
    const into = 'initial' in target ? tensors.states : tensors.params;
    const made = valueOf.get(value) ?? new Float64Array();
    const mask = fired[i] && valueOf.get(fired[i]);
    const before = into.get(target.path);
    const after = mask && before ? before.map((old, at) => ((mask[at] ?? 0) > 0 ? (made[at] ?? NaN) : old)) : made;
    if (unit) scaleRows(after, unit.reduce((n, axis) => n * axis.size, 1), mask ?? undefined);
    into.set(target.path, after);
  });
  return new Map(outputs.map(({ name, node }) => [name, valueOf.get(node)?.[0] ?? NaN]));
}

/** For each element of a scatter's result, how many entries go there. */
export function timesTouched(scatter: Node): Node {
  const { op, inputs } = scatter;
  const [value, ...indices] = inputs;
  if (op.kind !== 'scatter' || !value) throw new Error('only a scatter touches rows');
  const builder = new GraphBuilder();
  return builder.lenient(() => builder.scatter(builder.expand(builder.constant(1), value.axes), op.axes, indices, op.result));
}

/** Rows of `size` numbers, or those of them that were touched, to norm 1. */
function scaleRows(values: Float64Array, size: number, touched: Float64Array | undefined): void {
  for (let at = 0; at < values.length; at += size) {
    if (touched && !((touched[at] ?? 0) > 0)) continue;
    const row = values.subarray(at, at + size);
    const norm = Math.hypot(...row);
    if (norm > 0) row.set(row.map((x) => x / norm));
  }
}
