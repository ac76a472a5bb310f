/**
 * @file Settings that are lists of whole numbers, what blocks compute from them, and families that exist under a condition or are given.
 */
import { describe, expect, test } from 'vitest';
import { evaluate } from '../reference/interpret.js';
import { elaborateLayer } from '../support/layer.js';
import { elaborateText } from '../support/spec.js';

const size = { batch: 1, time: 1, d: 2 };
/** What a block of x gives, with parameters of value 1. */
function run(text: string): { readonly values: number[]; readonly params: Record<string, number[]>; readonly families: string[] } {
  const { y, params, context } = elaborateLayer(text, size);
  const ones = new Map(params.map((param) => [param.path, new Float64Array(param.axes.reduce((n, axis) => n * axis.size, 1)).fill(1)]));
  const [values = []] = evaluate([y], { params: ones, inputs: new Map([['x', [10, 20]]]) });
  return { values: [...values], params: Object.fromEntries(params.map(({ path, axes }) => [path, axes.map((axis) => axis.size)])), families: context.families.map(({ path }) => path) };
}

describe('lists', () => {
  const lists = (expression: string, given = '[4, 4, 9, 1]'): number[] => run(`block inner(x[d]; sizes: ints = none) -> y[i] { axis i = 4
  return ${expression} + 0.0 * sum(d)(x) }
block layer(x[d]) -> y[i = 4] { return inner(x; sizes = ${given}) }`).values;
  test.each([
    ['values(sizes; axis = i)', [4, 4, 9, 1]],
    ['values(starts(sizes); axis = i)', [0, 4, 8, 17]],
    ['values(roots(sizes); axis = i)', [2, 2, 3, 1]],
    ['iota(i) * total(sizes)', [0, 18, 36, 54]],
    ['iota(i) * max(sizes) + min(sizes)', [1, 10, 19, 28]],
    ['iota(i) + (0 if sizes == none else 1)', [1, 2, 3, 4]],
    // whole numbers divide as such; beside real ones they are real
    ['values(sizes; axis = i) / 2', [2, 2, 4, 0]],
    ['values(sizes; axis = i) / 2.5', [1.6, 1.6, 3.6, 0.4]],
    ['mod(values(sizes; axis = i), 4)', [0, 0, 1, 1]],
    ['where(values(sizes; axis = i) > iota(i) + 1, every(i).index, -1)', [0, 1, 2, -1]],
  ])('%s', (expression, expected) => {
    expect(lists(expression)).toEqual(expected);
  });
  test('are none unless given', () => {
    expect(lists('iota(i) + (7 if sizes == none else 1)', 'none')).toEqual([7, 8, 9, 10]);
  });
  test.each([
    ['values(sizes; axis = i)', '[1, 2]', 'ARCH3002'],
    ['values(roots(sizes); axis = i)', '[4, 4, 5, 1]', 'ARCH3006'],
    ['iota(i) * total(sizes)', 'none', 'ARCH2012'],
    ['values(sizes; axis = i)', '[1, 2, 3, 4.5]', 'ARCH2012'],
  ])('%s of %s is %s', (expression, given, code) => {
    expect(() => lists(expression, given)).toThrow(code);
  });
  test('are written in specs, and set on the command line', () => {
    const spec = `language 1
use std.transformer { embed, lm_head }
block listed(x[d]; sizes: ints = none) -> y[d] { axis n = 3
  param w[n, d] ~ ones
  return sum(n)(values(sizes; axis = n) * w) * x }
arch A { dims { d = 2; ctx = 2; vocab = 4 } embed {} layers 1 { s: listed { sizes = [3, 1, d] } } lm_head {} }`;
    const lines = (set: string[]): string[] => elaborateText(spec, { batch: 1, time: 2 }, set).model.resolved.flatMap(({ path, value }) => (path === 'layers.s.sizes' ? [value] : []));
    expect(lines([])).toEqual(['[3, 1, 2]']);
    expect(lines(['layers.s.sizes=[1, 2, 3]'])).toEqual(['[1, 2, 3]']);
    expect(() => lines(['layers.s.sizes=3'])).toThrow('ARCH2012');
  });
});

describe('families', () => {
  const block = (condition: string, tables: string): string => `block inner(x[d]; large: bool, table: tensor = none) -> y[d] {
  axis unit = 3, few = 2
  experts[unit] { write v[d] ~ ones shares table } if large
  experts[few]  { write v[d] ~ ones } if not large
  return (sum(unit)(v) if large else sum(few)(v)) * x }
block layer(x[d]) -> y[d] { axis n = 3
  param own[n, d] ~ ones
  let part[d] = inner(x; large = ${condition}${tables})
  return part }`;
  test('of which one exists, by a condition', () => {
    expect(run(block('true', ''))).toEqual({ values: [30, 60], params: { 'layer.own': [3, 2], 'layer.part.experts.write': [3, 2] }, families: ['layer.part.experts'] });
    expect(run(block('false', ''))).toEqual({ values: [20, 40], params: { 'layer.own': [3, 2], 'layer.part.experts.write': [2, 2] }, families: ['layer.part.experts'] });
  });
  test('whose rows are given are not families of their own', () => {
    expect(run(block('true', ', table = own'))).toEqual({ values: [30, 60], params: { 'layer.own': [3, 2] }, families: [] });
  });
  test('ask for a condition known before anything runs', () => {
    expect(() => run('block layer(x[d]) -> y[d] { axis unit = 2\n  experts[unit] { write v[d] ~ ones } if x\n  return sum(unit)(v) }')).toThrow('ARCH2012');
  });
});
