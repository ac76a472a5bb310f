/**
 * @file Random numbers as arithmetic: each element hashes its place with a key that the host draws for the run's seed, the step and the stream, so a number is
 * the same wherever and however often it is computed. 32-bit arithmetic without overflow: rounds of x -> (a x + b)^3 modulo a prime p with p = 2 (mod 3), where the cube is a
 * permutation; two primes' fractions are added modulo 1 (Wichmann and Hill 1982), in whole numbers, so that uniform numbers are the same bits on every
 * device. Normal numbers: Box and Muller 1958.
 */
import type { Axis, Node, Op, ScalarFn, TensorType } from '../graph/graph.js';
import type { NodeOf } from './facts.js';

/** Makes nodes for the expansion; equal ones are shared. */
export type Make = (op: Op, inputs: readonly Node[], type: TensorType) => Node;

/** Largest primes p = 2 (mod 3) whose squares fit in 31 bits. */
const PRIMES = [46337, 46307] as const;
/** Multipliers of the rounds: fixed numbers without structure. */
const ROUNDS = [[31337, 12289], [27817, 40009], [19961, 3583]] as const;
/** Uniform numbers an element may be made of. */
const DRAWS = 3;
/** Fractions i / p + j / q are the whole numbers i q + j p below p q; of those the leading 24 bits are kept. */
const WHOLE = PRIMES[0] * PRIMES[1];
const DROPPED = 128;
/** The largest float32 by which the kept bits stay below 1. */
const SCALE = 5.965342353420056e-8;

export function expandRandom(node: NodeOf<'random'>, make: Make): Node {
  const { stream, distribution } = node.op;
  const f32 = (axes: readonly Axis[]): TensorType => ({ axes, dtype: 'f32' });
  const i32 = (axes: readonly Axis[]): TensorType => ({ axes, dtype: 'i32' });
  const whole = (value: number): Node => make({ kind: 'const', value }, [], i32([]));
  const real = (value: number): Node => make({ kind: 'const', value }, [], f32([]));
  const map = (fn: ScalarFn, inputs: readonly Node[], dtype: 'f32' | 'i32'): Node => {
    const axes = node.axes.filter((axis) => inputs.some((x) => x.axes.includes(axis)));
    return make({ kind: 'map', fn }, inputs, { axes, dtype });
  };
  const i = (fn: ScalarFn, ...inputs: readonly Node[]): Node => map(fn, inputs, 'i32');
  const f = (fn: ScalarFn, ...inputs: readonly Node[]): Node => map(fn, inputs, 'f32');

  /** The element's number, row-major. */
  const count = node.axes.reduce((sum, axis) => {
    const at = i('to_i32', make({ kind: 'iota', axis }, [], f32([axis])));
    return i('add', i('mul', sum, whole(axis.size)), at);
  }, whole(0));

  const hash = (prime: number, salt: number): Node => {
    const p = whole(prime);
    const mod = (x: Node): Node => i('mod', x, p);
    const key = i('to_i32', make({ kind: 'scalar', scalar: { kind: 'noise_key', stream: stream * DRAWS + salt, below: prime } }, [], f32([])));
    return [mod(count), i('div', count, p), whole(0)].reduce((state, word, round) => {
      const [a, b] = ROUNDS[round] ?? ROUNDS[0];
      const mixed = mod(i('add', i('mul', state, whole(a)), i('add', word, whole(b))));
      return mod(i('mul', mod(i('mul', mixed, mixed)), mixed));
    }, key);
  };
  const uniform = (salt: number): Node => {
    const a = i('mul', hash(PRIMES[0], salt), whole(PRIMES[1]));
    const b = i('mul', hash(PRIMES[1], salt), whole(PRIMES[0]));
    const left = i('sub', whole(WHOLE), b);
    const sum = i('select', f('lt', a, left), i('add', a, b), i('sub', a, left));
    return f('mul', f('to_f32', i('div', sum, whole(DROPPED))), real(SCALE));
  };
  const result = distribution === 'uniform'
    ? uniform(0)
    : f('mul', f('sqrt', f('mul', real(-2), f('log', f('max', uniform(1), real(1e-7))))), f('cos', f('mul', real(2 * Math.PI), uniform(2))));
  // a number that would not depend on the place (a tensor of one element) still has the axes asked for
  return result.axes.length === node.axes.length ? result : make({ kind: 'expand', axes: node.axes.filter((axis) => !result.axes.includes(axis)) }, [result], f32(node.axes));
}
