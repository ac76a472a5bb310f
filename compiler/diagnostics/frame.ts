/**
 * @file The code frame under a message: the lines a diagnostic speaks of, as written, with carets under the place to blame and
 * dashes under related places; one frame a file.
 *
 *        |
 *     12 |   dims { d = 256; experts = 1000 }
 *        |                   -------------- set here
 *    ...
 *     14 |   retrieve product_key(experts)
 *        |                        ^^^^^^^ 1000 is not a perfect square
 */
import type { Span } from '../../grammar/ast.js';
import type { Colours } from './colour.js';
import type { Lines } from './positions.js';

export interface Mark {
  readonly span: Span;
  readonly label: string;
  readonly primary: boolean;
}

/** Columns of source shown around a mark in a long line. */
const WIDTH = 100;
const TAB = '    ';

interface Placed {
  readonly mark: Mark;
  readonly line: number;
  /** UTF-16 columns from 0, end exclusive, within the line. */
  readonly from: number;
  readonly to: number;
}

/** How many digits the line numbers of these marks need. */
export function gutterWidth(lines: Lines, marks: readonly Mark[]): number {
  return Math.max(1, ...marks.map((m) => String(lines.at(m.span.start).line).length));
}

/** The frame's lines, `gutter` digits wide before the bar. */
export function frame(lines: Lines, marks: readonly Mark[], gutter: number, colours: Colours): string[] {
  const placed = marks.map((m) => place(lines, m)).sort((a, b) => a.line - b.line || a.from - b.from);
  const bar = colours.blue('|');
  const empty = `${' '.repeat(gutter)} ${bar}`;
  const out = [empty];
  let last = 0;
  for (const line of new Set(placed.map((p) => p.line))) {
    if (last !== 0 && line > last + 2) out.push(colours.blue('.'.repeat(Math.max(3, gutter))));
    if (last !== 0 && line === last + 2) out.push(numbered(line - 1, shown(lines.line(line - 1), 0, WIDTH)));
    const here = placed.filter((p) => p.line === line);
    const text = lines.line(line);
    const start = windowStart(text, here);
    out.push(numbered(line, shown(text, start, start + WIDTH)));
    for (const p of here) out.push(`${empty} ${underline(text, start, p, colours)}`.trimEnd());
    last = line;
  }
  return out;

  function numbered(line: number, text: string): string {
    return `${colours.blue(String(line).padStart(gutter))} ${bar} ${text}`.trimEnd();
  }
}

/** A mark of several lines is drawn on its first. */
function place(lines: Lines, mark: Mark): Placed {
  const start = lines.at(mark.span.start);
  const end = lines.at(mark.span.end);
  const from = start.col - 1;
  const length = lines.line(start.line).length;
  const to = end.line === start.line ? end.col - 1 : length;
  return { mark, line: start.line, from, to: Math.max(to, from + 1) };
}

/** Where to start showing a line too long to show: so that the first mark is in view. */
function windowStart(text: string, here: readonly Placed[]): number {
  const first = Math.min(...here.map((p) => p.from));
  return text.length <= WIDTH || first < WIDTH - 20 ? 0 : first - 20;
}

function underline(text: string, start: number, p: Placed, colours: Colours): string {
  const before = displayWidth(shown(text, start, Math.max(start, p.from)));
  const under = Math.max(1, displayWidth(shown(text, Math.max(start, p.from), Math.min(p.to, start + WIDTH))));
  const drawn = (p.mark.primary ? '^' : '-').repeat(under);
  const said = p.mark.label === '' ? drawn : `${drawn} ${p.mark.label}`;
  return ' '.repeat(before) + (p.mark.primary ? colours.red(said) : colours.blue(said));
}

/** A part of a line as the frame prints it: tabs as spaces, characters that would move the cursor as dots. */
function shown(text: string, from: number, to: number): string {
  return text.slice(from, to).replaceAll('\t', TAB).replace(/\p{Cc}|\p{Cf}|\p{Cs}|\uFFFD/gu, '·');
}

/** Columns a terminal gives a text: two for wide characters (East Asian, emoji), none for combining ones. */
function displayWidth(text: string): number {
  let width = 0;
  for (const c of text) width += /\p{M}/u.test(c) ? 0 : /\p{Emoji_Presentation}|[\u1100-\u115F\u2E80-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6]/u.test(c) ? 2 : 1;
  return width;
}
