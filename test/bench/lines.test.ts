/**
 * What the benchmarks print: one JSON object a line and nothing else on stdout. What they measure is not looked at.
 */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { describeGpu, tryOpenDevice } from '../runtime/gpu.js';
import { benches, runBench } from './bench.js';

const long = process.env['ARCHC_LONG'] === '1';
const opened = await tryOpenDevice();
const adapter = opened?.adapter.name;
opened?.destroy();

interface Run {
  readonly code: number;
  readonly out: readonly string[];
  readonly err: readonly string[];
}

async function run(...args: string[]): Promise<Run> {
  const out: string[] = [];
  const err: string[] = [];
  const code = await runBench(args, { out: (line) => out.push(line), err: (line) => err.push(line) });
  return { code, out, err };
}

/** As a process of its own: also what drivers write on stdout. */
function spawned(...args: string[]): Promise<Run> {
  return new Promise((resolve) => {
    execFile(process.execPath, ['--import', import.meta.resolve('tsx'), fileURLToPath(new URL('run.ts', import.meta.url)), ...args], (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, out: stdout.split('\n').slice(0, -1), err: stderr.split('\n') });
    });
  });
}

const number = expect.any(Number);
const common = { case: expect.any(String), ms: number, gflops: number, peakMB: number };
const step = { ...common, bestMs: number, cpuMs: number, gbps: number, keys: number, d: number };
/** The smallest case of each benchmark, and its figures on the CPU and on a GPU. */
const smallest: Readonly<Record<string, { readonly args: readonly string[]; readonly cpu: object; readonly gpu: object }>> = {
  matmul: {
    args: ['--case', 'A*B 256'],
    cpu: { ...common, best: number, perCpuSecond: number, threads: 1, relaxed: expect.any(Boolean) },
    gpu: { ...common, best: number, perCpuSecond: number },
  },
  'peer-layer': { args: ['--case', '128x256'], cpu: { ...step, allowedMB: number, experts: 16_384, threads: 1 }, gpu: { ...step, experts: 16_384 } },
  pools: { args: [], cpu: { ...step, tokensPerSecond: number, launches: number, threads: 1 }, gpu: { ...step, tokensPerSecond: number, launches: number } },
};

it('has a smallest case of each benchmark', () => {
  expect(Object.keys(smallest)).toEqual([...benches.keys()]);
});

describe('with --json', () => {
  it.each(Object.entries(smallest))('%s prints an object a line', async (name, { args, cpu }) => {
    const { code, out } = await run(name, '--json', '--rounds', '1', '--threads', '1', '--device', 'cpu', ...args);
    expect(code).toBe(0);
    const results: readonly unknown[] = out.map((line) => JSON.parse(line));
    expect(results[0]).toEqual({ ...cpu, device: 'cpu' });
    // jax-js, where it is installed
    for (const result of results.slice(1)) expect(result).toEqual({ ...common, best: number, perCpuSecond: number, device: 'jax-js wasm' });
    expect(results.length).toBeLessThanOrEqual(name === 'matmul' ? 2 : 1);
  });
});

describeGpu(opened, 'with --device gpu (ARCHC_LONG=1)', () => {
  it.runIf(long).each(Object.entries(smallest))('%s says which adapter, and nothing else reaches stdout', async (name, { args, gpu }) => {
    const { code, out, err } = await spawned(name, '--json', '--rounds', '1', '--device', 'gpu', ...args);
    expect([code, out.length], err.join('\n')).toEqual([0, 1]);
    expect(JSON.parse(out[0] ?? '')).toEqual({ ...gpu, device: `gpu ${adapter ?? ''}` });
  });

  it.runIf(long)('a layer too large for the adapter is skipped by name', async () => {
    const { code, out, err } = await spawned('peer-layer', '--json', '--rounds', '1', '--device', 'gpu', '--case', '1024x128');
    expect([code, out]).toEqual([0, []]);
    expect(err.join('\n')).toMatch(/^peer-layer 1024x128 on gpu .+: skipped, /m);
  });
});

it('prints one line for people without --json', async () => {
  const { code, out, err } = await run('matmul', '--case', 'A*B 256', '--rounds', '1', '--device', 'cpu', '--threads', '1');
  expect([code, err]).toEqual([0, []]);
  expect(out[0]).toMatch(/, Node 2\d\.\d+\.\d+, load \d+\.\d$/);
  expect(out.filter((line) => line.startsWith('A*B 256'))[0]).toMatch(/^A\*B 256 {18}cpu {12}ms [\d.]+ {2}gflops [\d.]+ {2}best [\d.]+ {2}perCpuSecond [\d.]+ {2}peakMB \d+ {2}threads 1 {2}relaxed (true|false)$/);
});

describe('the command line', () => {
  const list = ['  matmul            matrix products, three forms, 256 to 1024; @jax-js/jax beside it where it is installed',
    '  peer-layer        one product-key expert layer: forward, backward, optimiser; PyTorch beside it with --torch',
    '  pools             a training step of specs/pools.arch'].join('\n');

  it('--help says the options and the names', async () => {
    const { code, out, err } = await run('--help');
    expect([code, err]).toEqual([0, []]);
    expect(out.join('\n')).toMatch(/^usage: npm run --silent bench -- <name> \[options\]\n/);
    expect(out.join('\n').endsWith(`benchmarks:\n${list}`)).toBe(true);
  });

  it.each([
    [['matmull'], `there is no benchmark \`matmull\`; there are:\n${list}`],
    [[], `which benchmark? there are:\n${list}`],
    [['matmul', 'pools'], 'one benchmark at a time, not matmul and pools'],
    [['pools', '--device', 'tpu'], '--device is cpu or gpu, not tpu'],
    [['pools', '--threads', '0'], '--threads takes a whole number, 1 or more, not 0'],
    [['pools', '--rounds', '1.5'], '--rounds takes a whole number, 1 or more, not 1.5'],
  ])('%j: exit 2, and what there is', async (args, message) => {
    expect(await run(...args)).toEqual({ code: 2, out: [], err: [`${message}\n--help lists the options`] });
  });

  it('an unknown option: exit 2', async () => {
    const { code, out, err } = await run('pools', '--jsn');
    expect([code, out]).toEqual([2, []]);
    expect(err[0]).toMatch(/^Unknown option '--jsn'/);
  });
});
