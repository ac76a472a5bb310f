/**
 * @file Where the parser stands, and how it says what is wrong there: tokens by index, the place of a problem, and our
 * own words in place of chevrotain's messages.
 */
import { CstParser, EOF, tokenLabel, tokenMatcher, type IToken, type TokenType } from 'chevrotain';
import type { Source, Span } from './ast.js';
import { nearest, type SyntaxProblem } from './problems.js';
import { isJunk, startsLine, tokenEnd, type Scan } from './scan.js';
import * as t from './tokens.js';

/** Thrown to give up the item at hand after its problem has been recorded. */
export class Abandon extends Error {}

export abstract class Cursor extends CstParser {
  problems: SyntaxProblem[] = [];
  protected source: Source = { file: '', text: '' };
  protected tokens: readonly IToken[] = [];
  /** Whether each token is the first of its line. */
  private lineStarts: readonly boolean[] = [];
  /** For each token, and behind the last, the index of the next token that begins a declaration. */
  private declarations: readonly number[] = [];
  private readonly places = new Set<string>();

  constructor(validate: boolean) {
    super(t.vocabulary, {
      maxLookahead: 1,
      nodeLocationTracking: 'onlyOffset',
      // Bodies recover themselves: see recovery.ts.
      recoveryEnabled: false,
      skipValidations: !validate,
      // Messages are only codes here: what was expected. `describe` makes problems of them.
      errorMessageProvider: {
        buildMismatchTokenMessage: ({ expected }) => tokenLabel(expected),
        buildNoViableAltMessage: ({ customUserDescription, ruleName }) => customUserDescription ?? ruleName,
        buildNotAllInputParsedMessage: () => 'a declaration',
        buildEarlyExitMessage: ({ customUserDescription, ruleName }) => customUserDescription ?? ruleName,
      },
    });
  }

  /** Sets the tokens to parse. */
  begin(scanned: Scan, source: Source): void {
    this.input = [...scanned.tokens]; // a copy: chevrotain pads it
    this.tokens = scanned.tokens;
    this.source = source;
    this.problems = [];
    this.places.clear();
    this.lineStarts = scanned.tokens.map((token) => startsLine(source.text, token.startOffset));
    const declarations: number[] = [];
    for (let index = scanned.tokens.length, next = index; index >= 0; index--) {
      if (this.beginsDeclaration(index)) next = index;
      declarations[index] = next;
    }
    this.declarations = declarations;
  }

  // ------------------------------------------------------------------------------------------- looking at tokens

  /** Whether the `k`th token ahead is of a type or category. */
  protected sees(type: TokenType, k = 1): boolean {
    return tokenMatcher(this.LA(k), type);
  }

