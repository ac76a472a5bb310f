/**
 * @file Dropping tokens for lack of room: the contract's answer for each way of counting them, against experiments that change later tokens and other
 * sequences. Whether a token finds room is not a function of itself alone.
 */
import { expect, test } from 'vitest';
import { analyseContract } from '../../compiler/contract/contract.js';
import { compile } from '../../compiler/pipeline.js';
import { reader } from '../support/spec.js';
import { inference } from './archs.js';
import { leaks, randomParams, randomTokens } from './experiments.js';

const arch = (settings: string): string => `language 1
use std.transformer { embed, lm_head }
use std.routing { switch }
use std.losses { next_token }
arch Dropping {
  dims { d = 8; ctx = 8; vocab = 11 }
  embed {}
  layers 1 { ffn: switch { count = 3; width = 4; ${settings} } }
  lm_head {}
  loss ce = next_token(lm_head.logits)
}`;
const size = { batch: 2, time: 8 };
const places = [[0, 0], [0, 3], [1, 2], [1, 6], [0, 7]] as const;

/** Whether changing a token changes an earlier one or another sequence, in any of some trials. */
function leaking(settings: string): boolean {
  const { graph } = inference({ text: arch(settings) }, size);
  return [1, 2, 3, 4].some((seed) => leaks(graph, randomParams(graph, seed), randomTokens(graph, seed + 10), places).length > 0);
}

test.each([
  ['no capacity', 'width = 4', true],
  ['over the batch', 'eval_capacity = 0.5', false],
  ['over each sequence, in order', 'eval_capacity = 0.5; within = sequence', true],
  ['over each sequence, first choices before second ones', 'eval_capacity = 0.5; within = sequence; take = 2', false],
  ['over each sequence, token by token', 'eval_capacity = 0.5; within = sequence; take = 2; priority = token', true],
  ['over each sequence, by priority', 'eval_capacity = 0.5; within = sequence; priority = gate', false],
  ['in training alone', 'capacity = 0.5', true],
])('%s: causal is as the experiments find', (_, settings, causal) => {
  const given = settings === 'width = 4' ? '' : settings;
  expect(analyseContract(inference({ text: arch(given) }, size).graph).causal.holds).toBe(causal);
  expect(leaking(given)).toBe(!causal);
});

test('a mix of training alone is named', () => {
  const report = (settings: string): ReturnType<typeof analyseContract> => {
    const { graph } = compile({ entry: 'test.arch', read: reader({ 'test.arch': arch(settings) }), upTo: 'graph', ...size });
    return analyseContract(graph ?? expect.fail('no graph'));
  };
  expect(report('capacity = 1.25').training?.evidence).toBe('position in layers.0.ffn.sent.in_order lets a token see later tokens or other sequences');
  expect(report('capacity = 1.25; within = sequence').training).toBeUndefined();
  expect(report('').training).toBeUndefined();
  expect(report('eval_capacity = 1; within = sequence').causal.evidence).toBe('only the past is read, by position in layers.0.ffn.sent.in_order');
});
