/** @file Lines of printed source with the comments woven in: each comment stays before, behind or inside what it stood at. */
import type { Comment, File, Span } from './ast.js';
import { startsLine } from './scan.js';

export class Lines {
  private readonly lines: string[] = [];
  private readonly text: string;
  private readonly comments: readonly Comment[];
  private next = 0;
  private depth = 0;
  /** Whether the last line opened a body, so that no blank line may follow it. */
  private opened = true;

  constructor(file: File) {
    this.text = file.source.text;
    this.comments = file.comments;
  }

  /** The comments that begin before `offset` and have not been printed, each on its own line. */
  comment(offset: number): boolean {
    let documented = false;
    for (let comment = this.comments[this.next]; comment !== undefined && comment.span.start < offset; comment = this.comments[this.next]) {
      this.next++;
      const alone = startsLine(this.text, comment.span.start);
      if (this.hasGapBefore(comment.span.start)) this.blank();
      this.push(commentText(comment, comment.doc && alone));
      documented ||= comment.doc && alone;
    }
    return documented;
  }

  /** One line for a whole item. Comments inside it move before it. */
  item(span: Span, text: string, doc?: string): void {
    this.before(span, span.end, doc);
    this.push(text);
    this.trailing(span.end);
  }

  /** `head {`, then what `body` prints one level deeper, then `}` and the tail. `headEnd` is where the head ends in the source. */
  body(span: Span, head: string, headEnd: number, body: () => void, doc?: string, tail = ''): void {
    const brace = this.text.indexOf('{', headEnd);
    this.before(span, brace < 0 ? span.start : brace, doc);
    this.push(`${head} {`);
    if (brace >= 0) this.trailing(brace + 1);
    this.opened = true;
    this.indented(() => {
      body();
      this.comment(span.end);
    });
    this.push(`}${tail}`);
    this.trailing(span.end);
  }

  indented(inner: () => void): void {
    this.depth++;
    inner();
    this.depth--;
  }

  blank(): void {
    if (!this.opened && this.lines.at(-1) !== '') this.lines.push('');
  }

  /** Whether something may be printed on one line: it was, without comments. */
  wasOneLine(span: Span): boolean {
    return !/[\r\n]/.test(this.text.slice(span.start, span.end));
  }

  /** Room left for text on a line. */
  get room(): number {
    return 100 - 2 * this.depth;
  }

  toString(): string {
    this.comment(Infinity);
    return this.lines.length === 0 ? '' : `${this.lines.join('\n')}\n`;
  }

  private before(span: Span, offset: number, doc: string | undefined): void {
    const documented = this.comment(offset);
    if (this.hasGapBefore(span.start)) this.blank();
    if (doc !== undefined && !documented) for (const line of doc.split('\n')) this.push(commentText({ text: line }, true));
  }

  private push(text: string): void {
    this.lines.push('  '.repeat(this.depth) + text);
    this.opened = false;
  }

  /** Keeps a comment behind the item whose line it ends. */
  private trailing(offset: number): void {
    const comment = this.comments[this.next];
    if (comment === undefined || comment.span.start < offset || !/^[ \t;,]*$/.test(this.text.slice(offset, comment.span.start))) return;
    this.next++;
    this.lines.push(`${this.lines.pop() ?? ''} ${commentText(comment, comment.doc)}`);
  }

  private hasGapBefore(offset: number): boolean {
    return /(?:\r?\n|\r)[ \t]*(?:\r?\n|\r)[ \t]*$/.test(this.text.slice(Math.max(0, offset - 200), offset));
  }
}

function commentText({ text }: { text: string }, doc: boolean): string {
  const slashes = doc ? '///' : '//';
  return text === '' ? slashes : text.startsWith('/') && !doc ? `${slashes}${text}` : `${slashes} ${text}`;
}
