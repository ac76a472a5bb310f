/**
 * @file Material outside the project that some tests read. A test that needs it skips by name where it is absent.
 */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../../../shared/', import.meta.url));

/** The path of a file in the shared folder. */
export function shared(path: string): string {
  return folder + path;
}

export function hasShared(path: string): boolean {
  return existsSync(shared(path));
}
