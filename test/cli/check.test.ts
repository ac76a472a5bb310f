import { afterAll, describe, expect, it } from 'vitest';
import { archc, Folder, SMALL } from './harness.js';

const folder = new Folder({
  'small.arch': SMALL,
  'typo.arch': SMALL.replace('heads = 2 }', 'haeds = 2 }'),
  'two.arch': `${SMALL.replace('d = 16', 'd = 17')}\narch Wide extends Small { layers.ffn.cuont = 8 }\n`,
  'library.arch': 'language 1\nblock twice(x[d]) -> y[d] { return x + x }\n',
  'empty.arch': '',
  'notes.txt': 'not a spec',
  'lib/inner.arch': 'language 1\nblock same(x[d]) -> y[d] { return x }\n',
});
folder.write('binary.arch', Uint8Array.from([0, 1, 2, 255, 0, 7]));
afterAll(() => { folder.dispose(); });
const check = (...argv: string[]) => archc(['check', ...argv], { cwd: folder.path });

describe('archc check', () => {
  it('says nothing on stdout about a spec that is right, and exits 0', async () => {
    expect(await check('small.arch')).toEqual({ code: 0, stdout: '', stderr: 'small.arch: ok\n' });
    expect(await check('small.arch', '--quiet')).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  it('shows a misspelt setting with a suggestion, on stderr, and exits 1', async () => {
    const { code, stdout, stderr } = await check('typo.arch');
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain('error[ARCH2002]: `attention` has no setting `haeds`');
    expect(stderr).toContain('--> typo.arch:11:17');
    expect(stderr).toContain('11 |     attention { haeds = 2 }\n   |                 ^^^^^');
    expect(stderr).toContain('= help: did you mean `heads`?');
  });

  it('prints the same findings as JSON on stdout, and nothing else', async () => {
    const { code, stdout, stderr } = await check('typo.arch', '--format', 'json');
    expect([code, stderr]).toEqual([1, '']);
    const report: unknown = JSON.parse(stdout);
    expect(report).toMatchObject({
      formatVersion: '1.0',
      tool: { name: 'archc', version: '0.1.0' },
      summary: { warnings: 0 },
    });
    expect(report).toHaveProperty('diagnostics.0.code', 'ARCH2002');
    expect(report).toHaveProperty('diagnostics.0.span.start.line', 11);
    expect(report).toHaveProperty('diagnostics.0.span.start.col', 17);
  });

  it('checks every arch of a file', async () => {
    const { code, stderr } = await check('two.arch');
    expect(code).toBe(1);
    expect(stderr).toContain('`pools` has no setting `cuont`');
    expect(stderr).toContain('did you mean `count`?');
  });

  it('checks a file of blocks, a folder, standard input', async () => {
    expect(await check('library.arch')).toMatchObject({ code: 0 });
    expect(await check('lib')).toMatchObject({ code: 0, stderr: expect.stringContaining('inner.arch: ok') });
    expect(await archc(['check', '-'], { cwd: folder.path, stdin: SMALL })).toMatchObject({ code: 0 });
    expect(await archc(['check', '-'], { cwd: folder.path, stdin: SMALL.replace('embed {}', 'embde {}') })).toMatchObject({ code: 1, stderr: expect.stringContaining('--> <stdin>:9:3') });
  });

  it('applies --set, and refuses one that leads nowhere', async () => {
    expect(await check('small.arch', '--set', 'layers.ffn.count=8')).toMatchObject({ code: 0 });
    expect(await check('small.arch', '--set', 'layers.fnn.count=8')).toMatchObject({ code: 1, stderr: expect.stringContaining('ARCH2006') });
    expect(await check('small.arch', '--set', 'nonsense')).toMatchObject({ code: 1, stderr: expect.stringContaining('ARCH2018') });
  });

  it('reports an empty file and a binary one', async () => {
    expect(await check('empty.arch')).toMatchObject({ code: 1, stderr: expect.stringContaining('ARCH1001') });
    expect(await check('binary.arch')).toMatchObject({ code: 1, stderr: expect.stringContaining('ARCH1002') });
  });

  it.each([
    ['smal.arch', 'error[ARCH6001]: cannot find `smal.arch`\n  = help: did you mean `small.arch`?\n'],
    ['notes.txt', 'error[ARCH6002]: `notes.txt` is not an .arch file: its name does not end in .arch\n  = help: give a spec: text, in a file whose name ends in .arch\n'],
  ])('cannot check %s: exit 2', async (file, stderr) => {
    expect(await check(file)).toEqual({ code: 2, stdout: '', stderr });
  });
});
