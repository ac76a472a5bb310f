/**
 * @file A tiny spec through the command line: trained, stopped, resumed, measured and sampled, by kernels archc generated.
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { main } from '../../compiler/cli/main.js';
import { archc, Folder } from '../cli/harness.js';
import { describeGpu, tryOpenDevice } from '../runtime/gpu.js';
import { readSafetensors } from '../support/safetensors.js';
import { TEXTS, TINY } from './tiny.js';

const opened = await tryOpenDevice();
opened?.destroy();
const root = new URL('../..', import.meta.url);
const folder = new Folder({ ...TEXTS, 'tiny.arch': TINY });
folder.write('archc.mjs', `import { runProcess } from ${JSON.stringify(new URL('compiler/cli/process.ts', root).href)};\nawait runProcess();\n`);
afterAll(() => { folder.dispose(); });
const file = (...path: string[]): string => join(folder.path, ...path);
const checkpoint = (run: string): Buffer => readFileSync(file(run, 'checkpoint.safetensors'));
const train = (run: string, ...more: string[]): ReturnType<typeof archc> => archc(['train', 'tiny.arch', '--data', 'texts', '--run', run, ...more], { cwd: folder.path });
/** step -> loss, as logged. */
const losses = (run: string): unknown[][] => readFileSync(file(run, 'metrics.jsonl'), 'utf8').trim().split('\n').map((line) => {
  const { kind, step, loss }: Record<string, unknown> = Object(JSON.parse(line));
  return [kind, step, loss];
});

/** Trains in this process and interrupts when the log shows `step`. */
async function interrupted(run: string, step: number, ...more: string[]): Promise<{ code: number; stderr: string }> {
  const controller = new AbortController();
  let stderr = '';
  const code = await main(['train', ...more, '--data', 'texts', '--run', run], {
    stdout: { write: () => undefined },
    stderr: { write: (text) => { stderr += text; if (stderr.includes(`step ${step}/`)) controller.abort(); } },
    env: {}, cwd: folder.path, signal: controller.signal, readStdin: () => '',
  });
  return { code, stderr };
}

describeGpu(opened, 'archc train on a spec of pools', () => {
  it('trains, and reaches the same bits when stopped and resumed', async () => {
    expect(await train('runs/whole')).toMatchObject({ code: 0, stdout: '', stderr: expect.stringMatching(/done: 6 steps, saved to runs\/whole\/checkpoint\.safetensors\n$/) });
    expect(losses('runs/whole')).toHaveLength(7);
    expect(await interrupted('runs/parts', 3, 'tiny.arch')).toMatchObject({ code: 130, stderr: expect.stringMatching(/stopped at step 3; saved to .*runs\/parts\/checkpoint\.safetensors\n/) });
    expect(checkpoint('runs/parts').equals(checkpoint('runs/whole'))).toBe(false);
    const resumed = await archc(['train', '--data', 'texts', '--run', 'runs/parts', '--resume'], { cwd: folder.path });
    expect(resumed).toMatchObject({ code: 0, stderr: expect.stringContaining('resuming from step 3') });
    expect(losses('runs/parts')).toEqual(losses('runs/whole'));
    expect(checkpoint('runs/parts').equals(checkpoint('runs/whole'))).toBe(true);
  });

  it('reaches the same tensors when it is asked for fewer steps first, and then for more', async () => {
    expect(await train('runs/short', '--steps', '3')).toMatchObject({ code: 0 });
    expect(await archc(['train', '--data', 'texts', '--run', 'runs/short', '--resume', '--steps', '6'], { cwd: folder.path })).toMatchObject({ code: 0 });
    const [short, whole] = [readSafetensors(file('runs/short/checkpoint.safetensors')), readSafetensors(file('runs/whole/checkpoint.safetensors'))];
    expect([...short.tensors.keys()]).toEqual([...whole.tensors.keys()]);
    for (const [name, { data }] of whole.tensors) expect(short.tensors.get(name)?.data, name).toEqual(data);
  });

  it('is measured and sampled', async () => {
    const measured = await archc(['eval', 'runs/whole', '--data', 'texts', '--format', 'json'], { cwd: folder.path });
    expect(measured).toMatchObject({ code: 0, stderr: '' });
    const { loss, bitsPerByte }: Record<string, unknown> = Object(JSON.parse(measured.stdout));
    expect(loss).toBeLessThan(6.5);
    expect(Number(bitsPerByte)).toBeCloseTo(Number(loss) / Math.LN2, 12);
    const sampled = await archc(['sample', 'runs/whole', '--prompt', 'the ', '--tokens', '8', '--seed', '3'], { cwd: folder.path });
    expect(sampled).toMatchObject({ code: 0, stderr: '' });
    expect(sampled.stdout.startsWith('the ')).toBe(true);
    expect(await archc(['sample', 'runs/whole', '--prompt', 'the ', '--tokens', '8', '--seed', '3'], { cwd: folder.path })).toEqual(sampled);
  });

  it('saves at a real SIGINT, says where, exits 130, and can be resumed', async () => {
    const child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), 'archc.mjs', 'train', 'tiny.arch', '--data', 'texts', '--run', 'runs/killed', '--steps', '100000'], { cwd: folder.path, stdio: ['ignore', 'pipe', 'pipe'] });
    let stderr = '';
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => { stdout += text; });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      const before = stderr.includes('step 3/');
      stderr += text;
      if (!before && stderr.includes('step 3/')) child.kill('SIGINT');
    });
    const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
    expect([code, stdout]).toEqual([130, '']);
    const [, step, path] = /\nstopped at step (\d+); saved to (.+)\n$/.exec(stderr) ?? [];
    expect(Number(step)).toBeGreaterThanOrEqual(3);
    expect(path !== undefined && existsSync(path)).toBe(true);
    const more = String(Number(step) + 2);
    const resumed = await archc(['train', '--data', 'texts', '--run', 'runs/killed', '--resume', '--steps', more], { cwd: folder.path });
    expect(resumed).toMatchObject({ code: 0, stderr: expect.stringContaining(`resuming from step ${step}`) });
    expect(losses('runs/killed').filter(([kind]) => kind === 'train')).toHaveLength(Number(more));
  });
});
