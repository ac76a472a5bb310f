/**
 * @file Index arithmetic: simplified forms against plain integers, and the shapes that must come out plain.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Closer, SlotTable } from '../../compiler/optimise/close.js';
import { affineIn } from '../../compiler/optimise/expr.js';
import { add, constant, divide, modulo, rowMajor, scale, unravel, variable, type Index } from '../../compiler/optimise/index-form.js';
import type { Expr } from '../../compiler/kernels/kernel.js';

/** A formula and how to work it out without simplification. */
interface Formula {
  readonly index: Index;
  readonly value: (at: ReadonlyMap<string, number>) => number;
}

const extents = new Map([['a', 3], ['b', 4], ['c', 6], ['d', 1]]);

function evaluate(expr: Expr, at: ReadonlyMap<string, number>): number {
  if (expr.kind === 'number') return expr.value;
  if (expr.kind === 'var') return at.get(expr.name) ?? NaN;
  if (expr.kind !== 'call') throw new Error(expr.kind);
  const [a = NaN, b = NaN] = expr.args.map((arg) => evaluate(arg, at));
  switch (expr.fn) {
    case 'add': return a + b;
    case 'sub': return a - b;
    case 'mul': return a * b;
    case 'div': if (a < 0) throw new Error('quotient of a negative number'); return Math.floor(a / b);
    case 'mod': if (a < 0) throw new Error('remainder of a negative number'); return a % b;
    default: throw new Error(expr.fn);
  }
}
const closed = (index: Index): Expr => new Closer(new SlotTable()).index(index);

const formula: fc.Arbitrary<Formula> = fc.letrec<{ formula: Formula }>((tie) => ({
  formula: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    fc.constantFrom(...extents).map(([name, extent]): Formula => ({ index: variable(name, extent), value: (at) => at.get(name) ?? NaN })),
    fc.nat(9).map((n): Formula => ({ index: constant(n), value: () => n })),
    fc.tuple(tie('formula'), tie('formula')).map(([x, y]): Formula => ({ index: add(x.index, y.index), value: (at) => x.value(at) + y.value(at) })),
    fc.tuple(tie('formula'), fc.integer({ min: 1, max: 12 })).map(([x, n]): Formula => ({ index: scale(x.index, n), value: (at) => x.value(at) * n })),
    fc.tuple(tie('formula'), fc.integer({ min: 1, max: 24 })).map(([x, n]): Formula => ({ index: divide(x.index, n), value: (at) => Math.floor(x.value(at) / n) })),
    fc.tuple(tie('formula'), fc.integer({ min: 1, max: 24 })).map(([x, n]): Formula => ({ index: modulo(x.index, n), value: (at) => x.value(at) % n })),
  ),
})).formula;

function* places(): Generator<ReadonlyMap<string, number>> {
  for (let a = 0; a < 3; a++) for (let b = 0; b < 4; b++) for (let c = 0; c < 6; c++) yield new Map([['a', a], ['b', b], ['c', c], ['d', 0]]);
}

describe('index arithmetic', () => {
  it('keeps its value and its range', () => {
    fc.assert(fc.property(formula, ({ index, value }) => {
      const expr = closed(index);
      for (const at of places()) {
        const wanted = value(at);
        if (evaluate(expr, at) !== wanted || wanted < index.lo || wanted > index.hi) return false;
      }
      return true;
    }), { numRuns: 3000, seed: 7 });
  });

  it('equal keys mean equal values', () => {
    fc.assert(fc.property(formula, formula, (x, y) => x.index.key !== y.index.key || [...places()].every((at) => x.value(at) === y.value(at))), { numRuns: 2000, seed: 8 });
  });

  it('unravel and rowMajor undo each other, for any sizes', () => {
    fc.assert(fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 }), (sizes) => {
      const size = sizes.reduce((n, s) => n * s, 1);
      const i = variable('i', size);
      return rowMajor(unravel(i, sizes), sizes).key === (size === 1 ? i.key : i.key);
    }), { seed: 9 });
  });

  it('a flattened view of a flattened view is plain', () => {
    // [4, 6] split to [2, 2, 3, 2], walked by chunk and place within
    const r = add(scale(variable('chunk', 6), 4), variable('within', 4));
    const back = rowMajor(unravel(r, [2, 2, 3, 2]), [2, 2, 3, 2]);
    expect(back.key).toBe(r.key);
    expect(closed(rowMajor([variable('m', 8), variable('k', 5)], [8, 5]))).toEqual({
      kind: 'call', fn: 'add', dtype: 'i32', args: [
        { kind: 'call', fn: 'mul', dtype: 'i32', args: [{ kind: 'var', name: 'm', dtype: 'i32' }, { kind: 'number', value: 5, dtype: 'i32' }] },
        { kind: 'var', name: 'k', dtype: 'i32' },
      ],
    });
  });

  it('strides can be read off', () => {
    const expr = closed(add(scale(add(variable('m', 8), constant(2)), 5), variable('k', 5)));
    expect(affineIn(expr, 'm')?.stride).toBe(5);
    expect(affineIn(expr, 'k')?.stride).toBe(1);
    expect(affineIn(expr, 'n')).toEqual({ stride: 0, rest: expr });
    const quotient = closed(divide(variable('m', 9), 2));
    expect(affineIn(quotient, 'm')).toBeUndefined();
  });
});
