import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { readme, source, specTable, withTable } from '../../scripts/spec-table.js';

test('the table in specs/README.md is current: else run `npm run spec-table -- --write`', () => {
  const text = readFileSync(readme, 'utf8');
  expect(withTable(text, specTable())).toBe(text);
});

test('sources are read from documentation comments', () => {
  expect(source('After "A Title" (He 2024, arXiv 2407.04153). Csordas et al.\n/// 2023, "Approximating, in\n/// part", arXiv 2310.10837; 256 of 2048.')).toBe('He 2024, arXiv 2407.04153; Csordas et al. 2023, arXiv 2310.10837');
  expect(source('Four layers.')).toBe('');
});
