/**
 * `train --from RUN`: the dictionaries of specs/dictionaries.arch on a model of specs/dense.arch, as a newcomer runs them, at tiny sizes.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Checkpoint } from '../../runtime/index.js';
import { archc, Folder, type Result } from './harness.js';

const specs = new URL('../../specs/', import.meta.url);
const dictionaries = readFileSync(new URL('dictionaries.arch', specs), 'utf8');
const archs = [...dictionaries.matchAll(/^arch (\w+)/gm)].map((found) => found[1] ?? '');

const folder = new Folder({
  'dense.arch': readFileSync(new URL('dense.arch', specs), 'utf8'),
  'dictionaries.arch': dictionaries,
  'all-frozen.arch': `${readFileSync(new URL('dense.arch', specs), 'utf8').replace('train {', 'train {\n  group embed { freeze = true }\n  group layers { freeze = true }\n  group lm_head { freeze = true }')}`,
  'texts/a.txt': 'the quick brown fox jumps over the lazy dog. 0123456789 '.repeat(60),
});
afterAll(() => { folder.dispose(); });

const TINY = ['dims.d=8', 'dims.ctx=16', 'layers.ffn.width=16', 'train.batch=4', 'train.optimizer.schedule.warmup=2', 'train.log_every=1', 'train.eval_every=100', 'train.save_every=100'];
const train = (spec: string, run: string, steps: number, ...more: string[]): Promise<Result> =>
  archc(['train', spec, '--data', 'texts', '--run', run, '--steps', String(steps), '--device', 'cpu', '--threads', '2', ...TINY.flatMap((set) => ['--set', set]), ...more], { cwd: folder.path });
const small = (arch: string): string[] => [
  'layers.sae.latents=32',
  ...(/GroupMax/.test(arch) ? ['layers.sae.groups=4'] : /JumpRelu|Gated/.test(arch) ? [] : ['layers.sae.take=4']),
  ...(/Annealed/.test(arch) ? ['layers.sae.first=8'] : []),
].flatMap((set) => ['--set', set]);
const losses = (run: string): Record<string, number>[] =>
  readFileSync(join(folder.path, run, 'metrics.jsonl'), 'utf8').trim().split('\n').map((line) => JSON.parse(line) as { kind: string; losses: Record<string, number> }).filter(({ kind }) => kind === 'train').map((line) => line.losses);
const open = (run: string): Promise<Checkpoint> => Checkpoint.open(join(folder.path, run, 'checkpoint.safetensors'));

beforeAll(async () => {
  expect(await train('dense.arch', 'base', 8)).toMatchObject({ code: 0 });
});

describe('a dictionary of a trained model', () => {
  it.each(archs)('%s learns, and the model keeps its bits', async (arch) => {
    const { code, stderr } = await train('dictionaries.arch', arch, 12, '--arch', arch, '--from', 'base', ...small(arch));
    expect([code, stderr]).toEqual([0, expect.stringMatching(/starting from 34 tensors of Dense at step 8 \(.+\); new: layers\.2\.sae\./)]);
    const reconstruction = losses(arch).map((line) => line['reconstruction'] ?? NaN);
    const mean = (xs: readonly number[]): number => xs.reduce((a, b) => a + b, 0) / xs.length;
    expect(mean(reconstruction.slice(-3))).toBeLessThan(mean(reconstruction.slice(0, 3)));
    const [base, trained] = [await open('base'), await open(arch)];
    for (const name of base.tensors.keys()) {
      if (/\.[mv]$/.test(name)) expect(trained.tensors.has(name), name).toBe(false);
      else if (name !== 'bad_step') expect(await trained.read(name), name).toEqual(await base.read(name));
    }
    await base.close();
    await trained.close();
  });

  it('keeps in the run where it came from, and resumes to the bits of a run that was not cut', async () => {
    const [arch = ''] = archs;
    const spec = JSON.parse(readFileSync(join(folder.path, arch, 'spec.json'), 'utf8')) as { from: unknown };
    expect(spec.from).toEqual({ run: 'base', arch: 'Dense', step: 8 });
    const whole = (run: string, steps: number): Promise<Result> => train('dictionaries.arch', run, steps, '--arch', arch, '--from', 'base', ...small(arch), '--set', 'train.optimizer.schedule=constant');
    await whole('whole', 4);
    await whole('cut', 2);
    expect(await archc(['train', '--data', 'texts', '--run', 'cut', '--resume', '--steps', '4', '--device', 'cpu'], { cwd: folder.path })).toMatchObject({ code: 0 });
    expect(JSON.parse(readFileSync(join(folder.path, 'cut', 'spec.json'), 'utf8'))).toMatchObject({ from: spec.from });
    const [a, b] = [await open('whole'), await open('cut')];
    for (const name of a.tensors.keys()) expect(await b.read(name), name).toEqual(await a.read(name));
    await a.close();
    await b.close();
  });
});

describe('it is refused', () => {
  const fails = async (result: Promise<Result>, code: string, text: string): Promise<void> => {
    const { code: exit, stderr } = await result;
    expect([exit, stderr]).toEqual([code.startsWith('ARCH2') ? 1 : 2, expect.stringContaining(code)]);
    expect(stderr).toContain(text);
  };

  it('where a frozen parameter has another shape there, and leaves no run behind', async () => {
    await fails(train('dictionaries.arch', 'wide', 2, '--from', 'base', '--set', 'dims.d=16', ...small('')), 'ARCH6008', 'differs: embed.table is [256, 8] there, [256, 16] in the spec');
    expect(existsSync(join(folder.path, 'wide'))).toBe(false);
  });
  it('where nothing fits', () => fails(train('dense.arch', 'other', 2, '--from', 'base', '--set', 'dims.d=12', '--set', 'layers.ffn.width=20', '--set', 'layers.attention.heads=3'), 'ARCH6008', 'none of its'));
  it('where there is no such run', () => fails(train('dense.arch', 'other', 2, '--from', 'bas'), 'ARCH6004', 'there is no such folder'));
  it('with --resume', () => fails(train('dense.arch', 'base', 9, '--resume', '--from', 'base'), 'ARCH6012', '--from'));
  it('where everything is frozen', () => fails(train('all-frozen.arch', 'other', 2, '--from', 'base'), 'ARCH2012', 'every parameter frozen'));
});

it('says that frozen parameters are not trained where no run is named', async () => {
  expect((await train('dictionaries.arch', 'alone', 1, ...small(''))).stderr).toContain('note: 34 frozen parameters keep their initial values; --from RUN starts with those of a run');
});

it('takes what fits of a run of another arch, and starts the rest anew', async () => {
  const { code, stderr } = await train('dense.arch', 'wider', 1, '--from', 'base', '--set', 'layers.ffn.width=24');
  expect([code, stderr]).toEqual([0, expect.stringContaining('starting from 26 tensors of Dense at step 8')]);
  expect(stderr).toContain('new, of another shape there: layers.0.ffn.up.w, layers.0.ffn.down.w');
});
