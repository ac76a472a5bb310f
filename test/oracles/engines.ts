/**
 * @file What can compute the outputs of a graph: the float64 interpreter always, generated kernels where there is a device. Oracle tests run on
 * every engine.
 */
import type { Node } from '../../compiler/graph/graph.js';
import { evaluate } from '../reference/interpret.js';

export interface Values {
  readonly params: ReadonlyMap<string, ArrayLike<number>>;
  readonly inputs: ReadonlyMap<string, ArrayLike<number>>;
  /** By path; absent ones hold their initial value. */
  readonly states?: ReadonlyMap<string, ArrayLike<number>>;
  /** What random numbers come from; default 1 and 0. */
  readonly step?: number;
  readonly seed?: number;
}

export interface Engine {
  readonly name: string;
  run(outputs: readonly { readonly name: string; readonly node: Node }[], values: Values): Promise<Map<string, ArrayLike<number>>>;
}

export const interpreter: Engine = {
  name: 'float64 interpreter',
  run(outputs, values) {
    const results = evaluate(outputs.map(({ node }) => node), values);
    return Promise.resolve(new Map(outputs.map(({ name }, i) => [name, results[i] ?? []])));
  },
};

/** Largest difference relative to the largest magnitude of `expected`. */
export function relativeError(actual: ArrayLike<number> | undefined, expected: ArrayLike<number>): number {
  if (!actual || actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  let worst = 0;
  let scale = 0;
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs((actual[i] ?? Number.NaN) - (expected[i] ?? Number.NaN));
    worst = difference <= worst ? worst : difference;
    scale = Math.max(scale, Math.abs(expected[i] ?? 0));
  }
  return worst / scale;
}
