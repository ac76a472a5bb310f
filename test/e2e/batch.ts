/**
 * @file Many small graphs run as one program: each primitive, forward and gradient, by the generated code of every target and by the float64
 * interpreter. One program for a table of cases, because a software adapter takes longest to compile.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import { differentiate } from '../../compiler/autodiff/differentiate.js';
import { GraphBuilder } from '../../compiler/graph/build.js';
import type { Axis, Node, State } from '../../compiler/graph/graph.js';
import { generatedEngines } from '../oracles/available.js';
import { interpreter, relativeError } from '../oracles/engines.js';
import { indices, numbers } from '../support/random.js';

/** Leaves of one case. Values are float32 numbers, so that both engines start from the same. */
export class Leaves {
  readonly wrt: { readonly name: string; readonly node: Node }[] = [];
  constructor(
    readonly b: GraphBuilder,
    private readonly name: string,
    readonly params: Map<string, Float64Array>,
    readonly inputs: Map<string, Float64Array>,
    readonly states: Map<string, Float64Array>,
  ) {}

  axis(name: string, size: number): Axis {
    return this.b.axis(name, size);
  }
  /** A parameter in [low, high), or with these values; its gradient is compared. */
  param(name: string, axes: readonly Axis[], low = -1, high = 1, values?: readonly number[]): Node {
    const path = `${this.name}.${name}`;
    const node = this.b.param({ path, axes, init: { kind: 'zeros' } });
    this.params.set(path, Float64Array.from(values ?? numbers(this.seed(), size(axes), low, high), Math.fround));
    this.wrt.push({ name, node });
    return node;
  }
  /** A parameter of few different values, so that there are ties. */
  ties(name: string, axes: readonly Axis[], values = 3): Node {
    return this.param(name, axes, 0, 0, [...indices(this.seed(), size(axes), values)]);
  }
  /** i32 in [0, below), or these. */
  indices(name: string, axes: readonly Axis[], below: number, values?: readonly number[]): Node {
    const path = `${this.name}.${name}`;
    this.inputs.set(path, Float64Array.from(values ?? indices(this.seed(), size(axes), below)));
    return this.b.input(path, axes, 'i32');
  }
  /** f32 that is not differentiated. */
  constant(name: string, axes: readonly Axis[], values?: readonly number[], low = -1, high = 1): Node {
    const path = `${this.name}.${name}`;
    this.inputs.set(path, Float64Array.from(values ?? numbers(this.seed(), size(axes), low, high), Math.fround));
    return this.b.input(path, axes, 'f32');
  }
  /** A state in [-1, 1). */
  state(name: string, axes: readonly Axis[]): Node {
    const state: State = { path: `${this.name}.${name}`, axes, initial: 0 };
    this.states.set(state.path, Float64Array.from(numbers(this.seed(), size(axes), -1, 1), Math.fround));
    return this.b.state(state);
  }

  private seed(): number {
    return this.params.size * 1009 + this.inputs.size * 31 + this.states.size * 17 + 7;
  }
}

/** Outputs by name; the gradients of the f32 one called `y` (or the only one) are compared too. */
export type Case = (leaves: Leaves, b: GraphBuilder) => Node | Readonly<Record<string, Node>>;
export type Cases = Readonly<Record<string, Case>>;

const isNode = (made: ReturnType<Case>): made is Node => 'inputs' in made && Array.isArray(made.inputs);

const size = (axes: readonly Axis[]): number => axes.reduce((n, axis) => n * axis.size, 1);

interface Built {
  readonly outputs: readonly { readonly name: string; readonly node: Node }[];
  readonly params: ReadonlyMap<string, Float64Array>;
  readonly inputs: ReadonlyMap<string, Float64Array>;
  readonly states: ReadonlyMap<string, Float64Array>;
  /** What the gradients are of: a scalar for each differentiated case, and the parameters. */
  readonly losses: readonly { readonly loss: Node; readonly wrt: readonly Node[] }[];
}

