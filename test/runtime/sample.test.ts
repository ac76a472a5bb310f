import { afterAll, describe, expect, it } from 'vitest';
import { Session, chooseToken, decodeUtf8, sampleBytes, sampleText, type SampleOptions } from '../../runtime/index.js';
import { bigram } from './bigram.js';
import { describeGpu, tryOpenDevice } from './gpu.js';

const opened = await tryOpenDevice();
afterAll(() => opened?.destroy());

describe('chooseToken', () => {
  const logits = Float32Array.of(0, Math.log(2), Math.log(5), Math.log(2));

  it('takes the best at temperature 0, the lowest of ties', () => {
    expect(chooseToken(logits, { temperature: 0, topK: 0 }, 0.99)).toBe(2);
    expect(chooseToken(Float32Array.of(1, 3, 3), { temperature: 0, topK: 0 }, 0.99)).toBe(1);
  });

  it('draws in proportion to softmax', () => {
    const counts = [0, 0, 0, 0];
    for (let i = 0; i < 1000; i++) {
      const token = chooseToken(logits, { temperature: 1, topK: 0 }, (i + 0.5) / 1000);
      counts[token] = (counts[token] ?? 0) + 1;
    }
    expect(counts).toEqual([100, 200, 500, 200]);
  });

  it('draws from the top k only, and sharper when colder', () => {
    const draws = (temperature: number, topK: number): number[] => Array.from({ length: 100 }, (_, i) => chooseToken(logits, { temperature, topK }, (i + 0.5) / 100));
    expect(new Set(draws(1, 2))).toEqual(new Set([1, 2]));
    // At temperature 1/2 the weights 1, 2, 5, 2 are squared: 25 of 34.
    expect(draws(0.5, 0).filter((token) => token === 2).length).toBe(74);
  });
});

describe('decodeUtf8', () => {
  it('gives whole characters as their last byte comes, and marks what is not UTF-8', async () => {
    const pieces: string[] = [];
    async function* bytes(): AsyncGenerator<number> {
      yield* [...new TextEncoder().encode('aé€'), 0xff, 0xe2, 0x82];
    }
    for await (const piece of decodeUtf8(bytes())) pieces.push(piece);
    expect(pieces).toEqual(['a', 'é', '€', '\ufffd', '\ufffd']);
  });
});

describeGpu(opened, 'sampling', (device) => {
  const collect = async (session: Session, options: SampleOptions): Promise<number[]> => {
    const bytes: number[] = [];
    for await (const byte of sampleBytes(session, options)) bytes.push(byte);
    return bytes;
  };

  it('is a function of weights, options and seed', async () => {
    const session = await Session.create(device, bigram());
    await session.initialise(1);
    const options = { prompt: 'ab', tokens: 40, seed: 4 };
    const bytes = await collect(session, options);
    expect(bytes.length).toBe(40);
    expect(await collect(session, options)).toEqual(bytes);
    expect(await collect(session, { ...options, seed: 5 })).not.toEqual(bytes);
    session.destroy();
  });

  it('follows the model: the last byte of the prompt decides, past the context too', async () => {
    const session = await Session.create(device, bigram());
    const table = new Float32Array(65536);
    // Each letter is followed by the next one.
    for (let from = 0; from < 256; from++) table[from * 256 + ((from + 1) % 256)] = 5;
    await session.write('table', table);
    const pieces: string[] = [];
    for await (const piece of sampleText(session, { prompt: 'xyzA', tokens: 25, temperature: 0 })) pieces.push(piece);
    expect(pieces.join('')).toBe('BCDEFGHIJKLMNOPQRSTUVWXYZ');
    expect(await collect(session, { prompt: '', tokens: 1, temperature: 0 })).toEqual([11]);
    await expect(collect(session, { prompt: '', tokens: 1, temperature: -1 })).rejects.toThrow('temperature is 0 or more');
    session.destroy();
  });
});
