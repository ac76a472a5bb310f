import fc from 'fast-check';
import { expect, test } from 'vitest';
import { syntaxDiagnostic } from '../../compiler/diagnostics/syntax.js';
import { print } from '../../grammar/index.js';
import { scan } from '../../grammar/scan.js';
import { kitchenSink, parseText } from './help.js';

/** Every span of a value lies in the text. */
function checkSpans(value: unknown, length: number): void {
  if (value === null || typeof value !== 'object') return;
  if ('start' in value && 'end' in value && typeof value.start === 'number' && typeof value.end === 'number') {
    if (!(value.start >= 0 && value.start <= value.end && value.end <= length)) throw new Error(`span ${value.start}-${value.end} of ${length}`);
  }
  for (const inner of Object.values(value)) checkSpans(inner, length);
}

function survives(text: string): void {
  const { file, errors } = parseText(text);
  checkSpans([file, errors], text.length);
  for (const error of errors) expect(syntaxDiagnostic(error).message).not.toMatch(/undefined|NaN|Expecting|Redundant|-->/);
  // Positions do not go back, and no place is blamed twice for what is missing.
  const places = errors.filter((error) => error.kind === 'expected' || error.kind === 'unclosed').map((error) => `${error.span.start}-${error.span.end}`);
  expect(new Set(places).size).toBe(places.length);
  if (errors.length === 0) expect(parseText(print(file)).errors).toEqual([]);
}

test('random bytes', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => survives(Buffer.from(bytes).toString('utf8'))), { numRuns: 300, seed: 1 });
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => survives(Buffer.from(bytes).toString('latin1').replaceAll('\0', ' '))), { numRuns: 300, seed: 2 });
});

const { tokens } = scan({ file: '', text: kitchenSink });
const images = tokens.map((token) => token.image);

test('random sequences of the language\'s own tokens', () => {
  const word = fc.constantFrom(...new Set(images), '@', '"open', '4k', '\n');
  fc.assert(fc.property(fc.array(word, { maxLength: 60 }), (words) => survives(words.join(' '))), { numRuns: 500, seed: 3 });
});

test('the kitchen sink with tokens deleted, doubled, swapped or inserted', () => {
  const edit = fc.record({ at: fc.nat(tokens.length - 1), how: fc.constantFrom('delete', 'double', 'replace', 'insert'), by: fc.constantFrom(...new Set(images)) });
  fc.assert(fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
    let text = kitchenSink;
    for (const { at, how, by } of edits.sort((a, b) => b.at - a.at)) {
      const start = tokens[at]?.startOffset ?? 0;
      const image = images[at] ?? '';
      const put = how === 'delete' ? '' : how === 'double' ? `${image} ${image}` : how === 'replace' ? by : `${by} ${image}`;
      text = text.slice(0, start) + put + text.slice(start + image.length);
    }
    survives(text);
  }), { numRuns: 300, seed: 4 });
});

test('the kitchen sink cut anywhere', () => {
  fc.assert(fc.property(fc.nat(kitchenSink.length), (length) => survives(kitchenSink.slice(0, length))), { numRuns: 200, seed: 5 });
});

test('one deleted token gives few problems', () => {
  // Most single mistakes give one problem; a lost brace or quote may cost two or three.
  const counts = tokens.filter((_, index) => index % 3 === 0).map((token) => {
    const text = kitchenSink.slice(0, token.startOffset) + ' '.repeat(token.image.length) + kitchenSink.slice(token.startOffset + token.image.length);
    return parseText(text).errors.length;
  });
  expect(Math.max(...counts)).toBeLessThanOrEqual(3);
  expect(counts.filter((count) => count > 1).length / counts.length).toBeLessThan(0.03);
});

test.each([
  ['parentheses', '('.repeat(20000)],
  ['closed parentheses', `${'('.repeat(5000)}1${')'.repeat(5000)}`],
  ['brackets', '['.repeat(20000)],
  ['minus signs', `${'-'.repeat(20000)}1`],
  ['powers', `1${' ^ 1'.repeat(20000)}`],
  ['sums', `1${' + 1'.repeat(20000)}`],
  ['conditions', `1${' if 1 else 1'.repeat(20000)}`],
  ['calls', `f${'()'.repeat(20000)}`],
])('nesting without end: %s', (_, expression) => {
  const { errors } = parseText(`language 1\nloss l() = ${expression}\nloss m() = 1\n`);
  expect(errors.map((error) => error.kind)).toEqual(['too_deep']);
});

test('nesting without end: blocks', () => {
  const { errors } = parseText(`language 1\narch A {${' a {'.repeat(20000)}${'}'.repeat(20001)}\narch B { x = = 1 }`);
  expect(errors.map((error) => error.kind)).toEqual(['too_deep', 'expected']);
});

test('the deepest nesting allowed parses and prints', () => {
  const deep = `language 1\nloss l() = ${'(1 + '.repeat(99)}1${')'.repeat(99)}\nloss m() = 1${' - 1'.repeat(500)}\narch A {${' a {'.repeat(98)}${' }'.repeat(99)}\n`;
  expect(parseText(deep).errors).toEqual([]);
  survives(deep);
});

test.each([
  ['statements', `block f() {\n${'  param a ~ (b\n'.repeat(2000)}}`],
  ['settings', `arch A {\n${'  x = (b\n'.repeat(2000)}}`],
  ['settings on a line', `arch A {${' x = (b;'.repeat(2000)}}`],
])('thousands of mistakes are each reported, in linear time: %s', (_, text) => {
  expect(parseText(`language 1\n${text}`).errors.length).toBe(2000);
});
