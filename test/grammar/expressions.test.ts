import { expect, test } from 'vitest';
import type { Expr } from '../../grammar/index.js';
import { parseExpr, parseText, render } from './help.js';

/** Fully parenthesised, lisp style. */
function show(expr: Expr): string {
  switch (expr.kind) {
    case 'number':
      return String(expr.value);
    case 'string':
      return JSON.stringify(expr.value);
    case 'bool':
      return String(expr.value);
    case 'none':
      return 'none';
    case 'path':
      return expr.segments.map((segment) => segment.name).join('.');
    case 'spread':
      return `...${expr.name.name}`;
    case 'unary':
      return `(${expr.operator} ${show(expr.operand)})`;
    case 'binary':
      return `(${expr.operator} ${show(expr.left)} ${show(expr.right)})`;
    case 'if':
      return `(if ${show(expr.condition)} ${show(expr.then)} ${show(expr.otherwise)})`;
    case 'list':
      return `[${expr.items.map(show).join(' ')}]`;
    case 'member':
      return `(. ${show(expr.base)} ${expr.member.name})`;
    case 'index':
      return `(at ${show(expr.base)} ${expr.entries.map((e) => (e.axis === undefined ? '' : `${e.axis.name}:`) + show(e.value)).join(' ')})`;
    case 'call': {
      const settings = expr.settings.map((s) => `${s.name.name}=${s.value === undefined ? '' : show(s.value)}`);
      return `(call ${[show(expr.callee), ...expr.args.map(show), ...settings].join(' ')})`;
    }
  }
}

test.each([
  ['a + b * c - d', '(- (+ a (* b c)) d)'],
  ['a / b / c', '(/ (/ a b) c)'],
  ['-a ^ 2', '(- (^ a 2))'],
  ['a ^ b ^ c', '(^ a (^ b c))'],
  ['d ^ -0.5 * 2', '(* (^ d (- 0.5)) 2)'],
  ['a ^ -b ^ c', '(^ a (- (^ b c)))'],
  ['--a', '(- (- a))'],
  ['-a * -b', '(* (- a) (- b))'],
  ['2 - -1', '(- 2 (- 1))'],
  ['a - -b ^ 2 - c', '(- (- a (- (^ b 2))) c)'],
  ['not a == b and c or d', '(or (and (not (== a b)) c) d)'],
  ['a or not not b', '(or a (not (not b)))'],
  ['a < b + 1', '(< a (+ b 1))'],
  ['(a < b) == c', '(== (< a b) c)'],
  ['a if b else c if d else e', '(if b a (if d c e))'],
  ['a or b if c and d else e', '(if (and c d) (or a b) e)'],
  ['(a if b else c) + 1', '(+ (if b a c) 1)'],
  ['sum(d)(x * w)', '(call (call sum d) (* x w))'],
  ['f(a, b; c = 1, keys)', '(call f a b c=1 keys=)'],
  ['ramp(0, 1e-4, over = 500)', '(call ramp 0 0.0001 over=500)'],
  ['f(;x)', '(call f x=)'],
  ['f()', '(call f)'],
  ['f(if = 1)', '(call f if=1)'],
  ['u[opened, pick]', '(at u opened pick)'],
  ['q[half: 0]', '(at q half:0)'],
  ['pick.score', 'pick.score'],
  ['f(x).score[k]', '(at (. (call f x) score) k)'],
  ['(a.b).c', '(. a.b c)'],
  ['layers.2.ffn.experts.read', 'layers.2.ffn.experts.read'],
  ['a.2.3.4.b', 'a.2.3.4.b'],
  ['[1, "x\\n\\"", true, none, ...from,]', '[1 "x\\n\\"" true none ...from]'],
  ['write + read.param * state', '(+ write (* read.param state))'],
  ['2.5e3', '2500'],
])('%s', (text, tree) => {
  expect(show(parseExpr(text))).toBe(tree);
});

test.each([
  ['a < b < c', 'ARCH1014 2:18-2:19 `<` and `<` cannot be chained [join two comparisons with `and`]'],
  ['a == b != c', 'ARCH1014 2:19-2:21 `==` and `!=` cannot be chained [join two comparisons with `and`]'],
  ['a + not b', 'ARCH1015 2:16-2:19 `not` cannot stand behind an operator that binds tighter [put `not ...` in parentheses]'],
])('%s is refused', (text, problem) => {
  const source = `language 1\nloss l() = ${text}`;
  expect(render(source, parseText(source).errors)).toEqual([problem]);
});
