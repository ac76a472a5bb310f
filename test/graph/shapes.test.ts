import { describe, expect, it } from 'vitest';
import { GraphBuilder, ShapeError } from '../../compiler/graph/build.js';
import type { Axis, Node } from '../../compiler/graph/graph.js';

const b = new GraphBuilder();
const axis = (name: string, size: number): Axis => b.axis(name, size);
const tensor = (...axes: Axis[]): Node => b.input(`x${axes.map((a) => a.id).join()}`, axes, 'f32');
const index = (...axes: Axis[]): Node => b.input(`i${axes.map((a) => a.id).join()}`, axes, 'i32');
const names = (x: Node): string => x.axes.map((a) => a.name).join(' ');

function shapeError(make: () => unknown): ShapeError {
  try {
    make();
  } catch (error) {
    if (error instanceof ShapeError) return error;
    throw error;
  }
  throw new Error('no ShapeError');
}

describe('result axes', () => {
  const [n, m, k] = [axis('n', 4), axis('m', 3), axis('k', 2)];
  it('map: most axes first, ties to the first operand', () => {
    expect(names(b.add(tensor(n), tensor(m, k)))).toBe('m k n');
    expect(names(b.add(tensor(n, k), tensor(m, k)))).toBe('n k m');
    expect(names(b.select(tensor(), tensor(n), 2))).toBe('n');
  });
  it('contract: a without the summed, then b', () => {
    expect(names(b.contract(tensor(n, m), tensor(k, m), [m]))).toBe('n k');
    expect(names(b.contract(tensor(m), tensor(m, k, n), [m]))).toBe('k n');
    expect(names(b.contract(tensor(m), tensor(k, n), []))).toBe('m k n');
    expect(names(b.contract(tensor(n, m), tensor(m, k), [n, m, k]))).toBe('');
  });
  it('reductions', () => {
    expect(names(b.reduce('max', tensor(n, m, k), [m]))).toBe('n k');
    expect(names(b.softmax(tensor(n, m), [m]))).toBe('n m');
    expect(names(b.logsumexp(tensor(n, m), [n]))).toBe('m');
  });
  it('views', () => {
    const [r, six, two, three] = [axis('r', 4), axis('six', 6), axis('two', 2), axis('three', 3)];
    expect(names(b.rename(tensor(m, n, k), n, r))).toBe('m r k');
    expect(names(b.split(tensor(n, six, k), six, [two, three]))).toBe('n two three k');
    expect(names(b.merge(tensor(m, n, k), [k, m], six))).toBe('n six');
    expect(names(b.merge(tensor(m, n, k), [m, k], six))).toBe('six n');
    expect(names(b.slice(tensor(m, n), m, 1, two))).toBe('two n');
    expect(names(b.slice(tensor(m, n), m, 1))).toBe('n');
    expect(names(b.pad(tensor(m, k), k, 1, three))).toBe('m three');
    expect(names(b.pad(tensor(m, k), undefined, 1, three))).toBe('three m k');
    expect(names(b.concat([tensor(n, m), tensor(k, n)], [m, k], axis('five', 5)))).toBe('n five');
    expect(names(b.shift(tensor(n, m), n, -9))).toBe('n m');
    expect(names(b.expand(tensor(n), [m, k]))).toBe('n m k');
    expect(names(b.order(tensor(n, m, k), [k, n, m]))).toBe('k n m');
  });
  it('choices and lookup', () => {
    const [take, half] = [axis('take', 3), axis('half', 2)];
    expect([names(b.top(tensor(n, m), n, take)), b.top(tensor(n), n, take).dtype]).toEqual(['m take', 'i32']);
    expect(names(b.topProduct(tensor(half, m, n), half, n, take))).toBe('m take');
    expect(names(b.gather(tensor(k, n, m), [n], [index(take)]))).toBe('take k m');
    expect(names(b.gather(tensor(k, n, m), [n], [index(take, k)]))).toBe('take k m');
    expect(names(b.gather(tensor(n, m), [m, n], [index(take), index(k, take)]))).toBe('k take');
    expect(b.gather(index(n), [n], [index(take)]).dtype).toBe('i32');
    expect(names(b.scatter(tensor(take, m), [n], [index(take)], [m, n]))).toBe('m n');
  });
  it('attention brings its operands into order', () => {
    const [batch, time] = [b.axis('batch', 2, 'batch'), b.axis('time', 3, 'time')];
    const [h, g, e, f] = [axis('h', 4), axis('g', 2), axis('e', 3), axis('f', 5)];
    const { out, lse } = b.attention(tensor(h, time, batch, e), tensor(batch, time, g, e), tensor(g, f, batch, time), { heads: h, groups: g, key: e, value: f, scale: 1 });
    expect([names(out), names(lse)]).toEqual(['batch time h f', 'batch time h']);
  });
});

