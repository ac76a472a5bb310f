/**
 * @file Sizing a model to another, against compiling it with every value of the setting.
 */
import { describe, expect, it } from 'vitest';
import { match, type Match, type MatchInput } from '../../compiler/match/match.js';
import { type Quantities, QUANTITIES, quantitiesOf } from '../../compiler/match/quantity.js';
import { compile } from '../../compiler/pipeline.js';
import { reader } from '../support/spec.js';

const HEAD = `language 1
use std.transformer { embed, attention, mlp, lm_head }
use std.experts { peer }
use std.losses { next_token }
`;
const spec = (name: string, items: string, contract = ''): string => `${HEAD}arch ${name} {
  dims { d = 16; ctx = 8; vocab = 32 }
  embed {}
  layers 2 { attention { heads = 2 } ${items} }
  lm_head { tied = embed.table }
  loss ce = next_token(lm_head.logits)
  ${contract}
}
`;
const files = {
  'dense.arch': spec('Dense', 'ffn: mlp { width = 24 }'),
  'small.arch': spec('Small', 'ffn: peer { heads = 1; keys = 4; take = 2; query = 8 }'),
  'peer.arch': spec('Peer', 'ffn: peer { heads = 2; keys = 8; take = 3; query = 8 }', 'contract { active <= 12 per token }'),
  'bare.arch': spec('Bare', ''),
  'wrong.arch': spec('Wrong', 'ffn: mlp { widht = 24 }'),
};
const compiling = (entry: string) => (set: readonly string[]) => compile({ entry, read: reader(files), set, upTo: 'graph' });

function quantities(entry: string, set: readonly string[] = []): Quantities | undefined {
  const { graph, diagnostics } = compiling(entry)(set);
  return diagnostics.failed || !graph ? undefined : quantitiesOf(graph);
}

function target(entry: string): Quantities {
  const found = quantities(entry);
  if (!found) throw new Error(`${entry} has errors`);
  return found;
}

const sized = (entry: string, input: Omit<MatchInput, 'compile'>) => match({ compile: compiling(entry), ...input });

function found(entry: string, input: Omit<MatchInput, 'compile'>): Match {
  const result = sized(entry, input);
  if (result.kind !== 'match') throw new Error(result.diagnostics.map((d) => d.message).join('\n'));
  return result;
}

/** Code, message, notes and help of the one thing that is wrong. */
function problem(entry: string, input: Omit<MatchInput, 'compile'>): readonly unknown[] {
  const result = sized(entry, input);
  if (result.kind === 'match') return [result];
  return result.diagnostics.map(({ code, message, notes, help }) => [code, message, ...notes, help]).flat();
}

describe('the value found', () => {
  const every = (entry: string, path: string, most: number) => Array.from({ length: most }, (_, i) => ({ value: i + 1, of: quantities(entry, [`${path}=${i + 1}`]) }));
  const widths = every('dense.arch', 'layers.ffn.width', 160);
  const heads = every('peer.arch', 'layers.ffn.heads', 8);

  it.each(QUANTITIES)('is that of brute force over all widths, by %s', (by) => {
    const goal = target('small.arch');
    const result = found('dense.arch', { by, target: goal, vary: 'layers.ffn.width' });
    const best = Math.min(...widths.map(({ of }) => Math.abs((of?.[by] ?? Infinity) - goal[by])));
    expect(best).toBeLessThan(goal[by] / 50);
    expect(Math.abs(result.after[by] - goal[by])).toBe(best);
    expect(widths.find(({ value }) => value === result.value.after)?.of).toEqual(result.after);
    expect(result).toMatchObject({ arch: 'Dense', path: 'layers.ffn.width', guessed: false, value: { before: 24 }, before: target('dense.arch'), target: goal, monotone: true });
  });

  it('is counted by hand: two layers of an up and a down matrix', () => {
    const goal = { ...target('dense.arch'), total: target('dense.arch').total + 2 * 2 * 16 * 17 };
    expect(found('dense.arch', { by: 'total', target: goal })).toMatchObject({ value: { before: 24, after: 41 }, after: { total: goal.total }, guessed: true });
  });

  it('keeps the contract: what it forbids is not tried for long', () => {
    // 12 active: 4 heads of 3
    expect(heads.map(({ of }) => of !== undefined)).toEqual([true, true, true, true, false, false, false, false]);
    const goal = { ...target('peer.arch'), flops: (heads[2]?.of?.flops ?? 0) + 1 };
    expect(found('peer.arch', { by: 'flops', target: goal, vary: 'layers.ffn.heads' }).value.after).toBe(3);
    expect(problem('peer.arch', { by: 'flops', target: { ...goal, flops: 1e6 }, vary: 'layers.ffn.heads' }).slice(0, 3)).toEqual([
      'ARCH7003',
      `\`layers.ffn.heads\` cannot bring \`Peer\` to 1,000,000 forward FLOPs per token: at 4, the last value there is, it has ${Math.round(heads[3]?.of?.flops ?? 0).toLocaleString('en')}`,
      expect.stringMatching(/^layers\.ffn\.heads = 5 is no model: ARCH5004: more than 12 experts fire per token/),
    ]);
  });

  it('steps over what does not divide: heads of 16 dims, dims of 2 heads', () => {
    const goal = { ...target('dense.arch'), total: quantities('dense.arch', ['dims.d=28'])?.total ?? 0 };
    expect(found('dense.arch', { by: 'total', target: goal, vary: 'dims.d' }).value.after).toBe(28);
    expect(quantities('dense.arch', ['dims.d=29'])).toBeUndefined();
  });

  it('may be the number of layers, or of one layer alone', () => {
    const layer = (target('dense.arch').total - (quantities('dense.arch', ['layers.count=1'])?.total ?? 0));
    const goal = { ...target('dense.arch'), total: target('dense.arch').total + 3 * layer + 1 };
    expect(found('dense.arch', { by: 'total', target: goal, vary: 'layers.count' })).toMatchObject({ value: { before: 2, after: 5 }, after: { total: goal.total - 1 } });
    const one = found('dense.arch', { by: 'total', target: { ...goal, total: target('dense.arch').total + 2 * 16 * 8 }, vary: 'layers.1.ffn.width' });
    expect(one).toMatchObject({ path: 'layers.1.ffn.width', value: { before: 24, after: 32 } });
  });

  it('stays where nothing is to be done', () => {
    expect(found('dense.arch', { by: 'flops', target: target('dense.arch') })).toMatchObject({ path: 'layers.ffn.width', value: { before: 24, after: 24 } });
  });
});

