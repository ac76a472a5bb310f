import { expect, test } from 'vitest';
import { syntaxCodes, syntaxDiagnostic } from '../../compiler/diagnostics/syntax.js';
import { parseText, position, render } from './help.js';

/** Each case becomes a snapshot that shows the source with its problems, to be read like code. */
const cases: Record<string, string> = {
  'empty': '',
  'only-comments': '// nothing\n\n/// here\n',
  'binary': 'language 1\n\0\u0001ELF',
  'no-text': '\ufffd\ufffd\u0003abc\ufffd\ufffd',
  'language-missing': 'arch A { layers 4 {} }\n',
  'language-misspelt': 'langauge 1\narch A {}\n',
  'language-below': 'use a { b }\nlanguage 1\narch A {}\n',
  'language-unsupported': 'language 2\narch A {}\n',
  'language-fraction': 'language 1.0\n',
  'language-without-number': 'language\narch A {}\n',
  'not-a-spec': 'The quick brown fox\njumps over the lazy dog.\n',
  'unknown-characters': 'language 1\narch A {\n  x = 3 @# 4\n  y = “text”\n  z = !a\n  w = a && b\n}\n',
  'unknown-letters': 'language 1\narch Caf\u00e9 { x = 1 }\narch B { y = = 2 }\n',
  'string-unterminated': 'language 1\narch A {\n  x = "abc\n  y = = 2\n}\n',
  'string-escape': 'language 1\narch A { x = "a\\qb\\n"; y = "\\u0041" }\n',
  'number-with-letters': 'language 1\narch A { x = 4k; y = 1e999; z = 1.2.3; layers.2e3.x = 1; w = 2 }\n',
  'block-unclosed-at-end': 'language 1\narch A {\n  layers 4 {\n    attention { heads = 4 }\n  }\n',
  'block-unclosed-inside': 'language 1\narch A {\n  layers 4 {\n    attention { heads = 4 }\n  lm_head {}\n}\n\ntrain { steps = = 1 }\n',
  'block-unclosed-before-declaration': 'language 1\nblock f(x[d]) -> y[d] {\n  return x\n\nblock g(x[d]) -> y[d] {\n  return x x\n}\n',
  'experts-unclosed': 'language 1\nblock f() {\n  experts unit[e] {\n    read u[d] ~ ones\n  let a = 1\n  return a\n}\n',
  'brace-missing': 'language 1\narch A\n  x = 1\n}\nblock f() -> y[d]\n  return 1\n}\n',
  'brace-missing-inside': 'language 1\narch A {\n  layers 4\n    attention { heads = 4 }\n  }\n  lm_head {}\n}\n',
  'brace-extra': 'language 1\narch A {\n  x = 1\n}\n}\narch B { y = = 2 }\n',
  'call-unclosed': 'language 1\nblock f() {\n  let a = sum(d)(x * w\n  let b = = 2\n  return a\n}\n',
  'call-unclosed-at-end': 'language 1\nloss l() = f(a, g(b)',
  'index-unclosed': 'language 1\nblock f() {\n  let a = x[h, k + 1\n  let b[h, k = 2 = 3\n  return (a b)\n}\n',
  'argument-missing': 'language 1\nloss l() = f(a, , b)\nloss m() = f(a b)\nloss n() = f(a; 3)\nloss o() = x[]\n',
  'expression-missing': 'language 1\nblock f() {\n  let a =\n  let b = 2 +\n  let c = * 3\n  let d = 2 ** 3\n  let e = (1 = 2)\n  return\n}\n',
  'expression-too-long': 'language 1\nblock f() {\n  let a = b c\n  let d = a if b\n  let e = a if b else\n  return 1\n}\n',
  'statement-unknown': 'language 1\nblock f(x[d]) -> y[d] {\n  parm w[d] ~ ones\n  y = x * w\n  retrun x\n  experts { raed u[d] ~ ones; write v[d] = ones }\n}\n',
  'statements-broken': 'language 1\nblock f(x[d]) -> y[d] {\n  axis = 2\n  param w[d] = ones\n  let let = 3\n  state s 0\n  update s = 1\n  param b[d] ~ ones if\n  return x\n}\n',
  'declaration-unknown': 'language 1\nblok f(x[d]) -> y[d] {\n  return x\n}\nfunction g(z) = = z\narch {}\ntrain A B {}\n',
  'declaration-heads': 'language 1\nblock f(x[d], keys: int) -> y[d] { let a = = 1 }\nblock g(x[d]; keys) -> y[d] { return 1 }\nblock h(x[d]; k: integer) -> [d] {}\nblock i(x; k: int) { return x }\nblock j(x[...]) -> choice[k] { return = }\narch A extend B { x = = 1 }\nfunction if(z) = z\n',
  'use-broken': 'language 1\nuse std.pools { pools\nuse std.losses\narch A { x = = 1 }\nuse std.x { y }\n',
  'settings-broken': 'language 1\narch A {\n  lr 3e-3\n  x = \n  y = [1, 2\n  z = 1 2\n  layers.ffn. = 3\n  ffn:\n  w = 4\n  lm_head\n  loss = 3\n  loss ce next(x)\n  layers.ffn = pools { count = 2 }\n}\n',
  'contract-broken': 'language 1\narch A {\n  contract { additive causal; active < 32; bypass <= 40%; bypass <= x; <= 3; private }\n}\n',
  'chained': 'language 1\nloss l() = a < b <= c\nloss m() = 1 + not a\n',
  'reserved': 'language 1\nblock f(if[d]) -> y[d] { let return = 1; let x = y[else: 2] }\n',
  'two-unrelated': 'language 1\nblock f(x[d]) -> y[d] {\n  let a = * 2\n  return x\n}\n\narch A {\n  x = 1\n  y = ]\n}\n',
};

