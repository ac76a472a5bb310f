/**
 * @file Entries in some of the layers, and entries that feed others instead of the residual stream.
 */
import { expect, test } from 'vitest';
import { elaborateText } from '../support/spec.js';

const blocks = `language 1
use std.transformer { embed, lm_head }
use std.linear { linear }
use std.losses { next_token }
block router(x[d]; count: int) -> gate[n = count] { return softmax(n)(linear(x; to = n)) }
block routed(x[d], gate[n]) -> y[d] { param v[n, d] ~ ones
  return sum(n)(gate * v) }
block bank(; rows: int, d: int) -> table[row = rows, d = d] { param values[row, d] ~ ones
  return values }
block reads(x[d], table[row, d]) -> y[d] { return sum(row)(sum(d)(x * table) * table) }
block picked(x[d]; count: int) -> choice[k = 1] of n = count { return top(linear(x; to = n); over = n, take = k) }
loss evenness(gate[n]) = size(n) * sum(n)(mean(batch, time)(gate) ^ 2)
`;
const spec = (layers: string, rest = ''): string => `${blocks}arch A { dims { d = 4; ctx = 3; vocab = 8 }
  embed {}
  ${layers}
  lm_head {}
  loss ce = next_token(lm_head.logits)
  ${rest}
}`;
const size = { batch: 1, time: 3 };
const params = (text: string): string[] => elaborateText(text, size).graph.params.map((param) => param.path).filter((path) => path.startsWith('layers') || path.startsWith('bank'));

test('a route is computed every second layer and reused by the next', () => {
  const text = spec('layers 4 { route: router every 2 layers { count = 3 }\n ffn: routed { gate = route } }', 'loss even = mean(layers)(evenness(route))');
  expect(params(text)).toEqual([
    'layers.0.route.norm.gain', 'layers.0.route.w', 'layers.0.ffn.norm.gain', 'layers.0.ffn.v', 'layers.1.ffn.norm.gain', 'layers.1.ffn.v',
    'layers.2.route.norm.gain', 'layers.2.route.w', 'layers.2.ffn.norm.gain', 'layers.2.ffn.v', 'layers.3.ffn.norm.gain', 'layers.3.ffn.v',
  ]);
  const { graph } = elaborateText(text, size);
  // only ffn adds to the residual stream; the loss is the mean of the two routes'
  expect(graph.residual.map(({ path }) => path)).toEqual(['layers.0.ffn', 'layers.1.ffn', 'layers.2.ffn', 'layers.3.ffn']);
  expect(graph.losses.map(({ name }) => name)).toEqual(['ce', 'even']);
});

test('an entry at chosen layers', () => {
  expect(params(spec('layers 3 { route: router { count = 2 }\n ffn: routed at [1, 2] { gate = route } }')).filter((path) => path.endsWith('.v'))).toEqual(['layers.1.ffn.v', 'layers.2.ffn.v']);
});

test('a table before the layers belongs to no token: it is shared by all who name it', () => {
  const text = spec('bank { rows = 5 }\n layers 2 { ffn: reads { table = bank.values } }');
  expect(params(text)).toEqual(['bank.values', 'layers.0.ffn.norm.gain', 'layers.1.ffn.norm.gain']);
});

test('a choice is fed too', () => {
  const text = spec('layers 1 { route: picked { count = 3 }\n ffn: chosen_rows { pick = route } }').replace('loss evenness', 'block chosen_rows(x[d], pick: choice[k] of n) -> y[d] { param v[n, d] ~ ones\n return sum(k)(pick.score * v[pick]) }\nloss evenness');
  expect(params(text)).toEqual(['layers.0.route.norm.gain', 'layers.0.route.w', 'layers.0.ffn.norm.gain', 'layers.0.ffn.v']);
});

test.each([
  ['a feed that is not given', 'layers 1 { ffn: routed {} }', 'needs the setting `gate`'],
  ['a feed that does not exist', 'layers 1 { ffn: routed { gate = rout } }', 'unknown tensor `rout`'],
  ['a placement that is not one', 'layers 1 { route: router every second layer { count = 3 } }', '`every 4 layers` or `at [0, 4]`'],
])('%s is an error', (_, layers, message) => {
  expect(() => elaborateText(spec(layers), size)).toThrow(message);
});
