/**
 * @file A checkpoint's bytes, from a file.
 */
import { open } from 'node:fs/promises';
import { CheckpointError } from '../errors.js';
import type { ByteSource } from './read.js';

/** More than this is not read at once. */
const PIECE = 1 << 28;

/** @throws the system's error when it cannot be opened */
export async function openFile(path: string): Promise<ByteSource> {
  const handle = await open(path, 'r');
  try {
    const { size } = await handle.stat();
    return {
      size,
      read: async (position, length) => {
        const bytes = new Uint8Array(length);
        for (let at = 0; at < length; ) {
          const { bytesRead } = await handle.read(bytes, at, Math.min(length - at, PIECE), position + at);
          if (bytesRead === 0) throw new CheckpointError(`it is truncated at byte ${position + at}`);
          at += bytesRead;
        }
        return bytes;
      },
      close: () => handle.close(),
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}
