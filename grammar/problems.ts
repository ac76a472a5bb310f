/**
 * @file What can be wrong with the text of an `.arch` file: one record a mistake, with the parts of its message as
 * fields. The wording lives in `compiler/diagnostics/syntax.ts`.
 */
import type { Span } from './ast.js';

interface Common {
  readonly span: Span;
  readonly related?: readonly { readonly span: Span; readonly label: string }[];
  readonly help?: string;
}

export type SyntaxProblem = Common &
  (
    | { readonly kind: 'empty_file' }
    | { readonly kind: 'binary_file' }
    /** The file does not begin with `language 1`. */
    | { readonly kind: 'missing_language'; readonly supported: number }
    | { readonly kind: 'unsupported_language'; readonly version: string; readonly supported: number }
    | { readonly kind: 'unknown_character'; readonly text: string }
    | { readonly kind: 'unterminated_string' }
    | { readonly kind: 'bad_escape'; readonly escape: string }
    | { readonly kind: 'bad_number'; readonly text: string }
    /** A bracket without its partner. `construct` is what the bracket opened: `layers`, `block f`. */
    | { readonly kind: 'unclosed'; readonly closer: string; readonly construct?: string; readonly found?: string }
    | { readonly kind: 'unexpected_closer'; readonly closer: string }
    /** `expected` after `after`; `found` is absent where the line or the file ends. */
    | { readonly kind: 'expected'; readonly expected: string; readonly after?: string; readonly found?: string }
    /** A keyword where a name should be. */
    | { readonly kind: 'reserved_word'; readonly word: string }
    /** `use` or `language` below a declaration. */
    | { readonly kind: 'misplaced'; readonly word: string; readonly place: string }
    | { readonly kind: 'chained_comparison'; readonly first: string; readonly second: string }
    /** `a + not b` */
    | { readonly kind: 'misplaced_not' }
    | { readonly kind: 'too_deep'; readonly limit: number }
  );

export type SyntaxProblemKind = SyntaxProblem['kind'];

/** The nearest of `words` to `word` within two edits (one for short words), or nothing. */
export function nearest(word: string, words: readonly string[]): string | undefined {
  let best: string | undefined;
  let least = Math.min(2, Math.floor(word.length / 3)) + 1;
  for (const candidate of words) {
    const distance = edits(word, candidate);
    if (distance < least) {
      least = distance;
      best = candidate;
    }
  }
  return best;
}

/** Edit distance with neighbouring letters swapped counted once (optimal string alignment). */
function edits(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 2) return 3;
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = a[i - 1] === b[j - 1] ? 0 : 1;
      let cost = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + change);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) cost = Math.min(cost, (before[j - 2] ?? 0) + 1);
      row.push(cost);
    }
    before = last;
    last = row;
  }
  return last[b.length] ?? 3;
}
