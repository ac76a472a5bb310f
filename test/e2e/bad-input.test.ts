/**
 * @file What goes wrong while a model trains, through the command line: what is said, the exit code, and what is left on disk.
 */
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Write } from '../../runtime/checkpoint/atomic.js';
import type { AdapterSource } from '../../runtime/index.js';
import { archc, Folder, type Result } from '../cli/harness.js';
import { describeGpu, tryOpenDevice } from '../runtime/gpu.js';
import { readSafetensors } from '../support/safetensors.js';
import { TEXTS, TINY } from './tiny.js';

/** What the commands meet instead of the machine's, where set. */
const world: { adapters?: AdapterSource; write?: Write } = {};

vi.mock(import('../../runtime/device/source.js'), async (original) => {
  const real = await original();
  return { ...real, requestAdapter: (source?: AdapterSource) => real.requestAdapter(source ?? world.adapters) };
});
vi.mock(import('../../runtime/checkpoint/atomic.js'), async (original) => {
  const real = await original();
  return { ...real, writeAtomically: (path, content, write) => real.writeAtomically(path, content, write ?? world.write) };
});

const opened = await tryOpenDevice();
opened?.destroy();
const folder = new Folder({ ...TEXTS, 'tiny.arch': TINY, 'other.arch': TINY.replaceAll('ffn', 'mix'), 'empty/.keep': '', 'short.txt': 'abcdefghijklmnop', 'binary/x.bin': '\0\0\0' });
afterAll(() => { folder.dispose(); });
const file = (...path: string[]): string => join(folder.path, ...path);
/** On the GPU, or what stands in for one: these tests are about what it may refuse. */
const run = (...argv: string[]): Promise<Result> => archc([...argv, '--device', 'gpu'], { cwd: folder.path });
const train = (spec: string, dir: string, ...more: string[]): Promise<Result> => run('train', spec, '--data', 'texts', '--run', dir, ...more);

