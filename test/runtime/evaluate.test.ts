import { afterAll, expect, it } from 'vitest';
import { Corpus, NaNError, Session, evaluate, type Domain } from '../../runtime/index.js';
import { bigram } from './bigram.js';
import { describeGpu, tryOpenDevice } from './gpu.js';

const opened = await tryOpenDevice();
afterAll(async () => {
  opened?.destroy();
});

describeGpu(opened, 'evaluate', (device) => {
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
  const domain = (name: string, valid: string): Domain => ({ name, train: bytes('x'.repeat(40)), valid: bytes(valid), files: 1 });
  // 3 windows of a, the last partial; 2 of b: five rows in batches of two.
  const texts = { a: 'the quick brown fox jumps over the lazy do', b: 'pack my box with five dozen jugs.' };
  const corpus = new Corpus('memory', 16, [domain('a', texts.a), domain('b', texts.b)], []);

  it('is the mean over bytes, in all and per domain', async () => {
    const session = await Session.create(device, bigram());
    await session.initialise(2);
    const table = await session.readFloats('table');
    const nll = (from: number, to: number): number => {
      const row = table.subarray(from * 256, from * 256 + 256);
      return Math.log(row.reduce((sum, x) => sum + Math.exp(x), 0)) - (row[to] ?? NaN);
    };
    const sum = (text: string): number => [...bytes(text)].reduce((total, byte, i, all) => (i === 0 ? 0 : total + nll(all[i - 1] ?? 0, byte)), 0);
    const result = await evaluate(session, corpus);
    expect([...result.domains].map(([name, score]) => [name, score.bytes])).toEqual([['a', 41], ['b', 32]]);
    expect(result.domains.get('a')?.loss).toBeCloseTo(sum(texts.a) / 41, 5);
    expect(result.domains.get('b')?.loss).toBeCloseTo(sum(texts.b) / 32, 5);
    expect(result.loss).toBeCloseTo((sum(texts.a) + sum(texts.b)) / 73, 5);
    expect(result.bitsPerByte).toBeCloseTo(result.loss * Math.LOG2E, 12);
    expect((await evaluate(session, corpus, { windows: 1 })).bytes).toBe(32);
    session.destroy();
  });

  it('refuses a model that gives NaN', async () => {
    const session = await Session.create(device, bigram());
    await session.write('table', new Float32Array(65536).fill(NaN));
    await expect(evaluate(session, corpus)).rejects.toThrow(NaNError);
    session.destroy();
  });
});
