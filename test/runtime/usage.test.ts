/**
 * @file Counting choices by domain: shares and lifts against numbers worked out by hand.
 */
import { expect, test } from 'vitest';
import { type ChoiceUsage, membersUsed, preferences, shares } from '../../runtime/index.js';

const usage: ChoiceUsage = {
  path: 'layers.0.ffn.opened', members: 4,
  counts: new Map([['code', Float64Array.of(60, 20, 0, 20)], ['prose', Float64Array.of(20, 20, 0, 160)]]),
};

test('shares are of a domain\'s own choices', () => {
  expect([...shares(usage, 0)]).toEqual([['code', 0.6], ['prose', 0.1]]);
  expect([...shares(usage, 2)]).toEqual([['code', 0], ['prose', 0]]);
});

test('lift is relative to the mean share over domains', () => {
  const [first, second, third] = preferences(usage, 1);
  // 0.6 / 0.35, 0.8 / 0.5, 0.2 / 0.15
  expect(first).toEqual({ member: 0, domain: 'code', lift: 0.6 / 0.35, share: 0.6 });
  expect(second?.member).toBe(3);
  expect(second?.lift).toBeCloseTo(1.6, 12);
  expect(third?.member).toBe(1);
});

test('rarely chosen members are left out of the ranking, and unused ones counted', () => {
  expect(preferences(usage, 50).map(({ member }) => member)).toEqual([0, 3]);
  expect(membersUsed(usage)).toBe(3);
});
