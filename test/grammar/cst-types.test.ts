import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ArchParser } from '../../grammar/parser.js';
import { makeLexer } from '../../grammar/tokens.js';
import { cstTypes, cstTypesFile } from '../../scripts/cst-types.js';

test('the types of the CST are current (npx tsx scripts/cst-types.ts renews them)', () => {
  expect(readFileSync(cstTypesFile, 'utf8')).toBe(cstTypes());
});

test('chevrotain finds no ambiguity in the grammar and no unreachable token', () => {
  expect(() => new ArchParser(true)).not.toThrow();
  expect(makeLexer(true).lexerDefinitionErrors).toEqual([]);
});
