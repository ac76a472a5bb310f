/**
 * @file The generated code of both targets in a browser: what `build` writes, loaded by the browser's runtime in headless Chromium, trains to the same bits as in Node
 * (WebAssembly) or to the same losses (WGSL, on SwiftShader). Without Chromium the tests are skipped by name.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { programFiles } from '../../compiler/emit/program.js';
import type { TargetName } from '../../compiler/targets/targets.js';
import { CpuSession, saveCheckpoint } from '../../runtime/index.js';
import type { Program } from '../../runtime/program.js';
import { bundleForBrowser } from '../../scripts/browser.js';
import { compileText } from '../e2e/tiny.js';
import { indices } from '../support/random.js';
import { NO_CHROMIUM, findChromium, runInChromium } from './chromium.js';
import { type Done, type Job, type Outcome, decode } from './protocol.js';
import { SPEC } from './spec.js';

const [BATCH, TIME, STEPS, SEED] = [2, 16, 6, 3];
/** Text that can be learnt: each byte follows from the one before, but for some. */
const steps = Array.from({ length: STEPS }, (_, step) => {
  const text = [...indices(step + 1, BATCH * TIME + 1, 24)].map((n, i) => (n < 4 ? n : (i * 7) % 24));
  return { tokens: text.slice(0, -1), targets: text.slice(1) };
});
const prompt = steps.flatMap(({ tokens }) => tokens).slice(0, TIME);

/** What `build` writes for both targets. */
function siteFiles(): Map<string, string | Uint8Array> {
  const files = new Map<string, string | Uint8Array>();
  for (const [folder, target] of [['cpu', 'wasm'], ['gpu', 'wgsl']] as const) {
    for (const [file, content] of programFiles(compiled(target))) files.set(`${folder}/${file}`, content);
  }
  return files;
}

const compiled = (target: TargetName): Program => compileText(SPEC, { target, batch: BATCH, time: TIME }).program;

interface Expected {
  readonly losses: readonly number[];
  /** Of the prompt, with the weights that were learnt. */
  readonly logits: readonly number[];
  readonly checkpoint: Uint8Array;
  readonly relaxed: boolean;
}

/** The same in Node. */
async function inNode(): Promise<Expected> {
  const program = compiled('wasm');
  const session = await CpuSession.create(program, { threads: 2 });
  const folder = mkdtempSync(join(tmpdir(), 'archc-browser-'));
  try {
    await session.initialise(SEED);
    const losses: number[] = [];
    for (const [i, { tokens, targets }] of steps.entries()) {
      session.run('train', { tokens: Int32Array.from(tokens), targets: Int32Array.from(targets) }, i + 1);
      losses.push((await session.readOutputs('train', ['loss'])).get('loss') ?? NaN);
    }
    session.run('forward', { tokens: Int32Array.from(prompt) });
    const logits = [...(await session.readFloats(session.output('forward', 'logits').id))];
    const file = join(folder, 'checkpoint.safetensors');
    await saveCheckpoint(file, session, { arch: program.arch, fingerprint: program.fingerprint, step: STEPS, seed: SEED, resolved: '', source: '', train: '', data: '' });
    return { losses, logits, checkpoint: readFileSync(file), relaxed: session.relaxed };
  } finally {
    session.destroy();
    rmSync(folder, { recursive: true });
  }
}

function done(outcome: Outcome | undefined): Done {
  if (outcome?.kind !== 'done') throw new Error(outcome ? `${outcome.error}: ${outcome.message}` : 'no outcome');
  return outcome;
}

const job = (name: string, more: Partial<Job> = {}): Job => ({ name, program: 'cpu/program.json', work: { kind: 'train', seed: SEED, steps }, ...more });

function inChromium(chromium: string): void {
  let files = new Map<string, string | Uint8Array>();
  let expected: Expected = { losses: [], logits: [], checkpoint: new Uint8Array(), relaxed: false };
  beforeAll(async () => {
    files = siteFiles();
    expected = await inNode();
    files.set('checkpoint.safetensors', expected.checkpoint);
    expect(expected.losses.at(-1)).toBeLessThan(0.9 * (expected.losses[0] ?? 0));
  });

  describe('a page that is cross-origin isolated', () => {
    const jobs = [
      job('one thread', { threads: 1 }),
      job('two threads', { threads: 2 }),
      job('as many threads as there are processors'),
      job('two threads, in a worker of the page', { threads: 2, inWorker: true }),
      job('a checkpoint', { threads: 2, work: { kind: 'forward', checkpoint: 'checkpoint.safetensors', tokens: prompt } }),
      job('WGSL', { program: 'gpu/program.json' }),
    ];
    let outcomes: readonly Outcome[] = [];
    const outcome = (title: string): Done => done(outcomes[jobs.findIndex(({ name }) => name === title)]);
    beforeAll(async () => {
      outcomes = await runInChromium(chromium, { files, isolated: true }, jobs);
    });

    it.each([
      ['one thread', /^CPU, 1 thread, /],
      ['two threads', /^CPU, 2 threads, /],
      ['as many threads as there are processors', /^CPU, \d threads?, /],
      ['two threads, in a worker of the page', /^CPU, 2 threads, /],
    ])('%s: the losses of Node, to the bit', (title, device) => {
      const { results, device: found, isolated } = outcome(title);
      expect(found).toMatch(device);
      expect(found).toMatch(expected.relaxed ? /, relaxed SIMD$/ : /, SIMD$/);
      expect(isolated).toBe(true);
      expect(results).toEqual({ loss: expected.losses });
    });

    it('a checkpoint from bytes: the logits of Node, to the bit', () => {
      expect(outcome('a checkpoint').results).toEqual({ logits: expected.logits });
    });

    it('WGSL on SwiftShader: the losses of the CPU, within 1e-3', (test) => {
      const made = outcomes.at(-1);
      if (made?.kind === 'failed' && made.adapter === false) test.skip('no adapter in this Chromium: its SwiftShader does not start (VK_DRIVER_FILES hides it, for one)');
      const { results, device } = outcome('WGSL');
      const losses = decode(results['loss'] ?? []);
      expect(device).toMatch(/swiftshader/i);
      expect(Math.max(...expected.losses.map((loss, i) => Math.abs((losses[i] ?? NaN) - loss) / loss))).toBeLessThan(1e-3);
    });
  });

  it('a page that is not: one thread, to the bit; two are refused, with what is needed', async () => {
    const [one, two] = await runInChromium(chromium, { files, isolated: false }, [job('as many as it may'), job('two threads', { threads: 2 })]);
    expect(done(one)).toMatchObject({ isolated: false, results: { loss: expected.losses } });
    expect(done(one).device).toMatch(/^CPU, 1 thread, /);
    expect(two).toEqual({
      kind: 'failed',
      error: 'LimitError',
      message:
        '2 threads cannot share memory: this page is not cross-origin isolated\n  Serve it with the headers `Cross-Origin-Opener-Policy: same-origin` and `Cross-Origin-Embedder-Policy: require-corp`, or use one thread.',
    });
  });
}

const chromium = findChromium();
if (chromium !== undefined) describe('in Chromium', () => inChromium(chromium));
else it.skip(`in Chromium (skipped: ${NO_CHROMIUM})`, () => undefined);

it('the browser bundle imports nothing', async () => {
  const text = await bundleForBrowser(join(import.meta.dirname, '../../runtime/browser.ts'));
  expect(text).not.toMatch(/^\s*import\s|\bimport\(|\brequire\("/m);
  expect(text).toMatch(/export \{[^}]*\bcreateModel\b[^}]*\bloadProgram\b/);
});
