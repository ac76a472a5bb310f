/**
 * @file A choice where a tensor is wanted, and the other way round: the answer says how to get the one from the other.
 */
import { expect, it } from 'vitest';
import { compile } from '../../compiler/pipeline.js';
import { reader } from '../support/spec.js';

function answer(value: string): string[] {
  const text = `language 1
use std.transformer { embed, lm_head }
block f(x[d]) -> y[d] {
  axis k = 2
  let pick = top(x; over = d, take = k)
  return ${value}
}
arch A { dims { d = 8; ctx = 4; vocab = 256 } embed {} layers 1 { ffn: f {} } lm_head {} }`;
  const { diagnostics } = compile({ entry: 'a.arch', read: reader({ 'a.arch': text }), upTo: 'graph', batch: 2 });
  return diagnostics.all.map(({ code, message, help, span }) => `${code} ${message} @ ${text.slice(span?.start, span?.end)} (${help})`);
}

it('a choice in arithmetic', () => {
  expect(answer('x * pick')).toEqual(['ARCH2012 `pick` of `f` expects a tensor, got a choice [batch 2, time 4, k 2] of d @ pick (of a choice, `.score` is a tensor, and `table[choice]` what it looks up)']);
});
it('a tensor where members are counted', () => {
  expect(answer('x + position(x; along = [time])')).toEqual([
    'ARCH2012 `argument 1` of `position` expects a choice, got a tensor [batch 2, time 4, d 8] @ position(x; along = [time]) (choices are made by `top(x; over = n, take = k)` and `top_product`, and by blocks that return one)',
  ]);
});
