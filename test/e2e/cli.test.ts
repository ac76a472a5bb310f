/**
 * @file A tiny spec through the command line: trained, stopped, resumed, measured and sampled, by kernels archc generated.
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
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

/** Trains in this process and interrupts when the log shows `step`. */
async function interrupted(step: number, argv: readonly string[]): Promise<{ code: number; stderr: string }> {
  const controller = new AbortController();
  let stderr = '';
  const code = await main(argv, {
    stdout: { write: () => undefined },
    stderr: { write: (text) => { stderr += text; if (stderr.includes(`step ${step}/`)) controller.abort(); } },
    env: {}, cwd: folder.path, signal: controller.signal, readStdin: () => '',
  });
  return { code, stderr };
}

function commands(device: 'gpu' | 'cpu'): void {
  const runs = `runs/${device}`;
  const on = ['--device', device];
  const run = (...argv: string[]): ReturnType<typeof archc> => archc([...argv, ...on], { cwd: folder.path });
  const start = (dir: string, ...more: string[]): string[] => ['train', 'tiny.arch', '--data', 'texts', '--run', `${runs}/${dir}`, ...more];
  const resume = (dir: string, ...more: string[]): string[] => ['train', '--data', 'texts', '--run', `${runs}/${dir}`, '--resume', ...more];
  const checkpoint = (dir: string): Buffer => readFileSync(file(runs, dir, 'checkpoint.safetensors'));
  /** Kind, step and loss of each line logged. */
  const losses = (dir: string): unknown[][] => readFileSync(file(runs, dir, 'metrics.jsonl'), 'utf8').trim().split('\n').map((line) => {
    const { kind, step, loss }: Record<string, unknown> = Object(JSON.parse(line));
    return [kind, step, loss];
  });
  it('trains, and reaches the same bits when stopped and resumed', async () => {
    expect(await run(...start('whole'))).toMatchObject({ code: 0, stdout: '', stderr: expect.stringMatching(/done: 6 steps, saved to runs\/\w+\/whole\/checkpoint\.safetensors\n$/) });
    expect(losses('whole')).toHaveLength(7);
    expect(await interrupted(3, [...start('parts'), ...on])).toMatchObject({ code: 130, stderr: expect.stringMatching(/stopped at step 3; saved to .*runs\/\w+\/parts\/checkpoint\.safetensors\n/) });
    expect(checkpoint('parts').equals(checkpoint('whole'))).toBe(false);
    const resumed = await run(...resume('parts'));
    expect(resumed).toMatchObject({ code: 0, stderr: expect.stringContaining('resuming from step 3') });
    expect(losses('parts')).toEqual(losses('whole'));
    expect(checkpoint('parts').equals(checkpoint('whole'))).toBe(true);
  });

  it('reaches the same tensors when it is asked for fewer steps first, and then for more', async () => {
    expect(await run(...start('short', '--steps', '3'))).toMatchObject({ code: 0 });
    expect(await run(...resume('short', '--steps', '6'))).toMatchObject({ code: 0 });
    const [short, whole] = [readSafetensors(file(runs, 'short/checkpoint.safetensors')), readSafetensors(file(runs, 'whole/checkpoint.safetensors'))];
    expect([...short.tensors.keys()]).toEqual([...whole.tensors.keys()]);
    for (const [name, { data }] of whole.tensors) expect(short.tensors.get(name)?.data, name).toEqual(data);
  });

  it('is measured and sampled', async () => {
    const measured = await run('eval', `${runs}/whole`, '--data', 'texts', '--format', 'json');
    expect(measured).toMatchObject({ code: 0, stderr: '' });
    const { loss, bitsPerByte }: Record<string, unknown> = Object(JSON.parse(measured.stdout));
    expect(loss).toBeLessThan(6.5);
    expect(Number(bitsPerByte)).toBeCloseTo(Number(loss) / Math.LN2, 12);
    const sampled = await run('sample', `${runs}/whole`, '--prompt', 'the ', '--tokens', '8', '--seed', '3');
    expect(sampled).toMatchObject({ code: 0, stderr: '' });
    expect(sampled.stdout.startsWith('the ')).toBe(true);
    expect(await run('sample', `${runs}/whole`, '--prompt', 'the ', '--tokens', '8', '--seed', '3')).toEqual(sampled);
  });

  it('saves at a real SIGINT, says where, exits 130, and can be resumed', async () => {
    const child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), 'archc.mjs', ...start('killed', '--steps', '100000'), ...on], { cwd: folder.path, stdio: ['ignore', 'pipe', 'pipe'] });
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
    const resumed = await run(...resume('killed', '--steps', more));
    expect(resumed).toMatchObject({ code: 0, stderr: expect.stringContaining(`resuming from step ${step}`) });
    expect(losses('killed').filter(([kind]) => kind === 'train')).toHaveLength(Number(more));
  });
}

describeGpu(opened, 'archc train on a GPU', () => { commands('gpu'); });
describe('archc train on the CPU', () => { commands('cpu'); });
