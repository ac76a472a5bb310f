/**
 * @file The standard library as archc brings it: `specs/std/*.arch` beside the code.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the package that holds the standard library: some levels up, whether compiled or not. */
function packageRoot(): string | undefined {
  let folder = dirname(fileURLToPath(import.meta.url));
  for (let above = dirname(folder); ; above = dirname(folder)) {
    if (existsSync(join(folder, 'specs', 'std'))) return folder;
    if (above === folder) return undefined;
    folder = above;
  }
}

let root: string | undefined;

/** The text of `std/name.arch`, or undefined when there is no such file. */
export function readStd(file: string): string | undefined {
  root ??= packageRoot();
  if (root === undefined || !/^std\/[a-z0-9_/]+\.arch$/.test(file)) return undefined;
  try {
    return readFileSync(join(root, 'specs', file), 'utf8');
  } catch {
    return undefined;
  }
}
