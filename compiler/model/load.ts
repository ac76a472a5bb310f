/**
 * @file Reads the entry file and everything it `use`s, and works out which names each file's declarations may use.
 *
 * `use std.transformer { embed }` names the file `std/transformer.arch` of the standard library; any other path is looked up
 * beside the file that says it: `use lib.routers { ... }` reads `lib/routers.arch`.
 */
import type { ArchDecl, BlockDecl, Declaration, File, FunctionDecl, Ident, LossDecl, Source, Span, TrainDecl, Use } from '../../grammar/ast.js';
import { parse } from '../../grammar/parse.js';
import { diagnose } from '../diagnostics/catalogue.js';
import type { Diagnostics } from '../diagnostics/diagnostic.js';
import { syntaxDiagnostic } from '../diagnostics/syntax.js';
import type { Scope } from './model.js';

export interface Loaded {
  readonly entry: File | undefined;
  readonly files: ReadonlyMap<string, File>;
  readonly sources: ReadonlyMap<string, Source>;
  readonly scopes: ReadonlyMap<string, FileScope>;
}

/** A file's scope, with the specs in it. */
export interface FileScope extends Scope {
  readonly archs: ReadonlyMap<string, ArchDecl>;
  readonly trains: readonly TrainDecl[];
}

type Named = BlockDecl | FunctionDecl | LossDecl | ArchDecl;

/** Returns a file's text, or undefined when there is none. `std/...` names the standard library. */
export type ReadSource = (file: string) => string | undefined;

/** `always`: files read whether or not something uses them. */
export function load(entry: string, read: ReadSource, diagnostics: Diagnostics, always: readonly string[] = []): Loaded {
  const files = new Map<string, File>();
  const sources = new Map<string, Source>();
  const chain: { file: string; use?: Use }[] = [];

  const visit = (name: string, use?: Use): void => {
    const start = chain.findIndex((link) => link.file === name);
    if (start >= 0) {
      const cycle = chain.slice(start).map((link) => link.file);
      diagnostics.report(diagnose('ARCH2008', { cycle }, use?.span));
      return;
    }
    if (files.has(name)) return;
    const text = read(name);
    if (text === undefined) {
      diagnostics.report(diagnose('ARCH2007', { file: name, among: [] }, use?.path.span));
      return;
    }
    const source = { file: name, text };
    const { file, errors } = parse(source);
    sources.set(name, source);
    files.set(name, file);
    for (const error of errors) diagnostics.report(syntaxDiagnostic(error));
    chain.push(use ? { file: name, use } : { file: name });
    for (const inner of file.uses) visit(fileOf(inner, name), inner);
    chain.pop();
  };
  visit(entry);
  for (const name of always) visit(name);

  const scopes = new Map<string, FileScope>();
  const exportsOf = new Map<string, Map<string, Named>>();
  for (const [name, file] of files) exportsOf.set(name, ownNames(file.declarations, diagnostics));
  for (const [name, file] of files) scopes.set(name, buildScope(name, file, exportsOf, diagnostics));
  return { entry: files.get(entry), files, sources, scopes };
}

/** The file a `use` means, seen from the file that says it. */
export function fileOf(use: Use, from: string): string {
  const segments = use.path.segments.map((segment) => segment.name);
  if (segments[0] === 'std') return `${segments.join('/')}.arch`;
  const folder = from.includes('/') ? from.slice(0, from.lastIndexOf('/') + 1) : '';
  return `${folder}${segments.join('/')}.arch`;
}

function ownNames(declarations: readonly Declaration[], diagnostics: Diagnostics): Map<string, Named> {
  const names = new Map<string, Named>();
  for (const declaration of declarations) {
    if (declaration.kind === 'train') continue;
    const earlier = names.get(declaration.name.name);
    if (earlier) reportDuplicate(declaration.name, earlier.name.span, diagnostics);
    else names.set(declaration.name.name, declaration);
  }
  return names;
}

function reportDuplicate(name: Ident, earlier: Span, diagnostics: Diagnostics): void {
  diagnostics.report(
    diagnose('ARCH2010', { kind: 'name', name: name.name }, name.span, { related: [{ span: earlier, label: 'first declared here' }] }),
  );
}

function buildScope(
  name: string,
  file: File,
  exportsOf: ReadonlyMap<string, ReadonlyMap<string, Named>>,
  diagnostics: Diagnostics,
): FileScope {
  const blocks = new Map<string, BlockDecl>();
  const functions = new Map<string, FunctionDecl>();
  const losses = new Map<string, LossDecl>();
  const archs = new Map<string, ArchDecl>();
  const places = new Map<string, Span>();
  const add = (label: string, declaration: Named): void => {
    if (declaration.kind === 'block') blocks.set(label, declaration);
    else if (declaration.kind === 'function') functions.set(label, declaration);
    else if (declaration.kind === 'lossdecl') losses.set(label, declaration);
    else archs.set(label, declaration);
  };
  for (const use of file.uses) {
    const from = fileOf(use, name);
    const exported = exportsOf.get(from);
    if (!exported) continue;
    for (const { name: wanted, alias } of use.names) {
      const declaration = exported.get(wanted.name);
      if (!declaration) {
        diagnostics.report(diagnose('ARCH2007', { name: wanted.name, file: from, among: [...exported.keys()] }, wanted.span));
        continue;
      }
      const label = alias ?? wanted;
      const earlier = places.get(label.name);
      if (earlier) reportDuplicate(label, earlier, diagnostics);
      places.set(label.name, label.span);
      add(label.name, declaration);
    }
  }
  for (const [label, declaration] of exportsOf.get(name) ?? []) {
    const earlier = places.get(label);
    if (earlier) reportDuplicate(declaration.name, earlier, diagnostics);
    add(label, declaration);
  }
  const trains = file.declarations.filter((declaration): declaration is TrainDecl => declaration.kind === 'train');
  return { file: name, blocks, functions, losses, archs, trains };
}
