import fc from 'fast-check';
import { expect, test } from 'vitest';
import { print, type Expr } from '../../grammar/index.js';
import { printExpr } from '../../grammar/print-expressions.js';
import { kitchenSink, parseExpr, parseText, withoutSpans } from './help.js';

const span = { file: '', start: 0, end: 0 };
const name = fc.constantFrom('a', 'b', 'loss', 'read', 'experts', 'x1', 'train').map((text) => ({ name: text, span }));
const operator = fc.constantFrom<Extract<Expr, { kind: 'binary' }>['operator'][]>('+', '-', '*', '/', '^', '<', '<=', '>', '>=', '==', '!=', 'and', 'or');

/** Any expression the parser can produce. */
const { expr } = fc.letrec<{ expr: Expr; base: Expr }>((tie) => {
  const leaf = fc.oneof(
    fc.constantFrom('0', '1', '0.5', '1e-4', '2.5E+3').map((text): Expr => ({ kind: 'number', value: Number(text), text, span })),
    fc.string().map((value): Expr => ({ kind: 'string', value: value.replaceAll('\0', ''), span })),
    fc.boolean().map((value): Expr => ({ kind: 'bool', value, span })),
    fc.constant<Expr>({ kind: 'none', span }),
    fc.tuple(name, fc.array(fc.oneof(name, fc.constantFrom('if', '0', '12').map((text) => ({ name: text, span }))), { maxLength: 3 }))
      .map(([first, rest]): Expr => ({ kind: 'path', segments: [first, ...rest], span })),
    name.map((n): Expr => ({ kind: 'spread', name: n, span })),
  );
  const named = fc.record({ name, value: tie('expr'), span: fc.constant(span) }, { requiredKeys: ['name', 'span'] });
  return {
    base: leaf,
    expr: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      leaf,
      fc.tuple(operator, tie('expr'), tie('expr')).map(([op, left, right]): Expr => ({ kind: 'binary', operator: op, left, right, span })),
      fc.tuple(fc.constantFrom<('-' | 'not')[]>('-', 'not'), tie('expr')).map(([op, operand]): Expr => ({ kind: 'unary', operator: op, operand, span })),
      fc.tuple(tie('expr'), tie('expr'), tie('expr')).map(([then, condition, otherwise]): Expr => ({ kind: 'if', then, condition, otherwise, span })),
      fc.tuple(tie('expr'), fc.array(tie('expr'), { maxLength: 3 }), fc.array(named, { maxLength: 2 }))
        .map(([callee, args, settings]): Expr => ({ kind: 'call', callee, args, settings, span })),
      fc.tuple(tie('expr'), fc.array(fc.record({ axis: name, value: tie('expr'), span: fc.constant(span) }, { requiredKeys: ['value', 'span'] }), { minLength: 1, maxLength: 2 }))
        .map(([base, entries]): Expr => ({ kind: 'index', base, entries, span })),
      fc.tuple(tie('expr'), name).map(([base, member]): Expr => ({ kind: 'member', base, member, span })),
      fc.array(tie('expr'), { maxLength: 3 }).map((items): Expr => ({ kind: 'list', items, span })),
    ),
  };
});

test('any expression printed and parsed is itself', () => {
  fc.assert(fc.property(expr, (tree) => {
    expect(withoutSpans(parseExpr(printExpr(tree)))).toEqual(withoutSpans(tree));
  }), { numRuns: 500, seed: 1 });
});

test('parentheses stand only where they are needed', () => {
  for (const text of ['-a ^ 2', '(-a) ^ 2', 'a - (b - c)', 'a - b - c', '(a ^ b) ^ c', 'a ^ b ^ c', 'not a == b', '(not a) == b', '(a if b else c)(x)', 'f(a if b else c)']) {
    expect(printExpr(parseExpr(text))).toBe(text);
  }
  expect(printExpr(parseExpr('((a) * (b)) + (c)'))).toBe('a * b + c');
});

test('the kitchen sink printed and parsed is itself, comments and docs included', () => {
  const parsed = parseText(kitchenSink);
  expect(parsed.errors).toEqual([]);
  const printed = print(parsed.file);
  const again = parseText(printed);
  expect(again.errors).toEqual([]);
  expect(withoutSpans(again.file)).toEqual(withoutSpans(parsed.file));
  expect(print(again.file)).toBe(printed);
});

test('the canonical form of the kitchen sink', async () => {
  await expect(print(parseText(kitchenSink).file)).toMatchFileSnapshot('fixtures/kitchen-sink.printed.arch');
});

test('layout: two spaces, a line an item, short specs kept on their line, blank lines and comments kept', () => {
  const source = `language 1
arch A{dims{d=1;ctx=2}


  ffn:pools{count=8 // eight
    // two of them
    open=2}   lm_head{}}
block f(x[d])->y[d]{let a=f(// inside
x)
return a}`;
  expect(print(parseText(source).file)).toBe(`language 1

arch A {
  dims { d = 1; ctx = 2 }

  ffn: pools {
    count = 8 // eight
    // two of them
    open = 2
  }
  lm_head {}
}

block f(x[d]) -> y[d] {
  // inside
  let a = f(x)
  return a
}
`);
});

test('trees whose comments are gone keep their docs', () => {
  const { file } = parseText('language 1\n/// One.\n/// Two.\nblock f() {\n  /// Three.\n  let a = 1\n}\n');
  expect(print({ ...file, comments: [] })).toBe('language 1\n\n/// One.\n/// Two.\nblock f() {\n  /// Three.\n  let a = 1\n}\n');
});
