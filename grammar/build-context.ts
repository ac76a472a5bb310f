/** @file What the builders share: spans, names, and the doc comments that belong to a place. */
import type { CstNode, IToken } from 'chevrotain';
import type { Ident, Span } from './ast.js';
import type { SyntaxProblem } from './problems.js';
import { startsLine, tokenEnd, type Scan } from './scan.js';

/** State of one translation from CST to AST. */
export interface BuildContext {
  readonly file: string;
  /** Doc comment text by the offset of the token it stands before. */
  readonly docs: ReadonlyMap<number, string>;
  readonly problems: SyntaxProblem[];
}

export function spanOfNode(context: BuildContext, node: CstNode): Span {
  const start = node.location?.startOffset ?? 0;
  return { file: context.file, start, end: (node.location?.endOffset ?? start - 1) + 1 };
}

export function spanOfToken(context: BuildContext, token: IToken): Span {
  return { file: context.file, start: token.startOffset, end: tokenEnd(token) };
}

export function between(first: Span, last: Span): Span {
  return { file: first.file, start: first.start, end: last.end };
}

export function identOf(context: BuildContext, token: IToken): Ident {
  return { name: token.image, span: spanOfToken(context, token) };
}

/** The child a grammar rule always has. A missing one is a mistake in the builder: failed items never get here. */
export function only<T>(children: readonly T[] | undefined): T {
  const [child] = children ?? [];
  if (child === undefined) throw new Error('the syntax tree lacks a child its rule requires');
  return child;
}

/** `{ doc }` for a node, empty where no doc comment stands before it. */
export function docOf(context: BuildContext, span: Span): { doc?: string } {
  const doc = context.docs.get(span.start);
  return doc === undefined ? {} : { doc };
}

/** Joins the `///` lines before each token. A `///` behind something on its own line documents nothing. */
export function collectDocs(text: string, scanned: Scan): Map<number, string> {
  const docs = new Map<number, string>();
  let index = 0;
  for (const comment of scanned.comments) {
    if (!comment.doc || !startsLine(text, comment.span.start)) continue;
    while ((scanned.tokens[index]?.startOffset ?? Infinity) < comment.span.start) index++;
    const next = scanned.tokens[index];
    if (next === undefined) break;
    const before = docs.get(next.startOffset);
    docs.set(next.startOffset, before === undefined ? comment.text : `${before}\n${comment.text}`);
  }
  return docs;
}
