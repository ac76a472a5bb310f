/**
 * @file Offsets to lines and columns (both from 1, columns in UTF-16 units), for text and JSON. Editors count from 0; they
 * convert at their own edge.
 */
import type { Source } from '../../grammar/ast.js';

export interface Position {
  readonly offset: number;
  readonly line: number;
  readonly col: number;
}

/** Offsets at which the lines of a text start. `\n`, `\r\n` and a lone `\r` end a line. */
export function lineStarts(text: string): number[] {
  const starts = [0];
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === 10 || (c === 13 && text.charCodeAt(i + 1) !== 10)) starts.push(i + 1);
  }
  return starts;
}

/** A source with its lines found once. */
export class Lines {
  readonly #text: string;
  readonly #starts: readonly number[];
  constructor(source: Source) {
    this.#text = source.text;
    this.#starts = lineStarts(source.text);
  }

  get count(): number {
    return this.#starts.length;
  }

  /** The position of an offset; offsets outside the text count as its nearest end. */
  at(offset: number): Position {
    const inside = Number.isFinite(offset) ? Math.min(Math.max(0, offset), this.#text.length) : this.#text.length;
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#starts[middle] ?? 0) <= inside) low = middle;
      else high = middle - 1;
    }
    return { offset: inside, line: low + 1, col: inside - (this.#starts[low] ?? 0) + 1 };
  }

  /** The text of a line (from 1), without its end. */
  line(number: number): string {
    const start = this.#starts[number - 1];
    if (start === undefined) return '';
    const end = this.#starts[number] ?? this.#text.length;
    return this.#text.slice(start, end).replace(/[\r\n]+$/, '');
  }
}

/** Finds the lines of each source the first time they are asked for. */
export class LineIndex {
  readonly #sources: ReadonlyMap<string, Source>;
  readonly #lines = new Map<string, Lines>();
  constructor(sources: ReadonlyMap<string, Source>) {
    this.#sources = sources;
  }
  /** The lines of a file, or nothing when its text is not at hand. */
  of(file: string): Lines | undefined {
    const known = this.#lines.get(file);
    if (known !== undefined) return known;
    const source = this.#sources.get(file);
    if (source === undefined) return undefined;
    const lines = new Lines(source);
    this.#lines.set(file, lines);
    return lines;
  }
}
