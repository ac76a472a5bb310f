/**
 * @file The warnings about what a spec says to no effect: entries whose results nobody uses, settings that make no difference.
 */
import { describe, expect, it } from 'vitest';
import { compile } from '../../compiler/pipeline.js';
import { specArchs } from '../../scripts/spec-archs.js';
import { reader } from '../support/spec.js';

const BLOCKS = `language 1
use std.transformer { embed, attention, mlp, lm_head }
use std.losses { next_token }
block table(; d: int) -> rows[n = 8, d = d] { param w[n, d] ~ normal(0, 1)  return w }
block lookup(x[d], rows[n, d]) -> y[d] { return sum(n)(softmax(n)(sum(d)(x * rows)) * rows) }
block router(x[d]) -> gate[n = 4] { param w[d, n] ~ normal(0, 1)  return softmax(n)(sum(d)(x * w)) }
block gated(x[d], gate[n]) -> y[d] { return x * max(n)(gate) }
block watched(x[d]) -> z[f = 3] {
  param w[d, f] ~ normal(0, 1)
  state seen = 0
  let z[f] = sum(d)(x * w)
  update seen <- seen + mean(batch, time, f)(z)
  return z
}
block biased(x[d], by[f]) -> y[d] { return x * max(f)(by) }
`;
const arch = (items: string, losses = ''): string => `${BLOCKS}arch Small {
  dims { d = 16; ctx = 8; vocab = 256 }
  ${items}
  lm_head {}
  loss ce = next_token(lm_head.logits)
  ${losses}
}`;

function warnings(text: string): readonly string[] {
  const { diagnostics } = compile({ entry: 'a.arch', read: reader({ 'a.arch': text }), upTo: 'graph' });
  return diagnostics.all.map(({ code, severity, message, label, help, span }) => [code, severity, message, label, help, text.slice(span?.start, span?.end)].join(' | '));
}
const warning = (path: string, block: string, text: string): string =>
  `ARCH2019 | warning | nobody uses \`${path}\`: neither the logits nor a loss depends on it | what \`${block}\` gives here is not read | read it by its path (\`... = ${path.split('.').at(-1)}\`), or take it out | ${text}`;

describe('an entry that nobody uses is warned of', () => {
  it('a table that no layer reads', () => {
    expect(warnings(arch('embed {} bank: table {} layers 2 { mlp { width = 8 } }'))).toEqual([warning('bank', 'table', 'bank: table {}')]);
    expect(warnings(arch('embed {} bank: table {} layers 2 { ffn: lookup { rows = bank } }'))).toEqual([]);
    expect(warnings(arch('embed {} bank: table {} layers 2 { ffn: lookup { rows = bank.w } }'))).toEqual([]);
  });
  it('gates that no entry of the layers reads; once for all layers', () => {
    expect(warnings(arch('embed {} layers 3 { route: router {} mlp { width = 8 } }'))).toEqual([warning('layers.route', 'router', 'route: router {}')]);
    expect(warnings(arch('embed {} layers 3 { route: router at [0] {} ffn: gated { gate = route } }'))).toEqual([]);
  });
  it('but not where a loss reads it', () => {
    expect(warnings(arch('embed {} layers 3 { route: router {} mlp { width = 8 } }', 'loss even = mean(layers)(mean(batch, time, n)(route ^ 2))'))).toEqual([]);
  });
  it('a stream that a later entry replaces', () => {
    expect(warnings(arch('first: embed {} second: embed {} layers 1 { mlp { width = 8 } }'))).toEqual([warning('first', 'embed', 'first: embed {}')]);
  });
  it('one that only counts for a state of its own', () => {
    expect(warnings(arch('embed {} layers 1 { watch: watched {} mlp { width = 8 } }'))).toEqual([warning('layers.watch', 'watched', 'watch: watched {}')]);
    expect(warnings(arch('embed {} layers 1 { watch: watched {} ffn: biased { by = watch } }'))).toEqual([]);
  });
});

it('no spec of the project has one', () => {
  for (const { file, arch } of specArchs()) {
    const { diagnostics } = compile({ entry: file, arch, read: reader({}), upTo: 'graph' });
    expect([file, arch, diagnostics.all.map(({ code, message }) => `${code} ${message}`)]).toEqual([file, arch, []]);
  }
});

describe('a setting without effect is warned of', () => {
  const spec = (settings: string, more = ''): string => `language 1
use std.transformer { embed, lm_head }
use std.pools { pools }
block split(x[d]; wide: bool = false, width: int = 4, factor: float = 2, idle: int = 3) -> y[d] {
  axis f = width, g = 2 * width
  param up[d, f]   ~ normal(0, 1) if wide
  param down[f, d] ~ normal(0, 1) if wide
  param w[d, g]    ~ normal(0, 1) if wide
  let wider[g]     = sum(d)(x * w)
  return sum(f)(sum(d)(x * up) * down) + sum(g)(wider) if wide else factor * x if training else x
}
arch Small {
  dims { d = 16; ctx = 8; vocab = 256 }
  embed {}
  layers 2 { ffn: ${settings} }
  lm_head {}
}
${more}`;
  const idle = (text: string, set: readonly string[] = [], name?: string): string[] => {
    const { diagnostics } = compile({ entry: 'a.arch', read: reader({ 'a.arch': text }), upTo: 'graph', set, ...(name === undefined ? {} : { arch: name }) });
    return diagnostics.all.map(({ code, severity, message, span }) => `${code} ${severity}: ${message} @ ${span?.file === 'a.arch' ? text.slice(span.start, span.end) : (span?.file ?? '')}`);
  };
  const of = (name: string, at: string): string => `ARCH2021 warning: \`${name}\` of \`layers.ffn\` has no effect @ ${at}`;

  it('where another setting leaves it unused', () => {
    expect(idle(spec('pools { count = 4; open = 2; take = 2; retrieve = router; size = 8; keys = 4; norm = none }'))).toEqual([of('keys', '4'), of('norm', 'none')]);
    expect(idle(spec('pools { count = 4; open = 2; take = 2; keys = 4; size = 8 }'))).toEqual([of('size', '8')]);
    expect(idle(spec('pools { count = 4; open = 2; take = 2; keys = 4; query = 8; scope = joint }'))).toEqual([]);
  });
  it('where it is only the size of an axis that nothing has', () => {
    expect(idle(spec('split { width = 8 }'))).toEqual([of('width', '8')]);
    expect(idle(spec('split { wide = true; width = 8 }'))).toEqual([]);
  });
  it('where the block never reads it', () => {
    expect(idle(spec('split { wide = true; idle = 8 }'))).toEqual([of('idle', '8')]);
  });
  it('not where it matters in one of the two forms only', () => {
    expect(idle(spec('split { factor = 8 }'))).toEqual([]);
  });
  it('in --set too, but not in a base', () => {
    const derived = spec('pools { count = 4; open = 2; take = 2; keys = 4 }', 'arch Routed extends Small { layers.ffn.retrieve = router; layers.ffn.size = 8 }');
    expect(idle(derived, [], 'Routed')).toEqual([]);
    expect(idle(derived, ['layers.ffn.heads=2'], 'Routed')).toEqual([of('heads', '--set layers.ffn.heads=2')]);
  });
});
