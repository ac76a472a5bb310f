/**
 * @file Training on generated WGSL: the same numbers as by the definitions, the same bits for the same seed, and untouched rows untouched.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { Corpus, type Session, train } from '../../runtime/index.js';
import { evaluate } from '../reference/interpret.js';
import { describeGpu, tryOpenDevice } from '../runtime/gpu.js';
import { relativeError } from '../oracles/engines.js';
import { referenceStep, timesTouched, type Tensors } from './reference-training.js';
import { TEXTS, TINY, compileText, withSession } from './tiny.js';

const opened = await tryOpenDevice();
const root = await mkdtemp(join(tmpdir(), 'archc-e2e-'));
afterAll(async () => {
  opened?.destroy();
  await rm(root, { recursive: true });
});

const tiny = compileText(TINY);
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const corpus = new Corpus('memory', tiny.program.time, Object.entries(TEXTS).map(([name, text]) => ({ name, train: bytes(text), valid: bytes(text.slice(0, 65)), files: 1 })), []);
const settings = { steps: 3, batch: tiny.program.batch, seed: 1, logEvery: 1, evalEvery: 3, saveEvery: 3 };
const OUTPUTS = ['loss', 'loss.ce', 'loss.balance', 'loss.sparsity', 'grad_norm', 'bad_step'];

/** What the device holds, as the interpreter wants it. */
async function tensorsOf(session: Session): Promise<Tensors> {
  const tensors: Tensors = { params: new Map(), states: new Map() };
  for (const tensor of session.persistent()) (tensor.role === 'param' ? tensors.params : tensors.states).set(tensor.name, Float64Array.from(await session.read(tensor.id)));
  return tensors;
}

describeGpu(opened, 'a training step on generated WGSL', (device) => {
  it('equals, three times, what the interpreter computes in float64', async () => {
    await withSession(device, tiny.program, async (session) => {
      await session.initialise(1);
      const reference = await tensorsOf(session);
      let clipped = 0;
      for (let step = 1; step <= 3; step++) {
        const batch = corpus.batch(step, tiny.program.batch, 1);
        const expected = referenceStep(tiny.train, reference, new Map(Object.entries(batch)), step);
        session.run('train', batch, step);
        const actual = await session.readOutputs('train', OUTPUTS);
        expect([...actual.keys()].sort()).toEqual([...expected.keys()].sort());
        expect(actual.get('bad_step')).toBe(0);
        for (const name of OUTPUTS.slice(0, 5)) expect(relativeError([actual.get(name) ?? NaN], [expected.get(name) ?? NaN]), `step ${step}: ${name}`).toBeLessThan(1e-4);
        if ((expected.get('grad_norm') ?? 0) > 0.5) clipped++;
        const found = await tensorsOf(session);
        for (const kind of ['params', 'states'] as const) {
          for (const [path, wanted] of reference[kind]) if (path !== 'bad_step') expect(relativeError(found[kind].get(path), wanted), `step ${step}: ${path}`).toBeLessThan(1e-4);
        }
      }
      expect(clipped).toBeGreaterThan(0);
    });
  });

  it('leaves the rows of experts that did not fire, and their moments, as they are: not one bit changes', async () => {
    await withSession(device, tiny.program, async (session) => {
      await session.initialise(2);
      // moments that would decay if they were touched
      const tables = tiny.train.updates.filter((update) => update.touched);
      expect(tables.map(({ target }) => target.path).sort()).toEqual([0, 1].flatMap((layer) => ['read', 'read.m', 'read.v', 'write', 'write.m', 'write.v'].map((name) => `layers.${layer}.ffn.experts.${name}`)));
      for (const { target } of tables) {
        if (!('moment' in target)) continue;
        const info = session.tensor(target.path);
        await session.write(info.id, new Float32Array(info.axes.reduce((n, axis) => n * axis.size, 1)).fill(0.125));
      }
      const before = await tensorsOf(session);
      const batch = corpus.batch(1, tiny.program.batch, 2);
      session.run('train', batch, 1);
      const after = await tensorsOf(session);
      for (const { target, touched } of tables) {
        if (!touched) continue;
        const [fired] = evaluate([timesTouched(touched)], { ...before, inputs: new Map(Object.entries(batch)) });
        const from = 'initial' in target ? 'states' : 'params';
        const [old, now] = [before[from].get(target.path) ?? [], after[from].get(target.path) ?? []];
        const changed = Array.from(old, (x, i) => !Object.is(x, now[i]));
        const untouched = changed.filter((_, i) => fired?.[i] === 0);
        expect(untouched.length, target.path).toBeGreaterThan(0);
        expect(untouched.filter(Boolean).length, target.path).toBe(0);
        expect(changed.filter(Boolean).length, target.path).toBeGreaterThan(0);
      }
    });
  });

  it('gives the same bits for the same seed, and others for another', async () => {
    const run = (name: string, seed: number): Promise<{ metrics: string[]; checkpoint: Buffer }> =>
      withSession(device, tiny.program, async (session) => {
        const runDir = join(root, name);
        await train({ session, corpus, runDir, settings: { ...settings, seed }, spec: { resolved: '', source: TINY } });
        const lines = (await readFile(join(runDir, 'metrics.jsonl'), 'utf8')).trim().split('\n');
        // all but what the clock says
        return { metrics: lines.map((line) => line.replace(/"(tokens_per_second|elapsed)":[^,}]+/g, '')), checkpoint: await readFile(join(runDir, 'checkpoint.safetensors')) };
      });
    const [first, again, other] = [await run('a', 5), await run('b', 5), await run('c', 6)];
    expect(first.metrics).toHaveLength(4);
    expect(again.metrics).toEqual(first.metrics);
    expect(again.checkpoint.equals(first.checkpoint)).toBe(true);
    expect(other.metrics[0]).not.toEqual(first.metrics[0]);
    expect(other.checkpoint.equals(first.checkpoint)).toBe(false);
  });
});
