/**
 * @file Elementwise values, broadcasting and every view, against the interpreter.
 */
import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../../compiler/graph/build.js';
import { check } from './support.js';

describe('elementwise', () => {
  it('broadcasts and shares one kernel for siblings', () => {
    const b = new GraphBuilder();
    const [i, j] = [b.axis('i', 5), b.axis('j', 7)];
    const x = b.input('x', [i, j], 'f32');
    const y = b.input('y', [j], 'f32');
    const sum = b.add(b.mul(x, y), 2);
    const lowered = check({ outputs: { sum, more: b.exp(b.mul(x, y)), scaled: b.mul(x, b.scalar({ kind: 'step' })) } });
    expect(lowered.programs[0]?.launches.length).toBe(1);
    expect(lowered.scalars).toEqual([{ kind: 'step' }]);
  });

  it('joins loops that every access walks as one', () => {
    const b = new GraphBuilder();
    const axes = [b.axis('i', 3), b.axis('j', 4), b.axis('k', 5)];
    const x = b.input('x', axes, 'f32');
    const lowered = check({ outputs: { y: b.tanh(x) } });
    const kernel = lowered.programs[0]?.launches[0]?.kernel;
    expect(kernel?.kind === 'nest' && kernel.grid).toEqual([{ name: 'i', extent: 60 }]);
    expect(kernel?.kind === 'nest' && kernel.stages).toEqual([
      { kind: 'store', loops: [], slot: 1, index: { kind: 'var', name: 'i', dtype: 'i32' },
        value: { kind: 'call', fn: 'tanh', dtype: 'f32', args: [{ kind: 'load', slot: 0, dtype: 'f32', index: { kind: 'var', name: 'i', dtype: 'i32' } }] } },
    ]);
  });

  it('computes every function', () => {
    const b = new GraphBuilder();
    const i = b.axis('i', 9);
    const x = b.input('x', [i], 'f32');
    const p = b.input('p', [i], 'f32');
    const n = b.input('n', [i], 'i32');
    check({
      positive: ['p'], inputs: { n: [0, 1, 2, 3, 4, 5, 6, 7, 8] },
      outputs: {
        a: b.add(b.add(b.log(p), b.sqrt(p)), b.rsqrt(p)), c: b.add(b.erf(x), b.add(b.sin(x), b.cos(x))), d: b.max(b.min(x, 0.3), b.neg(p)),
        e: b.select(b.lt(x, 0), b.abs(x), b.pow(p, 1.5)), f: b.add(b.sign(x), b.floor(b.mul(x, 5))), g: b.reciprocal(p), h: b.div(x, p),
        k: b.add(b.toF32(b.mod(n, 3)), b.toF32(b.div(n, 3))), l: b.toI32(b.mul(x, 10)), m: b.isFinite(b.log(x)), o: b.eq(n, 4), q: b.le(x, p),
        r: b.iota(i), s: b.constant(3),
      },
    });
  });

  it('stores what several kernels use, not what is cheap', () => {
    const b = new GraphBuilder();
    const [i, j] = [b.axis('i', 6), b.axis('j', 5)];
    const x = b.input('x', [i, j], 'f32');
    const costly = b.exp(b.mul(x, 3));
    const cheap = b.mul(x, 3);
    check({ outputs: { a: b.sum(costly, [i]), b: b.sum(costly, [j]), c: b.sum(b.add(cheap, 1), [i]), d: b.reduce('max', cheap, [j]) } });
  });

  it('keeps within the slots', () => {
    const b = new GraphBuilder();
    const i = b.axis('i', 6);
    const xs = Array.from({ length: 23 }, (_, n) => b.exp(b.input(`x${n}`, [i], 'f32')));
    const total = xs.reduce((a, x) => b.add(b.mul(a, x), x));
    check({ outputs: { total } });
    check({ outputs: { total }, maxSlots: 5 });
  });
});

describe('views', () => {
  const make = () => {
    const b = new GraphBuilder();
    const [i, j] = [b.axis('i', 4), b.axis('j', 6)];
    const x = b.exp(b.input('x', [i, j], 'f32'));
    return { b, i, j, x };
  };

  it('rename, order, expand', () => {
    const { b, i, j, x } = make();
    const [k, n] = [b.axis('k', 4), b.axis('n', 3)];
    check({ outputs: { a: b.rename(x, i, k), b: b.order(x, [j, i]), c: b.expand(x, [n]), d: b.add(b.order(x, [j, i]), b.expand(x, [n])) } });
  });

  it('split and merge', () => {
    const { b, i, j, x } = make();
    const [p, q, r, s, m] = [b.axis('p', 2), b.axis('q', 3), b.axis('r', 8), b.axis('s', 3), b.axis('m', 24)];
    const split = b.split(x, j, [p, q]);
    check({
      outputs: {
        a: split, b: b.merge(b.order(split, [q, i, p]), [q, i, p], m), c: b.merge(split, [i, p], r), d: b.split(b.merge(x, [i, j], m), m, [r, s]),
        e: b.merge(x, [j, i], m),
      },
    });
  });

  it('slice, pad, shift', () => {
    const { b, i, j, x } = make();
    const [three, ten, five] = [b.axis('three', 3), b.axis('ten', 10), b.axis('five', 5)];
    const part = b.slice(x, j, 2, three);
    check({
      outputs: {
        a: part, b: b.slice(x, j, 5), c: b.pad(x, j, 3, ten), d: b.pad(b.slice(x, j, 1), undefined, 2, five), e: b.shift(x, j, 2), f: b.shift(x, i, -1),
      },
    });
  });

  it('concat', () => {
    const { b, j, x } = make();
    const [three, one, ten] = [b.axis('three', 3), b.axis('one', 1), b.axis('ten', 10)];
    const all = b.concat([b.slice(x, j, 2, three), x, b.slice(x, j, 4, one)], [three, j, one], ten);
    check({ outputs: { all, doubled: b.mul(all, 2), piece: b.slice(all, ten, 2, b.axis('four', 4)) } });
  });

  it('rotates halves as position encodings do', () => {
    const b = new GraphBuilder();
    const [t, e, half] = [b.axis('time', 5, 'time'), b.axis('e', 6), b.axis('half', 3)];
    const x = b.input('x', [t, e], 'f32');
    const [left, right] = [b.slice(x, e, 0, half), b.slice(x, e, 3, half)];
    const angle = b.mul(b.iota(t), b.exp(b.mul(b.iota(half), -0.7)));
    const [cos, sin] = [b.cos(angle), b.sin(angle)];
    const rotated = b.concat([b.sub(b.mul(left, cos), b.mul(right, sin)), b.add(b.mul(left, sin), b.mul(right, cos))], [half, half], e);
    check({ outputs: { rotated } });
  });
});
