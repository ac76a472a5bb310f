import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { unreadable } from '../../runtime/data/discover.js';
import { DataError, openCorpus } from '../../runtime/index.js';

const root = await mkdtemp(join(tmpdir(), 'archc-data-'));
afterAll(() => rm(root, { recursive: true }));
let folders = 0;

/** A fresh folder with these files. */
async function folder(files: Readonly<Record<string, string | Uint8Array>>): Promise<string> {
  const path = join(root, `case${folders++}`);
  await mkdir(path);
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(path, name)), { recursive: true });
    await writeFile(join(path, name), content);
  }
  return path;
}

const text = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);
const digits = '0123456789'.repeat(10);

describe('openCorpus', () => {
  it('splits a file: the last tenth is for validation', async () => {
    const corpus = await openCorpus(join(await folder({ 'notes.md': digits }), 'notes.md'), { time: 8 });
    expect(corpus.domains.map(({ name, train, valid, files }) => [name, text(train), text(valid), files])).toEqual([['notes', digits.slice(0, 90), '0123456789', 1]]);
  });

  it('takes sub-folders as domains and joins their files by name', async () => {
    const path = await folder({ 'math/b.txt': 'B'.repeat(20), 'math/deep/a.txt': 'D'.repeat(10), 'law/x': 'L'.repeat(30), 'top.txt': 'T'.repeat(40), '.hidden': 'H'.repeat(50) });
    const corpus = await openCorpus(path, { time: 8 });
    expect(corpus.domains.map(({ name, train, valid }) => [name, text(train), text(valid)])).toEqual([
      ['law', 'L'.repeat(27), 'LLL'],
      ['math', `${'B'.repeat(18)}\n${'D'.repeat(9)}\n`, 'BB\nD\n'],
      [path.split('/').at(-1), 'T'.repeat(36), 'TTTT'],
    ]);
  });

  it('respects train and valid, as files and as folders, and holds test out', async () => {
    const files = await openCorpus(await folder({ 'math/train.txt': digits, 'math/valid.txt': 'VVVV', 'math/test.txt': 'XXXX' }), { time: 8 });
    expect(files.domains.map(({ name, train, valid }) => [name, text(train), text(valid)])).toEqual([['math', digits, 'VVVV']]);
    expect(files.warnings).toEqual([expect.stringMatching(/test\.txt is left out: test text/)]);
    const nested = await openCorpus(await folder({ 'train/math/a.txt': digits, 'validation/math/a.txt': 'VVVV', 'train/law.txt': 'L'.repeat(9), 'valid-law.txt': 'W' }), { time: 8 });
    expect(nested.domains.map(({ train, valid }) => [text(train), text(valid)])).toContainEqual([digits, 'VVVV']);
    expect(nested.domains.map(({ train, valid }) => [text(train), text(valid)])).toContainEqual(['L'.repeat(9), 'W']);
  });

  it('does not take validate.js for validation text', async () => {
    const corpus = await openCorpus(await folder({ 'js/validate.js': digits, 'js/trainer.js': digits, 'js/valid.js': digits }), { time: 8 });
    expect(corpus.domains.map(({ train, valid }) => [train.length, valid.length])).toEqual([[273, 33]]);
  });

  it('leaves out binary and empty files and domains that are too short, and says so', async () => {
    const path = await folder({ 'a/x.bin': Uint8Array.of(1, 0, 2), 'a/y.txt': digits, 'a/empty.txt': '', 'b/z.txt': 'short' });
    const corpus = await openCorpus(path, { time: 8 });
    expect(corpus.domains.map(({ name, files }) => [name, files])).toEqual([['a', 1]]);
    expect(corpus.warnings).toEqual([
      `${join(path, 'a/empty.txt')} is left out: it is empty`,
      `${join(path, 'a/x.bin')} is left out: it is not text (a NUL byte in its first 8192 bytes)`,
      'domain b is left out: it has 5 bytes to train on, and a window needs 9',
    ]);
  });

  it('does not follow links to folders round and round, and warns when nothing is left to validate on', async () => {
    const path = await folder({ 'a/x.txt': '123456789' });
    await symlink(path, join(path, 'a', 'loop'));
    const corpus = await openCorpus(path, { time: 8 });
    expect(corpus.warnings).toEqual([`${join(path, 'a/loop')} is left out: links to folders are not followed`, `${path} has no validation text: nothing will be evaluated`]);
  });

  it.each([
    ['nothing there', async () => join(root, 'nowhere'), /^there is no data at .*nowhere\n {2}--data takes/],
    ['an empty folder', () => folder({}), /has no files/],
    ['an empty file', async () => join(await folder({ 'x.txt': '' }), 'x.txt'), /has no text: the file is empty or binary/],
    ['only binary files', () => folder({ 'x.bin': Uint8Array.of(0), 'y.bin': Uint8Array.of(0, 1) }), /has no text: all 2 files are empty or binary/],
    ['less than a window', () => folder({ 'x.txt': '123456789' }), /has too little text: 9 bytes to train on, but one window of context 9 needs 10\n {2}Give more text, or a smaller context/],
  ])('refuses %s', async (_, path, message) => {
    const error: unknown = await openCorpus(await path(), { time: 9 }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(DataError);
    expect(error instanceof Error ? error.message : '').toMatch(message);
  });

  it('says what an unreadable file is', () => {
    const denied = unreadable('secret.txt', Object.assign(new Error('EACCES'), { code: 'EACCES' }));
    expect(denied).toBeInstanceOf(DataError);
    expect(denied.message).toBe('secret.txt may not be read: permission denied\n  Make it readable (chmod +r), or give another --data.');
    expect(unreadable('x', new Error('EIO: broken disk')).message).toBe('x cannot be read: EIO: broken disk');
  });

  it.skipIf(process.getuid?.() === 0)('refuses an unreadable file (skipped for root, who may read anything)', async () => {
    const path = join(await folder({ 'x.txt': digits }), 'x.txt');
    await chmod(path, 0);
    await expect(openCorpus(path, { time: 8 })).rejects.toThrow(/may not be read: permission denied/);
  });
});

describe('batches', () => {
  it('are windows of the text with the next byte as target, a function of seed and step', async () => {
    const path = await folder({ 'a/x.txt': digits.repeat(3), 'b/x.txt': 'abcdefghij'.repeat(100) });
    const corpus = await openCorpus(path, { time: 8 });
    const batch = corpus.batch(17, 4, 1);
    for (let row = 0; row < 4; row++) {
      const tokens = [...batch.tokens.subarray(row * 8, row * 8 + 8)];
      const targets = [...batch.targets.subarray(row * 8, row * 8 + 8)];
      expect(targets.slice(0, 7)).toEqual(tokens.slice(1));
      expect(tokens.every((token) => (token >= 48 && token <= 57) || (token >= 97 && token <= 106))).toBe(true);
    }
    const again = await openCorpus(path, { time: 8 });
    again.batch(3, 4, 1);
    expect(again.batch(17, 4, 1)).toEqual(batch);
    expect(again.batch(18, 4, 1)).not.toEqual(batch);
    expect(again.batch(17, 4, 2)).not.toEqual(batch);
  });

  it('take domains by their size', async () => {
    const corpus = await openCorpus(await folder({ 'a/x.txt': 'a'.repeat(1000), 'b/x.txt': 'b'.repeat(3000) }), { time: 4 });
    let ofB = 0;
    for (let step = 1; step <= 500; step++) {
      const { tokens } = corpus.batch(step, 8, 5);
      for (let row = 0; row < 8; row++) if (tokens[row * 4] === 98) ofB++;
    }
    // 2696 of 3592 starts are in b; four standard errors of 4000 draws.
    expect(Math.abs(ofB / 4000 - 2696 / 3592)).toBeLessThan(4 * Math.sqrt((0.75 * 0.25) / 4000));
  });
});

describe('validation windows', () => {
  it('cover the text once, each byte but the first predicted once', async () => {
    const corpus = await openCorpus(await folder({ 'train.txt': digits, 'valid.txt': 'abcdefghijk' }), { time: 4 });
    const windows = [...corpus.validation(Infinity)];
    expect(windows.map(({ tokens }) => String.fromCharCode(...tokens))).toEqual(['abcd', 'efgh', 'ijk\0']);
    expect(windows.flatMap(({ targets }) => [...targets]).map((target) => (target < 0 ? '.' : String.fromCharCode(target))).join('')).toBe('bcdefghijk..');
  });

  it('are spread evenly when capped, and do not overlap', async () => {
    const ascending = Uint8Array.from({ length: 81 }, (_, i) => i + 40);
    const corpus = await openCorpus(await folder({ 'train.txt': digits, 'valid.txt': ascending }), { time: 4 });
    // 80 predicted bytes are 20 windows; every fourth is taken.
    expect([...corpus.validation(5)].map(({ tokens }) => tokens[0])).toEqual([40, 56, 72, 88, 104]);
    expect([...corpus.validation(5)].map(({ targets }) => targets[3])).toEqual([44, 60, 76, 92, 108]);
  });
});
