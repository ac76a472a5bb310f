/**
 * @file A run folder: `spec.json` (every source, the arch and the settings it was compiled with, so that it compiles again exactly),
 * `resolved.json`, `metrics.jsonl` and `checkpoint.safetensors`.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Compiled } from '../compiled.js';
import { compileSources, reached, type CompiledModel } from './compile.js';
import { CommandFailure, type Context, failure } from './context.js';
import type { TargetName } from '../targets/targets.js';
import { kindOf, reasonOf } from './files.js';

export const SPEC_FILE = 'spec.json';

/** What `spec.json` holds. */
export interface RunSpec {
  readonly formatVersion: '1.0';
  readonly entry: string;
  readonly arch: string;
  readonly set: readonly string[];
  /** Text by file name, the standard library's files too. */
  readonly sources: Readonly<Record<string, string>>;
  /** The run whose parameters it started with. */
  readonly from?: RunOrigin;
}

/** As named on the command line; the arch it is of, and its steps then. */
export interface RunOrigin {
  readonly run: string;
  readonly arch: string;
  readonly step: number;
}

/** What to keep of a compilation. */
export function runSpec(compiled: Compiled, entry: string, arch: string, set: readonly string[]): RunSpec {
  return { formatVersion: '1.0', entry, arch, set, sources: Object.fromEntries([...compiled.sources].map(([file, source]) => [file, source.text])) };
}

export const runSpecText = (spec: RunSpec): string => `${JSON.stringify(spec, null, 2)}\n`;

/** Whether a folder holds a run. */
export function isRun(context: Context, dir: string): boolean {
  return kindOf(resolve(context.io.cwd, dir, SPEC_FILE)) === 'file';
}

/** Reads `spec.json`. @throws CommandFailure when the folder is no run */
export function readRun(context: Context, dir: string): RunSpec {
  const path = resolve(context.io.cwd, dir);
  const kind = kindOf(path);
  if (kind === 'missing') throw failure('ARCH6004', { run: dir, reason: 'there is no such folder', among: siblings(context, dir) });
  if (kind === 'file') throw failure('ARCH6004', { run: dir, reason: 'it is a file, not a folder', among: [] });
  if (!isRun(context, dir)) throw failure('ARCH6004', { run: dir, reason: `it has no ${SPEC_FILE}`, among: siblings(context, dir) });
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(join(path, SPEC_FILE), 'utf8'));
  } catch (error) {
    throw failure('ARCH6004', { run: dir, reason: `${SPEC_FILE} cannot be read: ${reasonOf(error)}`, among: [] });
  }
  const spec = parseRunSpec(value);
  if (spec === undefined) throw failure('ARCH6004', { run: dir, reason: `${SPEC_FILE} is not of the form this archc writes`, among: [] });
  return spec;
}

/** Compiles a run's own sources again, all the way, for any target; `more`: settings to add. @throws CommandFailure when this archc cannot */
export function compileRun(context: Context, dir: string, target: TargetName, more: readonly string[] = []): CompiledModel {
  const spec = readRun(context, dir);
  const compiled = compileSources(context, { upTo: 'program', target, arch: spec.arch, set: [...spec.set, ...more] }, spec.entry, new Map(Object.entries(spec.sources)));
  const [error] = compiled.diagnostics.all.filter((d) => d.severity === 'error');
  if (error !== undefined) throw new CommandFailure({ ...error, span: undefined, notes: [...error.notes, `the spec kept in ${dir} no longer compiles with this archc`] });
  return { compiled, model: reached(compiled.model, 'model'), program: reached(compiled.program, 'program') };
}

function parseRunSpec(value: unknown): RunSpec | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (!('formatVersion' in value && 'entry' in value && 'arch' in value && 'set' in value && 'sources' in value)) return undefined;
  const { formatVersion, entry, arch, set, sources } = value;
  if (formatVersion !== '1.0' || typeof entry !== 'string' || typeof arch !== 'string' || typeof sources !== 'object' || sources === null) return undefined;
  if (!Array.isArray(set) || !set.every((s) => typeof s === 'string')) return undefined;
  const texts: Record<string, string> = {};
  for (const [file, text] of Object.entries(sources)) {
    if (typeof text !== 'string') return undefined;
    texts[file] = text;
  }
  const from = 'from' in value ? parseOrigin(value.from) : undefined;
  return { formatVersion, entry, arch, set, sources: texts, ...(from && { from }) };
}

function parseOrigin(value: unknown): RunOrigin | undefined {
  if (typeof value !== 'object' || value === null || !('run' in value && 'arch' in value && 'step' in value)) return undefined;
  const { run, arch, step } = value;
  return typeof run === 'string' && typeof arch === 'string' && typeof step === 'number' ? { run, arch, step } : undefined;
}

/** Runs beside the one asked for. */
function siblings(context: Context, dir: string): readonly string[] {
  const parent = dirname(dir);
  try {
    return readdirSync(resolve(context.io.cwd, parent)).map((name) => (parent === '.' ? name : join(parent, name))).filter((name) => isRun(context, name));
  } catch {
    return [];
  }
}
