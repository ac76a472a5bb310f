import { afterAll, describe, expect, it } from 'vitest';
import { readStd } from '../../compiler/cli/std.js';
import type { Change } from '../../compiler/diff/change.js';
import { compare } from '../../compiler/diff/compare.js';
import { type Side, sideOf } from '../../compiler/diff/side.js';
import { compile } from '../../compiler/pipeline.js';
import { archc, Folder, SMALL } from '../cli/harness.js';

const folder = new Folder({ 'old.arch': SMALL });
afterAll(() => { folder.dispose(); });

function side(text: string): Side {
  const { diagnostics, model, graph, sources } = compile({ entry: 'spec.arch', read: (file) => (file === 'spec.arch' ? text : readStd(file)), upTo: 'graph' });
  expect(diagnostics.all.filter((d) => d.severity === 'error')).toEqual([]);
  if (model === undefined || graph === undefined) throw new Error('not compiled');
  return sideOf('spec.arch', model, graph, [], sources);
}

/** The changes from SMALL (or `old`) to `text`. */
function changes(text: string, old = SMALL): readonly Change[] {
  return compare(side(old), side(text)).changes;
}

const brief = (all: readonly Change[]): string[] => all.map((c) => `${c.severity}: ${c.kind}: ${c.path}: ${c.before} -> ${c.after}`);
const edit = (from: string, to: string, text = SMALL): string => {
  expect(text).toContain(from);
  return text.replace(from, to);
};

describe('no change', () => {
  it.each([
    ['itself', SMALL],
    ['formatting', SMALL.replaceAll('  ', '      ').replaceAll('; ', '\n  ')],
    ['comments', SMALL.replace('arch Small {', 'arch Small { // a remark')],
    ['the order of settings, dims and losses', SMALL.replace('d = 16; ctx = 8; vocab = 256', 'vocab = 256; ctx = 8; d = 16').replace('count = 4; open = 2', 'open = 2; count = 4').replace(/( {2}loss ce .*\n)( {2}loss sparsity .*\n)/, '$2$1')],
    ['a default said aloud', SMALL.replace('attention { heads = 2 }', 'attention { heads = 2; rope = 10000 }')],
    ['another spelling of a number', SMALL.replace('1e-4', '0.0001')],
    ['the order of imports', SMALL.replace(/(use std\.experts .*\n)(use std\.losses .*\n)/, '$2$1')],
  ])('%s', (_, text) => {
    expect(brief(changes(text))).toEqual([]);
  });
});

