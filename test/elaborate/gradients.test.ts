/**
 * @file Functions with declared gradients: the value is the function, the gradient is what is declared, summed over what broadcasts.
 */
import { expect, test } from 'vitest';
import { evaluate } from '../reference/interpret.js';
import { expectClose, expectLayer, range, sum, tokens } from '../support/brute.js';
import { elaborateLayer } from '../support/layer.js';
import { numbers } from '../support/random.js';

const size = { batch: 2, time: 3, d: 5 };

test('the declared formula is the gradient, finite differences of its integral agree', () => {
  // d/dz of z^3 / 3 is declared for a function that reads z rounded down
  const text = `function staircase(z) = floor(z)
  gradient z = z ^ 2
block layer(x[d]) -> y[d] { return staircase(3 * x) }`;
  const { y, gradients } = elaborateLayer(text, size);
  const x = numbers(1, 30);
  const cotangent = numbers(2, 30);
  const [value, gradient] = evaluate([y, ...gradients.flatMap((node) => node ?? [])], { params: new Map(), inputs: new Map([['x', x], ['cotangent', cotangent]]) });
  expect([...(value ?? [])]).toEqual([...x].map((v) => Math.floor(3 * v)));
  const integral = (v: number): number => (3 * v) ** 3 / 3;
  expectClose(gradient ?? [], [...x].map((v, i) => ((integral(v + 1e-5) - integral(v - 1e-5)) / 2e-5) * (cotangent[i] ?? 0)), 'declared gradient');
});

test('JumpReLU: the gradient of z is exact, that of the threshold a rectangle around it', () => {
  const text = `use std.gates { jump_relu }
block layer(x[d]) -> y[d] { param theta[d] ~ constant(0.2)
  return jump_relu(x, theta; width = 0.3) }`;
  const theta = numbers(5, 5, -0.3, 0.6);
  // away from the thresholds the derivative of the value is the declared gradient of z
  expectLayer({
    text, size, except: ['layer.theta'], values: new Map([['layer.theta', theta]]),
    equation: (read, x) => tokens(size, (b, t) => range(5).map((i) => (x(b, t, i) > read('theta', i) ? x(b, t, i) : 0))),
  });
  const { gradients } = elaborateLayer(text, size);
  const x = numbers(3, 30);
  const cotangent = numbers(4, 30);
  const node = gradients[1];
  if (!node) throw new Error('no gradient of theta');
  const [actual] = evaluate([node], { params: new Map([['layer.theta', theta]]), inputs: new Map([['x', x], ['cotangent', cotangent]]) });
  expectClose(actual ?? [], range(5).map((i) => sum(6, (n) => {
    const at = theta[i] ?? 0;
    return Math.abs((x[n * 5 + i] ?? 0) - at) < 0.15 ? -(at / 0.3) * (cotangent[n * 5 + i] ?? 0) : 0;
  })), 'theta');
});