/** The graph of all cases: their outputs and gradients, named `case: output` and `case: gradient of param`. */
export function buildCases(cases: Cases): Built {
  const b = new GraphBuilder();
  const outputs: { name: string; node: Node }[] = [];
  const params = new Map<string, Float64Array>();
  const inputs = new Map<string, Float64Array>();
  const states = new Map<string, Float64Array>();
  const losses: { loss: Node; wrt: readonly Node[] }[] = [];
  for (const [name, make] of Object.entries(cases)) {
    b.path = name.replaceAll(/\W+/g, '_');
    const leaves = new Leaves(b, b.path, params, inputs, states);
    const made = make(leaves, b);
    const results: Readonly<Record<string, Node>> = isNode(made) ? { y: made } : made;
    for (const [output, node] of Object.entries(results)) outputs.push({ name: `${name}: ${output}`, node });
    const { y } = results;
    if (y?.dtype !== 'f32' || leaves.wrt.length === 0) continue;
    const weight = leaves.constant('weight of y', y.axes);
    const wrt = leaves.wrt.map(({ node }) => node);
    const loss = b.lenient(() => b.contract(y, weight, y.axes));
    losses.push({ loss, wrt });
    const gradients = differentiate(b, loss, wrt);
    leaves.wrt.forEach((leaf, i) => {
      const gradient = gradients[i];
      if (gradient) outputs.push({ name: `${name}: gradient of ${leaf.name}`, node: gradient });
    });
  }
  return { outputs, params, inputs, states, losses };
}

/** Compares every output of every case on every target; integers exactly, numbers within `tolerance` of the largest. `onDevice` false: not on WGSL. */
export function describeCases(title: string, cases: Cases, { tolerance = 1e-5, onDevice = true }: { readonly tolerance?: number; readonly onDevice?: boolean } = {}): void {
  const built = buildCases(cases);
  describe(title, async () => {
    let expected = new Map<string, ArrayLike<number>>();
    beforeAll(async () => {
      expected = await interpreter.run(built.outputs, built);
    });
    for (const { engine, target, missing } of await generatedEngines()) {
      if (target === 'wgsl' && !onDevice) continue;
      if (missing !== undefined) {
        it.skip(`on ${engine.name} (skipped: ${missing})`, () => undefined);
        continue;
      }
      describe(`on ${engine.name}`, () => {
        let actual = new Map<string, ArrayLike<number>>();
        beforeAll(async () => {
          actual = await engine.run(built.outputs, built);
        });
        it.each(Object.keys(cases))('%s', (name) => {
          const outputs = built.outputs.filter((output) => output.name.startsWith(`${name}: `));
          expect(outputs.length).toBeGreaterThan(0);
          for (const { name: output, node } of outputs) {
            const [found, wanted] = [actual.get(output) ?? [], expected.get(output) ?? []];
            if (node.dtype === 'i32' || unsigned(wanted).every((x) => x === 0)) expect(unsigned(found), output).toEqual(unsigned(wanted));
            else expect(relativeError(found, wanted), `${output}: ${preview(found, wanted)}`).toBeLessThan(tolerance);
          }
        });
      });
    }
  });
}

/** With 0 for -0: which zero it is depends on the order of operations. */
const unsigned = (values: ArrayLike<number>): number[] => Array.from(values, (x) => x + 0);

/** The place of the largest difference. */
function preview(found: ArrayLike<number>, wanted: ArrayLike<number>): string {
  let worst = 0;
  for (let i = 1; i < wanted.length; i++) if (!(Math.abs((found[i] ?? NaN) - (wanted[i] ?? NaN)) <= Math.abs((found[worst] ?? NaN) - (wanted[worst] ?? NaN)))) worst = i;
  return `element ${worst} of ${wanted.length} is ${found[worst]}, should be ${wanted[worst]}`;
}
