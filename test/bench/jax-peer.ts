/**
 * @file The peer of `matmul`: the same products through @jax-js/jax, if it is installed. It is not a dependency: its shape is checked here.
 */
import type { Form } from './matmul.js';

type Call = (this: unknown, ...args: readonly unknown[]) => unknown;
export type JaxProduct = (form: Form, size: number, a: Float32Array, b: Float32Array) => () => Promise<void>;

/** A property of something unknown. */
function property(value: unknown, name: string): unknown {
  const holder = (typeof value === 'object' && value !== null) || typeof value === 'function' ? value : {};
  return Reflect.get(holder, name);
}

function method(value: unknown, name: string): Call {
  const found = property(value, name);
  if (typeof found !== 'function') throw new TypeError(`@jax-js/jax has no ${name}`);
  return (...args) => Reflect.apply(found, value, args);
}

/** Products on its `wasm` device, or why there are none. */
export async function jaxProduct(): Promise<JaxProduct | string> {
  const name = '@jax-js/jax';
  let jax: unknown;
  try {
    jax = await import(name);
  } catch {
    return `peer ${name}: skipped, it is not installed`;
  }
  await method(jax, 'init')('wasm');
  method(jax, 'defaultDevice')('wasm');
  const np = property(jax, 'numpy');
  const transposed = method(np, 'transpose');
  const matmul = method(np, 'matmul');
  return (form, size, a, b) => {
    const jitted = method(jax, 'jit')((x: unknown, y: unknown) => (form === 'A*B' ? matmul(x, y) : form === 'A*B^T' ? matmul(x, transposed(y)) : matmul(transposed(x), y)));
    if (typeof jitted !== 'function') throw new TypeError('jit gives no function');
    const [x, y] = [a, b].map((data) => method(np, 'array')(data, { shape: [size, size] }));
    return async () => {
      const result: unknown = Reflect.apply(jitted, undefined, [property(x, 'ref'), property(y, 'ref')]);
      await method(result, 'blockUntilReady')();
      method(result, 'dispose')();
    };
  };
}
