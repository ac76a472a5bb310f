/**
 * What a user gets for what is wrong: what, where, and how to mend it, word for word; and the exit code.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { archc, Folder, type Result, SMALL } from './harness.js';

const folder = new Folder({
  'small.arch': SMALL, 'text.txt': 'the quick brown fox jumps over the lazy dog. '.repeat(40), 'empty/.keep': '', 'binary/x.bin': '\0\u0001\0', 'folder.arch/.keep': '',
  'computed.arch': SMALL.replace('steps = 4', 'steps = d - 16'),
});
afterAll(() => { folder.dispose(); });
const file = (...path: string[]): string => join(folder.path, ...path);
const run = (...argv: string[]): Promise<Result> => archc(argv, { cwd: folder.path });
/** The text of a diagnostic without the line that counts. */
const said = (stderr: string): string => stderr.slice(stderr.indexOf('error[')).replace(/\n\n1 error; .*\n$/, '\n').trimEnd().replaceAll(folder.path, '');

describe('--set', () => {
  it.each([
    ['train.batch=0', 'ARCH2012', '`batch` of `train` expects a whole number of at least 1, got `0`', 'for example `--set train.batch=8`'],
    ['train.steps=abc', 'ARCH2012', '`steps` of `train` expects a whole number of at least 1, got `abc`', 'for example `--set train.steps=1000`'],
    ['train.batch=2.5', 'ARCH2012', '`batch` of `train` expects a whole number of at least 1, got `2.5`', 'for example `--set train.batch=8`'],
    ['train.optimizer.lr=-1', 'ARCH2012', '`optimizer.lr` of `train` expects a number of at least 0, got `-1`', 'for example `--set train.optimizer.lr=0.001`'],
    ['train.optimizer.betas=3', 'ARCH2012', '`optimizer.betas` of `train` expects two numbers from 0 up to 1, got `3`', 'for example `--set train.optimizer.betas=[0.9, 0.95]`'],
    ['train.group.x=3', 'ARCH2012', '`group` of `train` expects the path of parameters and a setting, got `group.x`', 'for example `--set train.group.layers.ffn.experts.lr=0.01`'],
    ['train.optimizer=sgd', 'ARCH2017', 'unknown optimizer `sgd`', 'known: `adamw`, `touched_adam`'],
    ['train.bach=4', 'ARCH2017', 'unknown train setting `bach`', 'did you mean `batch`?'],
    ['layers=0', 'ARCH2006', '`layers` is a block, not a value', 'name one of its settings: `layers.count`, `layers.norm`, `layers.attention.SETTING`, `layers.ffn.SETTING`'],
    ['layers.ffn=3', 'ARCH2006', '`layers.ffn` is a block, not a value', 'name one of its settings: `layers.ffn.count`, `layers.ffn.open`, `layers.ffn.heads`, `layers.ffn.keys`, `layers.ffn.take`, `layers.ffn.query`'],
    ['layers.1.ffn=3', 'ARCH2006', '`layers.1.ffn` is a block, not a value', 'name one of its settings: `layers.1.ffn.count`, `layers.1.ffn.open`, `layers.1.ffn.heads`, `layers.1.ffn.keys`, `layers.1.ffn.take`, `layers.1.ffn.query`'],
    ['dims=4', 'ARCH2006', '`dims` is a block, not a value', 'name one of its settings: `dims.d`, `dims.ctx`, `dims.vocab`'],
    ['embed=2', 'ARCH2006', '`embed` is a block, not a value', 'name one of its settings: `archc show --resolved` lists every path'],
    ['dims.width=4', 'ARCH2006', '`dims.width` does not exist: `dims` has no `width`', '`dims` has: `ctx`, `d`, `vocab`'],
    ['layers.fnn.count=4', 'ARCH2006', '`layers.fnn.count` does not exist: `layers` has no `fnn`', 'did you mean `ffn`?'],
  ])('%s', async (set, code, message, help) => {
    const result = await run('check', 'small.arch', '--set', set);
    expect([result.code, result.stdout]).toEqual([1, '']);
    expect(said(result.stderr)).toBe(`error[${code}]: ${message}\n --> --set ${set}\n  = help: ${help}`);
  });

  it.each([
    ['layers.ffn.count', 'there is no `=`', 'write it as PATH=VALUE, for example --set layers.ffn.count=32'],
    ['=3', 'the path or the value is not written as in a spec', 'write it as PATH=VALUE, for example --set layers.ffn.count=32'],
    ['train=3', '`train` is a block, not a value', 'name one of its settings, for example --set train.steps=100'],
  ])('%s cannot be read', async (set, reason, help) => {
    const result = await run('check', 'small.arch', '--set', set);
    expect([result.code, result.stdout]).toEqual([1, '']);
    expect(said(result.stderr)).toBe(`error[ARCH2018]: cannot read \`--set ${set}\`: ${reason}\n  = help: ${help}`);
  });

  it('says which of several is wrong', async () => {
    const { stderr } = await run('check', 'small.arch', '--set', 'train.steps=0', '--set', 'train.seed=1', '--set', 'train.batch=0');
    expect([...stderr.matchAll(/--> (.+)/g)].map(([, place]) => place)).toEqual(['--set train.steps=0', '--set train.batch=0']);
  });

  it('chooses the optimiser', async () => {
    const { code, stdout } = await run('show', 'small.arch', '--resolved', '--set', 'train.optimizer=touched_adam');
    expect([code, /^train\.optimizer\.kind: touched_adam +.*--set/m.test(stdout)]).toEqual([0, true]);
  });
});

