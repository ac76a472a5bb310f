/**
 * @file How the parser carries on after a mistake, so that one mistake gives one problem and hides no other.
 *
 * Chevrotain's own recovery looks for any token that may follow; in a language whose items begin with plain words
 * nearly every token may, and one mistake becomes five messages. So the bodies `{ ... }` recover themselves: a failed
 * item is dropped and parsing resumes at the next `;`, item, closing brace or declaration, brackets minded.
 */
import { EOF, MismatchedTokenException, NoViableAltException, tokenLabel, type IToken, type TokenType } from 'chevrotain';
import type { Source } from './ast.js';
import { Abandon, Cursor } from './cursor.js';
import type { Scan } from './scan.js';
import * as t from './tokens.js';

/** Nesting of expressions and blocks beyond which a file is refused: deeper ones would exhaust the stack. */
export const nestingLimit = 100;
/** How many tokens behind a mistake are searched for the end of a bracket. */
const reach = 1000;
/** Operators or calls in one chain. */
export const chainLimit = 500;

interface Opener {
  readonly token: IToken;
  readonly construct?: string;
}

/** How likely an item starts at a token: not at all, if brackets are closed, certainly. */
export type Start = 'no' | 'perhaps' | 'surely';

/** Brackets, lists, bodies and recovery: what the grammar rules are written with. */
export abstract class RecoveringParser extends Cursor {
  private openers: Opener[] = [];
  private depth = 0;
  /** Index of the first token of the item at hand. */
  private itemStart = 0;
  /** How many `}` the declaration at hand lacks; below zero it lacks `{`. */
  private lacking = 0;
  /** How many more `{` than `}` stand before each token. */
  private balance: readonly number[] = [];

  override begin(scanned: Scan, source: Source): void {
    super.begin(scanned, source);
    this.openers = [];
    this.depth = 0;
    this.itemStart = 0;
    this.lacking = 0;
    const balance = [0];
    for (const [index, { tokenType }] of scanned.tokens.entries()) {
      balance.push((balance[index] ?? 0) + (tokenType === t.LeftBrace ? 1 : tokenType === t.RightBrace ? -1 : 0));
    }
    this.balance = balance;
  }

  // ------------------------------------------------------------------------------------------- brackets and lists

  /** Consumes an opening bracket; `close` must follow. */
  protected open(type: TokenType, construct?: string): void {
    const token = this.CONSUME(type);
    if (!this.RECORDING_PHASE) this.openers.push({ token, construct });
  }

  /** Consumes the bracket that closes the last one opened. `expected` says what else could stand there. */
  protected close(type: TokenType, expected = tokenLabel(type)): void {
    if (this.RECORDING_PHASE || this.sees(type)) {
      this.CONSUME(type);
      this.openers.pop();
      return;
    }
    const opener = this.openers.at(-1);
    const related = opener === undefined ? [] : [{ span: this.spanOf(opener.token), label: 'opened here' }];
    const place = this.place();
    const help = this.hint(expected, this.LA(1), place.found);
    if (place.found === undefined) this.fail({ kind: 'unclosed', closer: tokenText(type), construct: opener?.construct, ...place, related });
    this.fail({ kind: 'expected', expected, ...place, related, help });
  }

  /** Items separated by commas up to one of `ends`; a comma after the last is allowed. The second list of a rule is `list2`. */
  protected list(ends: readonly TokenType[], item: () => void): void {
    if (this.RECORDING_PHASE) this.MANY_SEP({ SEP: t.Comma, DEF: item });
    else this.repeat(ends, item);
  }

  protected list2(ends: readonly TokenType[], item: () => void): void {
    if (this.RECORDING_PHASE) this.MANY_SEP2({ SEP: t.Comma, DEF: item });
    else this.repeat(ends, item);
  }

  private repeat(ends: readonly TokenType[], item: () => void): void {
    while (!ends.some((end) => this.sees(end)) && !this.declarationAt(this.position())) {
      item();
      if (!this.sees(t.Comma)) return;
      this.CONSUME(t.Comma);
    }
  }

  /** Runs `inner` one level deeper; refuses what nests too deep. */
  protected nest(inner: () => void): void {
    if (this.RECORDING_PHASE) return inner();
    if (this.depth >= nestingLimit) this.tooDeep(nestingLimit);
    this.depth++;
    inner();
    this.depth--;
  }

