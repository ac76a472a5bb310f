/**
 * @file Diagnostics as text for people:
 *
 *     error[ARCH3004]: takes the 16 best along axis `n`, which has only 8
 *       --> peer.arch:14:13
 *        |
 *     14 |   product_key { keys = 8; take = 16 }
 *        |                           ^^^^^^^^^ more than 8
 *        = dims: d=256 (peer.arch:3)
 *        = help: take at most 8, or make `n` larger
 *
 * (after rustc). Places in other files follow in frames of their own, marked `:::`.
 */
import type { Source } from '../../grammar/ast.js';
import { type Colours, plain } from './colour.js';
import type { Diagnostic } from './diagnostic.js';
import { frame, gutterWidth, type Mark } from './frame.js';
import { LineIndex } from './positions.js';

/** One diagnostic, without a final newline. */
export function render(diagnostic: Diagnostic, sources: ReadonlyMap<string, Source>, colours: Colours = plain): string {
  return renderWith(diagnostic, new LineIndex(sources), colours);
}

/** All of them, errors and warnings in the order of their places, then a line that counts them. Empty when there are none. */
export function renderAll(diagnostics: readonly Diagnostic[], sources: ReadonlyMap<string, Source>, colours: Colours = plain): string {
  if (diagnostics.length === 0) return '';
  const index = new LineIndex(sources);
  const parts = inOrder(diagnostics).map((d) => renderWith(d, index, colours));
  // A failure to do the work at all (no file, no device) needs no counting.
  if (diagnostics.every((d) => d.code.startsWith('ARCH6'))) return `${parts.join('\n\n')}\n`;
  return `${parts.join('\n\n')}\n\n${countLine(diagnostics, colours)}\n`;
}

/** By file (in order of first report), then by place; those without a place last. Equal reports are said once. */
export function inOrder(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  const files = [...new Set(diagnostics.map((d) => d.span?.file ?? ''))];
  const rank = new Map(files.map((file, i) => [file, file === '' ? files.length : i]));
  const seen = new Set<string>();
  return diagnostics
    .filter((d) => {
      const key = JSON.stringify([d.code, d.message, d.span?.file, d.span?.start, d.span?.end]);
      return seen.has(key) ? false : seen.add(key);
    })
    .sort((a, b) => (rank.get(a.span?.file ?? '') ?? 0) - (rank.get(b.span?.file ?? '') ?? 0) || (a.span?.start ?? 0) - (b.span?.start ?? 0));
}

/** How many of each severity, equal reports counted once. */
export function tally(diagnostics: readonly Diagnostic[]): { readonly errors: number; readonly warnings: number } {
  const said = inOrder(diagnostics);
  const errors = said.filter((d) => d.severity === 'error').length;
  return { errors, warnings: said.length - errors };
}

/** `2 errors, 1 warning; archc explain ARCH2001 says more` */
function countLine(diagnostics: readonly Diagnostic[], colours: Colours): string {
  const { errors, warnings } = tally(diagnostics);
  const parts = [errors > 0 ? plural(errors, 'error') : '', warnings > 0 ? plural(warnings, 'warning') : ''].filter((p) => p !== '');
  const code = inOrder(diagnostics)[0]?.code ?? '';
  return `${parts.join(', ')}; ${colours.dim(`\`archc explain ${code}\` says more`)}`;
}

const plural = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`;

function renderWith(d: Diagnostic, index: LineIndex, colours: Colours): string {
  const paint = d.severity === 'error' ? colours.red : colours.yellow;
  const out = [`${paint(colours.bold(`${d.severity}[${d.code}]`))}${colours.bold(`: ${d.message}`)}`];
  const groups = byFile(d);
  const gutter = Math.max(1, ...groups.map((g) => { const lines = index.of(g.file); return lines === undefined ? 1 : gutterWidth(lines, g.marks); }));
  groups.forEach((group, i) => {
    const lines = index.of(group.file);
    const anchor = group.marks.find((m) => m.primary) ?? group.marks[0];
    if (anchor === undefined) return;
    const arrow = `${' '.repeat(gutter)}${colours.blue(i === 0 ? '-->' : ':::')}`;
    if (lines === undefined) {
      out.push(`${arrow} ${group.file}`);
      return;
    }
    const at = lines.at(anchor.span.start);
    out.push(`${arrow} ${group.file}:${at.line}:${at.col}`, ...frame(lines, group.marks, gutter, colours));
  });
  const pad = ' '.repeat(gutter);
  const more = [...d.notes, ...(d.help === undefined ? [] : [`help: ${d.help}`])];
  for (const note of more) out.push(...note.split('\n').map((line, i) => `${pad} ${i === 0 ? `${colours.blue('=')} ` : '  '}${line}`));
  return out.join('\n');
}

/** The places of a diagnostic, its own file first. */
function byFile(d: Diagnostic): readonly { readonly file: string; readonly marks: Mark[] }[] {
  const groups = new Map<string, Mark[]>();
  const add = (mark: Mark): void => {
    const marks = groups.get(mark.span.file);
    if (marks === undefined) groups.set(mark.span.file, [mark]);
    else marks.push(mark);
  };
  if (d.span !== undefined) add({ span: d.span, label: d.label ?? '', primary: true });
  for (const r of d.related) add({ span: r.span, label: r.label, primary: false });
  return [...groups].map(([file, marks]) => ({ file, marks }));
}
