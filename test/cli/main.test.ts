import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { allCodes } from '../../compiler/diagnostics/explain.js';
import { archc, Folder, SMALL } from './harness.js';

const folder = new Folder({ 'small.arch': SMALL });
afterAll(() => { folder.dispose(); });
const inFolder = (...argv: string[]) => archc(argv, { cwd: folder.path });

describe('the command line', () => {
  it.each([
    [['chekc', 'x'], 'error[ARCH6012]: unknown command `chekc`\n  = help: did you mean `check`?\n'],
    [['show'], 'error[ARCH6012]: missing required argument `spec`\n'],
    [['show', 'small.arch', '--resovled'], 'error[ARCH6012]: unknown option `--resovled`\n  = help: did you mean `--resolved`?\n'],
    [['check', 'small.arch', '--format', 'xml'], 'error[ARCH6012]: option `--format <format>` argument `xml` is invalid. Allowed choices are text, json.\n'],
    [['sample', 'runs/a', '--tokens', 'many'], 'error[ARCH6012]: option `--tokens <n>` argument `many` is invalid. It must be a whole number.\n'],
    [['show', 'small.arch', '--print-ir', 'lexer'], 'error[ARCH6012]: --print-ir: there is no pass `lexer`; passes are load,'],
    [['train', '--data', '.', '--run', 'r'], 'error[ARCH6012]: a new run needs a spec'],
  ])('%j exits 2', async (argv, start) => {
    const { code, stdout, stderr } = await inFolder(...argv);
    expect([code, stdout, stderr.slice(0, start.length)]).toEqual([2, '', start]);
  });

  it('reports usage as JSON when JSON is asked for', async () => {
    const { code, stdout, stderr } = await archc(['chekc', '--format', 'json']);
    expect([code, stderr]).toEqual([2, '']);
    expect(JSON.parse(stdout)).toMatchObject({ diagnostics: [{ code: 'ARCH6012', help: 'did you mean `check`?' }], summary: { errors: 1 } });
  });

  it('prints help on stdout with examples, for itself and each command', async () => {
    const help = await archc(['--help']);
    expect([help.code, help.stderr]).toEqual([0, '']);
    expect(help.stdout).toContain('Examples:\n  archc check specs/pools.arch');
    expect(help.stdout).toContain('  130  interrupted');
    for (const command of ['check', 'show', 'build', 'train', 'eval', 'sample', 'diff', 'match', 'doctor', 'explain']) {
      const { code, stdout } = await archc([command, '--help']);
      expect([command, code]).toEqual([command, 0]);
      expect(stdout).toContain(`Examples:\n  archc ${command}`);
    }
  });

  it('says its version, that of the package', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string };
    expect(await archc(['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  });

  it('prints help on stderr when nothing is asked, and exits 2', async () => {
    const { code, stdout, stderr } = await archc([]);
    expect([code, stdout, stderr.startsWith('Usage: archc')]).toEqual([2, '', true]);
  });

  it('exits 130 when interrupted', async () => {
    const controller = new AbortController();
    controller.abort();
    expect(await archc(['explain'], { signal: controller.signal })).toMatchObject({ code: 130 });
  });
});

describe('archc explain', () => {
  it('prints the page of a code, however it is written', async () => {
    const page = await archc(['explain', 'ARCH3003']);
    expect(page).toEqual({
      code: 0,
      stderr: '',
      stdout: [
        'ARCH3003: does not divide', '',
        'A size is computed by division (the width of a head is d / heads) and does not come out', 'whole. Sizes are never rounded.', '',
        'Wrong', '', '    dims { d = 130; ctx = 64; vocab = 256 }', '    layers 2 { attention { heads = 4 } }', '',
        'Right', '', '    dims { d = 128; ctx = 64; vocab = 256 }', '    layers 2 { attention { heads = 4 } }', '',
      ].join('\n'),
    });
    for (const written of ['3003', 'arch3003', 'error[ARCH3003]']) expect(await archc(['explain', written])).toEqual(page);
  });

  it('lists all codes, and refuses an unknown one', async () => {
    const { stdout } = await archc(['explain']);
    expect(stdout.trimEnd().split('\n').map((line) => line.slice(0, 8))).toEqual(allCodes().map(({ code }) => code));
    expect(await archc(['explain', 'ARCH3099'])).toMatchObject({ code: 2, stderr: expect.stringContaining('there is no diagnostic `ARCH3099`') });
  });
});

describe('runs', () => {
  it.each([
    ['nowhere', '`nowhere` is not a run: there is no such folder'],
    ['small.arch', '`small.arch` is not a run: it is a file, not a folder'],
    ['.', '`.` is not a run: it has no spec.json'],
  ])('%s is none: exit 2', async (run, message) => {
    for (const argv of [['eval', run, '--data', '.'], ['sample', run]]) {
      const { code, stdout, stderr } = await inFolder(...argv);
      expect([code, stdout, stderr.split('\n')[0]]).toEqual([2, '', `error[ARCH6004]: ${message}`]);
    }
  });

  it('names runs that are near', async () => {
    folder.write('runs/first/spec.json', '{}');
    expect((await inFolder('sample', 'runs/frist')).stderr).toContain('did you mean `runs/first`?');
    expect((await inFolder('sample', 'runs/first')).stderr).toContain('spec.json is not of the form this archc writes');
  });

  it('are not overwritten unasked', async () => {
    folder.write('runs/full/checkpoint.safetensors', 'x');
    expect(await inFolder('train', 'small.arch', '--data', '.', '--run', 'runs/full')).toEqual({
      code: 2,
      stdout: '',
      stderr: 'error[ARCH6005]: `runs/full` already holds a run\n  = help: continue it with --resume, replace it with --force, or choose another --run\n',
    });
  });
});
