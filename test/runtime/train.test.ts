import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { Checkpoint, CheckpointError, NaNError, RunError, Session, evaluate, loadCheckpoint, openCorpus, saveCheckpoint, train, type Device, type TrainEvent, type TrainOptions } from '../../runtime/index.js';
import { bigram, type BigramOptions } from './bigram.js';
import { describeGpu, tryOpenDevice } from './gpu.js';

const opened = await tryOpenDevice();
const root = await mkdtemp(join(tmpdir(), 'archc-train-'));
afterAll(async () => {
  opened?.destroy();
  await rm(root, { recursive: true });
});
const dataPath = join(root, 'text.txt');
await writeFile(dataPath, 'the quick brown fox jumps over the lazy dog. '.repeat(200));
const corpus = await openCorpus(dataPath, { time: 16 });
const settings = { steps: 20, batch: 2, seed: 5, logEvery: 1, evalEvery: 10, saveEvery: 5 };
const spec = { resolved: 'layers: 0', source: 'language 1' };

async function start(device: Device, runDir: string, program: BigramOptions = {}, more: Partial<TrainOptions> = {}): Promise<{ session: Session; run: ReturnType<typeof train>; runDir: string }> {
  const session = await Session.create(device, bigram(program));
  const path = join(root, runDir);
  return { session, run: train({ session, corpus, runDir: path, settings, spec, ...more }), runDir: path };
}

/** Metric lines without what depends on the clock. */
async function metrics(runDir: string): Promise<unknown[]> {
  const lines = (await readFile(join(runDir, 'metrics.jsonl'), 'utf8')).trim().split('\n');
  return lines.map((line) => {
    const value: unknown = JSON.parse(line);
    return { ...Object(value), tokens_per_second: undefined, elapsed: undefined };
  });
}

const abortAt = (step: number): Pick<TrainOptions, 'signal' | 'onEvent'> => {
  const controller = new AbortController();
  return {
    signal: controller.signal,
    onEvent: (event: TrainEvent) => {
      if (event.kind === 'train' && event.metrics.step === step) controller.abort();
    },
  };
};

