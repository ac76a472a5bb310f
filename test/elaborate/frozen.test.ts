/**
 * @file Entries of a frozen group take the form used outside training: running statistics, no noise, no update of states.
 */
import { expect, it } from 'vitest';
import { evaluate } from '../reference/interpret.js';
import { expectClose } from '../support/gradients.js';
import { numbers } from '../support/random.js';
import { elaborateText } from '../support/spec.js';

const spec = (train: string): string => `language 1
use std.transformer { embed, mlp, lm_head }
use std.norms { batch_norm }
use std.losses { next_token }
block normed(x[d]) -> y[d] { return batch_norm(x) }
arch A { dims { d = 4; ctx = 3; vocab = 8 }
  embed {}
  layers 1 { norm = none; base: normed {}\n more: normed {} }
  lm_head {}
  loss ce = next_token(lm_head.logits)
}
train { ${train} }`;

const size = { batch: 1, time: 3 };
const updated = (train: string): string[] => elaborateText(spec(train), size).graph.updates.map(({ target }) => target.path);

it('its states are not updated', () => {
  expect(updated('')).toEqual(['base', 'more'].flatMap((name) => [`layers.0.${name}.running_mean`, `layers.0.${name}.running_var`]));
  expect(updated('group layers.base { freeze = true }')).toEqual(['layers.0.more.running_mean', 'layers.0.more.running_var']);
  expect(updated('group layers { freeze = true }\n group layers.more { freeze = false }')).toEqual(['layers.0.more.running_mean', 'layers.0.more.running_var']);
});

it('it reads its running statistics', () => {
  const { graph } = elaborateText(spec('group layers.base { freeze = true }'), size);
  const [write] = graph.residual;
  const [mean, variance, table] = [numbers(1, 4), numbers(2, 4, 0.5, 2), numbers(3, 32)];
  const params = new Map(graph.params.map(({ path, axes, init }) => [path, path === 'embed.table' ? table : new Float64Array(axes.reduce((n, axis) => n * axis.size, 1)).fill(init.kind === 'ones' ? 1 : 0)]));
  const states = new Map([['layers.0.base.running_mean', mean], ['layers.0.base.running_var', variance]]);
  const tokens = [1, 5, 2];
  const [found] = evaluate(write ? [write.write] : [], { params, states, inputs: new Map([['tokens', tokens]]) });
  expectClose(found ?? [], tokens.flatMap((token) => [0, 1, 2, 3].map((i) => ((table[token * 4 + i] ?? 0) - (mean[i] ?? 0)) / Math.sqrt((variance[i] ?? 0) + 1e-5))), 1e-9, 'normed');
});
