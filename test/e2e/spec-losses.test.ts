/**
 * @file `npm run spec-losses` at a size of seconds: each arch gets the steps its FLOPs pay for, and the table says what was trained.
 */
import { afterAll, describe, expect, it } from 'vitest';
import { archFacts, specArchs } from '../../scripts/spec-archs.js';
import { leftOut, LOSS_MARKS, lossMarkdown, lossText, type LossRow, specLosses } from '../../scripts/spec-losses.js';
import { between } from '../../scripts/spec-table.js';
import { stepsSet } from '../../scripts/train-arch.js';
import { Folder } from '../cli/harness.js';

const folder = new Folder({ 'a/text.txt': 'the quick brown fox jumps over the lazy dog. '.repeat(40), 'b/text.txt': '0123456789 '.repeat(100) });
afterAll(() => { folder.dispose(); });
const set = ['dims.d=16', 'dims.ctx=16', 'train.batch=2', 'layers.count=1', 'layers.ffn.width=8', 'layers.attention.heads=2'];

const row: LossRow = { spec: 'x.arch', arch: 'X', causal: true, flops: 1_270_000, trainingFlops: 3_800_000, active: 558_000, parameters: 8_890_000, steps: 79, tokens: 80_896, loss: 2.34567, tokensPerSecond: 4321.4 };

describe('losses at equal FLOPs', () => {
  it('are those of as many steps as the FLOPs pay for, the best first', async () => {
    const said: string[] = [];
    const flops = 1e7;
    const options = { flops, data: folder.path, seed: 1, windows: 4, threads: 1, only: ['dense.arch', 'SWIGLU.'], set, say: (text: string) => { said.push(text); } };
    const { rows, left } = await specLosses(options);
    expect(rows.map(({ arch }) => arch).sort()).toEqual(['Dense', 'Swiglu']);
    expect(left).toEqual([]);
    for (const each of rows) {
      const { cost } = archFacts({ file: each.spec, arch: each.arch }, set);
      expect([each.trainingFlops, each.flops, each.parameters]).toEqual([cost.trainingFlops, cost.flops, cost.parameters]);
      expect(each.tokens).toBe(each.steps * 2 * 16);
      expect(Math.abs(each.trainingFlops * each.tokens - flops)).toBeLessThanOrEqual(each.trainingFlops * 16);
      expect(each.loss).toBeGreaterThan(1);
      expect(each.loss).toBeLessThan(Math.log(256) + 0.1);
    }
    expect(rows[0]?.loss).toBeLessThanOrEqual(rows[1]?.loss ?? 0);
    expect(said.filter((line) => line.startsWith('2/2 Swiglu: validation '))).toHaveLength(1);
    const again = await specLosses({ ...options, only: ['dense.arch'] });
    expect(again.rows[0]?.loss).toBe(rows.find(({ arch }) => arch === 'Dense')?.loss);
  });

  it('leave out dictionaries and the sizes of papers, and say so', () => {
    const names = ['Dense', 'TopKDictionary', 'SkipTranscoder', 'PeerMillion'];
    const facts = specArchs().filter(({ arch }) => names.includes(arch)).map((each) => archFacts(each));
    expect(Object.fromEntries(facts.map(({ arch, kind }) => [arch, kind]))).toEqual({ Dense: 'model', TopKDictionary: 'dictionary', SkipTranscoder: 'dictionary', PeerMillion: 'paper' });
    expect(leftOut(facts)).toEqual(['left out, for they learn beside a model: TopKDictionary, SkipTranscoder', 'left out, for they have a paper\'s sizes: PeerMillion']);
    expect(leftOut([])).toEqual([]);
  });

  it('scale the schedule: warm-up stays the same part of the steps', () => {
    const { model } = archFacts({ file: 'dense.arch', arch: 'Dense' });
    expect([model.train.steps, model.train.schedule.warmup]).toEqual([400, 40]);
    expect(stepsSet(model, 200)).toEqual(['train.steps=200', 'train.optimizer.schedule.warmup=20']);
    expect(stepsSet(model, 3)).toEqual(['train.steps=3', 'train.optimizer.schedule.warmup=1']);
  });

  it('are a table: on a terminal with the speed, in Markdown without', () => {
    expect(lossText([row, { ...row, arch: 'Y', causal: false }])).toBe(
      `spec    arch            FLOPs/token  active  parameters  steps  tokens  nats/byte  tokens/s
x.arch  X                     1.27M    558k       8.89M     79   80.9k     2.3457     4,321
x.arch  Y (not causal)        1.27M    558k       8.89M     79   80.9k     2.3457     4,321`,
    );
    const markdown = lossMarkdown([row], { flops: 5e11, seed: 1 });
    expect(markdown).toBe(
      `5e11 training FLOPs each, seed 1.

| spec | arch | FLOPs/token | active | parameters | steps | tokens | nats/byte |
| --- | --- | --: | --: | --: | --: | --: | --: |
| x.arch | X | 1.27M | 558k | 8.89M | 79 | 80.9k | 2.3457 |
`,
    );
    expect(between(`a\n${LOSS_MARKS[0]}\n\nold\n\n${LOSS_MARKS[1]}\nb\n`, LOSS_MARKS, markdown)).toBe(`a\n${LOSS_MARKS[0]}\n\n${markdown}\n${LOSS_MARKS[1]}\nb\n`);
    expect(() => between('nothing', LOSS_MARKS, markdown)).toThrow('in specs/README.md');
  });
});
