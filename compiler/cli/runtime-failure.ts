/**
 * @file What the runtime throws, as diagnostics. Its failures are told by `code`, so that commands without a device never load it.
 */
import { diagnose } from '../diagnostics/catalogue.js';
import type { Diagnostic } from '../diagnostics/diagnostic.js';
import { reasonOf } from './files.js';

/** The diagnostic of a runtime failure or a system error; undefined for anything else, which is a defect. */
export function runtimeDiagnostic(error: unknown): Diagnostic | undefined {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return undefined;
  const [reason = '', ...rest] = error.message.split('\n');
  const help = rest.map((line) => line.trim()).filter((line) => line !== '').join('\n');
  const extras = help === '' ? {} : { help };
  switch (error.code) {
    case 'no_adapter':
    case 'device_lost':
    case 'limit':
      return diagnose('ARCH6007', { reason }, undefined, help === '' && error.code !== 'no_adapter' ? { help: '`archc doctor` shows the adapter and its limits' } : extras);
    case 'data':
      return diagnose('ARCH6006', { reason }, undefined, extras);
    case 'checkpoint':
      return diagnose('ARCH6008', { reason }, undefined, extras);
    case 'run':
      return diagnose('ARCH6009', { reason }, undefined, extras);
    case 'nan':
      return diagnose('ARCH6011', { reason }, undefined, extras);
    case 'ENOSPC':
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
    case 'ENOTDIR':
    case 'EISDIR':
    case 'EEXIST':
      return unwritable(error, reasonOf(error));
    case 'ENOENT':
      // Said, by a recursive mkdir, of a folder on a disk that is read-only.
      return 'syscall' in error && error.syscall === 'mkdir' ? unwritable(error, 'the folder cannot be made') : undefined;
    default:
      return undefined;
  }
}

function unwritable(error: Error & { readonly code: unknown }, reason: string): Diagnostic {
  const path = 'path' in error && typeof error.path === 'string' ? `\`${error.path}\`` : 'a file';
  const help = error.code === 'ENOSPC' ? 'free some space, or choose another folder' : 'choose another folder, or make this one a folder that you may write to';
  return diagnose('ARCH6009', { reason: `cannot write ${path}: ${reason}` }, undefined, { help });
}