describe('the setting chosen', () => {
  it('is the one that moves the quantity most, of those the one in finest steps', () => {
    expect(found('small.arch', { by: 'total', target: { ...target('small.arch'), total: 20_000 } }).path).toBe('layers.ffn.keys');
    expect(found('dense.arch', { by: 'active', target: target('peer.arch') }).path).toBe('layers.ffn.width');
  });
  it('is another where that cannot reach the target', () => {
    const goal = { ...target('peer.arch'), flops: 14_000 };
    expect(problem('peer.arch', { by: 'flops', target: goal, vary: 'layers.ffn.heads' })[0]).toBe('ARCH7003');
    expect(found('peer.arch', { by: 'flops', target: goal }).path).not.toBe('layers.ffn.heads');
  });
});

describe('what is said', () => {
  const goal = target('small.arch');
  it('of an unknown path', () => {
    expect(problem('dense.arch', { by: 'flops', target: goal, vary: 'layers.ffn.widht' })).toEqual(['ARCH7001', '`Dense` has no whole-number setting `layers.ffn.widht`', 'did you mean `layers.ffn.width`?']);
    expect(problem('bare.arch', { by: 'flops', target: goal, vary: 'x' })).toEqual([
      'ARCH7001', '`Bare` has no whole-number setting `x`',
      'there are: `dims.ctx`, `dims.d`, `dims.vocab`, `layers.attention.dim`, `layers.attention.heads`, `layers.attention.kv_heads`, `layers.count`',
    ]);
  });
  it('of a setting that changes nothing', () => {
    expect(problem('dense.arch', { by: 'total', target: goal, vary: 'layers.attention.heads' })).toEqual([
      'ARCH7002', '`layers.attention.heads` does not change the parameters of `Dense`',
      'these change it: `dims.d`, `dims.vocab`, `layers.attention.dim`, `layers.attention.kv_heads`, `layers.count`, `layers.ffn.width`',
    ]);
  });
  it('of a target out of reach', () => {
    const least = quantities('dense.arch', ['layers.ffn.width=1'])?.total ?? 0;
    expect(problem('dense.arch', { by: 'total', target: { ...goal, total: 1000 }, vary: 'layers.ffn.width' })).toEqual([
      'ARCH7003', `\`layers.ffn.width\` cannot bring \`Dense\` to 1,000 parameters: at 1, the last value there is, it has ${least.toLocaleString('en')}`,
      'vary another setting (`dims.d`, `dims.vocab`, `layers.attention.dim`, `layers.attention.kv_heads`, `layers.count`), or change one of them by --set and match again',
    ]);
  });
  it('when no setting of an entry helps', () => {
    expect(problem('bare.arch', { by: 'total', target: goal })).toEqual([
      'ARCH7004', 'no setting that `Bare` gives its entries changes its parameters',
      'name one with --vary: `dims.d`, `dims.vocab`, `layers.attention.dim`, `layers.attention.kv_heads`, `layers.count`',
    ]);
  });
  it('of a model that has errors itself: those', () => {
    expect(problem('wrong.arch', { by: 'total', target: goal }).slice(0, 2)).toEqual(['ARCH2002', '`mlp` has no setting `widht`']);
  });
});