function snapshot(text: string): string {
  const lines = text.split('\n');
  const { errors } = parseText(text);
  const frames = errors.map((problem) => {
    const diagnostic = syntaxDiagnostic(problem);
    const from = position(text, problem.span.start).split(':').map(Number);
    const [line = 1, column = 1] = from;
    const width = Math.max(1, Math.min(problem.span.end, text.length) - problem.span.start);
    const frame = [`${line}:${column} ${diagnostic.code} ${diagnostic.message}`, `  ${lines[line - 1] ?? ''}`, `  ${' '.repeat(column - 1)}${'^'.repeat(width)}`];
    for (const { span, label } of diagnostic.related) frame.push(`  ${position(text, span.start)}: ${label}`);
    if (diagnostic.help !== undefined) frame.push(`  help: ${diagnostic.help}`);
    return frame.join('\n');
  });
  const visible = text.replace(/[\0-\u0009\u000b-\u001f\ufffd]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return `${visible}\n----------------------------------------\n${frames.join('\n\n')}\n`;
}

test.each(Object.keys(cases))('%s', async (name) => {
  await expect(snapshot(cases[name] ?? '')).toMatchFileSnapshot(`fixtures/problems/${name}.txt`);
});

test('the cases show every kind of problem but nesting, which fuzz.test.ts has', () => {
  const shown = new Set(Object.values(cases).flatMap((text) => parseText(text).errors.map((error) => error.kind)));
  expect([...shown, 'too_deep'].sort()).toEqual(Object.keys(syntaxCodes).sort());
});

test('codes are unique', () => {
  expect(new Set(Object.values(syntaxCodes)).size).toBe(Object.keys(syntaxCodes).length);
});

test('an error at the end of the file is placed behind its last token and points back to the bracket', () => {
  const text = 'language 1\narch A {\n  layers 4 {\n    x = 1\n  }\n\n// the end\n';
  expect(render(text, parseText(text).errors)).toEqual(['ARCH1009 5:4-5:4 expected `}` to close `arch A`, opened here (2:8: opened here)']);
});

test('a missing brace is blamed on the block that indentation says', () => {
  const text = 'language 1\narch A {\n  layers 4 {\n    x = 1\n  lm_head {}\n}\n';
  expect(render(text, parseText(text).errors)).toEqual(['ARCH1009 5:13-5:13 expected `}` to close `layers`, opened here (3:12: opened here)']);
});

test('two unrelated errors are both reported, and what is sound is kept', () => {
  const { file, errors } = parseText(cases['two-unrelated'] ?? '');
  expect(render(cases['two-unrelated'] ?? '', errors)).toEqual([
    'ARCH1011 3:11-3:12 expected an expression after `=`, found `*`',
    'ARCH1011 9:7-9:8 expected an expression after `=`, found `]`',
  ]);
  expect(file.declarations.map((declaration) => [declaration.kind, 'name' in declaration ? declaration.name.name : ''])).toEqual([['block', 'f'], ['arch', 'A']]);
  const [block, arch] = file.declarations;
  expect(block?.kind === 'block' && block.body.map((statement) => statement.kind)).toEqual(['return']);
  expect(arch?.kind === 'arch' && arch.items.map((item) => item.kind)).toEqual(['assign']);
});
