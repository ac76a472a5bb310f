/**
 * @file Diagnostics as JSON for programs. Lines and columns count from 1 (columns in UTF-16 units), offsets from 0. `formatVersion`:
 * a new minor version only adds keys, which readers must ignore; a new major one may change their meaning.
 */
import type { Source, Span } from '../../grammar/ast.js';
import type { Diagnostic, Severity } from './diagnostic.js';
import { LineIndex, type Position } from './positions.js';
import { inOrder, tally } from './render.js';

export interface JsonSpan {
  readonly file: string;
  readonly start: Position;
  readonly end: Position;
}

export interface JsonDiagnostic {
  readonly code: string;
  readonly severity: Severity;
  readonly message: string;
  readonly span: JsonSpan | null;
  readonly label: string | null;
  readonly related: readonly { readonly span: JsonSpan; readonly label: string }[];
  readonly notes: readonly string[];
  readonly help: string | null;
  readonly fixes: readonly {
    readonly title: string;
    readonly applicability: 'safe' | 'unsafe';
    readonly edits: readonly { readonly span: JsonSpan; readonly text: string }[];
  }[];
}

export interface JsonReport {
  readonly formatVersion: '1.0';
  readonly tool: { readonly name: 'archc'; readonly version: string };
  readonly diagnostics: readonly JsonDiagnostic[];
  readonly summary: { readonly errors: number; readonly warnings: number };
}

/** The whole report; `version` is archc's. */
export function toJson(diagnostics: readonly Diagnostic[], sources: ReadonlyMap<string, Source>, version: string): JsonReport {
  const index = new LineIndex(sources);
  return {
    formatVersion: '1.0',
    tool: { name: 'archc', version },
    diagnostics: inOrder(diagnostics).map((d) => ({
      code: d.code,
      severity: d.severity,
      message: d.message,
      span: d.span === undefined ? null : place(d.span, index),
      label: d.label ?? null,
      related: d.related.map((r) => ({ span: place(r.span, index), label: r.label })),
      notes: d.notes,
      help: d.help ?? null,
      fixes: d.fixes.map((f) => ({ ...f, edits: f.edits.map((e) => ({ span: place(e.span, index), text: e.text })) })),
    })),
    summary: tally(diagnostics),
  };
}

function place(span: Span, index: LineIndex): JsonSpan {
  const lines = index.of(span.file);
  const unknown = (offset: number): Position => ({ offset, line: 1, col: 1 });
  return { file: span.file, start: lines?.at(span.start) ?? unknown(span.start), end: lines?.at(span.end) ?? unknown(span.end) };
}
