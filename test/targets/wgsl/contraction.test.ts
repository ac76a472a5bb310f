/** @file The contraction kernel against plain loops in float64, in every layout, over sizes that fit no tile. */
import { describe, expect, it } from 'vitest';
import type { Contraction } from '../../../compiler/kernels/kernel.js';
import { runKernel } from '../../support/gpu.js';
import { add, at, call, f, load, local, matmul, mul, noise, relativeError, slot, v } from '../../support/kernels.js';
import { device } from './device.js';

function naive(kernel: Contraction, a: Float32Array, b: Float32Array, transposed: { a: boolean; b: boolean }): Float64Array {
  const { batch, m, n, k } = kernel;
  const c = new Float64Array(batch * m * n);
  for (let z = 0; z < batch; z++)
    for (let x = 0; x < m; x++)
      for (let y = 0; y < n; y++) {
        let sum = 0;
        for (let j = 0; j < k; j++) sum += (a[z * m * k + (transposed.a ? j * m + x : x * k + j)] ?? NaN) * (b[z * k * n + (transposed.b ? y * k + j : j * n + y)] ?? NaN);
        c[(z * m + x) * n + y] = sum;
      }
  return c;
}

const layouts = [{ a: false, b: false }, { a: false, b: true }, { a: true, b: false }, { a: true, b: true }];

describe('contraction', () => {
  for (const [batch, m, n, k] of [[1, 1, 1, 1], [1, 7, 1, 63], [3, 1, 7, 65], [1, 65, 129, 33], [2, 63, 8, 7], [1, 130, 65, 1], [1, 9, 300, 17]] as const)
    it(`batch ${batch}, ${m} x ${k} x ${n}`, async (test) => {
      const on = await device(test);
      for (const transposed of layouts) {
        const kernel = matmul(batch, m, n, k, transposed);
        const a = noise(batch * m * k);
        const b = noise(batch * k * n, 2);
        const [, , c] = await runKernel(on, kernel, [a, b, undefined]);
        expect(relativeError(c ?? [], naive(kernel, a, b, transposed)), JSON.stringify(transposed)).toBeLessThan(2e-6);
      }
    });

  it('computes operands and the epilogue, and adds to what was there', async (test) => {
    const on = await device(test);
    const [m, n, k] = [33, 70, 19];
    const plain = matmul(1, m, n, k, { a: false, b: false });
    const index = at(v('m'), n, v('n'));
    const kernel: Contraction = {
      ...plain,
      slots: [slot('a', m * k), slot('b', k * n), slot('c', m * n, 'read_write'), slot('bias', n)],
      a: call('tanh', plain.a),
      store: { slot: 2, index, value: add(load(2, index), mul(f(0.5), add(local('acc'), load(3, v('n'))))) },
    };
    const [a, b, c, bias] = [noise(m * k), noise(k * n, 2), noise(m * n, 3), noise(n, 4)];
    const expected = naive(kernel, a.map(Math.tanh), b, { a: false, b: false }).map((sum, at) => (c[at] ?? 0) + 0.5 * (sum + (bias[at % n] ?? 0)));
    const results = await runKernel(on, kernel, [a, b, c, bias]);
    expect(relativeError(results[2] ?? [], expected)).toBeLessThan(2e-6);
  });

  it('gives the same bits twice', async (test) => {
    const on = await device(test);
    const kernel = matmul(1, 65, 65, 257, { a: false, b: false });
    const run = async (): Promise<ArrayLike<number> | undefined> => (await runKernel(on, kernel, [noise(65 * 257), noise(65 * 257, 2), undefined]))[2];
    expect(await run()).toEqual(await run());
  });

  it('lays the lanes along rows when there are few columns', async (test) => {
    const on = await device(test);
    const kernel = { ...matmul(1, 200, 3, 40, { a: true, b: false }), store: { slot: 2, index: at(v('n'), 200, v('m')), value: mul(local('acc'), f(1)) } };
    const [a, b] = [noise(200 * 40), noise(40 * 3, 2)];
    const [, , c] = await runKernel(on, kernel, [a, b, undefined]);
    const expected = naive(kernel, a, b, { a: true, b: false });
    expect(relativeError(c ?? [], expected.map((_, at) => expected[(at % 200) * 3 + Math.floor(at / 200)] ?? NaN))).toBeLessThan(2e-6);
  });
});