it('a train setting of a spec that comes to nothing usable is shown with what it comes to', async () => {
  const { code, stderr } = await run('check', 'computed.arch');
  expect(code).toBe(1);
  expect(said(stderr)).toBe(`error[ARCH2012]: \`steps\` of \`train\` expects a whole number of at least 1, got \`d - 16\`, which is 0
  --> computed.arch:23:11
   |
23 |   steps = d - 16; batch = 2; seed = 1
   |           ^^^^^^ expected a whole number of at least 1
   = help: for example \`steps = 1000\``);
});

describe('the command line: exit 2', () => {
  const help = '`archc --help` and `archc COMMAND --help` show what there is, with examples';
  it.each([
    [['eval', 'runs/a', '--data', 'text.txt', '--windows', '0'], 'ARCH6012', 'option `--windows <n>` argument `0` is invalid. It must be a whole number, 1 or more.', help],
    [['train', 'small.arch', '--data', 'text.txt', '--run', 'runs/n', '--threads', '0'], 'ARCH6012', 'option `--threads <n>` argument `0` is invalid. It must be a whole number, 1 or more.', help],
    [['train', 'small.arch', '--data', 'text.txt', '--run', 'runs/n', '--device', 'tpu'], 'ARCH6012', 'option `--device <device>` argument `tpu` is invalid. Allowed choices are auto, cpu, gpu.', help],
    [['check', 'smal.arch'], 'ARCH6001', 'cannot find `smal.arch`', 'did you mean `small.arch`?'],
    [['check', 'folder.arch'], 'ARCH6001', 'cannot find `folder.arch/*.arch`', 'there is no .arch file in `folder.arch`'],
    [['train', 'small.arch', '--data', 'empty', '--run', 'runs/n', '--device', 'cpu'], 'ARCH6006', '/empty has no files', "Put text files in it, or folders of them: a folder's name is the label of its text."],
    [['train', 'small.arch', '--data', 'binary', '--run', 'runs/n', '--device', 'cpu'], 'ARCH6006', '/binary has no text: the file is empty or binary', 'Give a text file, or a folder of text files.'],
    [['train', 'small.arch', '--data', 'text.txt', '--run', 'small.arch', '--device', 'cpu'], 'ARCH6004', '`small.arch` is not a run: it is a file, not a folder', 'a run is made by `archc train SPEC --data PATH --run DIR`'],
    [['train', 'small.arch', '--data', 'text.txt', '--run', 'small.arch/x', '--device', 'cpu'], 'ARCH6009', "the run folder /small.arch/x cannot be written: ENOTDIR: not a directory, mkdir '/small.arch/x'", 'Make it writable, or choose another run folder.'],
    [['build', 'small.arch', '-o', 'small.arch'], 'ARCH6009', 'cannot write `/small.arch`: file already exists', 'choose another folder, or make this one a folder that you may write to'],
    [['build', 'small.arch', '-o', 'small.arch/x'], 'ARCH6009', 'cannot write `/small.arch/x`: not a directory', 'choose another folder, or make this one a folder that you may write to'],
  ])('%j', async (argv, code, message, mend) => {
    const result = await run(...argv);
    expect([result.code, result.stdout]).toEqual([2, '']);
    expect(said(result.stderr)).toBe(`error[${code}]: ${message}\n  = help: ${mend}`);
  });
});

