/**
 * @file From text to tokens and comments, with the problems a lexer can see: unknown characters, unterminated
 * strings, malformed numbers. Bad stretches stay in the token list as junk, so that the parser neither glues their
 * neighbours together nor complains about them a second time.
 */
import { createTokenInstance, tokenMatcher, type IToken, type Lexer } from 'chevrotain';
import type { Comment, Source, Span } from './ast.js';
import type { SyntaxProblem } from './problems.js';
import { BadNumber, Dot, makeLexer, NumberLiteral, OpenString, PlainNumber, PlainString, Unknown } from './tokens.js';

export interface Scan {
  readonly tokens: IToken[];
  readonly comments: Comment[];
  readonly problems: SyntaxProblem[];
}

let lexer: Lexer | undefined;

/** Tokens and comments of a source, in order. */
export function scan(source: Source): Scan {
  lexer ??= makeLexer(false);
  const result = lexer.tokenize(source.text);
  const problems: SyntaxProblem[] = [];
  const span = (start: number, end: number): Span => ({ file: source.file, start, end });

  const junk = result.errors.map((error) => {
    const text = source.text.slice(error.offset, error.offset + error.length);
    problems.push({ kind: 'unknown_character', text, span: span(error.offset, error.offset + error.length), help: helpFor(text) });
    return createTokenInstance(Unknown, text, error.offset, error.offset + error.length - 1, NaN, NaN, NaN, NaN);
  });
  const tokens = junk.length === 0 ? result.tokens : [...result.tokens, ...junk].sort((a, b) => a.startOffset - b.startOffset);

  for (const [i, token] of result.tokens.entries()) {
    token.endOffset = tokenEnd(token) - 1; // the fast lexer leaves it out; the locations of CST nodes are made of it
    const at = span(token.startOffset, tokenEnd(token));
    if (tokenMatcher(token, OpenString)) problems.push({ kind: 'unterminated_string', span: at });
    else if (tokenMatcher(token, NumberLiteral)) {
      const afterDot = result.tokens[i - 1]?.tokenType === Dot;
      const good = token.tokenType === PlainNumber && (afterDot ? /^[\d.]+$/.test(token.image) : Number.isFinite(Number(token.image)));
      if (!good) problems.push({ kind: 'bad_number', text: token.image, span: at });
    } else if (tokenMatcher(token, PlainString)) {
      for (const match of token.image.matchAll(/\\(.)/gu)) {
        if ('nrt"\\'.includes(match[1] ?? '')) continue;
        const start = token.startOffset + match.index;
        problems.push({ kind: 'bad_escape', escape: match[0], span: span(start, start + match[0].length) });
      }
    }
  }
  return { tokens, comments: commentsOf(result.groups.comments ?? [], source), problems };
}

/** Whether a token already has a problem of its own. */
export function isJunk(token: IToken): boolean {
  return token.tokenType === Unknown || token.tokenType === OpenString || token.tokenType === BadNumber;
}

/** Where a token ends (exclusive). */
export function tokenEnd(token: IToken): number {
  return token.startOffset + token.image.length;
}

/** Whether nothing but space stands before `offset` on its line. */
export function startsLine(text: string, offset: number): boolean {
  for (let i = offset - 1; i >= 0; i--) {
    const c = text[i];
    if (c === '\n' || c === '\r') return true;
    if (c !== ' ' && c !== '\t' && c !== '\ufeff') return false;
  }
  return true;
}

/** Whether the text is no text: NUL bytes, or more than a tenth of control and replacement characters at its start. */
export function looksBinary(text: string): boolean {
  if (text.includes('\0')) return true;
  const head = text.slice(0, 4096);
  const odd = head.match(/[\u0001-\u0008\u000e-\u001f\u007f\ufffd]/g)?.length ?? 0;
  return odd * 10 > head.length;
}

function commentsOf(tokens: readonly IToken[], source: Source): Comment[] {
  return tokens.map((token) => {
    const doc = token.image.startsWith('///') && !token.image.startsWith('////');
    const text = token.image.slice(doc ? 3 : 2).replace(/^ /, '').trimEnd();
    return { text, doc, span: { file: source.file, start: token.startOffset, end: tokenEnd(token) } };
  });
}

function helpFor(text: string): string | undefined {
  if (text.startsWith('!')) return 'write `not` to negate, `!=` to compare';
  if (text.startsWith('&')) return 'write `and`';
  if (/^[\u2018-\u201f'`]/.test(text)) return 'strings stand in straight double quotes: "like this"';
  if (text.startsWith('#')) return 'comments begin with `//`';
  if (/^\p{L}/u.test(text)) return 'names are made of the letters a to z, digits and `_`';
  if (/^[\u2010-\u2015\u2212]/.test(text)) return 'write `-`';
  if (/^[\u00d7\u00b7\u22c5]/.test(text)) return 'write `*`';
  return undefined;
}
