/**
 * @file One layer of rank-1 experts behind product keys: forward, backward and optimiser over 1,024 tokens, from `specs/peer_layer.arch`. Peer: PyTorch, dense and
 * sparse, with `--torch python`. Each case runs in a process of its own, so that peak memory is its own.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { hasShared, shared } from '../support/shared.js';
import type { Bench } from './bench.js';
import { profileText, timeEntry } from './entry.js';
import { type Listener, peakMB, type Result, round, work } from './measure.js';
import { type BenchOptions, UsageError } from './options.js';
import { doesNotFit, layerStep } from './peer-layer-step.js';
import { type Place, places, threadsOf } from './place.js';

const [BATCH, TIME] = [8, 128];
const cases = [{ keys: 128, d: 256 }, { keys: 512, d: 256 }, { keys: 1024, d: 128 }];
/** At least this many times as fast as the faster of PyTorch's forms. */
const bars = new Map([[128, 2], [512, 3.5], [1024, 2]]);
/** Megabytes allowed beyond weights and two moments. */
const MARGIN = 300;
const PEER = 'peers/peer_layer_torch.py';

export const peerLayer: Bench = {
  about: 'one product-key expert layer: forward, backward, optimiser; PyTorch beside it with --torch',
  async run(options, listener) {
    const { note } = listener;
    const chosen = cases.map((one) => ({ ...one, name: `${one.keys}x${one.d}` })).filter(({ name }) => name.includes(options.only));
    const found = await places(options, note);
    if (options.child) {
      for (const place of found) for (const { keys, d } of chosen) await measure(keys, d, place, options, note);
      return;
    }
    const times = new Map<string, Result>();
    for (const { keys, d, name } of chosen) {
      const peers = options.torch === undefined ? [] : torch(options.torch, keys, d, note);
      for (const place of found) {
        const ours = inOwnProcess(name, place, options, listener);
        if (!ours) continue;
        times.set(`${place.kind} ${keys}`, ours);
        if (peers.length > 0) note(`  ${compare((figure) => Math.min(...peers.map(figure)), (figure) => figure(ours))} as fast as PyTorch's faster form (bar: ${bars.get(keys) ?? 1})`);
      }
      peers.forEach((result) => { listener.report(result); });
    }
    for (const { kind, device } of found) {
      const [small, large] = [times.get(`${kind} 128`), times.get(`${kind} 512`)];
      if (small && large) note(`${device}: 16 times the experts, ${compare((figure) => figure(large), (figure) => figure(small))} the step (bar: at most 2.5)`);
    }
  },
};

type Figure = (result: Result) => number;

/** `2.31 times by medians, 2.20 times by best runs`. Wall time: on a machine that has other work neither means much, and the best runs mean more. */
function compare(over: (figure: Figure) => number, under: (figure: Figure) => number): string {
  const ratio = (figure: Figure): string => (over(figure) / under(figure)).toFixed(2);
  return `${ratio(({ ms }) => ms)} times by medians, ${ratio(({ bestMs }) => Number(bestMs))} times by best runs,`;
}

function normal(size: number): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: size }, () => Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random()));
}

/** Prints the result, or that the layer is too large for the device. */
async function measure(keys: number, d: number, place: Place, options: BenchOptions, note: (text: string) => void): Promise<void> {
  try {
    const session = await place.open(layerStep('peer_layer.arch', BATCH, TIME, [`ffn.keys=${keys}`, `dims.d=${d}`], place.target));
    await session.initialise(1);
    const inputs = { x: normal(BATCH * TIME * d), y: normal(BATCH * TIME * d) };
    const timing = await timeEntry(session, 'train', inputs, options.rounds ?? 15);
    if (options.profile) note(await profileText(session, 'train', inputs));
    const persistent = session.persistent().reduce((sum, tensor) => sum + 4 * tensor.axes.reduce((n, axis) => n * axis.size, 1), 0);
    const result: Result = {
      case: 'peer-layer', device: place.device, keys, d, ms: round(timing.median), bestMs: round(timing.best), cpuMs: round(timing.cpu), ...work(session.entry('train'), timing),
      peakMB: peakMB(), allowedMB: place.kind === 'cpu' ? Math.round(persistent / 2 ** 20) + MARGIN : undefined, threads: threadsOf(session), experts: keys * keys,
    };
    session.destroy();
    console.log(JSON.stringify(result));
  } catch (error) {
    if (!doesNotFit(error, place.target)) throw error;
    note(`peer-layer ${keys}x${d} on ${place.device}: skipped, ${error.message}`);
  }
}

/** Runs this benchmark again for one case on one device; passes on what it says. Undefined where the case does not fit the device. */
function inOwnProcess(name: string, { kind }: Place, options: BenchOptions, { report, note }: Listener): Result | undefined {
  const numbers = Object.entries({ '--threads': options.threads, '--rounds': options.rounds }).flatMap(([option, value]) => (value === undefined ? [] : [option, String(value)]));
  const args = ['peer-layer', '--child', '--case', name, '--device', kind, ...numbers, ...(options.profile ? ['--profile'] : [])];
  const run = fileURLToPath(new URL('run.ts', import.meta.url));
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--import', import.meta.resolve('tsx'), run, ...args], { encoding: 'utf8', maxBuffer: 1 << 26 });
  if (status !== 0) throw new Error(`${name} failed\n${stderr}`);
  let found: Result | undefined;
  for (const line of stdout.trim().split('\n')) {
    if (!line.startsWith('{')) {
      note(line);
      continue;
    }
    const result: unknown = JSON.parse(line);
    if (!isResult(result)) throw new Error(`${name} printed ${line}`);
    report(result);
    found = result;
  }
  return found;
}

function isResult(value: unknown): value is Result {
  return typeof value === 'object' && value !== null && 'case' in value && 'device' in value && 'ms' in value && typeof value.ms === 'number';
}

/** PyTorch's times for the case; none where the peer's script is not there. */
function torch(python: string, keys: number, d: number, note: (text: string) => void): Result[] {
  if (!hasShared(PEER)) {
    note(`peer PyTorch: skipped, there is no ${PEER} in the folder shared beside the project`);
    return [];
  }
  return ['dense', 'sparse'].map((mode) => {
    const { stdout, stderr, status, error } = spawnSync(python, [shared(PEER), String(keys), mode, String(d)], { encoding: 'utf8' });
    const found = /^(torch \S+).* median (\d+) ms min (\d+) ms peak (\d+) MB/m.exec(stdout);
    if (status !== 0 || !found) throw new UsageError(`the peer failed: ${python} ${PEER}: ${error?.message ?? stderr.trim()}`);
    return { case: 'peer-layer', device: `${found[1] ?? 'torch'} ${mode}`, keys, d, ms: Number(found[2]), bestMs: Number(found[3]), peakMB: Number(found[4]) };
  });
}
