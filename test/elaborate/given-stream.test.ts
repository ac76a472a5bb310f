/**
 * @file Entries that read another value than the normed stream: `x = stream`, `x = ffn`, `x = ffn.input`, `x = ffn.stream`.
 */
import { describe, expect, it, test } from 'vitest';
import { elaborateText } from '../support/spec.js';

const spec = (layers: string, rest = ''): string => `language 1
use std.transformer { embed, mlp, lm_head }
use std.losses { next_token }
block probe(x[d]) -> f[n = 2] {
  param w[d, n] ~ ones
  let seen[d] = stop_gradient(x)
  return sum(d)(seen * w)
}
arch A { dims { d = 4; ctx = 3; vocab = 8 }
  embed {}
  ${layers}
  lm_head {}
  loss ce = next_token(lm_head.logits)
}
${rest}`;
const size = { batch: 1, time: 3 };

describe('what it reads', () => {
  const layers = (x: string): string => `layers 2 { ffn: mlp { width = 4 }\n probe: probe at [1] { x = ${x} } }`;
  it.each([
    ['stream', 'the residual stream where it stands'],
    ['ffn', 'what the entry gave'],
    ['ffn.stream', 'the residual stream the entry stood in'],
    ['ffn.input', 'what the entry read'],
    ['layers.0.ffn', 'of another layer'],
    ['embed', 'of an entry outside layers'],
  ])('%s: %s', (x) => {
    const { graph, context } = elaborateText(spec(layers(x)), size);
    const seen = graph.taps.get('layers.1.probe.seen')?.inputs[0];
    const [first, second] = graph.residual;
    const expected = {
      stream: second?.after, ffn: second?.write, 'ffn.stream': second?.before, 'ffn.input': context.inputs.get('layers.1.ffn'), 'layers.0.ffn': first?.write, embed: first?.before,
    }[x];
    expect(expected).toBeDefined();
    expect(seen).toBe(expected);
    // no norm is made for it
    expect(graph.params.map(({ path }) => path).filter((path) => path.startsWith('layers.1.probe'))).toEqual(['layers.1.probe.w']);
  });

  it('the normed stream unless said', () => {
    const { graph } = elaborateText(spec('layers 2 { probe: probe at [1] {} }'), size);
    expect(graph.params.map(({ path }) => path).filter((path) => path.startsWith('layers.1.probe'))).toEqual(['layers.1.probe.norm.gain', 'layers.1.probe.w']);
  });
});

test('two layers side by side: the second reads what the first read', () => {
  const { graph } = elaborateText(spec('layers 1 { first: mlp { width = 4 }\n second: mlp { x = first.input; width = 4 } }'), size);
  expect(graph.params.map(({ path }) => path).filter((path) => path.includes('norm.gain'))).toEqual(['layers.0.first.norm.gain']);
  expect(graph.residual.map(({ path }) => path)).toEqual(['layers.0.first', 'layers.0.second']);
});

test('a path that leads nowhere is refused', () => {
  expect(() => elaborateText(spec('layers 1 { probe: probe { x = ffn.stream } }'), size)).toThrow('ARCH2001');
});

describe('settings of a group', () => {
  const group = (settings: string): string => spec('layers 1 { ffn: mlp { width = 4 } }', `train { optimizer adamw { clip = 1 }\n group layers.ffn { ${settings} } }`);
  it('freeze and clip, with their origin in the resolved lines', () => {
    const { model } = elaborateText(group('freeze = true; clip = 0.5'), size);
    expect(model.train.groups[1]).toMatchObject({ path: 'layers.ffn', frozen: true, clip: 0.5 });
    expect(model.resolved.filter(({ path }) => path.startsWith('train.group')).map(({ path, value, origin }) => [path.slice('train.group.layers.ffn.'.length), value, origin.kind])).toEqual(
      expect.arrayContaining([['freeze', 'true', 'spec'], ['clip', '0.5', 'spec']]),
    );
  });
  it('neither unless said', () => {
    const [, own] = elaborateText(group('lr = 1'), size).model.train.groups;
    expect([own?.frozen, own?.clip]).toEqual([undefined, undefined]);
  });
  it('--set train.group.layers.ffn.freeze=true', () => {
    expect(elaborateText(spec('layers 1 { ffn: mlp { width = 4 } }'), size, ['train.group.layers.ffn.freeze=true']).model.train.groups[1]).toMatchObject({ frozen: true });
  });
  it.each(['freeze = 3', 'clip = -1', 'frozen = true'])('%s is refused', (settings) => expect(() => elaborateText(group(settings), size)).toThrow(/ARCH201[27]/));
});
