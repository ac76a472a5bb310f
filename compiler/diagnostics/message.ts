/**
 * @file The shape of one entry of the message catalogue.
 */
import type { Severity } from './diagnostic.js';

/** The page `archc explain CODE` prints. */
export interface Explanation {
  /** What is wrong, why it is, how to go on. Paragraphs are separated by an empty line. */
  readonly text: string;
  /** A spec, or the part of it that matters, that raises the code. */
  readonly failing: string;
  /** The same, right. */
  readonly fixed: string;
}

/** How one code speaks. `P` is what the reporting pass has to know. */
export interface Message<P> {
  /** A few words: the heading of the page. */
  readonly title: string;
  /** Default `error`. */
  readonly severity?: Severity;
  message(params: P): string;
  /** Under the caret. */
  label?(params: P): string | undefined;
  help?(params: P): string | undefined;
  /** What should stand at the span instead, where one near name makes that clear. */
  replacement?(params: P): string | undefined;
  readonly explain: Explanation;
}

/** One entry for each code of `P`, a table from codes to their parameters. */
export type MessageTable<P> = { readonly [C in keyof P]: Message<P[C]> };
