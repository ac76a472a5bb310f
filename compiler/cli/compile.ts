/**
 * @file From a file on the command line to a `Compiled`: the one place where commands meet the pipeline.
 */
import { resolve } from 'node:path';
import { readFileSync } from 'node:fs';
import type { Program } from '../../runtime/program.js';
import type { Compiled } from '../compiled.js';
import type { Diagnostic } from '../diagnostics/diagnostic.js';
import type { Model } from '../model/model.js';
import { compile, passes, type Stage } from '../pipeline.js';
import type { TargetName } from '../targets/targets.js';
import { type Context, failure } from './context.js';
import { readSpec, STDIN } from './files.js';
import { readStd } from './std.js';

export interface Request {
  /** A file, `file#Arch`, or `-` for standard input. */
  readonly spec: string;
  readonly upTo: Stage;
  readonly arch?: string;
  readonly set?: readonly string[];
  readonly batch?: number;
  readonly time?: number;
  readonly target?: TargetName;
}

/** A spec compiled all the way. */
export interface CompiledModel {
  readonly compiled: Compiled;
  readonly model: Model;
  readonly program: Program;
}

/** What `file#Arch` names. */
export function splitSpec(spec: string): { readonly file: string; readonly arch: string | undefined } {
  const hash = spec.lastIndexOf('#');
  return hash < 0 ? { file: spec, arch: undefined } : { file: spec.slice(0, hash), arch: spec.slice(hash + 1) };
}

/** Compiles a spec with the global options in force; prints what `--stats` and `--print-ir` ask for. Findings are in the result. */
export function compileSpec(context: Context, request: Request): Compiled {
  const { file, arch } = splitSpec(request.spec);
  const text = readSpec(context, file);
  const entry = file === '-' ? STDIN : file;
  return compileWith(context, request, entry, arch, (name) => (name === entry ? text : name.startsWith('std/') ? readStd(name) : readBeside(context, name)));
}

/** Compiles from sources in memory (a run folder's). */
export function compileSources(context: Context, request: Omit<Request, 'spec'>, entry: string, sources: ReadonlyMap<string, string>): Compiled {
  return compileWith(context, request, entry, undefined, (name) => sources.get(name));
}

function compileWith(context: Context, request: Omit<Request, 'spec'>, entry: string, arch: string | undefined, read: (file: string) => string | undefined): Compiled {
  const { options } = context;
  const pass = options.printIr;
  if (pass !== undefined && !passes.some((p) => p === pass)) throw failure('ARCH6012', { reason: `--print-ir: there is no pass \`${pass}\`; passes are ${passes.join(', ')}` });
  const compiled = compile({
    entry,
    read,
    arch: arch ?? request.arch ?? options.arch,
    set: request.set ?? options.set,
    upTo: request.upTo,
    batch: request.batch,
    time: request.time,
    target: request.target,
    printIr: pass === undefined ? undefined : { pass, write: (text) => context.print(text) },
  });
  if (options.stats === true) context.io.stderr.write(stats(compiled));
  return compiled;
}

/** True when the spec has errors; they have been reported. Warnings alone are reported too, to stderr. */
export function reportedErrors(context: Context, compiled: Compiled): boolean {
  const found: readonly Diagnostic[] = compiled.diagnostics.all;
  if (compiled.diagnostics.failed) context.report(found, compiled.sources);
  else if (found.length > 0) context.warn(found, compiled.sources);
  return compiled.diagnostics.failed;
}

/** A form the pipeline should have reached. @throws CommandFailure (internal error) */
export function reached<T>(form: T | undefined, name: string): T {
  if (form === undefined) throw failure('ARCH9001', { reason: `the pipeline reported no error but made no ${name}` });
  return form;
}

function readBeside(context: Context, name: string): string | undefined {
  try {
    return readFileSync(resolve(context.io.cwd, name), 'utf8');
  } catch {
    return undefined;
  }
}

function stats(compiled: Compiled): string {
  const width = Math.max(5, ...compiled.timings.map((t) => t.pass.length));
  const total = compiled.timings.reduce((sum, t) => sum + t.ms, 0);
  const line = (name: string, ms: number): string => `${name.padEnd(width)}  ${ms.toFixed(1).padStart(8)} ms\n`;
  return compiled.timings.map((t) => line(t.pass, t.ms)).join('') + line('total', total);
}
