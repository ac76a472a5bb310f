/**
 * @file Reads what the command line names, and says plainly when it cannot.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { suggest } from '../diagnostics/suggest.js';
import { type Context, failure } from './context.js';

/** The name under which standard input is compiled. */
export const STDIN = '<stdin>';

/** A spec's text. @throws CommandFailure when there is none, or it is no spec */
export function readSpec(context: Context, file: string): string {
  if (file === '-') return context.io.readStdin();
  const path = resolve(context.io.cwd, file);
  const kind = kindOf(path);
  if (kind === 'missing') throw failure('ARCH6001', { file, among: nearbySpecs(file, path) });
  if (kind === 'folder') throw failure('ARCH6002', { file, why: 'it is a folder' });
  if (!file.endsWith('.arch')) throw failure('ARCH6002', { file, why: 'its name does not end in .arch' });
  return readText(file, path);
}

/** A file's text. @throws CommandFailure with the system's reason */
export function readText(file: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw failure('ARCH6003', { file, reason: reasonOf(error) });
  }
}

/** The `.arch` files of the paths, folders searched through; sorted within a folder. @throws CommandFailure for a path that does not exist */
export function specsIn(context: Context, paths: readonly string[]): readonly string[] {
  const found = paths.flatMap((path) => {
    if (path === '-') return [path];
    const full = resolve(context.io.cwd, path);
    if (kindOf(full) !== 'folder') return [path];
    const inside = readdirSync(full, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.arch') && !name.split(/[\\/]/).some((part) => part === 'node_modules' || part.startsWith('.')))
      .sort();
    if (inside.length === 0) throw failure('ARCH6001', { file: join(path, '*.arch'), among: [] }, { help: `there is no .arch file in \`${path}\`` });
    return inside.map((name) => join(path, name));
  });
  return [...new Set(found)];
}

/** What a path leads to. */
export function kindOf(path: string): 'file' | 'folder' | 'missing' {
  try {
    return statSync(path).isDirectory() ? 'folder' : 'file';
  } catch {
    return 'missing';
  }
}

/** The plain reason of a system error: `permission denied`, not `EACCES: permission denied, open '/x'`. */
export function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return /^E[A-Z]+: ([^,]+)/.exec(text)?.[1] ?? text;
}

/** Names in the folder that could have been meant, as the user would write them. */
function nearbySpecs(file: string, path: string): readonly string[] {
  const folder = dirname(path);
  if (kindOf(folder) !== 'folder') return [];
  const names = readdirSync(folder).filter((name) => name.endsWith('.arch'));
  const near = suggest(basename(file), names);
  const prefix = file.slice(0, file.length - basename(file).length);
  return (near.length > 0 ? near : names.sort()).map((name) => prefix + name);
}
