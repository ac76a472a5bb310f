import { afterAll, expect, it, vi } from 'vitest';
import { Corpus, Session, profileTraining } from '../../runtime/index.js';
import { bigram } from './bigram.js';
import { describeGpu, tryOpenDevice } from './gpu.js';

const opened = await tryOpenDevice();
afterAll(() => opened?.destroy());

const program = bigram();
const text = new TextEncoder().encode('the quick brown fox '.repeat(20));
const corpus = new Corpus('memory', program.time, [{ name: 'fox', train: text, valid: text, files: 1 }], []);

describeGpu(opened, 'profiling', (device) => {
  it.each([
    ['timestamp queries', true],
    ['wall clock, one submit per launch: short kernels look longer than they are', false],
  ])('by %s: a time for every dispatch, and the same bits as a plain run', async (by, timestamps) => {
    const has = vi.spyOn(device.gpu.features, 'has').mockImplementation((name) => timestamps && name === 'timestamp-query');
    const session = await Session.create(device, program);
    try {
      expect(session.profiledBy).toBe(by);
      const inputs = corpus.batch(1, program.batch, 1);
      await session.initialise(1);
      session.run('train', inputs, 1);
      const plain = await session.read('table');
      await session.initialise(1);
      const times = await session.profile('train', inputs, 1);
      expect(await session.read('table')).toEqual(plain);
      expect(times.map(({ dispatch }) => dispatch)).toEqual(session.entry('train').dispatches);
      expect(times.every(({ milliseconds }) => milliseconds >= 0)).toBe(true);
      expect(times.some(({ milliseconds }) => milliseconds > 0)).toBe(true);
    } finally {
      session.destroy();
      has.mockRestore();
    }
  });

  it('sums launches by kernel, the longest first', async () => {
    const session = await Session.create(device, program);
    try {
      await session.initialise(1);
      const kernels = await profileTraining(session, corpus, { seed: 1, step: 1, rounds: 2 });
      expect(kernels.map(({ kernel }) => kernel).sort()).toEqual(program.modules.map(({ name }) => name).sort());
      expect(kernels.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 9);
      expect(kernels.map(({ milliseconds }) => milliseconds)).toEqual(kernels.map(({ milliseconds }) => milliseconds).sort((a, b) => b - a));
    } finally {
      session.destroy();
    }
  });
});
