/**
 * @file Positions among the choices of a member, by the inverted index: in the entries' order and sorted, against the interpreter's counting.
 */
import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../../compiler/graph/build.js';
import { causality } from '../../compiler/graph/ops.js';
import { indices } from '../support/random.js';
import { evaluate } from '../reference/interpret.js';
import { check, type Case } from './support.js';

const b = new GraphBuilder();
const [batch, time, k] = [b.axis('batch', 3, 'batch'), b.axis('time', 7, 'time'), b.axis('k', 2)];
const index = b.input('index', [batch, time, k], 'i32');
const members = 5;
const drawn = { index: [...indices(3, 42, members)] };
const outside = { index: [...indices(4, 42, members + 3)].map((i) => i - 2) };
const given = (inputs: NonNullable<Case['inputs']>, ...nodes: ReturnType<GraphBuilder['position']>[]): Case => ({ outputs: Object.fromEntries(nodes.map((node, i) => [`p${i}`, node])), inputs });

describe('positions', () => {
  const orders = [[batch, time, k], [k, batch, time], [time], [time, k], [k, time], [k], [batch]];

  it.each(orders.map((along) => ({ name: along.map((axis) => axis.name).join(', '), along })))('along $name', ({ along }) => {
    check(given(drawn, b.position(index, members, along)));
    check(given(outside, b.position(index, members, along)));
  });

  it('sorted by a number of each token, of each choice, and of something with ties', () => {
    const token = b.input('token', [batch, time], 'f32');
    const choice = b.input('choice', [batch, time, k], 'f32');
    const ties = b.floor(b.mul(choice, 3));
    for (const inputs of [drawn, outside]) {
      for (const along of [[k, batch, time], [batch, time, k], [time], [k, time]]) {
        for (const by of [token, choice, ties, b.exp(b.mul(token, 2))]) check(given(inputs, b.position(index, members, along, by)));
      }
    }
  });

  it('of many entries in few members, and of few in many', () => {
    const [n, m] = [b.axis('n', 150), b.axis('m', 3)];
    const many = b.input('many', [n, m], 'i32');
    const values = { many: [...indices(5, 450, 3)] };
    check(given(values, b.position(many, 3, [n, m]), b.position(many, 3, [n])));
    check(given({ many: [...indices(6, 450, 100_000)] }, b.position(many, 100_000, [m, n])));
  });

  it('count by hand: 2 0 2 2 0 is 0 0 1 2 1, by falling priority 3 1 2 3 2 it is 0 1 2 1 0', () => {
    const five = b.axis('five', 5);
    const [pick, by] = [b.input('pick', [five], 'i32'), b.input('by', [five], 'f32')];
    const inputs = new Map([['pick', [2, 0, 2, 2, 0]], ['by', [3, 1, 2, 3, 2]]]);
    const [plain, first] = evaluate([b.position(pick, 3, [five]), b.position(pick, 3, [five], by)], { params: new Map(), inputs });
    expect([...(plain ?? [])]).toEqual([0, 0, 1, 2, 1]);
    expect([...(first ?? [])]).toEqual([0, 1, 2, 1, 0]);
  });

  it('look at the past alone where time comes first and other sequences are not counted', () => {
    const one = b.axis('one', 1);
    const single = b.input('single', [batch, time, one], 'i32');
    const by = b.input('by', [batch, time, k], 'f32');
    const kind = (node: ReturnType<GraphBuilder['position']>): string => causality(node).kind;
    expect(kind(b.position(index, members, [time]))).toBe('past');
    expect(kind(b.position(index, members, [time, k]))).toBe('past');
    expect(kind(b.position(single, members, [one, time]))).toBe('past');
    expect(kind(b.position(index, members, [time, k], b.input('slot', [k], 'f32')))).toBe('past');
    expect(kind(b.position(index, members, [k, time]))).toBe('mixes');
    expect(kind(b.position(index, members, [batch, time, k]))).toBe('mixes');
    expect(kind(b.position(index, members, [time, batch]))).toBe('mixes');
    expect(kind(b.position(index, members, [time, k], by))).toBe('mixes');
    expect(causality(b.position(index, members, [k]))).toEqual({ kind: 'mixes', axes: [k] });
  });

  it('refuse what cannot be counted', () => {
    expect(() => b.position(b.toF32(index), members, [time])).toThrow('holds numbers, not indices');
    expect(() => b.position(index, members, [])).toThrow('needs an axis to count along');
    expect(() => b.position(index, members, [b.axis('other', 4)])).toThrow('count along');
    expect(() => b.position(index, members, [time], b.iota(b.axis('other', 4)))).toThrow('the order has other (4)');
  });
});
