/**
 * @file Gradients against central finite differences, in float64, with the interpreter as the judge.
 */
import { expect } from 'vitest';
import { differentiate } from '../../compiler/autodiff/differentiate.js';
import { GraphBuilder } from '../../compiler/graph/build.js';
import type { Axis, Node } from '../../compiler/graph/graph.js';
import { evaluate, type Leaves } from '../reference/interpret.js';
import { indices as randomIndices, numbers } from './random.js';

/** Makes named leaves and remembers their values. */
export class Leafs {
  readonly params = new Map<string, Float64Array>();
  readonly inputs = new Map<string, Float64Array>();
  readonly nodes = new Map<string, Node>();
  private seed = 1;
  constructor(readonly builder: GraphBuilder) {}

  /** A parameter with values in [low, high), or the given ones. */
  param(name: string, axes: readonly Axis[], low = -1, high = 1, values?: readonly number[]): Node {
    const node = this.builder.param({ path: name, axes, init: { kind: 'zeros' } });
    this.params.set(name, values ? Float64Array.from(values) : numbers(this.seed++, size(axes), low, high));
    this.nodes.set(name, node);
    return node;
  }
  /** Indices in [0, below), or the given ones. */
  indices(name: string, axes: readonly Axis[], below: number, values?: readonly number[]): Node {
    this.inputs.set(name, values ? Float64Array.from(values) : randomIndices(this.seed++, size(axes), below));
    return this.builder.input(name, axes, 'i32');
  }
  /** A tensor that is not differentiated. */
  constant(name: string, axes: readonly Axis[]): Node {
    this.inputs.set(name, numbers(this.seed++, size(axes)));
    return this.builder.input(name, axes, 'f32');
  }
  get leaves(): Leaves {
    return { params: this.params, inputs: this.inputs };
  }
  value(node: Node): Float64Array {
    const [value] = evaluate([node], this.leaves);
    if (!value) throw new Error('no value');
    return value;
  }
}

export function size(axes: readonly Axis[]): number {
  return axes.reduce((n, axis) => n * axis.size, 1);
}

/** Weighs `out` by fixed random numbers into a scalar, and compares the gradient of every parameter with finite differences. */
export function expectGradients(build: (builder: GraphBuilder, leafs: Leafs) => Node, step = 1e-5): void {
  const builder = new GraphBuilder();
  const leafs = new Leafs(builder);
  const out = build(builder, leafs);
  const weight = leafs.constant('weight of the result', out.axes);
  const loss = builder.contract(out, weight, out.axes);
  const wrt = [...leafs.nodes.values()];
  const gradients = differentiate(builder, loss, wrt);
  for (const [i, [name, values]] of [...leafs.params].entries()) {
    const gradient = gradients[i];
    if (!gradient) throw new Error(`no gradient for ${name}`);
    expect(gradient.axes).toEqual(wrt[i]?.axes);
    const actual = leafs.value(gradient);
    const expected = values.map((value, j) => {
      const at = (x: number): number => {
        values[j] = x;
        return leafs.value(loss)[0] ?? NaN;
      };
      const slope = (at(value + step) - at(value - step)) / (2 * step);
      values[j] = value;
      return slope;
    });
    expectClose(actual, expected, 1e-6, name);
  }
}

/** Every difference at most `tolerance` times the largest expected magnitude (or 1). */
export function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number, what: string): void {
  expect(actual.length, what).toBe(expected.length);
  const scale = Array.from(expected).reduce((max, v) => Math.max(max, Math.abs(v)), 1);
  for (let j = 0; j < expected.length; j++) {
    const [a, e] = [actual[j] ?? NaN, expected[j] ?? NaN];
    if (!(Math.abs(a - e) <= tolerance * scale)) expect.fail(`${what}[${j}]: ${a}, expected ${e}`);
  }
}
