/**
 * @file Which files a corpus is made of: for each its domain and whether it is training text, validation text or both.
 *
 * - A file is one domain, named after it. In a folder, each sub-folder is a domain; files beside them make a domain named after the folder.
 * - Where a folder has both an entry named train* and one named valid* (`train.txt` and `valid.txt`, or folders), their names say what they are,
 *   and one named test* is held out. Elsewhere a name means nothing, and each file is split.
 * - Names that start with a dot are left out, and links to folders.
 */
import { lstat, readdir, stat } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { DataError, messageOf, systemCode } from '../errors.js';

/** `split`: the last tenth is for validation. */
export type Use = 'train' | 'valid' | 'split';

export interface TextFile {
  readonly path: string;
  readonly domain: string;
  readonly use: Use;
}

const NAMED = /^(train|valid|test)(ing|ation|s)?([._-].*|\d.*)?$/i;

/** Files in a fixed order (by name). Warnings go to `warn`. @throws DataError when the path does not exist or cannot be read */
export async function discover(path: string, warn: (message: string) => void): Promise<TextFile[]> {
  const name = basename(path.replace(/[/\\]+$/, '')) || 'text';
  if (!(await entryKind(path)).isDirectory()) return [{ path, domain: name.slice(0, name.length - extname(name).length) || name, use: 'split' }];
  const files: TextFile[] = [];
  await walk(path, undefined, 'split', name, files, warn);
  return files;
}

async function walk(folder: string, domain: string | undefined, inherited: Use, rootName: string, files: TextFile[], warn: (message: string) => void): Promise<void> {
  const names = (await readFolder(folder)).filter((name) => !name.startsWith('.'));
  const kinds = new Set(names.map(namedUse));
  const paired = inherited === 'split' && kinds.has('train') && kinds.has('valid');
  for (const name of names) {
    const path = join(folder, name);
    const named = paired ? namedUse(name) : undefined;
    if (named === 'test') {
      warn(`${path} is left out: test text is neither trained on nor validated on`);
      continue;
    }
    const use = named ?? inherited;
    const entry = await entryKind(path);
    if (entry.isDirectory() && (await lstat(path)).isSymbolicLink()) warn(`${path} is left out: links to folders are not followed`);
    else if (entry.isDirectory()) await walk(path, domain ?? (named ? undefined : name), use, rootName, files, warn);
    else if (entry.isFile()) files.push({ path, domain: domain ?? rootName, use });
  }
}

function namedUse(name: string): 'train' | 'valid' | 'test' | undefined {
  switch (NAMED.exec(name)?.[1]?.toLowerCase()) {
    case 'train':
      return 'train';
    case 'valid':
      return 'valid';
    case 'test':
      return 'test';
    default:
      return undefined;
  }
}

async function readFolder(path: string): Promise<string[]> {
  try {
    return (await readdir(path)).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  } catch (error) {
    throw unreadable(path, error);
  }
}

async function entryKind(path: string): Promise<{ isDirectory(): boolean; isFile(): boolean }> {
  try {
    return await stat(path);
  } catch (error) {
    throw unreadable(path, error);
  }
}

/** The DataError for a failed read. */
export function unreadable(path: string, error: unknown): DataError {
  switch (systemCode(error)) {
    case 'ENOENT':
      return new DataError(`there is no data at ${path}\n  --data takes a text file or a folder of text files.`);
    case 'EACCES':
    case 'EPERM':
      return new DataError(`${path} may not be read: permission denied\n  Make it readable (chmod +r), or give another --data.`);
    default:
      return new DataError(`${path} cannot be read: ${messageOf(error)}`);
  }
}
