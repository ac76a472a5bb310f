/**
 * @file `archc check`: parse, resolve, shapes, contract and budgets of every arch in the files; writes nothing.
 */
import type { Source } from '../../../grammar/ast.js';
import { compileSpec, splitSpec } from '../compile.js';
import type { Context } from '../context.js';
import type { Diagnostic } from '../../diagnostics/diagnostic.js';
import { tally } from '../../diagnostics/render.js';
import { specsIn } from '../files.js';
import { DONE, FOUND } from '../io.js';
import type { Compiled } from '../../compiled.js';

export function check(context: Context, paths: readonly string[]): number {
  const found: Diagnostic[] = [];
  const sources = new Map<string, Source>();
  const files = specsIn(context, paths.length === 0 ? ['.'] : paths);
  let arches = 0;
  for (const spec of files) {
    for (const compiled of compilations(context, spec)) {
      if (compiled.model !== undefined) arches++;
      for (const [file, source] of compiled.sources) sources.set(file, source);
      found.push(...compiled.diagnostics.all.filter((d) => d.code !== 'ARCH2013' || !isLibrary(compiled, spec)));
    }
  }
  context.report(found, sources);
  const { errors } = tally(found);
  if (errors > 0) return FOUND;
  if (!context.json) context.say(`${files.length === 1 ? (files[0] ?? '') : `${files.length} files`}: ok${arches > 1 ? ` (${arches} arches)` : ''}`);
  return DONE;
}

/** One compilation for each arch of the file, or the one that was asked for. */
function compilations(context: Context, spec: string): readonly Compiled[] {
  const first = compileSpec(context, { spec, upTo: 'graph' });
  if (splitSpec(spec).arch !== undefined || context.options.arch !== undefined) return [first];
  const names = declared(first, spec);
  // A file that does not parse would say so again for each of its arches.
  if (first.model === undefined && first.diagnostics.all.some((d) => d.code < 'ARCH2')) return [first];
  return [first, ...names.slice(1).map((name) => compileSpec(context, { spec: `${spec}#${name}`, upTo: 'graph' }))];
}

/** The arches the entry file declares. */
function declared(compiled: Compiled, spec: string): readonly string[] {
  const entry = compiled.files.find((f) => f.source.file === splitSpec(spec).file) ?? compiled.files[0];
  return (entry?.declarations ?? []).flatMap((d) => (d.kind === 'arch' ? [d.name.name] : []));
}

/** A file of blocks only can be checked though there is no arch in it. */
function isLibrary(compiled: Compiled, spec: string): boolean {
  const entry = compiled.files.find((f) => f.source.file === splitSpec(spec).file) ?? compiled.files[0];
  return declared(compiled, spec).length === 0 && (entry?.declarations.length ?? 0) > 0;
}