describeGpu(opened, 'train', (device) => {
  it('learns, logs, evaluates and saves', async () => {
    const { session, run, runDir } = await start(device, 'whole', {}, { files: { 'spec.arch': 'language 1' } });
    const result = await run;
    expect(result).toMatchObject({ reason: 'finished', step: 20, checkpoint: join(runDir, 'checkpoint.safetensors') });
    const lines = await metrics(runDir);
    expect(lines.length).toBe(22);
    expect(lines[0]).toMatchObject({ kind: 'train', step: 1, lr: 0.125, tokens: 32 });
    expect(lines[0]).toHaveProperty('losses.ce');
    expect(lines[0]).toHaveProperty('grad_norm');
    expect(lines[21]).toMatchObject({ kind: 'eval', step: 20, domains: { text: { bytes: 16 * 16 } } });
    expect((await readdir(runDir)).sort()).toEqual(['checkpoint.safetensors', 'metrics.jsonl', 'spec.arch']);
    const before = await Session.create(device, bigram());
    await before.initialise(settings.seed);
    const start0 = await evaluate(before, corpus);
    expect(result.evaluation?.loss).toBeLessThan(start0.loss - 0.3);
    expect(start0.bitsPerByte).toBeCloseTo(start0.loss / Math.LN2, 12);
    before.destroy();
    session.destroy();
  });

  it('gives the same bits twice, and when stopped and resumed', async () => {
    const whole = await start(device, 'a');
    await whole.run;
    const again = await start(device, 'b');
    await again.run;
    expect(await metrics(again.runDir)).toEqual(await metrics(whole.runDir));
    expect(await again.session.read('table')).toEqual(await whole.session.read('table'));

    const stopped = await start(device, 'c', {}, abortAt(7));
    expect(await stopped.run).toMatchObject({ reason: 'stopped', step: 7 });
    const events: TrainEvent[] = [];
    const resumed = await start(device, 'c', {}, { resume: true, onEvent: (event) => events.push(event) });
    expect(await resumed.run).toMatchObject({ reason: 'finished', step: 20 });
    expect(events[0]).toEqual({ kind: 'resume', step: 7, path: join(stopped.runDir, 'checkpoint.safetensors') });
    expect(await metrics(resumed.runDir)).toEqual(await metrics(whole.runDir));
    for (const name of ['table', 'table.m', 'seen']) expect(await resumed.session.read(name)).toEqual(await whole.session.read(name));
    expect(await readFile(join(resumed.runDir, 'checkpoint.safetensors'))).toEqual(await readFile(join(whole.runDir, 'checkpoint.safetensors')));
    for (const { session } of [whole, again, stopped, resumed]) session.destroy();
  });

  it('resumes after a kill: metrics beyond the checkpoint are dropped', async () => {
    const whole = await start(device, 'kill-whole');
    await whole.run;
    const killed = await start(device, 'kill', {}, abortAt(10));
    await killed.run;
    const file = join(killed.runDir, 'metrics.jsonl');
    await writeFile(file, `${await readFile(file, 'utf8')}{"kind":"train","step":11,"loss":9}\n{"kind":"tra`);
    const resumed = await start(device, 'kill', {}, { resume: true });
    await resumed.run;
    const lines = await metrics(resumed.runDir);
    expect(lines.filter((line) => JSON.stringify(line).includes('"loss":9,') || JSON.stringify(line).includes('"loss":9}'))).toEqual([]);
    expect(lines.filter((line) => Object(line).kind === 'train')).toEqual((await metrics(whole.runDir)).filter((line) => Object(line).kind === 'train'));
    for (const { session } of [whole, killed, resumed]) session.destroy();
  });

  it('stops at a NaN, naming the step and the tensor, and keeps the last good checkpoint', async () => {
    const { session, run, runDir } = await start(device, 'nan', { breakAt: 13 }, { settings: { ...settings, logEvery: 10 } });
    const error: unknown = await run.catch((e: unknown) => e);
    expect(error).toBeInstanceOf(NaNError);
    expect(error).toMatchObject({ step: 13, tensor: 'logits' });
    expect(String(error)).toMatch(/training stopped at step 13: the first tensor that is not finite is logits \(NaN at element 300, 1 in all, written by kernel lookup\)\n {2}The last checkpoint is untouched/);
    const checkpoint = await Checkpoint.open(join(runDir, 'checkpoint.safetensors'));
    expect(checkpoint.info.step).toBe(10);
    await checkpoint.close();
    expect((await session.readFloats('table')).every(Number.isFinite)).toBe(true);
    expect([...(await session.read('seen'))]).toEqual([1 + 12]);
    session.destroy();
  });

  it('refuses to overwrite a run, and to resume nothing or with another seed', async () => {
    const first = await start(device, 'refuse', {}, { settings: { ...settings, steps: 2 } });
    await first.run;
    await expect((await start(device, 'refuse')).run).rejects.toThrow(RunError);
    await expect((await start(device, 'refuse', {}, { resume: true, settings: { ...settings, seed: 6 } })).run).rejects.toThrow(/was trained with seed 5, not 6/);
    await expect((await start(device, 'refuse-not', {}, { resume: true })).run).rejects.toThrow(/there is nothing to resume/);
    await expect((await start(device, 'refuse-batch', {}, { settings: { ...settings, batch: 3 } })).run).rejects.toThrow(/built for batch 2, the settings say 3/);
    first.session.destroy();
  });

  it('keeps the old checkpoint when the disk fills up', async () => {
    const first = await start(device, 'full', {}, abortAt(3));
    await first.run;
    const path = join(first.runDir, 'checkpoint.safetensors');
    const old = await readFile(path);
    const write = (): Promise<void> => Promise.reject(Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' }));
    const next = await start(device, 'full', {}, { resume: true, write });
    await expect(next.run).rejects.toThrow(/the disk is full/);
    expect(await readFile(path)).toEqual(old);
    first.session.destroy();
    next.session.destroy();
  });
});

describeGpu(opened, 'checkpoints', (device) => {
  const saved = join(root, 'saved', 'checkpoint.safetensors');
  const info = { arch: 'Bigram', fingerprint: 'f', step: 3, seed: 9, resolved: 'r', source: 's — é', train: '{}', data: '{}' };

  it('refuse another spec, listing what differs', async () => {
    const first = await start(device, 'saved', {}, { settings: { ...settings, steps: 1 } });
    await first.run;
    const program = bigram({ arch: 'Other' });
    const tensors = program.tensors.map((tensor) => {
      if (tensor.name === 'seen') return { ...tensor, name: 'count' };
      return tensor.name === 'table.m' ? { ...tensor, axes: [{ name: 'flat', size: 65536 }] } : tensor;
    });
    const other = await Session.create(device, { ...program, tensors });
    const error: unknown = await loadCheckpoint(saved, other).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(CheckpointError);
    expect(error instanceof Error && error.message.split('\n').slice(0, 4)).toEqual([
      `${saved} is of another spec: it holds Bigram, and Other differs in`,
      '    differs: table.m is [256, 256] in the checkpoint, [65536] in the spec',
      '    missing: count []',
      '    extra:   seen',
    ]);
    first.session.destroy();
    other.destroy();
  });

  it('refuse truncated and foreign files, and a NaN by the name of its tensor', async () => {
    const session = await Session.create(device, bigram());
    const bytes = await readFile(saved);
    const damaged = join(root, 'damaged.safetensors');
    for (const length of [0, 7, 100, bytes.length - 1]) {
      await writeFile(damaged, bytes.subarray(0, length));
      await expect(loadCheckpoint(damaged, session)).rejects.toThrow(/damaged\.safetensors is not a usable checkpoint: it is truncated/);
    }
    await writeFile(damaged, 'this is a text file, and a long enough one');
    await expect(loadCheckpoint(damaged, session)).rejects.toThrow(CheckpointError);
    const whole = await Checkpoint.open(saved);
    const begin = whole.tensors.get('table')?.begin ?? 0;
    await whole.close();
    const poisoned = Buffer.from(bytes);
    poisoned.writeFloatLE(NaN, begin + 40);
    await writeFile(damaged, poisoned);
    await expect(loadCheckpoint(damaged, session)).rejects.toThrow(/tensor table holds a NaN at element 10/);
    await expect(loadCheckpoint(join(root, 'none'), session)).rejects.toThrow(/there is no checkpoint at .*none/);
    session.destroy();
  });

  it('keep everything said about the run, and are not written with a NaN', async () => {
    const session = await Session.create(device, bigram());
    await session.initialise(1);
    const path = join(root, 'info.safetensors');
    await saveCheckpoint(path, session, info);
    const checkpoint = await Checkpoint.open(path);
    expect(checkpoint.info).toEqual(info);
    expect([...checkpoint.tensors.keys()]).toEqual(['table', 'table.m', 'seen']);
    await checkpoint.close();
    const table = await session.readFloats('table');
    table[77] = NaN;
    await session.write('table', table);
    await expect(saveCheckpoint(path, session, info)).rejects.toThrow(/was not saved: table holds a NaN at element 77/);
    expect(await loadCheckpoint(path, session)).toEqual(info);
    session.destroy();
  });
});
