/**
 * @file What every pass says when something is wrong: one record, from which text, JSON and (later) editor
 * diagnostics are all made. Messages are written in `catalogue.ts`, nowhere else.
 */
import type { Span } from '../../grammar/ast.js';

export type Severity = 'error' | 'warning';

export interface Related {
  readonly span: Span;
  readonly label: string;
}

export interface Fix {
  readonly title: string;
  readonly applicability: 'safe' | 'unsafe';
  readonly edits: readonly { readonly span: Span; readonly text: string }[];
}

export interface Diagnostic {
  /** `ARCH1xxx` syntax, `2xxx` names, `3xxx` dimensions, `4xxx` budgets and limits, `5xxx` contract, `6xxx` environment, `7xxx` matching, `9xxx` internal. */
  readonly code: string;
  readonly severity: Severity;
  readonly message: string;
  /** Absent only where no place in a spec is to blame. */
  readonly span?: Span;
  /** Short text under the caret. */
  readonly label?: string;
  readonly related: readonly Related[];
  /** `= dims: d=128 (pools.arch:7)` and the like. */
  readonly notes: readonly string[];
  readonly help?: string;
  readonly fixes: readonly Fix[];
}

/** Collects diagnostics; passes report and go on. */
export class Diagnostics {
  readonly all: Diagnostic[] = [];
  report(diagnostic: Diagnostic): void {
    this.all.push(diagnostic);
  }
  /** Reports those that nothing reported so far says of the same place. */
  add(diagnostics: readonly Diagnostic[]): void {
    const said = new Set(this.all.map(placeOf));
    this.all.push(...diagnostics.filter((diagnostic) => !said.has(placeOf(diagnostic))));
  }
  get failed(): boolean {
    return this.all.some((d) => d.severity === 'error');
  }
}

const placeOf = ({ span }: Diagnostic): string => (span ? `${span.file}:${span.start}` : '');

/** Thrown to abandon the construct at hand after its diagnostic has been reported. Caught by the pass, never by the user. */
export class Reported extends Error {
  override readonly name = 'Reported';
}
