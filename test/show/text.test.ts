import { describe, expect, it } from 'vitest';
import { byLayer, joinLayers, ranges, splitLayer } from '../../compiler/show/layers.js';
import { table, wrap } from '../../compiler/show/table.js';
import { bytes, count, percent, ratio, whole } from '../../compiler/show/units.js';
import { axesText, clauseText, initText, numberText, settingText } from '../../compiler/show/values.js';

describe('numbers for people', () => {
  it.each([[0, '0'], [950, '950'], [999.6, '1k'], [1000, '1k'], [12_345, '12.3k'], [999_499, '999k'], [999_999, '1M'], [8_890_112, '8.89M'], [7e9, '7G'], [-1500, '-1.5k'], [0.25, '0.25']])('count %d', (n, text) => {
    expect(count(n)).toBe(text);
  });
  it.each([[0, '0 B'], [512, '512 B'], [1023, '1023 B'], [1024, '1 KiB'], [134_217_728, '128 MiB'], [134_742_016, '129 MiB'], [1024 ** 2 - 1, '1 MiB']])('bytes %d', (n, text) => {
    expect(bytes(n)).toBe(text);
  });
  it('percentages, ratios, whole numbers', () => {
    expect([percent(0.4), percent(0.0321), percent(0)]).toEqual(['40%', '3.21%', '0%']);
    expect([ratio(4, 6), ratio(4, 4), ratio(0, 4), ratio(4, 0)]).toEqual(['x1.5', 'same', 'new', 'x0']);
    expect([whole(1_234_567), whole(999), whole(-1000)]).toEqual(['1,234,567', '999', '-1,000']);
  });
});

describe('values as a spec writes them', () => {
  it('settings, initialisers, axes, clauses', () => {
    expect(settingText({ kind: 'list', items: [{ kind: 'number', value: 1 }, { kind: 'word', value: 'a' }, { kind: 'none' }, { kind: 'text', value: 'x"y' }, { kind: 'bool', value: true }] })).toBe('[1, a, none, "x\\"y", true]');
    expect([numberText(128 ** -0.5), numberText(1e-5), numberText(10000)]).toEqual(['0.0883883', '0.00001', '10000']);
    expect([initText({ kind: 'ones' }), initText({ kind: 'normal', mean: 0, std: 0.5 }), initText({ kind: 'uniform', low: -1, high: 1 }), initText({ kind: 'constant', value: 3 })]).toEqual(['ones', 'normal(0, 0.5)', 'uniform(-1, 1)', '3']);
    expect(axesText([{ name: 'd', size: 16 }, { name: 'f', size: 4 }])).toBe('[d 16, f 4]');
    expect(axesText([])).toBe('[]');
    expect([clauseText({ name: 'additive' }), clauseText({ name: 'bypass', bound: 0.4 }), clauseText({ name: 'active', bound: 12 })]).toEqual(['additive', 'bypass <= 40% flops', 'active <= 12 per token']);
  });
});

describe('layers', () => {
  it('leave paths and come back', () => {
    expect(splitLayer('layers.2.ffn.gain')).toEqual({ path: 'layers.ffn.gain', layer: 2 });
    expect(splitLayer('embed.table')).toEqual({ path: 'embed.table', layer: undefined });
    expect(joinLayers('layers.ffn', [0, 1, 2], 3)).toBe('layers.*.ffn');
    expect(joinLayers('layers.ffn', [0, 2], 3)).toBe('layers.[0,2].ffn');
    expect(joinLayers('layers.ffn', [1], 3)).toBe('layers.1.ffn');
    expect(joinLayers('embed', [], 3)).toBe('embed');
    expect(ranges([5, 0, 1, 2, 1])).toBe('0-2,5');
  });
  it('group what is alike', () => {
    const items = [['layers.0.a', 1], ['layers.1.a', 2], ['layers.2.a', 1], ['b', 1]] as const;
    expect(byLayer(items, (i) => i[0], (i) => String(i[1])).map((g) => [g.path, g.layers])).toEqual([['layers.a', [0, 2]], ['layers.a', [1]], ['b', []]]);
  });
});

describe('tables', () => {
  it('line up, whatever the colours', () => {
    expect(table([{ title: 'name', align: 'left' }, { title: 'n', align: 'right' }], [['\u001b[1mab\u001b[22m', '1'], ['abcdef', '10']])).toEqual(['name     n', '\u001b[1mab\u001b[22m       1', 'abcdef  10']);
  });
  it('wrap words', () => {
    expect(wrap(['aa', 'bb', 'cc'], 7, '  ')).toEqual(['  aa bb', '  cc']);
  });
});
