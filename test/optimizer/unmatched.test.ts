import { expect, it } from 'vitest';
import { compile } from '../../compiler/pipeline.js';
import { reader } from '../support/spec.js';

const warned = (groups: string, set: readonly string[] = []): string[] =>
  compile({
    entry: 'a.arch', upTo: 'graph', set,
    read: reader({
      'a.arch': `language 1
use std.transformer { embed, mlp, lm_head }
use std.losses { next_token }
arch A { dims { d = 4; ctx = 4; vocab = 8 }
  embed {}
  layers 2 { ffn: mlp { width = 4 } }
  lm_head {}
  loss ce = next_token(lm_head.logits)
}
train { ${groups} }`,
    }),
  }).diagnostics.all.map(({ code, severity, message, help }) => `${code} ${severity} ${message} | ${help}`);

it('a group that owns no parameter is warned of, with the path that was meant', () => {
  expect(warned('group layers.fnn { freeze = true }')).toEqual(['ARCH2020 warning no parameter of `A` is in the group `layers.fnn` | did you mean `layers.ffn`?']);
  expect(warned('', ['train.group.embedd.lr=1'])).toEqual(['ARCH2020 warning no parameter of `A` is in the group `embedd` | did you mean `embed`?']);
});
it('others are not: by layer, by prefix, in all layers', () => {
  expect(warned('group layers.ffn { lr = 1 }\n group layers.1.ffn.up { lr = 2 }\n group embed { freeze = true }')).toEqual([]);
});
