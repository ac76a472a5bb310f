/**
 * `--device`, `--threads`, `--profile` and `doctor`; checkpoints that move between the CPU and a GPU.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { describeGpu, tryOpenDevice } from '../runtime/gpu.js';
import { archc, Folder, type Result, SMALL } from './harness.js';

const opened = await tryOpenDevice();
const software = opened?.adapter.software === true;
opened?.destroy();
const folder = new Folder({
  'small.arch': SMALL.replace('layers 2', 'layers 1').replace('steps = 4', 'steps = 6; log_every = 1; eval_every = 6; save_every = 3'),
  'text.txt': 'the quick brown fox jumps over the lazy dog. '.repeat(40),
});
afterAll(() => { folder.dispose(); });
const run = (...argv: string[]): Promise<Result> => archc(argv, { cwd: folder.path });
const train = (dir: string, ...more: string[]): Promise<Result> => run('train', 'small.arch', '--data', 'text.txt', '--run', dir, ...more);
/** By step. */
const losses = (dir: string): number[] =>
  readFileSync(join(folder.path, dir, 'metrics.jsonl'), 'utf8').trim().split('\n').flatMap((line) => {
    const { kind, loss } = JSON.parse(line) as { kind: string; loss: number };
    return kind === 'train' ? [loss] : [];
  });

describe('the CPU', () => {
  it('trains on as many threads as asked, to the same bits', async () => {
    for (const threads of ['1', '3']) {
      const { code, stdout, stderr } = await train(`runs/cpu${threads}`, '--device', 'cpu', '--threads', threads);
      expect([code, stdout, stderr.split('\n')[0]?.replace('relaxed ', '')]).toEqual([0, '', `Small on CPU, ${threads} thread${threads === '1' ? '' : 's'}, SIMD`]);
    }
    expect(losses('runs/cpu1')).toHaveLength(6);
    expect(losses('runs/cpu3')).toEqual(losses('runs/cpu1'));
  });

  it('is not asked for no threads, and no other device is: exit 2', async () => {
    expect(await train('runs/none', '--threads', '0')).toMatchObject({ code: 2, stderr: expect.stringContaining('It must be a whole number, 1 or more.') });
    expect(await train('runs/none', '--device', 'tpu')).toMatchObject({ code: 2, stderr: expect.stringContaining('Allowed choices are auto, cpu, gpu') });
  });

  it('says where a step\'s time goes: as a table, and as JSON whose shares add up', async () => {
    const text = await train('runs/profile', '--device', 'cpu', '--steps', '1', '--profile');
    expect(text.code).toBe(0);
    expect(text.stdout).toMatch(/^a step takes [\d.]+ ms in its kernels \(\d+ tokens\/s\); measured by wall clock.*\nkernel +launches +ms +share +GFLOP\/s +of peak +GB\/s\n/);
    const json = JSON.parse((await train('runs/profile', '--force', '--device', 'cpu', '--steps', '1', '--profile', '--format', 'json')).stdout) as { profile: { by: string; kernels: { kernel: string; share: number; milliseconds: number }[] } };
    expect(json.profile.kernels.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 9);
    const times = json.profile.kernels.map(({ milliseconds }) => milliseconds);
    expect(times).toEqual([...times].sort((a, b) => b - a));
  });

  it('is enough for doctor to be content', async () => {
    const { code, stdout } = await run('doctor');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^cpu {6}\d+ threads?, (relaxed )?SIMD$/m);
    expect(stdout).toMatch(opened === undefined ? /^adapter {2}none$[^]+^for a GPU$/m : /^adapter {2}.+$[^]+^limits$/m);
    const json = JSON.parse((await run('doctor', '--format', 'json')).stdout) as { cpu: { threads: number; memory64: boolean }; device: string };
    expect(json.cpu.memory64).toBe(Number(process.versions.node.split('.')[0]) >= 24);
    expect(stdout).toMatch(json.cpu.memory64 ? /^memory {3}64-bit: programs of up to 16 GiB on the CPU$/m : /^memory {3}32-bit: programs of up to 4 GiB on the CPU \(more with Node 24 or later\)$/m);
    expect(json.cpu.threads).toBeGreaterThanOrEqual(1);
    expect(json.device).toBe(opened === undefined || software ? 'cpu' : 'gpu');
  });
});

describeGpu(opened, 'the CPU and a GPU', () => {
  it('go on with each other\'s runs, evaluate and sample them', async () => {
    const close = (a: readonly number[], b: readonly number[]): number => Math.max(...a.map((loss, i) => Math.abs(loss / (b[i] ?? NaN) - 1)));
    for (const [first, second] of [['gpu', 'cpu'], ['cpu', 'gpu']] as const) {
      const dir = `runs/${first}-${second}`;
      expect(await train(dir, '--device', first, '--steps', '3')).toMatchObject({ code: 0 });
      expect(await run('train', '--data', 'text.txt', '--run', dir, '--resume', '--steps', '6', '--device', second)).toMatchObject({ code: 0, stderr: expect.stringContaining('resuming from step 3') });
      expect(losses(dir)).toHaveLength(6);
    }
    expect(close(losses('runs/gpu-cpu'), losses('runs/cpu-gpu'))).toBeLessThan(1e-3);
    const scores: number[] = [];
    for (const device of ['cpu', 'gpu']) {
      expect(await run('sample', 'runs/gpu-cpu', '--tokens', '3', '--device', device)).toMatchObject({ code: 0 });
      const { step, loss } = JSON.parse((await run('eval', 'runs/gpu-cpu', '--data', 'text.txt', '--device', device, '--format', 'json')).stdout) as { step: number; loss: number };
      expect(step).toBe(6);
      scores.push(loss);
    }
    expect(close(scores.slice(0, 1), scores.slice(1))).toBeLessThan(1e-5);
  });

  it.runIf(software)('auto is not the software adapter', async () => {
    expect((await train('runs/auto', '--steps', '1')).stderr).toMatch(/^Small on CPU, /);
  });
});
