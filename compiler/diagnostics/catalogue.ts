/**
 * @file Every message archc has, by code, in one typed catalogue (after TypeSpec's `messages.ts`): passes report with
 * `diagnose('ARCH2001', { ... }, span)` and never write a sentence of their own. Numbers are never reused.
 */
import type { Span } from '../../grammar/ast.js';
import { type ContractParams, contractMessages } from './catalogue/contract.js';
import { type EnvironmentParams, environmentMessages } from './catalogue/environment.js';
import { type LimitParams, limitMessages } from './catalogue/limits.js';
import { type MatchParams, matchMessages } from './catalogue/match.js';
import { type NameParams, nameMessages } from './catalogue/names.js';
import { type ShapeParams, shapeMessages } from './catalogue/shapes.js';
import { type UnusedParams, unusedMessages } from './catalogue/unused.js';
import type { Diagnostic, Fix, Related } from './diagnostic.js';
import type { MessageTable } from './message.js';

/** What each code needs to know. */
export interface Params extends NameParams, ShapeParams, LimitParams, ContractParams, EnvironmentParams, MatchParams, UnusedParams {}
export type Code = keyof Params;

export const catalogue: MessageTable<Params> = {
  ...nameMessages,
  ...unusedMessages,
  ...shapeMessages,
  ...limitMessages,
  ...contractMessages,
  ...environmentMessages,
  ...matchMessages,
};

/** What a report may add to its message. `label` and `help` replace the catalogue's. */
export interface Extras {
  readonly label?: string;
  readonly related?: readonly Related[];
  readonly notes?: readonly string[];
  readonly help?: string;
  readonly fixes?: readonly Fix[];
}

/** Makes the diagnostic of `code`; `span` is absent only where no place in a spec is to blame. */
export function diagnose<C extends Code>(code: C, params: Params[C], span?: Span, extras: Extras = {}): Diagnostic {
  const entry: MessageTable<Params>[C] = catalogue[code];
  const replacement = span === undefined ? undefined : entry.replacement?.(params);
  const fixes: readonly Fix[] =
    extras.fixes ??
    (span === undefined || replacement === undefined
      ? []
      : [{ title: `replace with \`${replacement}\``, applicability: 'unsafe', edits: [{ span, text: replacement }] }]);
  return {
    code,
    severity: entry.severity ?? 'error',
    message: entry.message(params),
    span,
    label: extras.label ?? entry.label?.(params),
    related: extras.related ?? [],
    notes: extras.notes ?? [],
    help: extras.help ?? entry.help?.(params),
    fixes,
  };
}

/** The note that a shape error carries: `dims: d=128 (pools.arch:7), heads=4 (--set)`. */
export function dimsNote(dims: Iterable<{ readonly name: string; readonly size: number; readonly where?: string }>): string {
  const shown = [...dims].map((d) => `${d.name}=${d.size}${d.where === undefined ? '' : ` (${d.where})`}`);
  return `dims: ${shown.length === 0 ? 'none' : shown.join(', ')}`;
}