/** Exit code 2, nothing on stdout, one error with this code; its text. */
function refused({ code, stdout, stderr }: Result, diagnostic: string): string {
  expect([code, stdout]).toEqual([2, '']);
  const at = stderr.indexOf('error[');
  expect(stderr.slice(at).startsWith(`error[${diagnostic}]: `), stderr).toBe(true);
  expect(stderr.match(/error\[/g)).toHaveLength(1);
  return stderr.slice(at);
}

describe('data', () => {
  it.each([
    ['nowhere', 'there is no data at'],
    ['empty', 'has no files'],
    ['binary', 'has no text: the file is empty or binary'],
    ['short.txt', 'has too little text: 15 bytes to train on, but one window of context 16 needs 17'],
    ['short.txt/inside', 'cannot be read: ENOTDIR'],
  ])('%s is refused before anything is made', async (data, message) => {
    expect(refused(await run('train', 'tiny.arch', '--data', data, '--run', 'runs/none'), 'ARCH6006')).toContain(message);
    expect(existsSync(file('runs/none'))).toBe(false);
  });
});

describe('adapters', () => {
  it('none: what to install', async () => {
    world.adapters = { requestAdapter: () => Promise.resolve(null) };
    try {
      const text = refused(await train('tiny.arch', 'runs/none'), 'ARCH6007');
      expect(text).toContain('WebGPU found neither a graphics driver nor a software one');
      expect(text).toContain('`libvulkan1` and `mesa-vulkan-drivers`');
      expect(existsSync(file('runs/none'))).toBe(false);
    } finally {
      delete world.adapters;
    }
  });
});

describeGpu(opened, 'adapters that are too small', () => {
  it.each([
    // the largest tensors are 32 KiB: the logits of 32 tokens, and what shares a buffer with them
    ['maxStorageBufferBindingSize', 8192, /a tensor binding of 32 KiB for [\w.~]+, but/],
    ['maxBufferSize', 8192, /a buffer of 32 KiB for [\w.~]+, but/],
    ['maxStorageBuffersPerShaderStage', 2, /storage buffers per kernel of \d+, but/],
  ] as const)('in %s: the limit and the tensor are named', async (limit, has, need) => {
    world.adapters = {
      requestAdapter: async (options) => {
        const { adapterSource } = await import('../../runtime/device/source.js');
        const adapter = await (await adapterSource()).requestAdapter(options);
        if (!adapter) return null;
        const { limits } = adapter;
        Object.defineProperty(adapter, 'limits', { value: new Proxy(limits, { get: (target, name) => (name === limit ? has : Reflect.get(target, name, target)) }) });
        return adapter;
      },
    };
    try {
      const text = refused(await train('tiny.arch', 'runs/none'), 'ARCH6007');
      expect(text).toMatch(need);
      expect(text).toContain(`offers ${limit} = `);
      expect(existsSync(file('runs/none', 'checkpoint.safetensors'))).toBe(false);
    } finally {
      delete world.adapters;
    }
  });
});

describeGpu(opened, 'a run that was trained', () => {
  const saved = (dir: string): string => file(dir, 'checkpoint.safetensors');
  beforeAll(async () => {
    expect(await train('tiny.arch', 'runs/good', '--steps', '2')).toMatchObject({ code: 0 });
  });

  it('does not take the checkpoint of another spec: what differs is listed', async () => {
    expect(await train('other.arch', 'runs/other', '--steps', '1')).toMatchObject({ code: 0 });
    cpSync(saved('runs/good'), saved('runs/other'));
    for (const argv of [['eval', 'runs/other', '--data', 'texts'], ['sample', 'runs/other'], ['train', '--data', 'texts', '--run', 'runs/other', '--resume']]) {
      const text = refused(await run(...argv), 'ARCH6008');
      expect(text).toContain('is of another spec: it holds Tiny, and Tiny differs in');
      expect(text).toMatch(/missing: layers\.0\.mix\.[\w.]+ \[/);
    }
    expect(readFileSync(saved('runs/other')).equals(readFileSync(saved('runs/good')))).toBe(true);
  });

  it('does not take one that is cut short', async () => {
    cpSync(file('runs/good'), file('runs/cut'), { recursive: true });
    const bytes = readFileSync(saved('runs/good'));
    for (const length of [0, 5, 1000, bytes.length - 4]) {
      writeFileSync(saved('runs/cut'), bytes.subarray(0, length));
      expect(refused(await run('eval', 'runs/cut', '--data', 'texts'), 'ARCH6008')).toContain('it is truncated');
    }
  });

  it('does not take one with a NaN: the tensor is named', async () => {
    cpSync(file('runs/good'), file('runs/nan'), { recursive: true });
    const bytes = readFileSync(saved('runs/good'));
    const header = 8 + Number(bytes.readBigUInt64LE(0));
    const parsed: Record<string, { readonly data_offsets?: readonly number[] }> = JSON.parse(bytes.toString('utf8', 8, header));
    const name = 'layers.1.ffn.experts.write';
    bytes.writeFloatLE(NaN, header + (parsed[name]?.data_offsets?.[0] ?? NaN) + 4 * 37);
    writeFileSync(saved('runs/nan'), bytes);
    for (const argv of [['eval', 'runs/nan', '--data', 'texts'], ['train', '--data', 'texts', '--run', 'runs/nan', '--resume', '--steps', '4']]) {
      expect(refused(await run(...argv), 'ARCH6008')).toContain(`tensor ${name} holds a NaN at element 37`);
    }
    expect(readFileSync(saved('runs/nan')).equals(bytes)).toBe(true);
  });

  it('keeps its checkpoint when the disk fills up while the next is saved', async () => {
    cpSync(file('runs/good'), file('runs/full'), { recursive: true });
    world.write = async (handle, bytes) => {
      await handle.write(bytes.subarray(0, bytes.length >> 1));
      throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC', errno: -28 });
    };
    try {
      const text = refused(await run('train', '--data', 'texts', '--run', 'runs/full', '--resume', '--steps', '4'), 'ARCH6008');
      expect(text).toContain('was not saved: the disk is full');
      expect(text).toContain('What was there before is untouched');
    } finally {
      delete world.write;
    }
    expect(readFileSync(saved('runs/full')).equals(readFileSync(saved('runs/good')))).toBe(true);
    expect(readdirSync(file('runs/full')).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    expect(await run('train', '--data', 'texts', '--run', 'runs/full', '--resume', '--steps', '4')).toMatchObject({ code: 0, stderr: expect.stringContaining('resuming from step 2') });
  });

  it('is not measured, sampled or resumed without an adapter', async () => {
    world.adapters = { requestAdapter: () => Promise.resolve(null) };
    try {
      for (const argv of [['eval', 'runs/good', '--data', 'texts'], ['sample', 'runs/good'], ['train', '--data', 'texts', '--run', 'runs/good', '--resume', '--steps', '4']]) {
        expect(refused(await run(...argv), 'ARCH6007')).toContain('no GPU adapter');
      }
    } finally {
      delete world.adapters;
    }
  });

  /** A file system that is nearly full; undefined where none may be mounted. */
  function smallDisk(path: string, bytes: number): (() => void) | undefined {
    mkdirSync(path, { recursive: true });
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', path], { stdio: 'ignore' });
    } catch {
      return undefined;
    }
    return () => { execFileSync('umount', [path], { stdio: 'ignore' }); };
  }

  it('keeps its checkpoint on a disk that really is full (skipped where no tmpfs may be mounted)', async ({ skip }) => {
    const good = readFileSync(saved('runs/good'));
    const unmount = smallDisk(file('runs/disk'), Math.ceil(good.length * 1.5) + 65536);
    if (!unmount) return skip('no tmpfs may be mounted here');
    try {
      cpSync(file('runs/good'), file('runs/disk'), { recursive: true });
      expect(refused(await run('train', '--data', 'texts', '--run', 'runs/disk', '--resume', '--steps', '4'), 'ARCH6008')).toContain('the disk is full');
      expect(readFileSync(saved('runs/disk')).equals(good)).toBe(true);
    } finally {
      unmount();
    }
  });
});

describeGpu(opened, 'a run that breaks', () => {
  it('stops at the step whose numbers are not finite, names the tensor, and keeps the last good checkpoint', async () => {
    const text = refused(await train('tiny.arch', 'runs/broken', '--set', 'train.optimizer.lr=1e30', '--set', 'train.save_every=1'), 'ARCH6011');
    const [, step, tensor] = /training stopped at step (\d+): the first tensor that is not finite is (\S+) \(\S+ at element \d+/.exec(text) ?? [];
    expect(Number(step)).toBeGreaterThan(1);
    expect(tensor).toMatch(/^(layers\.\d+|embed|lm_head)\b/);
    const { tensors, metadata } = readSafetensors(file('runs/broken/checkpoint.safetensors'));
    expect(Number(metadata['step'])).toBe(Number(step) - 1);
    for (const [name, { data }] of tensors) expect(data.every(Number.isFinite), name).toBe(true);
  });

  it('in the first step of a spec that takes the logarithm of a negative number', async () => {
    folder.write('log.arch', TINY.replace('loss sparsity = ramp(0, 1e-3, over = 4) *', 'loss sparsity = 1e-3 * log(0 - 1 -').replace('(l1(ffn.activation))', '(l1(ffn.activation)))'));
    const text = refused(await train('log.arch', 'runs/log'), 'ARCH6011');
    expect(text).toContain('training stopped at step 1: the first tensor that is not finite is ');
    expect(existsSync(file('runs/log/checkpoint.safetensors'))).toBe(false);
    rmSync(file('runs/log'), { recursive: true });
  });
});
