/**
 * @file Random numbers on every target: the bits of the definition, for the step and the run's seed, and no others; a run goes on with the same ones.
 */
import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../../compiler/graph/build.js';
import { CpuSession, type Executor } from '../../runtime/index.js';
import { generatedEngines } from '../oracles/available.js';
import { interpreter } from '../oracles/engines.js';
import { compileText } from './tiny.js';

const b = new GraphBuilder();
const axes = [b.axis('i', 7), b.axis('j', 65)];
const outputs = [{ name: 'first', node: b.random(axes, 0, 'uniform') }, { name: 'second', node: b.random(axes, 1, 'uniform') }];
const none = { params: new Map<string, number[]>(), inputs: new Map<string, number[]>() };

describe.each(await generatedEngines())('random numbers on $engine.name', ({ engine, missing }) => {
  it.skipIf(missing !== undefined)('are those of the definition, to the bit', async () => {
    const seen = new Set<string>();
    for (const [step, seed] of [[1, 1], [2, 1], [1, 2], [40_000, 2 ** 52 + 3]] as const) {
      const [expected, actual] = [await interpreter.run(outputs, { ...none, step, seed }), await engine.run(outputs, { ...none, step, seed })];
      for (const { name } of outputs) {
        expect(Array.from(actual.get(name) ?? [])).toEqual(Array.from(expected.get(name) ?? []));
        seen.add(Array.from(actual.get(name) ?? []).slice(0, 4).join());
      }
    }
    expect(seen.size).toBe(8);
  });
});

const noisy = compileText(`language 1
use std.transformer { embed, lm_head }
use std.routing { sigma_moe }
use std.losses { next_token }
arch Noisy {
  dims { d = 8; ctx = 8; vocab = 256 }
  embed {}
  layers 2 { ffn: sigma_moe { count = 6; take = 2; width = 4; drop = 0.3 } }
  lm_head {}
  loss ce = next_token(lm_head.logits)
}
train { steps = 6; batch = 2; seed = 1; optimizer adamw { lr = 1e-2 } }
`, { target: 'wasm' });

describe('a run with expert dropout', () => {
  const tokens = Int32Array.from({ length: 16 }, (_, i) => (i * 37) % 256);
  const run = (session: Executor, from: number, to: number): void => {
    for (let step = from; step <= to; step++) session.run('train', { tokens, targets: tokens }, step);
  };
  const state = async (session: Executor): Promise<Map<string, Float32Array<ArrayBuffer>>> => {
    const tensors = new Map<string, Float32Array<ArrayBuffer>>();
    for (const { name } of session.persistent()) tensors.set(name, (await session.readFloats(name)).slice());
    return tensors;
  };
  const trained = async (seed: number, use: (session: Executor) => Promise<void>): Promise<Map<string, Float32Array<ArrayBuffer>>> => {
    const session = await CpuSession.create(noisy.program, { threads: 2 });
    try {
      await session.initialise(seed);
      await use(session);
      await session.settle();
      return await state(session);
    } finally {
      session.destroy();
    }
  };

  it('gives the same bits again, stopped and resumed or not, and others with another seed', async () => {
    let initial = new Map<string, Float32Array<ArrayBuffer>>();
    let halfway = new Map<string, Float32Array<ArrayBuffer>>();
    const whole = await trained(5, async (session) => {
      initial = await state(session);
      run(session, 1, 3);
      halfway = await state(session);
      run(session, 4, 6);
    });
    const put = async (session: Executor, tensors: ReadonlyMap<string, Float32Array<ArrayBuffer>>): Promise<void> => {
      for (const [name, values] of tensors) await session.write(name, values);
    };
    const resumed = await trained(5, async (session) => { await put(session, halfway); run(session, 4, 6); });
    expect(resumed).toEqual(whole);
    const other = await trained(6, async (session) => { await put(session, initial); run(session, 1, 6); });
    expect([...other.keys()].filter((name) => name.endsWith('experts.read') && other.get(name)?.join() === whole.get(name)?.join())).toEqual([]);
  });
});