describe('a run', () => {
  beforeAll(async () => {
    expect(await run('train', 'small.arch', '--data', 'text.txt', '--run', 'runs/a', '--steps', '1', '--device', 'cpu')).toMatchObject({ code: 0 });
    cpSync(file('runs/a'), file('runs/cut'), { recursive: true });
  });

  it('whose checkpoint is cut off, missing or a folder', async () => {
    const path = file('runs/cut/checkpoint.safetensors');
    const sampled = async (): Promise<string> => {
      const { code, stdout, stderr } = await run('sample', 'runs/cut', '--device', 'cpu');
      expect([code, stdout]).toEqual([2, '']);
      return said(stderr);
    };
    writeFileSync(path, readFileSync(path).subarray(0, 700));
    expect(await sampled()).toMatch(/^error\[ARCH6008\]: \/runs\/cut\/checkpoint\.safetensors is not a usable checkpoint: it is truncated: its header needs \d+ bytes, the file has 700\n {2}= help: Put back a copy of it, or train again\.$/);
    rmSync(path);
    expect(await sampled()).toBe('error[ARCH6008]: there is no checkpoint at /runs/cut/checkpoint.safetensors\n  = help: Training writes one when it saves or ends: train the run again.');
    mkdirSync(path);
    expect(await sampled()).toBe('error[ARCH6008]: /runs/cut/checkpoint.safetensors cannot be read: EISDIR: illegal operation on a directory, read\n  = help: Check that it is a file you may read.');
  });

  it('goes on from a prompt of odd bytes', async () => {
    const { code, stdout } = await run('sample', 'runs/a', '--prompt', '\u0000\ufffd\ud83d\ude00\n', '--tokens', '2', '--device', 'cpu');
    expect([code, stdout.startsWith('\u0000\ufffd\ud83d\ude00\n')]).toEqual([0, true]);
  });

  it('on a disk that is read-only (skipped where no tmpfs may be mounted)', async ({ skip }) => {
    const disk = file('disk');
    mkdirSync(disk);
    try {
      execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', disk], { stdio: 'ignore' });
    } catch {
      return skip('no tmpfs may be mounted here');
    }
    try {
      cpSync(file('runs/a'), file('disk/a'), { recursive: true });
      execFileSync('mount', ['-o', 'remount,ro', disk], { stdio: 'ignore' });
      const refused = async (...argv: string[]): Promise<string> => {
        const { code, stdout, stderr } = await run(...argv);
        expect([code, stdout]).toEqual([2, '']);
        return said(stderr);
      };
      expect(await refused('train', '--data', 'text.txt', '--run', 'disk/a', '--resume', '--steps', '2', '--device', 'cpu')).toBe(
        "error[ARCH6009]: the run folder /disk/a cannot be written: EROFS: read-only file system, open '/disk/a/spec.json'\n  = help: Make it writable, or choose another run folder.");
      // Node 20 reports ENOENT for a folder it cannot make here, others EROFS.
      expect(await refused('train', 'small.arch', '--data', 'text.txt', '--run', 'disk/b', '--device', 'cpu')).toMatch(
        /^error\[ARCH6009\]: the run folder \/disk\/b cannot be written: (it cannot be made there|EROFS: .*)\n {2}= help: Make it writable, or choose another run folder\.$/);
      expect(await refused('build', 'small.arch', '-o', 'disk/out')).toMatch(
        /^error\[ARCH6009\]: cannot write `\/disk\/out`: (the folder cannot be made|read-only file system)\n {2}= help: choose another folder, or make this one a folder that you may write to$/);
    } finally {
      execFileSync('umount', [disk], { stdio: 'ignore' });
    }
  });
});