  protected tooDeep(limit: number): never {
    this.fail({ kind: 'too_deep', limit, span: this.place().span });
  }

  // ------------------------------------------------------------------------------------------- bodies and recovery

  /** `{ items }`: each item on its own, so that a bad one is dropped and the next one read. */
  protected braced(construct: string, item: () => void, startsAt: (index: number) => Start, outer: (index: number) => Start = () => 'no'): void {
    if (this.RECORDING_PHASE) {
      this.CONSUME(t.LeftBrace);
      this.items(item, startsAt, outer);
      this.CONSUME(t.RightBrace);
      return;
    }
    if (this.sees(t.LeftBrace)) {
      const { itemStart } = this;
      this.open(t.LeftBrace, construct);
      this.items(item, startsAt, outer);
      this.closeBrace(itemStart);
      return;
    }
    // The brace is missing. Where it stands further on in the line, skip to it; where an item follows, or a `}` would be
    // left over, read on as if it stood here.
    this.report(this.describe('`{`'));
    const later = this.braceOnLine();
    if (later !== undefined) {
      this.skipTo(later);
      return this.braced(construct, item, startsAt, outer);
    }
    if (startsAt(this.position()) === 'no' && this.lacking >= 0) throw new Abandon();
    this.lacking++;
    this.items(item, startsAt, outer);
    if (this.sees(t.RightBrace)) this.CONSUME(t.RightBrace);
  }

  private braceOnLine(): number | undefined {
    for (let index = this.position(); !this.isPastEnd(index) && !this.isFirstOnLine(index); index++) {
      if (this.isAt(index, t.LeftBrace)) return index;
      if ([t.RightBrace, t.Semicolon, t.Assign, t.Colon].some((type) => this.isAt(index, type))) return undefined;
    }
    return undefined;
  }

  /** Whether the declaration at hand has a `}` too many, so that a `{` is missing somewhere. */
  protected lacksOpener(): boolean {
    return this.lacking < 0;
  }

  private items(item: () => void, startsAt: (index: number) => Start, outer: (index: number) => Start): void {
    if (this.RECORDING_PHASE) {
      this.MANY(() => {
        this.OPTION(() => this.CONSUME(t.Semicolon));
        item();
      });
      return;
    }
    for (;;) {
      while (this.sees(t.Semicolon)) this.CONSUME(t.Semicolon);
      const index = this.position();
      if (this.sees(EOF) || this.sees(t.RightBrace) || this.declarationAt(index)) return;
      if (outer(index) !== 'no' && startsAt(index) === 'no') return;
      this.attempt(item, (start, failed) => this.nextItem(start, failed, startsAt));
    }
  }

  private closeBrace(itemStart: number): void {
    const opener = this.openers.pop();
    if (this.sees(t.RightBrace) && !this.closesOuter(itemStart)) {
      this.CONSUME(t.RightBrace);
      return;
    }
    this.lacking--;
    const related = opener === undefined ? [] : [{ span: this.spanOf(opener.token), label: 'opened here' }];
    this.report({ kind: 'unclosed', closer: '}', construct: opener?.construct, ...this.place(), related });
  }

  /** In a declaration that lacks a `}`: whether the next one, by its indentation, belongs to a block further out. */
  private closesOuter(itemStart: number): boolean {
    const start = this.tokens[itemStart];
    if (this.lacking <= 0 || start === undefined || !this.isFirstOnLine(this.position())) return false;
    return indentation(this.source.text, this.LA(1).startOffset) < indentation(this.source.text, start.startOffset);
  }

  /** Parses a whole declaration; when it fails, the next one is read. */
  protected declaration(item: () => void): void {
    const start = this.position();
    this.lacking = (this.balance[this.declarationFrom(start + 1)] ?? 0) - (this.balance[start] ?? 0);
    this.attempt(item, (_, failed) => this.nextDeclaration(start, failed));
  }

