/**
 * @file Writing a file so that a crash, a kill or a full disk leaves either the old one or the new one, whole: write a temporary file beside it,
 * flush it, rename it over the old one, flush the folder.
 */
import { open, rename, unlink, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { CheckpointError, messageOf, systemCode } from '../errors.js';

/** Writes all the bytes at the file's end. */
export type Write = (handle: FileHandle, bytes: Uint8Array) => Promise<void>;

/** The real one; tests give another that fails. */
export const writeAll: Write = async (handle, bytes) => {
  for (let at = 0; at < bytes.length; ) at += (await handle.write(bytes, at)).bytesWritten;
};

/**
 * Replaces `path` with what `content` writes, or leaves it untouched.
 * @throws CheckpointError when the file cannot be written; whatever `content` throws
 */
export async function writeAtomically(path: string, content: (write: (bytes: Uint8Array) => Promise<void>) => Promise<void>, write: Write = writeAll): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}.tmp`);
  let handle: FileHandle | undefined;
  try {
    handle = await open(temporary, 'w');
    const file = handle;
    await content((bytes) => write(file, bytes));
    await handle.sync();
    await handle.close();
    handle = undefined;
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (error) {
    await handle?.close().catch(() => undefined);
    await unlink(temporary).catch(() => undefined);
    throw failure(path, error);
  }
}

function failure(path: string, error: unknown): unknown {
  switch (systemCode(error)) {
    case undefined:
      return error;
    case 'ENOSPC':
    case 'EDQUOT':
      return new CheckpointError(`${path} was not saved: the disk is full\n  What was there before is untouched. Free some space; training can go on from it with --resume.`);
    case 'ENOENT':
      return new CheckpointError(`${path} was not saved: there is no folder ${dirname(path)}\n  Make it, or choose another run folder.`);
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new CheckpointError(`${path} was not saved: ${dirname(path)} may not be written to\n  Make it writable, or choose another run folder.`);
    default:
      // RuntimeFailures carry a `code` too: they pass as they are.
      return error instanceof CheckpointError || !(error instanceof Error) || !('errno' in error) ? error : new CheckpointError(`${path} was not saved: ${messageOf(error)}`);
  }
}

/** Makes the rename itself durable; not every system can (Windows cannot open a folder). */
async function syncFolder(folder: string): Promise<void> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(folder, 'r');
    await handle.sync();
  } catch {
    // The file's own content is flushed; only the order of the rename is left to the system.
  } finally {
    await handle?.close();
  }
}