describe('one change', () => {
  it('a setting that reshapes parameters is breaking, and so are they', () => {
    expect(brief(changes(edit('count = 4', 'count = 8')))).toEqual([
      'breaking: parameter reshaped: layers.*.ffn.experts.read: [pool 4, expert 16, d 16] -> [pool 8, expert 16, d 16]',
      'breaking: parameter reshaped: layers.*.ffn.experts.write: [pool 4, expert 16, d 16] -> [pool 8, expert 16, d 16]',
      'breaking: parameter reshaped: layers.*.ffn.key: [pool 4, h 2, half 2, n 4, e 4] -> [pool 8, h 2, half 2, n 4, e 4]',
      'breaking: parameter reshaped: layers.*.ffn.logits.w: [d 16, pool 4] -> [d 16, pool 8]',
      'breaking: setting changed: layers.ffn.count: 4 -> 8',
    ]);
  });

  it('a setting that does not is dangerous', () => {
    expect(brief(changes(edit('take = 2', 'take = 1')))).toEqual(['dangerous: setting changed: layers.ffn.take: 2 -> 1']);
  });

  it('beside one that reshapes, a setting that does not is still only dangerous', () => {
    const all = changes(edit('count = 4; open = 2; heads = 2; keys = 4; take = 2', 'count = 8; open = 2; heads = 2; keys = 4; take = 1'));
    expect(all.filter((c) => c.kind === 'setting changed').map((c) => `${c.path} ${c.severity}`)).toEqual(['layers.ffn.count breaking', 'layers.ffn.take dangerous']);
  });

  it('keys squared are the experts', () => {
    const all = changes(edit('keys = 4', 'keys = 2'));
    expect(all.find((c) => c.path === 'layers.ffn.keys')).toMatchObject({ severity: 'breaking', reason: 'reshapes layers.ffn.key, layers.ffn.experts.read and 1 more' });
  });

  it('a setting of one layer', () => {
    expect(brief(changes(edit('lm_head {', 'layers.1.ffn.take = 1\n  lm_head {')))).toEqual(['dangerous: setting changed: layers.1.ffn.take: 2 -> 1']);
  });

  it('more layers: each new one at once', () => {
    const all = changes(edit('layers 2', 'layers 4'));
    expect(brief(all)).toEqual([
      'breaking: parameter added: layers.[2-3]: null -> 12 parameters',
      'breaking: layers changed: layers.count: 2 -> 4',
    ]);
  });

  it('a free unembedding is a new parameter', () => {
    expect(brief(changes(edit('lm_head { tied = embed.table }', 'lm_head {}')))).toEqual([
      'breaking: setting changed: lm_head.tied: embed.table -> none',
      'breaking: parameter added: lm_head.unembed: null -> [v 256, d 16] normal(0, 0.25)',
    ]);
  });

  it('another initialiser is dangerous', () => {
    expect(brief(changes(edit('embed {}', 'embed { std = 0.5 }')))).toEqual([
      'dangerous: setting changed: embed.std: 0.02 -> 0.5',
      'dangerous: initialiser changed: embed.table: normal(0, 0.02) -> normal(0, 0.5)',
    ]);
  });

  it('entries in another order, taken away, relabelled', () => {
    const swapped = SMALL.replace(/( {4}attention .*\n)( {4}ffn: .*\n)/, '$2$1');
    expect(brief(changes(swapped))).toEqual(['dangerous: entries reordered: layers: attention, ffn -> ffn, attention']);
    const without = changes(edit('    attention { heads = 2 }\n', ''));
    expect(without.filter((c) => c.kind !== 'parameter removed')).toMatchObject([{ path: 'layers.attention', kind: 'entry removed', severity: 'breaking', before: 'attention' }]);
  });

  it('losses: weight, formula, gone, new', () => {
    expect(brief(changes(edit('1e-4 *', '1e-3 *')))).toEqual([
      'dangerous: loss weight changed: losses.sparsity: 1e-4 * mean(layers)(l1(ffn.activation)) -> 1e-3 * mean(layers)(l1(ffn.activation))',
    ]);
    expect(brief(changes(edit('l1(ffn.activation))', 'l1(ffn.route))')))).toEqual([
      'dangerous: loss changed: losses.sparsity: 1e-4 * mean(layers)(l1(ffn.activation)) -> 1e-4 * mean(layers)(l1(ffn.route))',
    ]);
    const less = SMALL.replace(/ {2}loss sparsity .*\n/, '');
    expect(brief(changes(less))).toEqual(['dangerous: loss removed: losses.sparsity: 1e-4 * mean(layers)(l1(ffn.activation)) -> null']);
    expect(brief(changes(SMALL, less))).toEqual(['dangerous: loss added: losses.sparsity: null -> 1e-4 * mean(layers)(l1(ffn.activation))']);
  });

  it('the contract: demanding less is dangerous, more is neutral', () => {
    const text = edit('additive; causal; active <= 12 per token', 'causal; private; active <= 20 per token');
    expect(brief(changes(text))).toEqual([
      'dangerous: bound changed: contract.active: active <= 12 per token -> active <= 20 per token',
      'dangerous: clause removed: contract.additive: additive -> null',
      'neutral: clause added: contract.private: null -> private',
    ]);
  });

  it('training: what leads elsewhere is dangerous, how often to save is not', () => {
    expect(brief(changes(edit('seed = 1', 'seed = 2; save_every = 3')))).toEqual([
      expect.stringMatching(/^neutral: training changed: train\.save_every: \d+ -> 3$/),
      'dangerous: training changed: train.seed: 1 -> 2',
    ]);
  });

  it('documentation is neutral', () => {
    expect(brief(changes(edit('/// A small one.', '/// A very small one.')))).toEqual(['neutral: documentation changed: arch: A small one. -> A very small one.']);
  });

  const OWN = edit('arch Small', 'block scale(x[d]; by: float = 2) -> y[d] { return by * tanh(x) }\nfunction cap(z) = min(z, 3)\n\narch Small').replace('    ffn: pools', '    extra: scale {}\n    ffn: pools');
  it('an edited block computes something else; a renamed inner name does not', () => {
    expect(brief(changes(OWN.replace('by * tanh(x)', 'by * sin(x)'), OWN))).toEqual([expect.stringMatching(/^dangerous: formula changed: layers\.extra: /)]);
    expect(brief(changes(OWN.replace('{ return by * tanh(x) }', '{ let z[d] = tanh(x)\n return by * z }'), OWN))).toEqual([]);
  });

  it('an edited loss, an edited function', () => {
    const own = SMALL.replace('arch Small', 'loss mine(a[...axes]) = mean(batch, time)(sum(...axes)(cap(a)))\nfunction cap(z) = min(z, 3)\n\narch Small').replace('l1(ffn', 'mine(ffn');
    expect(brief(changes(edit('min(z, 3)', 'min(z, 4)', own), own))).toEqual([expect.stringMatching(/^dangerous: formula changed: losses\.sparsity: /)]);
  });

  it('an axis may be renamed', () => {
    expect(brief(changes(OWN.replace('scale(x[d]; by: float = 2) -> y[d]', 'scale(x[c]; by: float = 2) -> y[c]'), OWN))).toEqual([]);
  });

  it('a dim that follows is not said for each entry that uses it', () => {
    const all = changes(edit('d = 16', 'd = 32'));
    expect(all.filter((c) => c.kind !== 'parameter reshaped').map((c) => [c.path, c.severity])).toEqual([['dims.d', 'breaking']]);
  });
});

