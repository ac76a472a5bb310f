import { describe, expect, it } from 'vitest';
import type { Contraction, Expr } from '../../../compiler/kernels/kernel.js';
import { at, contraction, f, i, int, load, local, n, slot, v, worstError } from './build.js';
import { dataFor, runReference, runWasm } from './run.js';

interface Shape { readonly batch: number; readonly m: number; readonly n: number; readonly k: number }

/** All layouts: A row-major or transposed, B likewise, the result likewise; the epilogue adds a bias along n and squares. */
function kernelOf({ batch, m, n: columns, k }: Shape, transpose: { readonly a?: boolean; readonly b?: boolean; readonly out?: boolean }): Contraction {
  const place = (x: string, sx: number, y: string, sy: number, flip: boolean | undefined): Expr =>
    i('add', i('mul', v('batch'), int(sx * sy)), flip ? at(v(y), sx, v(x)) : at(v(x), sy, v(y)));
  return contraction('product', [slot('a', batch * m * k), slot('b', batch * k * columns), slot('bias', columns), slot('out', batch * m * columns, 'write')], {
    batch, m, n: columns, k,
    a: load(0, place('m', m, 'k', k, transpose.a)),
    b: load(1, place('k', k, 'n', columns, transpose.b)),
    store: { slot: 3, index: place('m', m, 'n', columns, transpose.out), value: f('mul', f('add', local('acc'), load(2, v('n'))), f('max', local('acc'), n(0.25))) },
  });
}

const layouts = [{}, { b: true }, { a: true }, { a: true, b: true }, { out: true }, { b: true, out: true }];

describe('contractions', () => {
  for (const size of [1, 7, 63, 65, 129]) {
    for (const [which, layout] of layouts.entries()) {
      it(`${size} x ${size} x ${size}, layout ${which}`, async () => {
        const kernel = kernelOf({ batch: size > 64 ? 1 : 2, m: size, n: size, k: size }, layout);
        const data = dataFor(kernel);
        const wanted = runReference(kernel, data);
        for (const relaxed of [false, true]) {
          expect(worstError((await runWasm(kernel, data, { threads: 1, relaxed }))['out'] ?? [], wanted['out'] ?? [])).toBeLessThan(2e-5);
        }
      });
    }
  }

  it('sums longer than one part, few rows, few columns', async () => {
    for (const shape of [{ batch: 1, m: 3, n: 70, k: 1100 }, { batch: 1, m: 130, n: 5, k: 515 }, { batch: 5, m: 9, n: 9, k: 2 }]) {
      const kernel = kernelOf(shape, { b: true });
      const data = dataFor(kernel);
      expect(worstError((await runWasm(kernel, data, { threads: 2 }))['out'] ?? [], runReference(kernel, data)['out'] ?? [])).toBeLessThan(5e-5);
    }
  });

  it('the same bits with 1, 2, 3 and 8 threads', async () => {
    const kernel = kernelOf({ batch: 2, m: 129, n: 300, k: 65 }, { a: true });
    const data = dataFor(kernel);
    const one = await runWasm(kernel, data, { threads: 1, grain: 1 });
    for (const threads of [2, 3, 8]) expect(await runWasm(kernel, data, { threads, grain: 1 })).toEqual(one);
  });

  it('indices that are not linear: heads merged into one axis, and a computed operand', async () => {
    const [t, h, e, d] = [13, 4, 16, 21];
    // x is [h, t, e], read as [t, h * e]
    const merged = i('add', i('mul', i('div', v('k'), int(e)), int(t * e)), at(v('m'), e, i('mod', v('k'), int(e))));
    const reading = contraction('merged', [slot('x', t * h * e), slot('w', h * e * d), slot('out', t * d, 'write')], {
      batch: 1, m: t, n: d, k: h * e, a: load(0, merged), b: f('add', load(1, at(v('k'), d, v('n'))), n(1)), store: { slot: 2, index: at(v('m'), d, v('n')), value: local('acc') },
    });
    const split = i('add', i('mul', i('div', v('n'), int(e)), int(t * e)), at(v('m'), e, i('mod', v('n'), int(e))));
    const writing = contraction('split', [slot('x', t * d), slot('w', d * h * e), slot('out', t * h * e, 'write')], {
      batch: 1, m: t, n: h * e, k: d, a: load(0, at(v('m'), d, v('k'))), b: load(1, at(v('k'), h * e, v('n'))), store: { slot: 2, index: split, value: local('acc') },
    });
    for (const kernel of [reading, writing]) {
      const data = dataFor(kernel);
      expect(worstError((await runWasm(kernel, data, { threads: 1 }))['out'] ?? [], runReference(kernel, data)['out'] ?? [])).toBeLessThan(1e-5);
    }
  });
});
