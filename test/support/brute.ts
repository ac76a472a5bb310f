/**
 * @file A block against the cited equation written out as loops: outputs, and every gradient against finite differences of those loops.
 * The equation is read from parameters by path, each a flat array in the order of the block's declaration.
 */
import { expect } from 'vitest';
import type { Axis } from '../../compiler/graph/graph.js';
import type { Mode } from '../../compiler/elaborate/context.js';
import { evaluate } from '../reference/interpret.js';
import { type LayerSize, elaborateLayer } from './layer.js';
import { numbers } from './random.js';

export type Read = (path: string, ...at: readonly number[]) => number;

export interface Case {
  /** Uses, functions and a block `layer(x[d]) -> y[...]`. */
  readonly text: string;
  readonly size: LayerSize;
  readonly mode?: Mode;
  readonly states?: ReadonlyMap<string, ArrayLike<number>>;
  /** y, flat. `read('experts.read', i, j)` is an element of the parameter `layer.experts.read`; `x(b, t, i)` of the input. */
  readonly equation: (read: Read, x: (b: number, t: number, i: number) => number) => readonly number[];
  /** Parameters and `x` whose declared gradient is not the derivative; compared elsewhere. */
  readonly except?: readonly string[];
  readonly seed?: number;
  /** What `step` counts; default 1. */
  readonly step?: number;
  /** Values of parameters by path, where random ones in [-1, 1) will not do. */
  readonly values?: ReadonlyMap<string, ArrayLike<number>>;
}

const sizeOf = (axes: readonly Axis[]): number => axes.reduce((n, axis) => n * axis.size, 1);

/** Paths of the parameters, after the comparison. */
export function expectLayer({ text, size, mode, states, equation, except = [], seed = 1, step, values }: Case): string[] {
  const layer = elaborateLayer(text, size, mode);
  const params = new Map(layer.params.map((param, i) => [param.path, Float64Array.from(values?.get(param.path) ?? numbers(seed * 100 + i, sizeOf(param.axes)))]));
  const shapes = new Map(layer.params.map((param) => [param.path, param.axes.map((axis) => axis.size)]));
  const x = numbers(seed * 100 + 98, sizeOf(layer.x.axes));
  const cotangent = numbers(seed * 100 + 99, sizeOf(layer.y.axes));
  const read: Read = (path, ...at) => {
    const full = `layer.${path}`;
    const shape = shapes.get(full);
    const data = params.get(full);
    if (!shape || !data || shape.length !== at.length) throw new Error(`no ${path}[${at.length} axes] among ${[...shapes].map(([p, s]) => `${p}[${s.join(', ')}]`).join(', ')}`);
    const offset = at.reduce((n, i, axis) => {
      if (i < 0 || i >= (shape[axis] ?? 0)) throw new Error(`${path}: ${i} is outside axis ${axis} of ${shape.join(', ')}`);
      return n * (shape[axis] ?? 0) + i;
    }, 0);
    return data[offset] ?? Number.NaN;
  };
  const run = (): readonly number[] => equation(read, (b, t, i) => x[(b * size.time + t) * size.d + i] ?? Number.NaN);
  const dot = (y: readonly number[]): number => y.reduce((sum, v, i) => sum + v * (cotangent[i] ?? Number.NaN), 0);
  const nodes = [layer.y, ...layer.gradients.flatMap((node) => node ?? [])];
  const results = evaluate(nodes, { params, inputs: new Map([['x', x], ['cotangent', cotangent]]), ...(states ? { states } : {}), ...(step === undefined ? {} : { step }) });
  const expected = run();
  expectClose(results[0] ?? [], expected, 'y');
  let at = 1;
  const leaves = [{ name: 'x', data: x }, ...layer.params.map((param) => ({ name: param.path, data: params.get(param.path) ?? new Float64Array() }))];
  for (const [i, { name, data }] of leaves.entries()) {
    const actual = layer.gradients[i] ? (results[at++] ?? []) : new Float64Array(data.length);
    if (except.includes(name)) continue;
    const slopes = data.map((value, j) => {
      const h = 1e-5;
      data[j] = value + h;
      const above = dot(run());
      data[j] = value - h;
      const below = dot(run());
      data[j] = value;
      return (above - below) / (2 * h);
    });
    expectClose(actual, slopes, `gradient of ${name}`);
  }
  return [...params.keys()].map((path) => path.replace(/^layer\./, ''));
}

/** Within 1e-6 of the largest expected magnitude, or of 1. */
export function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, what: string): void {
  expect(actual.length, what).toBe(expected.length);
  const scale = Array.from(expected).reduce((max, v) => Math.max(max, Math.abs(v)), 1);
  for (let i = 0; i < expected.length; i++) {
    const [a, e] = [actual[i] ?? Number.NaN, expected[i] ?? Number.NaN];
    if (!(Math.abs(a - e) <= 1e-6 * scale)) expect.fail(`${what}[${i}]: ${a}, expected ${e}`);
  }
}

// ---- what equations are written with

/** `f`, each value computed once. */
export function once<A extends readonly number[], T>(f: (...args: A) => T): (...args: A) => T {
  const known = new Map<string, T>();
  return (...args) => {
    const key = args.join();
    const value = known.get(key) ?? f(...args);
    known.set(key, value);
    return value;
  };
}

export const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
export const sum = (n: number, f: (i: number) => number): number => range(n).reduce((total, i) => total + f(i), 0);
export const softmax = (z: readonly number[]): number[] => {
  const max = Math.max(...z);
  const e = z.map((v) => Math.exp(v - max));
  const total = e.reduce((a, b) => a + b, 0);
  return e.map((v) => v / total);
};
/** Indices of the k largest, best first, ties to the lowest index. */
export const top = (z: readonly number[], k: number): number[] => range(z.length).sort((a, b) => (z[b] ?? 0) - (z[a] ?? 0) || a - b).slice(0, k);
export const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z));
export const relu = (z: number): number => Math.max(z, 0);
export const silu = (z: number): number => z * sigmoid(z);
export const at = (z: readonly number[] | undefined, i: number): number => z?.[i] ?? Number.NaN;
/** y of every token: f(b, t) for each, joined. */
export const tokens = ({ batch, time }: LayerSize, f: (b: number, t: number) => readonly number[]): number[] => range(batch).flatMap((b) => range(time).flatMap((t) => [...f(b, t)]));
