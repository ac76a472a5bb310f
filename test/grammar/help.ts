/** @file What the grammar tests share. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { syntaxDiagnostic } from '../../compiler/diagnostics/syntax.js';
import { parse, type Expr, type Parsed, type SyntaxProblem } from '../../grammar/index.js';

export const kitchenSink = readFileSync(fileURLToPath(new URL('fixtures/kitchen-sink.arch', import.meta.url)), 'utf8');

export function parseText(text: string): Parsed {
  return parse({ file: 'test.arch', text });
}

/** An expression's tree, read in a statement. */
export function parseExpr(text: string): Expr {
  const { file, errors } = parseText(`language 1\nblock f() {\n  return ${text}\n}\n`);
  if (errors.length > 0) throw new Error(errors.map((error) => syntaxDiagnostic(error).message).join('\n'));
  const [declaration] = file.declarations;
  const statement = declaration?.kind === 'block' ? declaration.body[0] : undefined;
  if (statement?.kind !== 'return') throw new Error('no return statement');
  return statement.value;
}

/** `line:column`, from 1. */
export function position(text: string, offset: number): string {
  const lines = text.slice(0, offset).split('\n');
  return `${lines.length}:${(lines.at(-1)?.length ?? 0) + 1}`;
}

/** Code, position and message of each problem, with related places and help. */
export function render(text: string, problems: readonly SyntaxProblem[]): string[] {
  return problems.map((problem) => {
    const diagnostic = syntaxDiagnostic(problem);
    const end = position(text, problem.span.end);
    const related = diagnostic.related.map(({ span, label }) => ` (${position(text, span.start)}: ${label})`).join('');
    const help = diagnostic.help === undefined ? '' : ` [${diagnostic.help}]`;
    return `${diagnostic.code} ${position(text, problem.span.start)}-${end} ${diagnostic.message}${related}${help}`;
  });
}

/** A tree without its spans and source, for comparing trees of different texts. */
export function withoutSpans(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSpans);
  if (value === null || typeof value !== 'object') return value;
  const rest = Object.entries(value).filter(([key]) => key !== 'span' && key !== 'source');
  return Object.fromEntries(rest.map(([key, inner]) => [key, withoutSpans(inner)]));
}
