/**
 * @file The pages of `archc explain`, of every code: those of the catalogue and those of the syntax.
 */
import { catalogue } from './catalogue.js';
import type { Explanation } from './message.js';
import { syntaxPages } from './catalogue/syntax-pages.js';

export interface Page extends Explanation {
  readonly code: string;
  readonly title: string;
}

const pages: ReadonlyMap<string, Page> = new Map(
  [
    ...Object.entries(syntaxPages).map(([code, page]): Page => ({ code, ...page })),
    ...Object.entries(catalogue).map(([code, entry]): Page => ({ code, title: entry.title, ...entry.explain })),
  ]
    .sort((a, b) => (a.code < b.code ? -1 : 1))
    .map((page) => [page.code, page]),
);

/** The page of a code, if there is such a code. */
export function pageOf(code: string): Page | undefined {
  return pages.get(code);
}

/** Every code with its title, sorted. */
export function allCodes(): readonly { readonly code: string; readonly title: string }[] {
  return [...pages.values()].map(({ code, title }) => ({ code, title }));
}
