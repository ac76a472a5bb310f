/**
 * Names in declarations that no spec uses, and in branches not taken: unknown ones are reported at their place; the library and every spec have none.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { compile } from '../../compiler/pipeline.js';
import { reader } from '../support/spec.js';

const HEAD = `language 1
use std.linear { linear }
use std.functions { gelu }
`;

/** Code, message and the text under the caret of everything reported about a library. */
function problems(declarations: string, rest = ''): string[] {
  const text = `${HEAD}${declarations}\n${rest}`;
  const { diagnostics } = compile({ entry: 'lib.arch', read: reader({ 'lib.arch': text }), upTo: 'graph', batch: 1, time: 4 });
  return diagnostics.all.filter((d) => d.code !== 'ARCH2013').map((d) => `${d.code} ${d.message} @ ${d.span ? text.slice(d.span.start, d.span.end) : ''}`);
}

describe('a block that nothing uses', () => {
  test.each([
    ['a value', 'block f(x[d]) -> y[d] { return x * gain }', ['ARCH2001 unknown name `gain` @ gain']],
    ['a value before its line', 'block f(x[d]) -> y[d] {\n  let a = b\n  let b = x\n  return a + b\n}', ['ARCH2001 unknown name `b` @ b']],
    ['an axis of a reduction', 'block f(x[d]) -> y[d] { return x / mean(dd)(x) }', ['ARCH2003 unknown axis `dd` @ dd']],
    ['an axis of a parameter', 'block f(x[d]) -> y[d] {\n  param w[n, d] ~ ones\n  return sum(d)(x * w)\n}', ['ARCH2003 unknown axis `n` @ n']],
    ['an axis of a lookup', 'block f(x[d]) -> y[d] { return x[p: 0] }', ['ARCH2003 unknown axis `p` @ p']],
    ['a function', 'block f(x[d]) -> y[d] { return geluu(x) }', ['ARCH2014 unknown function `geluu` @ geluu']],
    ['a reduction', 'block f(x[d]) -> y[d] { return summ(d)(x) }', ['ARCH2014 unknown function `summ` @ summ']],
    ['a setting of a block', 'block f(x[d]) -> y[d] { return linear(x; too = d) }', ['ARCH2002 `linear` has no setting `too` @ too = d']],
    ['a setting of a primitive', 'block f(x[d]) -> y[d] { return shift(x; axis = time, bye = 1) }', ['ARCH2002 `shift` has no setting `bye` @ bye = 1']],
    ['an update of what is no state', 'block f(x[d]) -> y[d] {\n  update mean <- x\n  return x\n}', ['ARCH2001 unknown state `mean` @ mean']],
    ['a default that is no function', 'block f(x[d]; act: fn = gelo) -> y[d] { return act(x) }', ['ARCH2001 unknown name `gelo` @ gelo']],
    ['a default that is not among the words', 'block f(x[d]; mode: one of a | b = c) -> y[d] { return x }', ['ARCH2012 `mode` of `f` expects one of a | b, got `c` @ c']],
    ['a comparison with no word of the setting', 'block f(x[d]; mode: one of a | b = a) -> y[d] { return x if mode == c else -x }', ['ARCH2012 `mode` of `f` expects one of a | b, got `c` @ c']],
    ['a loss', 'loss small(x[...units]) = mean(batch, time)(sum(...unit)(x))', ['ARCH2003 unknown axis `unit` @ unit']],
    ['a function and its gradient', 'function f(z) = z * w\n  gradient y = 1', ['ARCH2001 unknown name `w` @ w', 'ARCH2001 unknown parameter `y` @ y']],
  ])('%s', (_, text, expected) => {
    expect(problems(text)).toEqual(expected);
  });

  test('all of them at once, in order', () => {
    expect(problems('block f(x[d]) -> y[d] {\n  let a = p * x\n  let b = q(x)\n  return a + b\n}').map((line) => line.slice(0, 8))).toEqual(['ARCH2001', 'ARCH2014']);
  });
});

describe('a block that a spec uses', () => {
  const spec = `use std.transformer { embed, lm_head }
use std.losses { next_token }
arch A {
  dims { d = 8; ctx = 4; vocab = 256 }
  embed {}
  layers 1 { ffn: f {} }
  lm_head {}
  loss ce = next_token(lm_head.logits)
}`;
  const with_ = (block: string): string[] => problems('', `${spec}\n${block}`);

  test('the branch that is not taken is read too', () => {
    expect(with_('block f(x[d]; twice: bool = false) -> y[d] { return x + nothing if twice else x }')).toEqual(['ARCH2001 unknown name `nothing` @ nothing']);
  });
  test('a name is reported once', () => {
    expect(with_('block f(x[d]) -> y[d] { return x + nothing }')).toEqual(['ARCH2001 unknown name `nothing` @ nothing']);
  });
});

const folder = fileURLToPath(new URL('../../specs/', import.meta.url));
const files = ['', 'std/'].flatMap((sub) => readdirSync(folder + sub).filter((file) => file.endsWith('.arch')).map((file) => sub + file));
test.each(files)('%s names nothing unknown', (file) => {
  expect(readFileSync(folder + file, 'utf8')).toContain('language 1');
  const { diagnostics } = compile({ entry: file, read: reader({}), upTo: 'graph', batch: 1 });
  expect(diagnostics.all.filter((d) => d.code !== 'ARCH2013').map((d) => d.message)).toEqual([]);
});
