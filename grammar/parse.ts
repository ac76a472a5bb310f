/** @file From text to AST: the one entry to the grammar. Never throws, whatever the text. */
import { tokenMatcher } from 'chevrotain';
import type { File, Source } from './ast.js';
import { buildFile, languageVersion } from './build-ast.js';
import type { FileCstNode } from './cst.js';
import { ArchParser } from './parser.js';
import { nearest, type SyntaxProblem } from './problems.js';
import { looksBinary, scan, tokenEnd } from './scan.js';
import { Language } from './tokens.js';

export interface Parsed {
  /** What could be read. */
  readonly file: File;
  /** What was wrong, in order of position. */
  readonly errors: readonly SyntaxProblem[];
}

let parser: ArchParser | undefined;

/** Parses a source. The parser is made on first use. */
export function parse(source: Source): Parsed {
  const start = { file: source.file, start: 0, end: 0 };
  const nothing: File = { source, uses: [], declarations: [], comments: [] };
  if (looksBinary(source.text)) return { file: nothing, errors: [{ kind: 'binary_file', span: start }] };

  const scanned = scan(source);
  const [first] = scanned.tokens;
  if (first === undefined) {
    const help = `begin with \`language ${languageVersion}\``;
    return { file: { ...nothing, comments: scanned.comments }, errors: [{ kind: 'empty_file', span: start, help }] };
  }
  parser ??= new ArchParser();
  parser.begin(scanned, source);
  const cst = parser.file();
  const problems: SyntaxProblem[] = [...scanned.problems, ...parser.problems];
  const file = isFileNode(cst) ? buildFile(source, scanned, cst, problems) : nothing;

  const misplaced = problems.some((problem) => problem.kind === 'misplaced' && problem.word === 'language');
  if (!tokenMatcher(first, Language) && !misplaced) {
    const span = { file: source.file, start: first.startOffset, end: tokenEnd(first) };
    const typo = nearest(first.image, ['language']) !== undefined;
    const help = typo ? `did you mean \`language ${languageVersion}\`?` : `put \`language ${languageVersion}\` on the first line`;
    const known = problems.findIndex((problem) => problem.kind === 'expected' && problem.span.start === span.start);
    if (known >= 0) problems.splice(known, 1);
    problems.push({ kind: 'missing_language', supported: languageVersion, span, help });
  }
  return { file, errors: problems.sort((a, b) => a.span.start - b.span.start || a.span.end - b.span.end) };
}

function isFileNode(node: { name: string }): node is FileCstNode {
  return node.name === 'file';
}
