/**
 * @file Columns that line up.
 */

export interface Column {
  readonly title: string;
  readonly align: 'left' | 'right';
}

/** Display columns of a text; colours count nothing. */
export function widthOf(text: string): number {
  return [...text.replace(/\u001b\[\d+m/g, '')].length;
}

/** Lines of a table: titles, then rows; two spaces between columns, none at the end of a line. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[], heading: (text: string) => string = (t) => t): string[] {
  const widths = columns.map((c, i) => Math.max(widthOf(c.title), ...rows.map((r) => widthOf(r[i] ?? ''))));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => {
        const gap = ' '.repeat(Math.max(0, (widths[i] ?? 0) - widthOf(cell)));
        return columns[i]?.align === 'right' ? gap + cell : cell + gap;
      })
      .join('  ')
      .trimEnd();
  return [heading(line(columns.map((c) => c.title))), ...rows.map(line)];
}

/** Words in lines of at most `width` columns, each starting with `indent`. */
export function wrap(words: readonly string[], width: number, indent: string, gap = ' '): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of words) {
    if (line !== '' && widthOf(indent) + widthOf(line) + gap.length + widthOf(word) > width) {
      lines.push(indent + line);
      line = word;
    } else line = line === '' ? word : line + gap + word;
  }
  if (line !== '') lines.push(indent + line);
  return lines;
}
