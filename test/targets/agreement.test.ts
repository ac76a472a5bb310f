/**
 * The two targets against each other on whole models: the same checkpoint gives the same logits, and the same training the same losses. Their sums run in different
 * orders, so not the same bits.
 */
import { afterAll, expect, it } from 'vitest';
import { compile } from '../../compiler/pipeline.js';
import type { TargetName } from '../../compiler/targets/targets.js';
import { type Executor, openSession } from '../../runtime/index.js';
import { relativeError } from '../oracles/engines.js';
import { describeGpu, tryOpenDevice } from '../runtime/gpu.js';
import { indices } from '../support/random.js';
import { reader } from '../support/spec.js';

const opened = await tryOpenDevice();
afterAll(() => opened?.destroy());

const small: Readonly<Record<string, readonly string[]>> = {
  peer: ['dims.d=16', 'dims.ctx=16', 'layers.count=1', 'layers.attention.heads=2', 'layers.ffn.heads=2', 'layers.ffn.keys=8', 'layers.ffn.take=4', 'layers.ffn.query=8'],
  pools: ['dims.d=16', 'dims.ctx=16', 'layers.count=1', 'layers.attention.heads=2', 'layers.ffn.count=4', 'layers.ffn.keys=8'],
  mixtral: ['dims.d=16', 'dims.ctx=16', 'layers.count=1', 'layers.attention.heads=2', 'layers.attention.kv_heads=1', 'layers.ffn.count=4', 'layers.ffn.width=12'],
};
const [BATCH, TIME, STEPS] = [2, 16, 50];

function session(spec: string, target: TargetName): Promise<Executor> {
  const { program, diagnostics } = compile({ entry: `specs/${spec}.arch`, read: reader({}), set: small[spec] ?? [], batch: BATCH, time: TIME, target });
  if (!program) throw new Error(diagnostics.all.map((d) => d.message).join('\n'));
  return openSession(program, { threads: 1 });
}

/** Text that can be learnt: each byte follows from the one before, but for some. */
function batch(step: number): { readonly tokens: Int32Array<ArrayBuffer>; readonly targets: Int32Array<ArrayBuffer> } {
  const noise = indices(step, BATCH * (TIME + 1), 24);
  const text = noise.map((n, i) => (n < 4 ? n : (i * 7) % 24));
  const window = (shift: number): Int32Array<ArrayBuffer> => Int32Array.from({ length: BATCH * TIME }, (_, i) => text[Math.floor(i / TIME) * (TIME + 1) + (i % TIME) + shift] ?? 0);
  return { tokens: window(0), targets: window(1) };
}

interface Course {
  readonly logits: Float32Array;
  readonly losses: readonly number[];
}

/** The logits of the seed's weights, then the loss of each step. */
async function course(spec: string, target: TargetName): Promise<Course> {
  const on = await session(spec, target);
  try {
    await on.initialise(3);
    on.run('forward', { tokens: batch(1).tokens.slice(0, TIME) });
    const logits = await on.readFloats(on.output('forward', 'logits').id);
    const losses: number[] = [];
    for (let step = 1; step <= STEPS; step++) {
      on.run('train', batch(step), step);
      losses.push((await on.readOutputs('train', ['loss'])).get('loss') ?? NaN);
    }
    return { logits, losses };
  } finally {
    on.destroy();
  }
}

describeGpu(opened, 'WebAssembly and WGSL', () => {
  it.each(Object.keys(small))('agree on %s: logits, and the losses of 50 steps', async (spec) => {
    const [cpu, gpu] = [await course(spec, 'wasm'), await course(spec, 'wgsl')];
    expect(relativeError(cpu.logits, gpu.logits)).toBeLessThan(1e-5);
    expect(Math.max(...gpu.losses.map((loss, i) => Math.abs((cpu.losses[i] ?? NaN) - loss) / loss))).toBeLessThan(1e-3);
    // it was training
    expect(gpu.losses[STEPS - 1]).toBeLessThan(0.7 * (gpu.losses[0] ?? 0));
  });
});