describe('messages', () => {
  const [n, m] = [axis('n', 4), axis('m', 3)];
  const token = { batch: b.axis('batch', 2, 'batch'), time: b.axis('time', 3, 'time') };
  const cases: readonly (readonly [string, string, () => unknown])[] = [
    ['axis of no size', 'axis h cannot have size 0: sizes are whole numbers from 1', () => axis('h', 0)],
    ['axis of half a size', 'axis h cannot have size 2.5: sizes are whole numbers from 1', () => axis('h', 2.5)],
    ['same name, other size', 'add joins d (4) and d (5), which are called d but differ in size: bind them to one axis with `let`, or rename one', () => b.add(tensor(axis('d', 4)), tensor(axis('d', 5)))],
    ['same name and size', 'mul joins d (4) and d (4), which are called d but are different axes: bind them to one axis with `let`, or rename one', () => b.mul(tensor(axis('d', 4)), tensor(axis('d', 4)))],
    ['same name in a product', 'a product joins d (4) and d (5), which are called d but differ in size: bind them to one axis with `let`, or rename one', () => b.contract(tensor(n, axis('d', 4)), tensor(n, axis('d', 5)), [n])],
    ['same name in a lookup', 'a lookup joins h (2) and h (3), which are called h but differ in size: bind them to one axis with `let`, or rename one', () => b.gather(tensor(n, axis('h', 2)), [n], [index(axis('h', 3))])],
    ['reduce over what is not there', 'sum over m (3): the tensor is [n 4] and has no such axis', () => b.sum(tensor(n), [m])],
    ['reduce twice', 'max over n (4) twice', () => b.reduce('max', tensor(n), [n, n])],
    ['contract over what neither has', 'sum over m (3): the tensor is [n 4] and has no such axis', () => b.contract(tensor(n), tensor(n), [m])],
    ['softmax over nothing', 'softmax needs an axis to go over', () => b.softmax(tensor(n), [])],
    ['softmax of indices', 'softmax needs numbers, not indices: convert them with `to_f32` first', () => b.softmax(index(n), [n])],
    ['numbers and indices', 'add joins numbers and indices: convert the indices with `to_f32` first', () => b.add(tensor(n), index(n))],
    ['mod of numbers', 'mod is for indices only', () => b.mod(tensor(n), 2)],
    ['arity', 'select takes 3 operands, not 1', () => b.map('select', tensor(n))],
    ['rename', 'rename n (4) to m (3): the sizes differ', () => b.rename(tensor(n), n, m)],
    ['rename onto another', 'rename to m (3): the tensor [m 3] already has that axis', () => { const k = axis('k', 3); return b.rename(tensor(k, m), k, m); }],
    ['split', 'split n (4) into [m 3, k 2]: 3 * 2 = 6, not 4', () => b.split(tensor(n), n, [m, axis('k', 2)])],
    ['merge', 'merge [n 4, m 3] into j (8): 4 * 3 = 12, not 8', () => b.merge(tensor(n, m), [n, m], axis('j', 8))],
    ['merge of one', 'merge [n 4] into m (3): that is 4, not 3', () => b.merge(tensor(n), [n], m)],
    ['slice', 'slice: 2 to 4 is outside n (4)', () => b.slice(tensor(n), n, 2, m)],
    ['slice of one', 'slice: 4 to 4 is outside n (4)', () => b.slice(tensor(n), n, 4)],
    ['pad', 'pad: 2 to 4 is outside n (4)', () => b.pad(tensor(m), m, 2, n)],
    ['concat sizes', 'concat into j (8): 4 + 3 = 7', () => b.concat([tensor(n), tensor(m)], [n, m], axis('j', 8))],
    ['concat of unlike', 'concat of [n 4] and [m 3, k 2]: apart from the joined axis they must have the same axes', () => b.concat([tensor(n), tensor(m, axis('k', 2))], [n, m], axis('j', 7))],
    ['shift', 'shift by 0.5: not a whole number', () => b.shift(tensor(n), n, 0.5)],
    ['expand', 'expand along n (4): the tensor [n 4] already has that axis', () => b.expand(tensor(n), [n])],
    ['order', 'order [n 4, m 3] as [n 4]: not the same axes', () => b.order(tensor(n, m), [n])],
    ['top', 'top 8 of n (4): it has only 4', () => b.top(tensor(n), n, axis('k', 8))],
    ['top_product', 'top_product 17 of n (4): there are only 4 * 4 = 16 pairs', () => { const half = axis('half', 2); return b.topProduct(tensor(half, n), half, n, axis('k', 17)); }],
    ['top_product of three', 'top_product needs two halves: m (3) must have size 2', () => b.topProduct(tensor(m, n), m, n, axis('k', 2))],
    ['gather with numbers', 'look up along n: the index holds numbers, not indices', () => b.gather(tensor(n), [n], [tensor(m)])],
    ['gather without an index', 'look up along [n 4, m 3] needs one index for each axis, not 1', () => b.gather(tensor(n, m), [n, m], [index(m)])],
    ['scatter of too little', 'scatter into [n 4, m 3]: neither the value nor an index has m (3)', () => b.scatter(tensor(), [n], [index(axis('k', 2))], [n, m])],
    ['scatter of too much', 'scatter: the value has m (3), which neither an index nor the result has', () => b.scatter(tensor(m), [n], [index(axis('k', 2))], [n])],
    ['attention without time', 'attention needs the batch and time axes: its queries are [n 4]', () => b.attention(tensor(n), tensor(n), tensor(n), { heads: n, groups: n, key: n, value: n, scale: 1 })],
    ['attention of uneven groups', 'attention: h (4) cannot be divided evenly among g (3)', () => {
      const [h, g, e] = [axis('h', 4), axis('g', 3), axis('e', 2)];
      const q = tensor(token.batch, token.time, h, e);
      return b.attention(q, q, q, { heads: h, groups: g, key: e, value: e, scale: 1 });
    }],
    ['attention of other keys', 'the keys of attention must be [batch 2, time 3, h 4, e 2], not [batch 2, time 3, h 4]', () => {
      const [h, e] = [axis('h', 4), axis('e', 2)];
      const q = tensor(token.batch, token.time, h, e);
      return b.attention(q, tensor(token.batch, token.time, h), q, { heads: h, groups: h, key: e, value: e, scale: 1 });
    }],
  ];
  it.each(cases)('%s', (_name, message, make) => {
    expect(shapeError(make).message).toBe(message);
  });
  it('carry the axes they name', () => {
    expect(shapeError(() => b.add(tensor(axis('d', 4)), tensor(axis('d', 5)))).axes).toEqual([{ name: 'd', size: 4 }, { name: 'd', size: 5 }]);
    expect(shapeError(() => b.top(tensor(n), n, axis('k', 8))).axes).toEqual([{ name: 'n', size: 4 }, { name: 'k', size: 8 }]);
  });
  it('a tensor that has both of two same-named axes may meet either: a square weight', () => {
    const [from, to] = [axis('d', 4), axis('d', 4)];
    expect(names(b.contract(tensor(from), tensor(from, to), [from]))).toBe('d');
  });
  it('lenient joins them, and only inside', () => {
    const [x, y] = [tensor(axis('d', 4)), tensor(axis('d', 4))];
    expect(names(b.lenient(() => b.add(x, y)))).toBe('d d');
    expect(() => b.add(x, y)).toThrow(ShapeError);
  });
});