describe('archc diff', () => {
  const run = (...argv: string[]) => archc(['diff', ...argv], { cwd: folder.path });

  it('prints deltas and changes', async () => {
    folder.write('old.arch', SMALL);
    folder.write('wide.arch', `${SMALL}\n/// A small one.\narch Wide extends Small { layers.ffn.count = 8; layers.ffn.take = 1 }\n`);
    const { code, stdout, stderr } = await run('old.arch', 'wide.arch#Wide');
    expect([code, stderr]).toEqual([0, '']);
    await expect(stdout).toMatchFileSnapshot('golden/wide.txt');
  });

  it('exits by what was asked', async () => {
    folder.write('old.arch', SMALL);
    folder.write('dangerous.arch', SMALL.replace('take = 2', 'take = 1'));
    folder.write('neutral.arch', SMALL.replace('A small one', 'A tiny one'));
    expect((await run('old.arch', 'dangerous.arch')).code).toBe(0);
    expect((await run('old.arch', 'dangerous.arch', '--exit-code')).code).toBe(1);
    expect((await run('old.arch', 'old.arch', '--exit-code')).code).toBe(0);
    expect((await run('old.arch', 'dangerous.arch', '--fail-on', 'breaking')).code).toBe(0);
    expect((await run('old.arch', 'dangerous.arch', '--fail-on', 'dangerous')).code).toBe(1);
    expect((await run('old.arch', 'neutral.arch', '--fail-on', 'dangerous')).code).toBe(0);
    expect((await run('old.arch', 'neutral.arch', '--fail-on', 'any')).code).toBe(1);
  });

  it('cannot compare what does not compile: exit 2', async () => {
    folder.write('bad.arch', SMALL.replace('heads = 2 }', 'haeds = 2 }'));
    expect(await run('old.arch', 'bad.arch')).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('ARCH2002') });
    expect(await run('old.arch', 'none.arch')).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('ARCH6001') });
    expect(await run('old.arch', 'old.arch#Smal')).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('did you mean `Small`?') });
  });
});
