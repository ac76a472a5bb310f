/** @file The wording of syntax problems: codes ARCH1001 and up, one for each kind. */
import type { SyntaxProblem, SyntaxProblemKind } from '../../grammar/problems.js';
import type { Diagnostic } from './diagnostic.js';

/** Stable: codes are never reused. */
export const syntaxCodes: Readonly<Record<SyntaxProblemKind, string>> = {
  empty_file: 'ARCH1001',
  binary_file: 'ARCH1002',
  missing_language: 'ARCH1003',
  unsupported_language: 'ARCH1004',
  unknown_character: 'ARCH1005',
  unterminated_string: 'ARCH1006',
  bad_escape: 'ARCH1007',
  bad_number: 'ARCH1008',
  unclosed: 'ARCH1009',
  unexpected_closer: 'ARCH1010',
  expected: 'ARCH1011',
  reserved_word: 'ARCH1012',
  misplaced: 'ARCH1013',
  chained_comparison: 'ARCH1014',
  misplaced_not: 'ARCH1015',
  too_deep: 'ARCH1016',
};

/** The diagnostic that tells the user about a syntax problem. */
export function syntaxDiagnostic(problem: SyntaxProblem): Diagnostic {
  const label = labelOf(problem);
  return {
    code: syntaxCodes[problem.kind],
    severity: 'error',
    message: messageOf(problem),
    span: problem.span,
    ...(label === undefined ? {} : { label }),
    related: problem.related ?? [],
    notes: [],
    ...(problem.help === undefined ? {} : { help: problem.help }),
    fixes: [],
  };
}

function messageOf(problem: SyntaxProblem): string {
  switch (problem.kind) {
    case 'empty_file':
      return 'the file is empty';
    case 'binary_file':
      return 'the file is not text';
    case 'missing_language':
      return `the file does not begin with \`language ${problem.supported}\``;
    case 'unsupported_language':
      return `language version ${problem.version} is not known; this archc reads version ${problem.supported}`;
    case 'unknown_character':
      return problem.text.length === 1 ? `unknown character \`${problem.text}\`` : `unknown characters \`${excerpt(problem.text)}\``;
    case 'unterminated_string':
      return 'the string is not closed on its line';
    case 'bad_escape':
      return `unknown escape \`${problem.escape}\` in a string; known are \\n, \\r, \\t, \\" and \\\\`;
    case 'bad_number':
      return `\`${excerpt(problem.text)}\` is not a number`;
    case 'unclosed':
      return `expected \`${problem.closer}\`${problem.construct === undefined ? '' : ` to close \`${problem.construct}\`, opened here`}`;
    case 'unexpected_closer':
      return `\`${problem.closer}\` closes nothing`;
    case 'expected': {
      const after = problem.after === undefined ? '' : ` after \`${problem.after}\``;
      return `expected ${problem.expected}${after}${problem.found === undefined ? '' : `, found \`${problem.found}\``}`;
    }
    case 'reserved_word':
      return `\`${problem.word}\` is a word of the language and cannot be a name here`;
    case 'misplaced':
      return `\`${problem.word}\` must stand ${problem.place}`;
    case 'chained_comparison':
      return `\`${problem.first}\` and \`${problem.second}\` cannot be chained`;
    case 'misplaced_not':
      return '`not` cannot stand behind an operator that binds tighter';
    case 'too_deep':
      return `nested too deeply; the limit is ${problem.limit}`;
  }
}

function labelOf(problem: SyntaxProblem): string | undefined {
  switch (problem.kind) {
    case 'expected':
      return `expected ${problem.expected}`;
    case 'unclosed':
      return `expected \`${problem.closer}\``;
    default:
      return undefined;
  }
}

/** Text that can stand in a message: short, and with control characters spelt out. */
function excerpt(text: string): string {
  const plain = text.replace(/[\u0000-\u001f\u007f]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`);
  return plain.length > 20 ? `${plain.slice(0, 17)}...` : plain;
}
