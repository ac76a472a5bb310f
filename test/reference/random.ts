/**
 * @file The definition of random numbers, element by element, in plain arithmetic: what every target must give for a place, step, seed and stream.
 */
import { scalarValue } from './interpret.js';

const PRIMES = [46337, 46307] as const;
const ROUNDS = [[31337, 12289], [27817, 40009], [19961, 3583]] as const;

/** A whole number below `p` from the element's number and the key that all elements share. */
function hash(p: number, salt: number, at: number, step: number, seed: number, stream: number): number {
  const key = scalarValue({ kind: 'noise_key', stream: stream * 3 + salt, below: p }, step, seed);
  return ROUNDS.reduce((state, [a, b], round) => {
    const mixed = (state * a + ([at % p, Math.floor(at / p)][round] ?? 0) + b) % p;
    return (((mixed * mixed) % p) * mixed) % p;
  }, key);
}

/** In [0, 1), a float32: the leading 24 bits of i / p + j / q modulo 1. */
export function uniformAt(at: number, step: number, seed: number, stream: number, salt = 0): number {
  const [p, q] = PRIMES;
  const whole = (hash(p, salt, at, step, seed, stream) * q + hash(q, salt, at, step, seed, stream) * p) % (p * q);
  return Math.fround(Math.floor(whole / 128) * Math.fround(5.965342353420056e-8));
}

/** `size` random numbers in storage order. */
export function randomNumbers(distribution: 'uniform' | 'normal', size: number, step: number, seed: number, stream: number): number[] {
  const u = (at: number, salt: number): number => uniformAt(at, step, seed, stream, salt);
  const normal = (at: number): number => Math.sqrt(-2 * Math.log(Math.max(u(at, 1), 1e-7))) * Math.cos(2 * Math.PI * u(at, 2));
  return Array.from({ length: size }, (_, at) => (distribution === 'uniform' ? u(at, 0) : normal(at)));
}
