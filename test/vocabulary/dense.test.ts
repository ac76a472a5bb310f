/**
 * @file Feed-forward layers against their equations: down act(up x), with and without biases, and down (act(gate x) * up x).
 */
import { expect, test } from 'vitest';
import { erf } from '../reference/erf.js';
import { at, expectLayer, range, relu, silu, sum, tokens } from '../support/brute.js';

const size = { batch: 2, time: 2, d: 3 };
const D = range(3);
/** Hendrycks and Gimpel 2016: z times the probability that a standard normal variable is below z. */
const gelu = (z: number): number => z * 0.5 * (1 + erf(z / Math.SQRT2));

test.each([[false, 'gelu', gelu], [true, 'gelu', gelu], [true, 'relu', relu]] as const)('mlp, bias %s, %s', (bias, name, act) => {
  const paths = expectLayer({
    text: `use std.transformer { mlp }\nuse std.functions { gelu, relu }\nblock layer(x[d]) -> y[d] { return mlp(x; width = 5, act = ${name}, bias = ${bias}) }`, size,
    equation: (read, x) => tokens(size, (b, t) => {
      const hidden = range(5).map((f) => act(sum(3, (i) => x(b, t, i) * read('up.w', i, f)) + (bias ? read('up.b', f) : 0)));
      return D.map((o) => sum(5, (f) => at(hidden, f) * read('down.w', f, o)) + (bias ? read('down.b', o) : 0));
    }),
  });
  expect(paths).toEqual(bias ? ['up.w', 'up.b', 'down.w', 'down.b'] : ['up.w', 'down.w']);
});

test('mlp is four times as wide as the stream, and exact GELU, unless said', () => {
  expectLayer({
    text: 'use std.transformer { mlp }\nblock layer(x[d]) -> y[d] { return mlp(x) }', size,
    equation: (read, x) => tokens(size, (b, t) => D.map((o) => sum(12, (f) => gelu(sum(3, (i) => x(b, t, i) * read('up.w', i, f))) * read('down.w', f, o)))),
  });
});

test('swiglu: down (silu(gate x) * up x) (Shazeer 2020)', () => {
  expectLayer({
    text: 'use std.transformer { swiglu }\nblock layer(x[d]) -> y[d] { return swiglu(x; width = 5) }', size,
    equation: (read, x) => tokens(size, (b, t) => {
      const linear = (path: string, f: number): number => sum(3, (i) => x(b, t, i) * read(path, i, f));
      return D.map((o) => sum(5, (f) => silu(linear('gate.w', f)) * linear('up.w', f) * read('down.w', f, o)));
    }),
  });
});
