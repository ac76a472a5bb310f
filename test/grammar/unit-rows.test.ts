/**
 * @file `unit(d)` behind an initialiser: parsed, printed as written, and a name everywhere else.
 */
import { expect, it } from 'vitest';
import { syntaxDiagnostic } from '../../compiler/diagnostics/syntax.js';
import { print } from '../../grammar/index.js';
import { parseText } from './help.js';

const block = (statements: string): string => `language 1

block f(x[d]) -> y[d] {
  ${statements}
  return x
}
`;

it.each([
  'param w[n, d] ~ normal(0, 1) unit(d)',
  'param w[n, e, d] ~ uniform(-1, 1) unit(e, d) shares tied if wide',
  'experts[n] { read u[d] ~ zeros; write v[d] ~ normal(0, d ^ -0.5) unit(d) shares bank }',
  'experts unit[n] { write unit[unit] ~ normal(0, 1) unit(unit) }',
  'let unit[unit] = unit(unit) + unit',
])('%s', (statement) => {
  const { file, errors } = parseText(block(statement));
  expect(errors).toEqual([]);
  expect(print(file)).toBe(block(statement));
});

it.each([
  ['param w[n, d] ~ normal(0, 1) unit', 'expected `(`'],
  ['param w[n, d] ~ normal(0, 1) unit(2)', 'expected an axis'],
  ['param w[n, d] ~ normal(0, 1) unit(d', 'expected `)`'],
])('%s: one problem, and the rest of the file stands', (statement, message) => {
  const { file, errors } = parseText(`${block(statement)}\nblock g(x[d]) -> y[d] { return x }\n`);
  expect(errors.map((error) => syntaxDiagnostic(error).message)).toEqual([expect.stringContaining(message)]);
  expect(file.declarations.at(-1)).toMatchObject({ kind: 'block', name: { name: 'g' } });
});
