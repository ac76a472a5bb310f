/**
 * `train`, `eval` and `sample` as commands, on the CPU: run folders, resuming, interrupting, streams.
 */
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { archc, Folder, type Result, type Setup, SMALL } from './harness.js';

const folder = new Folder({
  'small.arch': SMALL.replace('steps = 4', 'steps = 6; log_every = 1; eval_every = 3; save_every = 2'),
  'texts/a/one.txt': 'the quick brown fox jumps over the lazy dog. '.repeat(40),
  'texts/b/two.txt': '0123456789 '.repeat(100),
  'short.txt': 'abc',
});
afterAll(() => { folder.dispose(); });
const run = (argv: readonly string[], setup: Setup = {}): Promise<Result> => archc([...argv, '--device', 'cpu'], { cwd: folder.path, ...setup });
const train = (dir: string, ...more: string[]): Promise<Result> => run(['train', 'small.arch', '--data', 'texts', '--run', dir, ...more]);
const file = (...path: string[]): string => join(folder.path, ...path);

describe('a run', () => {
  it('is trained: metrics on stderr, files in the folder, nothing on stdout', async () => {
    const { code, stdout, stderr } = await train('runs/a');
    expect([code, stdout]).toEqual([0, '']);
    expect(stderr).toMatch(/^Small on CPU, \d threads?, (relaxed )?SIMD\nstep 1\/6 {2}loss \d\.\d{4}/);
    expect(stderr).toMatch(/valid loss .+\(a [\d.]+, b [\d.]+\)/);
    expect(stderr.endsWith('done: 6 steps, saved to runs/a/checkpoint.safetensors\n')).toBe(true);
    for (const name of ['spec.json', 'resolved.json', 'metrics.jsonl', 'checkpoint.safetensors']) expect([name, existsSync(file('runs/a', name))]).toEqual([name, true]);
    const spec = JSON.parse(readFileSync(file('runs/a/spec.json'), 'utf8')) as { arch: string; sources: Record<string, string> };
    expect(spec.arch).toBe('Small');
    expect(spec.sources['small.arch']).toBe(readFileSync(file('small.arch'), 'utf8'));
    expect(Object.keys(spec.sources)).toContain('std/experts.arch');
  });

  it('is measured, by domain', async () => {
    const text = await run(['eval', 'runs/a', '--data', 'texts']);
    expect([text.code, text.stderr]).toEqual([0, '']);
    expect(text.stdout).toMatch(/^Small, step 6\ndomain +nats\/byte +bits\/byte +bytes\na +[\d.]+ +[\d.]+ +\d+\nb .+\nall .+\n$/);
    const json = JSON.parse((await run(['eval', 'runs/a', '--data', 'texts', '--format', 'json'])).stdout) as { loss: number; bitsPerByte: number; domains: Record<string, { bytes: number }>; bytes: number };
    expect(json.bitsPerByte).toBeCloseTo(json.loss / Math.LN2, 12);
    expect(json.bytes).toBe((json.domains['a']?.bytes ?? 0) + (json.domains['b']?.bytes ?? 0));
  });

  it('writes: the prompt, then as many bytes as asked, the same for the same seed', async () => {
    const sample = (...more: string[]): Promise<Result> => run(['sample', 'runs/a', '--prompt', 'the ', '--tokens', '20', '--temperature', '0', ...more]);
    const { code, stdout, stderr } = await sample();
    expect([code, stderr, stdout.startsWith('the ')]).toEqual([0, '', true]);
    expect((await sample()).stdout).toBe(stdout);
    const json = JSON.parse((await sample('--format', 'json')).stdout) as { text: string };
    expect(`the ${json.text}\n`).toBe(stdout);
  });

  it('is refused a second time, unless forced', async () => {
    expect(await train('runs/a')).toMatchObject({ code: 2, stderr: expect.stringContaining('ARCH6005') });
    expect(await train('runs/a', '--force', '--steps', '2')).toMatchObject({ code: 0, stderr: expect.stringContaining('done: 2 steps') });
    expect(await train('runs/a', '--force')).toMatchObject({ code: 0 });
  });

  it('goes on after Ctrl-C to the bits of a run that was not interrupted', async () => {
    const controller = new AbortController();
    let stderr = '';
    const io = {
      stdout: { write: () => undefined },
      stderr: { write: (text: string) => { stderr += text; if (stderr.includes('step 5/6')) controller.abort(); } },
      env: {}, cwd: folder.path, signal: controller.signal, readStdin: () => '',
    };
    const { main } = await import('../../compiler/cli/main.js');
    expect(await main(['train', 'small.arch', '--data', 'texts', '--run', 'runs/b', '--device', 'cpu', '--threads', '1'], io)).toBe(130);
    expect(stderr).toMatch(/stopped at step 5; saved to .*runs\/b\/checkpoint\.safetensors\n/);
    expect(await run(['train', 'small.arch', '--data', 'texts', '--run', 'runs/b', '--resume'])).toMatchObject({ code: 0, stderr: expect.stringContaining('resuming from step') });
    const losses = (dir: string): unknown[] =>
      readFileSync(file(dir, 'metrics.jsonl'), 'utf8').trim().split('\n').map((line) => {
        const { kind, step, loss } = JSON.parse(line) as Record<string, unknown>;
        return [kind, step, loss];
      });
    expect(losses('runs/b')).toEqual(losses('runs/a'));
  });

  it('is not resumed with another spec, but with more steps', async () => {
    const resume = (...more: string[]): Promise<Result> => run(['train', ...more, '--data', 'texts', '--run', 'runs/b', '--resume']);
    expect(await resume('small.arch', '--set', 'layers.ffn.take=1')).toMatchObject({ code: 2, stderr: expect.stringContaining('layers.ffn.take: 2 in the run, 1 in the spec') });
    expect(await resume('--seed', '4')).toMatchObject({ code: 2, stderr: expect.stringContaining('only --steps may change') });
    expect(await resume('--steps', '8')).toMatchObject({ code: 0, stderr: expect.stringContaining('done: 8 steps') });
    expect((await run(['eval', 'runs/b', '--data', 'texts'])).stdout).toContain('Small, step 8');
  });

  it('compiles from its own copy, whatever became of the spec', async () => {
    rmSync(file('small.arch'));
    expect((await run(['sample', 'runs/a', '--tokens', '3'])).code).toBe(0);
    folder.write('small.arch', SMALL);
  });

  it('is not made from data that is missing, empty or shorter than a context: exit 2', async () => {
    folder.write('none/.keep', '');
    for (const data of ['nowhere', 'none', 'short.txt']) {
      const { code, stdout, stderr } = await run(['train', 'small.arch', '--data', data, '--run', 'runs/c']);
      expect([data, code, stdout, stderr.startsWith('error[ARCH6006]')]).toEqual([data, 2, '', true]);
      expect(existsSync(file('runs/c'))).toBe(false);
    }
  });

  it('is not read from a checkpoint that is cut off or missing: exit 2', async () => {
    cpSync(file('runs/a'), file('runs/cut'), { recursive: true });
    const path = file('runs/cut/checkpoint.safetensors');
    writeFileSync(path, readFileSync(path).subarray(0, 1000));
    expect(await run(['eval', 'runs/cut', '--data', 'texts'])).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(/^error\[ARCH6008\]/) });
    rmSync(path);
    expect(await run(['sample', 'runs/cut'])).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(/^error\[ARCH6008\]/) });
  });
});
