/**
 * @file One layer of rank-1 experts behind product keys: forward, backward and optimiser over 1,024 tokens, from `specs/peer_layer.arch`. Peer: PyTorch, dense and
 * sparse (`peers/peer_layer_torch.py`), with `--torch python`. Each case runs in a process of its own, so that peak memory is its own.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { CpuSession } from '../../runtime/cpu/session.js';
import { peakMB, type Result, round, time } from './measure.js';
import type { BenchOptions } from './options.js';
import { layerStep } from './peer-layer-step.js';
import { profile, profileText } from './profile.js';
import type { Bench } from './run.js';

const [BATCH, TIME] = [8, 128];
const cases = [{ keys: 128, d: 256 }, { keys: 512, d: 256 }, { keys: 1024, d: 128 }];
/** At least this many times as fast as the faster of PyTorch's forms. */
const bars = new Map([[128, 2], [512, 3.5], [1024, 2]]);
/** Megabytes allowed beyond weights and two moments. */
const MARGIN = 300;

function normal(size: number): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: size }, () => Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random()));
}

async function measure(keys: number, d: number, options: BenchOptions, note: (text: string) => void): Promise<Result> {
  const { program } = layerStep('peer_layer.arch', BATCH, TIME, [`ffn.keys=${keys}`, `dims.d=${d}`]);
  const session = await CpuSession.create(program, { threads: options.threads });
  await session.initialise(1);
  const inputs = { x: normal(BATCH * TIME * d), y: normal(BATCH * TIME * d) };
  let step = 0;
  const timing = await time(15, 3, () => session.run('train', inputs, ++step));
  if (options.profile) note(profileText(profile(session, 'train', inputs)));
  const { dispatches } = session.entry('train');
  const total = (figure: 'flops' | 'bytes'): number => dispatches.reduce((sum, dispatch) => sum + dispatch[figure], 0);
  const persistent = session.persistent().reduce((sum, tensor) => sum + 4 * tensor.axes.reduce((n, axis) => n * axis.size, 1), 0);
  const result: Result = {
    case: 'peer-layer', device: 'cpu', keys, d, ms: round(timing.median), bestMs: round(timing.best), cpuMs: round(timing.cpu), gflops: round(total('flops') / timing.median / 1e6, 1),
    gbps: round(total('bytes') / timing.median / 1e6, 1), peakMB: peakMB(), allowedMB: Math.round(persistent / 2 ** 20) + MARGIN, threads: session.threads, experts: keys * keys,
  };
  session.destroy();
  return result;
}

/** Runs this benchmark again for one case; passes on what it says. */
function inOwnProcess(name: string, options: BenchOptions, report: (result: Result) => void, note: (text: string) => void): Result[] {
  const args = ['peer-layer', '--child', '--case', name, ...(options.threads === undefined ? [] : ['--threads', String(options.threads)]), ...(options.profile ? ['--profile'] : [])];
  const run = fileURLToPath(new URL('run.ts', import.meta.url));
  const { stdout, stderr, status } = spawnSync(process.execPath, [...process.execArgv, run, ...args], { encoding: 'utf8', maxBuffer: 1 << 26 });
  if (status !== 0) throw new Error(`${name} failed\n${stderr}`);
  return stdout.trim().split('\n').flatMap((line) => {
    if (!line.startsWith('{')) {
      note(line);
      return [];
    }
    const result: unknown = JSON.parse(line);
    if (!isResult(result)) throw new Error(`${name} printed ${line}`);
    report(result);
    return [result];
  });
}

function isResult(value: unknown): value is Result {
  return typeof value === 'object' && value !== null && 'case' in value && 'device' in value && 'ms' in value && typeof value.ms === 'number';
}

function torch(python: string, keys: number, d: number): Result[] {
  const script = fileURLToPath(new URL('peers/peer_layer_torch.py', import.meta.url));
  return ['dense', 'sparse'].map((mode) => {
    const { stdout, stderr, status } = spawnSync(python, [script, String(keys), mode, String(d)], { encoding: 'utf8' });
    const found = /^(torch \S+).* median (\d+) ms min (\d+) ms peak (\d+) MB/m.exec(stdout);
    if (status !== 0 || !found) throw new Error(`PyTorch failed\n${stderr}`);
    return { case: 'peer-layer', device: `${found[1] ?? 'torch'} ${mode}`, keys, d, ms: Number(found[2]), bestMs: Number(found[3]), peakMB: Number(found[4]) };
  });
}

export const peerLayer: Bench = {
  about: 'one product-key expert layer: forward, backward, optimiser; PyTorch beside it with --torch',
  async run(options, report, note) {
    const times = new Map<number, number>();
    for (const { keys, d } of cases) {
      const name = `${keys}x${d}`;
      if (!name.includes(options.only)) continue;
      if (options.child) {
        console.log(JSON.stringify(await measure(keys, d, options, note)));
        continue;
      }
      const peers = options.torch === undefined ? [] : torch(options.torch, keys, d);
      const [ours] = inOwnProcess(name, options, report, note);
      peers.forEach(report);
      if (!ours) continue;
      times.set(keys, ours.ms);
      const peer = Math.min(...peers.map(({ ms }) => ms));
      if (peers.length > 0) note(`  ${(peer / ours.ms).toFixed(2)} times as fast as PyTorch's faster form (bar: ${bars.get(keys) ?? 1})`);
    }
    const [small, large] = [times.get(128), times.get(512)];
    if (small !== undefined && large !== undefined) note(`16 times the experts: ${(large / small).toFixed(2)} times the step (bar: at most 2.5)`);
  },
};
