/**
 * @file What every command has at hand: the streams, the global options, and one way to report.
 */
import type { Source } from '../../grammar/ast.js';
import { type Code, diagnose, type Extras, type Params } from '../diagnostics/catalogue.js';
import { type Colours, type ColourMode, colours } from '../diagnostics/colour.js';
import type { Diagnostic } from '../diagnostics/diagnostic.js';
import { renderAll } from '../diagnostics/render.js';
import { toJson } from '../diagnostics/json.js';
import type { Io } from './io.js';
import { VERSION } from './version.js';

export interface GlobalOptions {
  readonly format: 'text' | 'json';
  readonly color: ColourMode;
  readonly set: readonly string[];
  readonly arch?: string;
  readonly stats?: boolean;
  readonly printIr?: string;
  readonly quiet?: boolean;
}

/** A command that cannot do its work throws this; `main` reports it and exits 2. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure';
  constructor(readonly diagnostic: Diagnostic) {
    super(diagnostic.message);
  }
}

/** Makes the failure that `code` describes. */
export function failure<C extends Code>(code: C, params: Params[C], extras?: Extras): CommandFailure {
  return new CommandFailure(diagnose(code, params, undefined, extras));
}

export class Context {
  readonly io: Io;
  readonly options: GlobalOptions;
  constructor(io: Io, options: GlobalOptions) {
    this.io = io;
    this.options = options;
  }

  get json(): boolean {
    return this.options.format === 'json';
  }

  /** Colours for what goes to stdout. */
  get colours(): Colours {
    return colours(this.options.color, this.io.stdout, this.io.env);
  }

  /** A result: to stdout. */
  print(text: string): void {
    this.io.stdout.write(text.endsWith('\n') || text === '' ? text : `${text}\n`);
  }

  /** A result for programs: to stdout, indented. */
  printJson(value: unknown): void {
    this.io.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
  }

  /** Progress and remarks for people: to stderr, unless `--quiet`. */
  say(text: string): void {
    if (this.options.quiet !== true) this.io.stderr.write(`${text}\n`);
  }

  /** Diagnostics: as text to stderr, or as the JSON document to stdout. */
  report(diagnostics: readonly Diagnostic[], sources: ReadonlyMap<string, Source> = new Map()): void {
    if (this.json) this.printJson(toJson(diagnostics, sources, VERSION));
    else this.warn(diagnostics, sources);
  }

  /** Diagnostics as text to stderr whatever the format: stdout is kept for a result. */
  warn(diagnostics: readonly Diagnostic[], sources: ReadonlyMap<string, Source> = new Map()): void {
    const palette = colours(this.options.color, this.io.stderr, this.io.env);
    const said = this.options.quiet === true ? diagnostics.filter((d) => d.severity === 'error') : diagnostics;
    this.io.stderr.write(renderAll(said, sources, palette));
  }
}