  /** Parses an item; when it fails, records why and skips to where `resume` says. */
  protected attempt(item: () => void, resume: (start: number, failed: number) => number): boolean {
    if (this.RECORDING_PHASE) {
      item();
      return true;
    }
    const { depth, itemStart } = this;
    const opened = this.openers.length;
    const start = this.position();
    this.itemStart = start;
    try {
      item();
      return true;
    } catch (error) {
      if (error instanceof MismatchedTokenException || error instanceof NoViableAltException) this.report(this.describe(error.message));
      else if (!(error instanceof Abandon)) throw error;
      this.depth = depth;
      this.openers.length = opened;
      this.skipTo(resume(start, this.position()));
      return false;
    } finally {
      this.itemStart = itemStart;
    }
  }

  /** The part of a declaration before its `{`. When it fails, its body is still read. */
  protected header(head: () => void, startsAt: (index: number) => Start): void {
    let found = true;
    this.attempt(head, (_, failed) => {
      let index = failed;
      while (index < this.tokens.length && !this.isAt(index, t.LeftBrace)) {
        if (this.declarationAt(index) || (this.isFirstOnLine(index) && startsAt(index) !== 'no')) break;
        index++;
      }
      found = this.isAt(index, t.LeftBrace);
      return found ? index : failed;
    });
    if (!found) throw new Abandon();
  }

  protected skipTo(index: number): void {
    for (let i = this.position(); i < index; i++) this.SKIP_TOKEN();
  }

  /** Where the next declaration begins. */
  private nextDeclaration(start: number, failed: number): number {
    return this.declarationFrom(Math.max(failed, start + 1));
  }

  private nextItem(start: number, failed: number, startsAt: (index: number) => Start): number {
    const from = Math.max(failed, start + 1);
    return this.seek(start, from, startsAt, true) ?? this.seek(start, from, startsAt, false) ?? this.tokens.length;
  }

  /** Nothing when round or square brackets were minded and one stays open to the end of the body. */
  private seek(start: number, from: number, startsAt: (index: number) => Start, mindBrackets: boolean): number | undefined {
    let brackets = 0;
    let braces = 0;
    for (let index = start; index < this.tokens.length; index++) {
      const type = this.tokens[index]?.tokenType;
      if (index >= from) {
        const ends = this.declarationAt(index) || (braces === 0 && type === t.RightBrace);
        if (ends) return brackets > 0 ? undefined : index;
        if (mindBrackets && index > from + reach) return undefined;
        const certain = braces === 0 ? startsAt(index) : 'no';
        const starts = certain === 'no' && braces === 0 && this.alignedWord(start, index) ? 'perhaps' : certain;
        if (starts === 'surely' || (brackets === 0 && (starts === 'perhaps' || (braces === 0 && type === t.Semicolon && this.endsItem(index, startsAt))))) return index;
      }
      if (type === t.LeftBrace) braces++;
      else if (type === t.RightBrace) braces = Math.max(0, braces - 1);
      else if (!mindBrackets) continue;
      else if (type === t.LeftParen || type === t.LeftBracket) brackets++;
      else if (type === t.RightParen || type === t.RightBracket) brackets = Math.max(0, brackets - 1);
    }
    return brackets > 0 ? undefined : this.tokens.length;
  }

  /** Whether a word begins a line at the indentation of the failed item: whatever it is, it is another item. */
  private alignedWord(start: number, index: number): boolean {
    const [first, token] = [this.tokens[start], this.tokens[index]];
    if (first === undefined || token === undefined || !this.isAt(index, t.AnyWord)) return false;
    if (!this.isFirstOnLine(start) || !this.isFirstOnLine(index)) return false;
    return indentation(this.source.text, first.startOffset) === indentation(this.source.text, token.startOffset);
  }

  /** Whether a `;` ends an item rather than the arguments of a call whose bracket went missing. */
  private endsItem(index: number, startsAt: (index: number) => Start): boolean {
    return this.isPastEnd(index + 1) || this.isAt(index + 1, t.RightBrace) || this.isFirstOnLine(index + 1) || startsAt(index + 1) !== 'no';
  }
}

function tokenText(type: TokenType): string {
  return tokenLabel(type).slice(1, -1);
}

function indentation(text: string, offset: number): number {
  const line = Math.max(text.lastIndexOf('\n', offset - 1), text.lastIndexOf('\r', offset - 1)) + 1;
  return (/^[ \t]*/.exec(text.slice(line, offset))?.[0] ?? '').length;
}
