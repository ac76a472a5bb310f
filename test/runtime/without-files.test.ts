/**
 * @file What the runtime does where there are no files and memory may not be shared, as in a web page, tried in Node: test/browser does it in a browser.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { describeCpu } from '../../runtime/cpu/features.js';
import { Checkpoint, CheckpointError, CpuSession, LimitError, loadCheckpoint, saveCheckpoint } from '../../runtime/index.js';
import { SPEC } from '../browser/spec.js';
import { compileText } from '../e2e/tiny.js';

afterEach(() => vi.unstubAllGlobals());

const { program } = compileText(SPEC, { target: 'wasm', batch: 1, time: 4 });
const info = { arch: program.arch, fingerprint: program.fingerprint, step: 0, seed: 1, resolved: '', source: '', train: '', data: '' };

it('one thread needs no permission, more are refused', async () => {
  vi.stubGlobal('crossOriginIsolated', false);
  expect((await describeCpu()).threads).toBe(1);
  const session = await CpuSession.create(program);
  expect(session.threads).toBe(1);
  session.destroy();
  await expect(CpuSession.create(program, { threads: 2 })).rejects.toThrow(LimitError);
  await expect(CpuSession.create(program, { threads: 2 })).rejects.toThrow('Cross-Origin-Embedder-Policy: require-corp');
});

it('a checkpoint is read from its bytes as from its file', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'archc-bytes-'));
  const path = join(folder, 'checkpoint.safetensors');
  const [saved, loaded] = [await CpuSession.create(program, { threads: 1 }), await CpuSession.create(program, { threads: 1 })];
  try {
    await saved.initialise(1);
    await loaded.initialise(2);
    await saveCheckpoint(path, saved, info);
    const bytes = new Uint8Array(readFileSync(path));
    // in the middle of a larger buffer, at an address that is no multiple of 4
    const within = new Uint8Array(bytes.length + 9);
    within.set(bytes, 3);
    expect(await loadCheckpoint(within.subarray(3, 3 + bytes.length), loaded)).toEqual(info);
    for (const tensor of saved.persistent()) expect(await loaded.read(tensor.id), tensor.name).toEqual(await saved.read(tensor.id));
    await expect(Checkpoint.open(bytes.subarray(0, 1000))).rejects.toThrow(CheckpointError);
    await expect(Checkpoint.open(bytes.subarray(0, bytes.length - 1))).rejects.toThrow('the checkpoint is not a usable checkpoint: it is truncated');
    await expect(Checkpoint.open(new Uint8Array())).rejects.toThrow('the checkpoint is not a usable checkpoint: it is truncated');
  } finally {
    saved.destroy();
    loaded.destroy();
    rmSync(folder, { recursive: true });
  }
});