  /** The index of the next token. */
  protected position(): number {
    const next = this.LA(1);
    if (next.tokenType === EOF) return this.tokens.length;
    let low = 0;
    let high = this.tokens.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.tokens[middle]?.startOffset ?? 0) < next.startOffset) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  protected isAt(index: number, type: TokenType): boolean {
    const token = this.tokens[index];
    return token !== undefined && tokenMatcher(token, type);
  }

  protected isPastEnd(index: number): boolean {
    return index >= this.tokens.length;
  }

  protected isFirstOnLine(index: number): boolean {
    return this.lineStarts[index] ?? false;
  }

  /** Whether a declaration (or `use`, `language`) begins at a token: it stands first on its line and goes on like one. */
  protected declarationAt(index: number): boolean {
    return this.declarations[index] === index && !this.isPastEnd(index);
  }

  /** The index of the first declaration at or behind a token; the number of tokens where there is none. */
  protected declarationFrom(index: number): number {
    return this.declarations[index] ?? this.tokens.length;
  }

  private beginsDeclaration(index: number): boolean {
    const next = (type: TokenType, k: number): boolean => this.isAt(index + k, type);
    if (!this.isFirstOnLine(index) && !next(t.RightBrace, -1)) return false;
    if (next(t.Block, 0) || next(t.Function, 0)) return next(t.AnyWord, 1) || next(t.LeftParen, 1);
    if (next(t.Arch, 0)) return next(t.AnyWord, 1) || next(t.LeftBrace, 1);
    if (next(t.Loss, 0)) return next(t.AnyWord, 1) && next(t.LeftParen, 2);
    if (next(t.Train, 0)) return next(t.LeftBrace, 1) || next(t.AnyWord, 1);
    if (next(t.Use, 0)) return next(t.AnyWord, 1) && (next(t.Dot, 2) || next(t.LeftBrace, 2));
    return next(t.Language, 0) && next(t.NumberLiteral, 1);
  }

  // ------------------------------------------------------------------------------------------- problems

  protected spanOf(token: IToken): Span {
    return { file: this.source.file, start: token.startOffset, end: tokenEnd(token) };
  }

  /** Where a problem with the next token is shown: at the token, or, when its line has ended, at the end of the last one. */
  protected place(): { span: Span; found?: string; after?: string } {
    const next = this.LA(1);
    const index = this.position();
    const last = this.tokens[index - 1];
    if (last === undefined) return { span: this.spanOf(next), found: shorten(next.image) };
    const after = shorten(last.image);
    if (next.tokenType === EOF || this.isFirstOnLine(index)) {
      return { span: { file: this.source.file, start: tokenEnd(last), end: tokenEnd(last) }, after };
    }
    return { span: this.spanOf(next), found: shorten(next.image), after };
  }

  /** Records a problem and gives up the item at hand. */
  protected fail(problem: SyntaxProblem): never {
    this.report(problem);
    throw new Abandon();
  }

  /** Fails with "expected ...". */
  protected failExpecting(expected: string, help?: string): never {
    this.fail({ kind: 'expected', expected, ...this.place(), help });
  }

  /** Records a problem, unless the place already has one or the next token is junk that has its own. */
  protected report(problem: SyntaxProblem): void {
    if (isJunk(this.LA(1))) return;
    const place = `${problem.span.start}-${problem.span.end}`;
    if (this.places.has(place)) return;
    this.places.add(place);
    this.problems.push(problem);
  }

  protected describe(expected: string): SyntaxProblem {
    const next = this.LA(1);
    const junk = this.position() > 0 && /^an? (?:declaration|statement|setting|expert member|clause)$/.test(expected) && next.tokenType !== EOF;
    const place = junk && this.isFirstOnLine(this.position()) ? { span: this.spanOf(next), found: shorten(next.image) } : this.place();
    if (/^an? (?:name|axis|tensor such)/.test(expected) && place.found !== undefined && tokenMatcher(next, t.AnyWord)) {
      return { kind: 'reserved_word', word: next.image, span: place.span };
    }
    return { kind: 'expected', expected: this.sharpen(expected, place.found), ...place, help: this.hint(expected, next, place.found) };
  }

  private sharpen(expected: string, found: string | undefined): string {
    if (expected !== 'a statement' && expected !== 'a setting') return expected;
    const index = this.position();
    const fresh = [t.LeftBrace, t.RightBrace, t.Semicolon].some((type) => this.isAt(index - 1, type));
    return found === undefined || fresh || this.isFirstOnLine(index) ? expected : `an operator or ${expected}`;
  }

  protected hint(expected: string, next: IToken, found: string | undefined): string | undefined {
    const word = tokenMatcher(next, t.AnyWord) ? next.image : '';
    if (expected === 'a declaration') return suggest(word, ['language', 'use', 'block', 'function', 'loss', 'arch', 'train']);
    if (expected === 'a statement') {
      if (word !== '' && tokenMatcher(this.LA(2), t.Assign)) return `bind a value with \`let ${word} = ...\``;
      return suggest(word, ['axis', 'param', 'experts', 'let', 'return', 'state', 'update']);
    }
    if (expected === '`{`') return suggest(word, ['extends']);
    if (expected === 'an expert member') return suggest(word, ['read', 'write', 'param']);
    if (expected === '`else`') return 'a conditional value is written `a if condition else b`';
    if (found !== undefined && next.tokenType === t.Assign && /operator|`[)\]]`/.test(expected)) return 'compare with `==`';
    if (expected === 'an expression' && next.tokenType === t.Times && this.isAt(this.position() - 1, t.Times)) return 'a power is written `x ^ 2`';
    return undefined;
  }
}

function suggest(word: string, words: readonly string[]): string | undefined {
  const near = nearest(word, words);
  return near === undefined ? undefined : `did you mean \`${near}\`?`;
}

function shorten(image: string): string {
  return image.length > 30 ? `${image.slice(0, 27)}...` : image;
}
