/**
 * @file Wrong specs: what each mistake is answered, word for word. The snapshots hold the source and the rendered diagnostics, so messages are
 * reviewed like code; `npm run golden` rewrites them.
 */
import { expect, test } from 'vitest';
import { check } from './check.js';

const head = `language 1
use std.transformer { embed, attention, mlp, lm_head }
use std.pools { pools }; use std.experts { peer, product_key, rank1 }
use std.losses { next_token, switch_balance, l1 }
`;

const good = (layers: string, rest = 'loss ce = next_token(lm_head.logits)'): string => `${head}
arch Small {
  dims { d = 32; ctx = 16; vocab = 256 }
  embed {}
  layers 2 {
    ${layers}
  }
  lm_head { tied = embed.table }
  ${rest}
}
`;

const cases: Record<string, { text: string; codes: string[]; files?: Record<string, string>; set?: string[]; arch?: string }> = {
  'a sound spec': { text: good('attention { heads = 4 }\n    ffn: mlp {}'), codes: [] },
  'two unrelated mistakes': { text: good('attention { heds = 4 }\n    ffn: mlp { act = gelo }'), codes: ['ARCH2002', 'ARCH2014'] },
  'a misspelt setting': { text: good('attention { heads = 4; ropee = 1000 }'), codes: ['ARCH2002'] },
  'a misspelt block': { text: good('atention { heads = 4 }'), codes: ['ARCH2004'] },
  'a misspelt loss': { text: good('attention { heads = 4 }', 'loss ce = next_tokens(lm_head.logits)'), codes: ['ARCH2005'] },
  'a loss over something that does not exist': {
    text: good('attention { heads = 4 }\n    ffn: pools { count = 4; open = 2; heads = 1; keys = 4; take = 2 }', 'loss b = mean(layers)(switch_balance(ffn.rout, ffn.opened))'),
    codes: ['ARCH2016'],
  },
  'a loss that is not a number': { text: good('attention { heads = 4 }', 'loss a = l1(lm_head.logits) + lm_head.logits'), codes: ['ARCH3008'] },
  'a misspelt override path': { text: `${good('attention { heads = 4 }')}\narch Wide extends Small { layers.atention.heads = 8 }`, codes: ['ARCH2006'], arch: 'Wide' },
  'an override of a layer that is not there': { text: `${good('attention { heads = 4 }')}\narch Wide extends Small { layers.7.attention.heads = 8 }`, codes: ['ARCH2006'], arch: 'Wide' },
  'a --set of a path that is not there': { text: good('attention { heads = 4 }'), codes: ['ARCH2006'], set: ['layers.ffn.count=3'] },
  'a --set without a value': { text: good('attention { heads = 4 }'), codes: ['ARCH2018'], set: ['layers.attention.heads'] },
  'a misspelt axis': {
    text: `${good('ffn: scaled {}')}\nblock scaled(x[d]) -> y[d] {\n  param gain[e] ~ ones\n  return x * gain\n}`,
    codes: ['ARCH2003'],
  },
  'an axis the operand lacks': {
    text: `${good('ffn: scaled {}')}\nblock scaled(x[d]) -> y[d] {\n  axis h = 4\n  return x * mean(h)(x)\n}`,
    codes: ['ARCH3010'],
  },
  'a dim that does not divide': { text: good('attention { heads = 5 }'), codes: ['ARCH3003'] },
  'more chosen than there are keys': { text: good('ffn: peer { heads = 1; keys = 2; take = 8 }'), codes: ['ARCH3004'] },
  'a result of another shape': {
    text: `${good('ffn: wrong {}')}\nblock wrong(x[d]) -> y[d] {\n  axis f = 8\n  param w[d, f] ~ zeros\n  return sum(d)(x * w)\n}`,
    codes: ['ARCH3002'],
  },
  'a missing setting': { text: good('attention {}'), codes: ['ARCH2011'] },
  'a setting of the wrong type': { text: good('attention { heads = true }'), codes: ['ARCH2012'] },
  'a head count that is not whole': { text: good('attention { heads = 4.5 }'), codes: ['ARCH3006'] },
  'an unknown import': { text: head.replace('mlp', 'mpl') + good('attention { heads = 4 }').slice(head.length), codes: ['ARCH2007'] },
  'an unknown file': { text: `${head}use lib.routers { best }\n${good('attention { heads = 4 }').slice(head.length)}`, codes: ['ARCH2007'] },
  'an import cycle': {
    text: `language 1\nuse a { f }\n`, files: { 'a.arch': 'language 1\nuse b { g }\nblock f(x[d]) -> y[d] { return x }\n', 'b.arch': 'language 1\nuse a { f }\nblock g(x[d]) -> y[d] { return x }\n' },
    codes: ['ARCH2008'],
  },
  'a block that uses itself': { text: `${good('ffn: again {}')}\nblock again(x[d]) -> y[d] { return other(x) }\nblock other(x[d]) -> y[d] { return again(x) }`, codes: ['ARCH2009'] },
  'two archs that extend each other': { text: `${head}\narch A extends B {}\narch B extends A {}`, codes: ['ARCH2015'] },
  'an arch that is not there': { text: good('attention { heads = 4 }'), codes: ['ARCH2013'], arch: 'Smal' },
  'ten thousand layers': { text: good('attention { heads = 4 }').replace('layers 2', 'layers 10000'), codes: ['ARCH4001'] },
  'no layers': { text: good('attention { heads = 4 }').replace('layers 2', 'layers 0'), codes: ['ARCH3006'] },
  'a train setting that is not there': { text: `${good('attention { heads = 4 }')}\ntrain { stepz = 10; optimizer adam { lr = 1 } }`, codes: ['ARCH2017', 'ARCH2017'] },
  'a broken contract': {
    text: good('ffn: pools { count = 4; open = 2; heads = 2; keys = 8; take = 4 }', 'contract { additive; causal; private; active <= 12 per token }'),
    codes: ['ARCH5004'],
  },
  'a look into the future': {
    text: `${good('ffn: peek {}', 'contract { causal }')}\nblock peek(x[d]) -> y[d] { return shift(x; axis = time, by = -1) }`,
    codes: ['ARCH5002'],
  },
  'experts behind a norm': {
    text: `${good('ffn: capped { }', 'contract { additive }')}\nblock capped(x[d]) -> y[d] { let y = peer(x; heads = 1, keys = 4, take = 2)\n return tanh(y) }`,
    codes: ['ARCH5001'],
  },
  'an empty file': { text: '', codes: ['ARCH1'] },
  'a binary file': { text: '\u0000\u0001\u0002PNG\u0000', codes: ['ARCH1'] },
  'a mistake at the end of the file': { text: good('attention { heads = 4 }').trimEnd().slice(0, -1), codes: ['ARCH1'] },
};

for (const [name, { text, codes, ...options }] of Object.entries(cases)) {
  test(name, async () => {
    const checked = check(text, options);
    const expected = codes[0] === 'ARCH1' ? checked.codes.map((code) => code.slice(0, 5)) : checked.codes;
    if (codes[0] === 'ARCH1') expect(expected.length).toBeGreaterThan(0);
    expect(codes[0] === 'ARCH1' ? expected.slice(0, 1) : expected, checked.text).toEqual(codes);
    if (codes.length > 0) await expect(`${text}\n${'-'.repeat(80)}\n${checked.text}`).toMatchFileSnapshot(`golden/${name.replaceAll(' ', '-')}.txt`);
  });
}
