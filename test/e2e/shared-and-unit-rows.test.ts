/**
 * @file Optimiser groups on generated WebAssembly and WGSL, step by step against the interpreter: a table that several layers read under touched_adam, clipped
 * by its own norm; unit rows under adamw and touched_adam; frozen groups.
 */
import { afterAll, describe, expect, it } from 'vitest';
import { Corpus, CpuSession, type Executor, Session } from '../../runtime/index.js';
import { relativeError } from '../oracles/engines.js';
import { referenceStep, type Tensors } from './reference-training.js';
import { describeGpu, tryOpenDevice } from '../runtime/gpu.js';
import type { Program } from '../../runtime/program.js';
import { TEXTS, compileText } from './tiny.js';

interface Engine {
  readonly target: 'wasm' | 'wgsl';
  readonly open: (program: Program) => Promise<Executor>;
}

// a software adapter takes minutes to compile these kernels
const device = process.env['ARCHC_LONG'] === '1' ? await tryOpenDevice() : undefined;
afterAll(() => device?.destroy());

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

async function tensorsOf(session: Executor): Promise<Tensors> {
  const tensors: Tensors = { params: new Map(), states: new Map() };
  for (const tensor of session.persistent()) (tensor.role === 'param' ? tensors.params : tensors.states).set(tensor.name, Float64Array.from(await session.read(tensor.id)));
  return tensors;
}

/** Runs `steps` steps on both. @returns what there was before, and after each step */
async function compared(text: string, steps: number, { target, open }: Engine): Promise<readonly Tensors[]> {
  const { program, train } = compileText(text, { target });
  const corpus = new Corpus('memory', program.time, Object.entries(TEXTS).map(([name, domain]) => ({ name, train: bytes(domain), valid: bytes(domain.slice(0, 65)), files: 1 })), []);
  const session = await open(program);
  try {
    await session.initialise(1);
    const history = [await tensorsOf(session)];
    const reference = await tensorsOf(session);
    for (let step = 1; step <= steps; step++) {
      const batch = corpus.batch(step, program.batch, 1);
      const expected = referenceStep(train, reference, new Map(Object.entries(batch)), step);
      session.run('train', batch, step);
      for (const [name, value] of await session.readOutputs('train', [...expected.keys()].filter((output) => output !== 'bad_step'))) expect(relativeError([value], [expected.get(name) ?? NaN]), `step ${step}: ${name}`).toBeLessThan(1e-4);
      const found = await tensorsOf(session);
      for (const kind of ['params', 'states'] as const) {
        for (const [path, wanted] of reference[kind]) if (wanted.some((x) => x !== 0)) expect(relativeError(found[kind].get(path), wanted), `step ${step}: ${path}`).toBeLessThan(2e-4);
      }
      history.push(found);
    }
    return history;
  } finally {
    session.destroy();
  }
}

const changedRows = (before: Float64Array, after: Float64Array, row: number): number[] =>
  Array.from({ length: before.length / row }, (_, i) => i).filter((i) => before.subarray(i * row, (i + 1) * row).some((x, j) => !Object.is(x, after[i * row + j])));

function trains(engine: Engine): void {
  it('a table that two layers read with different numbers of heads: touched rows of the sum, clipped apart', async () => {
    const history = await compared(`language 1
use std.transformer { embed, mlp, lm_head }
use std.memory { value_bank, memory_plus }
use std.losses { next_token }
arch Shared {
  dims { d = 8; ctx = 8; vocab = 256 }
  embed {}
  values: value_bank { keys = 12; width = 8 }
  layers 3 {
    memory: memory_plus at [0, 2] { values = values; heads = 2; keys = 12; take = 2; query = 8 }
    ffn: mlp { width = 16 }
  }
  layers.2.memory.heads = 1
  lm_head { tied = embed.table }
  loss ce = next_token(lm_head.logits)
}
train {
  steps = 3; batch = 2; seed = 1
  optimizer adamw { lr = 4e-3; weight_decay = 0.1; clip = 0.5 }
  group values.experts { optimizer = touched_adam; lr = 1e-2; clip = 1e-3 }
}`, 2, engine);
  const table = (step: number): Float64Array => history[step]?.params.get('values.experts.write') ?? new Float64Array();
  const changed = changedRows(table(0), table(1), 8);
  expect(changed.length).toBeGreaterThan(0);
  expect(changed.length).toBeLessThan(144);
  // m = 0.1 * clipped gradient
  expect(Math.hypot(...(history[1]?.states.get('values.experts.write.m') ?? [])) / 0.1).toBeCloseTo(1e-3, 6);
});

it.each(['adamw', 'touched_adam'])('unit rows under %s beside a frozen model', async (optimizer) => {
  const history = await compared(`language 1
use std.transformer { embed, mlp, lm_head }
use std.sae { topk_sae }
use std.losses { next_token }
use std.objectives { unexplained }
arch Beside {
  dims { d = 8; ctx = 8; vocab = 256 }
  embed {}
  layers 2 {
    ffn: mlp { width = 16 }
    sae: topk_sae at [1] { x = stream; latents = 64; take = 2 }
  }
  lm_head { tied = embed.table }
  loss ce = next_token(lm_head.logits)
  loss reconstruction = mean(layers)(unexplained(sae.target, sae.reconstruction))
}
train {
  steps = 3; batch = 2; seed = 1
  optimizer adamw { lr = 1e-2; weight_decay = 0.1; clip = 1 }
  group embed { freeze = true }
  group layers { freeze = true }
  group lm_head { freeze = true }
  group layers.sae.experts { freeze = false }
  group layers.sae.experts.write { optimizer = ${optimizer}; lr = 5e-2 }
}`, 3, engine);
  const write = 'layers.1.sae.experts.write';
  for (const { params } of history) {
    const rows = params.get(write) ?? new Float64Array();
    for (let i = 0; i < 64; i++) expect(Math.hypot(...rows.subarray(i * 8, (i + 1) * 8)), `row ${i}`).toBeCloseTo(1, 5);
  }
  const [before, after] = [history[0], history[1]];
  const changed = changedRows(before?.params.get(write) ?? new Float64Array(), after?.params.get(write) ?? new Float64Array(), 8);
  expect(changed.length).toBeGreaterThan(0);
  // weight decay alone does not change a unit row's direction, but adamw's first moments last; touched_adam leaves the others alone
  if (optimizer === 'touched_adam') expect(changed.length).toBeLessThan(64);
  for (const [path, values] of before?.params ?? []) {
    const same = [...values].every((x, i) => Object.is(x, history[3]?.params.get(path)?.[i]));
    expect([path, same]).toEqual([path, !path.startsWith('layers.1.sae.experts')]);
  }
  // no moments are kept of what is frozen
  expect([...(after?.states.keys() ?? [])].filter((path) => /\.[mv]$/.test(path) && !path.startsWith('layers.1.sae.experts'))).toEqual([]);
});
}

describe('on the CPU', () => trains({ target: 'wasm', open: (program) => CpuSession.create(program, { threads: 2 }) }));
describeGpu(device, 'on the GPU', (gpu) => trains({ target: 'wgsl', open: (program) => Session.create(gpu, program) }));
