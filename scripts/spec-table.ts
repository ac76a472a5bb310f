/**
 * @file The table of architectures in specs/README.md: `npm run spec-table` prints it, `npm run spec-table -- --write` puts it in its place. Sizes and costs are
 * those of `archc show`, read off the graph: nothing is allocated.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { analyseContract, type ContractReport } from '../compiler/contract/contract.js';
import { costOf } from '../compiler/graph/cost.js';
import { count, percent, whole } from '../compiler/show/units.js';
import { compileArch, readSpecFile, type SpecArch, specArchs, specsFolder } from './spec-archs.js';
import { CHECKS, MORE } from './spec-checks.js';

export const readme = `${specsFolder}README.md`;
const MARKS = ['<!-- made by `npm run spec-table -- --write` -->', '<!-- end -->'] as const;

const HEADER = ['spec', 'arch', 'source', 'checked against', 'active', 'parameters', 'FLOPs/token', 'contract'];

/** The table as Markdown, one row for each arch. */
export function specTable(): string {
  const rows = specArchs().map(row);
  return [HEADER, HEADER.map((_, i) => (i >= 4 && i <= 6 ? '--:' : '---')), ...rows].map((cells) => `| ${cells.join(' | ')} |\n`).join('');
}

/** `readme` with the table in its place. */
export function withTable(text: string, table: string): string {
  return between(text, MARKS, table);
}

/** A text with `inside` between two marks of it. */
export function between(text: string, [start, end]: readonly [string, string], inside: string): string {
  const [before, rest] = text.split(start);
  const after = rest?.split(end)[1];
  if (before === undefined || after === undefined) throw new Error(`no ${start} ... ${end} in specs/README.md`);
  return `${before}${start}\n\n${inside}\n${end}${after}`;
}

function row({ file, arch }: SpecArch): string[] {
  const { model, graph } = compileArch({ file, arch }, { upTo: 'graph' });
  if (!model || !graph) throw new Error(`${file} ${arch}: not compiled`);
  const { total } = costOf(graph);
  const check = [CHECKS[file], MORE[arch]].filter((part) => part !== undefined).join('; ');
  if (CHECKS[file] === undefined) throw new Error(`scripts/spec-checks.ts does not say what ${file} is checked against`);
  return [`[${file}](${file})`, arch, source(model.doc ?? '') || source(readSpecFile(file) ?? ''), check, count(total.activeParameters), count(total.parameters), count(total.flops), contractText(analyseContract(graph))];
}

/** The works a documentation comment cites: `Park et al. 2024, arXiv 2412.04139`. */
export function source(doc: string): string {
  const plain = doc.replace(/\s*\n\s*(\/\/\/ ?)?/g, ' ').replace(/, "[^"]*"/g, '');
  return [...new Set([...plain.matchAll(/(?:[A-Z][A-Za-z-]*(?: et al\.)? (?:19|20)\d\d)(?:, arXiv \d{4}\.\d{4,5})?/g)].map(([work]) => work))].join('; ');
}

/** What holds, in a few words. Of families without write rows additivity is not asked. */
export function contractText({ causal, families, layers }: ContractReport): string {
  const model = causal.holds ? 'causal' : '**not causal**';
  const inside = families.filter(({ bypass }) => bypass.value !== undefined);
  if (families.length === 0) return `${model}; no experts`;
  if (inside.length === 0) return `${model}; its units are beside the model`;
  const writers = inside.filter(({ family }) => family.members.some((param) => param.expert?.role === 'write'));
  const fullest = layers.reduce((a, b) => (b.active > a.active ? b : a));
  const units = families.filter(({ family }) => fullest.parts.some((part) => part.family === family.path)).reduce((sum, family) => sum + family.units, 0);
  return [
    ...(writers.every(({ additive }) => additive.holds) ? ['additive'] : ['not additive']), model, ...(inside.every((family) => family.private.holds) ? ['private'] : ['not private']),
    `${whole(fullest.active)} of ${whole(units)} active`, `bypass ${percent(Math.max(...inside.map(({ bypass }) => bypass.value ?? 0)))}`,
  ].join(', ');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const table = specTable();
  if (process.argv.includes('--write')) writeFileSync(readme, withTable(readFileSync(readme, 'utf8'), table));
  else process.stdout.write(table);
}
