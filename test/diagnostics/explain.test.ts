import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { allCodes, pageOf } from '../../compiler/diagnostics/explain.js';
import { syntaxCodes } from '../../compiler/diagnostics/syntax.js';

const root = new URL('../..', import.meta.url).pathname;

/** Every code that a source file of grammar/ or compiler/ names. */
function codesInUse(): ReadonlySet<string> {
  const found = new Set<string>();
  for (const folder of ['grammar', 'compiler']) {
    for (const name of readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })) {
      if (name.endsWith('.ts')) for (const code of readFileSync(join(root, folder, name), 'utf8').match(/\bARCH\d{4}\b/g) ?? []) found.add(code);
    }
  }
  return found;
}

describe('explain pages', () => {
  it('exist for every code in use', () => {
    expect([...codesInUse()].filter((code) => pageOf(code) === undefined)).toEqual([]);
    expect(Object.values(syntaxCodes).filter((code) => pageOf(code) === undefined)).toEqual([]);
  });

  it('say what is wrong, and show a fixed example that differs from the failing one', () => {
    for (const { code } of allCodes()) {
      const page = pageOf(code);
      expect([code, (page?.title.length ?? 0) > 5, (page?.text.length ?? 0) > 40, page?.fixed === page?.failing]).toEqual([code, true, true, false]);
    }
  });
});
