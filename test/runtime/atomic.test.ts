import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { writeAll, writeAtomically, type Write } from '../../runtime/checkpoint/atomic.js';
import { CheckpointError } from '../../runtime/errors.js';

const root = await mkdtemp(join(tmpdir(), 'archc-atomic-'));
afterAll(() => rm(root, { recursive: true }));
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A folder with an old file in it. */
async function withOld(name: string): Promise<{ folder: string; path: string }> {
  const folder = join(root, name);
  await mkdir(folder);
  await writeFile(join(folder, 'c'), 'old');
  return { folder, path: join(folder, 'c') };
}

/** Fails at the n-th write, having written half of it. */
const failing = (n: number, code: string): Write => {
  let writes = 0;
  return async (handle, data) => {
    if (++writes < n) return writeAll(handle, data);
    await writeAll(handle, data.subarray(0, data.length >> 1));
    throw Object.assign(new Error(`${code}: write`), { code, errno: -28 });
  };
};

it('replaces the file and leaves nothing else', async () => {
  const { folder, path } = await withOld('good');
  await writeAtomically(path, async (write) => {
    await write(bytes('new '));
    await write(bytes('content'));
  });
  expect(await readFile(path, 'utf8')).toBe('new content');
  expect(await readdir(folder)).toEqual(['c']);
});

it.each([
  ['ENOSPC', 1, /the disk is full\n {2}What was there before is untouched/],
  ['ENOSPC', 2, /the disk is full/],
  ['EDQUOT', 2, /the disk is full/],
  ['EIO', 2, /was not saved: EIO: write/],
])('keeps the old file when %s happens at write %i', async (code, n, message) => {
  const { folder, path } = await withOld(`${code}${n}`);
  const save = writeAtomically(
    path,
    async (write) => {
      await write(bytes('new '));
      await write(bytes('content'));
    },
    failing(n, code),
  );
  await expect(save).rejects.toThrow(CheckpointError);
  await expect(save).rejects.toThrow(message);
  expect(await readFile(path, 'utf8')).toBe('old');
  expect(await readdir(folder)).toEqual(['c']);
});

it('keeps the old file when making the content fails, and passes the error on', async () => {
  const { folder, path } = await withOld('content');
  await expect(writeAtomically(path, () => Promise.reject(new RangeError('mine')))).rejects.toThrow(RangeError);
  expect(await readFile(path, 'utf8')).toBe('old');
  expect(await readdir(folder)).toEqual(['c']);
});

it('says so when the folder is missing', async () => {
  await expect(writeAtomically(join(root, 'none', 'c'), (write) => write(bytes('x')))).rejects.toThrow(/there is no folder .*none/);
});
