import { expect, test } from 'vitest';
import type { BlockDecl, Declaration, Expr, SpecBlock, SpecItem, Statement } from '../../grammar/index.js';
import { kitchenSink, parseText } from './help.js';

const { file, errors } = parseText(kitchenSink);

function declared<K extends Declaration['kind']>(kind: K, index: number): Extract<Declaration, { kind: K }> {
  const found = file.declarations.filter((declaration): declaration is Extract<Declaration, { kind: K }> => declaration.kind === kind)[index];
  if (found === undefined) throw new Error(`no ${kind} ${index}`);
  return found;
}
const source = (node: { span: { start: number; end: number } } | undefined): string => (node === undefined ? '' : kitchenSink.slice(node.span.start, node.span.end));
const names = (idents: readonly { name: string }[]): string[] => idents.map((ident) => ident.name);

function statements<K extends Statement['kind']>(block: BlockDecl, kind: K): Extract<Statement, { kind: K }>[] {
  return block.body.filter((statement): statement is Extract<Statement, { kind: K }> => statement.kind === kind);
}
function blockItem(items: readonly SpecItem[], head: string): SpecBlock {
  const found = items.find((item): item is SpecBlock => item.kind === 'block' && item.head.name === head);
  if (found === undefined) throw new Error(`no ${head}`);
  return found;
}

test('parses without a problem', () => {
  expect(errors).toEqual([]);
  expect(file.language?.version).toBe(1);
  expect(file.declarations.map((declaration) => declaration.kind)).toEqual([
    'block', 'block', 'block', 'block', 'function', 'lossdecl', 'lossdecl', 'arch', 'arch', 'train', 'train',
  ]);
});

test('uses', () => {
  expect(file.uses.map((use) => [use.path.segments.map((s) => s.name).join('.'), use.names.map((n) => [n.name.name, n.alias?.name])])).toEqual([
    ['std.transformer', [['embed', undefined], ['attention', 'attn'], ['lm_head', undefined]]],
    ['std.losses', []],
  ]);
});

test('comments and docs', () => {
  expect(file.comments.filter((comment) => comment.doc).map((comment) => comment.text)).toEqual([
    'Exact product-key retrieval.', 'Lample et al. 2019.', 'The score of each half.', 'A small one.', 'Grouped keys and values.', 'Next token.', 'The end.',
  ]);
  expect(file.comments[0]).toEqual({ text: 'Every construct of the language once.', doc: false, span: { file: 'test.arch', start: 0, end: 40 } });
  expect(declared('block', 0).doc).toBe('Exact product-key retrieval.\nLample et al. 2019.');
  expect(statements(declared('block', 0), 'let')[0]?.doc).toBe('The score of each half.');
  const layers = blockItem(declared('arch', 0).items, 'layers');
  expect(blockItem(layers.items, 'attention').doc).toBe('Grouped keys and values.');
  expect(declared('arch', 0).items.find((item) => item.kind === 'loss')?.doc).toBe('Next token.');
  expect(declared('train', 0).doc).toBeUndefined();
});

test('the head of a block', () => {
  const { params, settings, results } = declared('block', 1);
  expect(params.map((param) => [param.name?.name, param.type, names(param.axes.map((axis) => axis.name)), names(param.of.map((axis) => axis.name))])).toEqual([
    ['x', 'tensor', ['d'], []],
    ['pick', 'choice', ['h', 'k'], ['pool', 'expert']],
    ['tokens', 'ids', ['from'], []],
    ['scalar', 'tensor', [], []],
  ]);
  expect(params[2]?.axes[0]?.spread).toBe(true);
  expect(settings.map((setting) => [setting.name.name, setting.type.name, source(setting.default)])).toEqual([
    ['a', 'int', ''], ['b', 'float', '1e-4'], ['c', 'bool', 'false'], ['d', 'fn', 'gelu'], ['e', 'block', ''], ['f', 'axis', ''], ['g', 'axes', ''],
    ['h', 'tensor', 'none'], ['i', 'one of', 'bytes'],
  ]);
  expect(names(settings[8]?.type.options ?? [])).toEqual(['bytes', 'bpe']);
  expect(results.map((result) => [result.name?.name, result.type, source(result)])).toEqual([
    ['y', 'tensor', 'y[d]'],
    ['gate', 'choice', 'gate: choice[k] of expert'],
  ]);
  const [result] = declared('block', 0).results;
  expect([result?.name, source(result?.axes[1]?.size), source(result?.of[0]?.size)]).toEqual([undefined, 'take', 'keys * keys']);
  expect(source(declared('block', 0).params[0]?.axes[1])).toBe('half = 2');
  expect([declared('block', 2).params, declared('block', 2).results, names(declared('block', 3).settings.map((s) => s.name))]).toEqual([[], [], ['vocab']]);
});

test('statements', () => {
  const block = declared('block', 1);
  const [shared, conditional, bare] = statements(block, 'param');
  expect([source(shared?.init), source(shared?.shares), source(shared?.condition)]).toEqual(['normal(0, i ^ -0.5)', 'tied.weight', 'c and not false']);
  expect([source(conditional?.init), conditional?.shares, source(conditional?.condition)]).toEqual(['zeros', undefined, 'c']);
  expect([bare?.axes, source(bare?.init), source(bare?.shares)]).toEqual([[], 'ones', 'h']);
  const [unit, nameless, large, lone] = statements(block, 'experts');
  expect([unit?.name?.name, unit?.axes.length, unit?.members.map((m) => [m.role, m.name.name, source(m.init)])]).toEqual([
    'unit', 2, [['read', 'u', 'normal(0, 1)'], ['write', 'v', 'zeros'], ['param', 'b', 'ones']],
  ]);
  expect([nameless?.name, nameless?.axes, nameless?.members.length, nameless?.condition]).toEqual([undefined, [], 2, undefined]);
  expect([source(large?.condition), large?.members.map((m) => m.shares && source(m.shares))]).toEqual(['sizes != none and c', ['bank.u', undefined]]);
  expect([lone?.name?.name, source(lone?.condition), source(lone?.members[0]?.shares)]).toEqual(['lone', 'c', 'bank']);
  expect(statements(block, 'state').map((s) => [s.name.name, s.axes.length, source(s.initial)])).toEqual([['mean', 1, '0'], ['count', 0, '0']]);
  expect(statements(block, 'update').map((s) => [s.name.name, source(s.value)])).toEqual([['mean', 'mix(mean, m, 0.1)']]);
  const lets = statements(block, 'let');
  expect(lets.map((s) => s.name.name)).toEqual(['z', 'packed', 'lists', 'ramped', 'write']);
  expect([lets[0]?.axes, lets[1]?.axes?.map((axis) => source(axis))]).toEqual([undefined, ['...from', 'half = 2']]);
  expect(statements(declared('block', 0), 'axis')[0]?.axes.map((axis) => source(axis))).toEqual(['n = keys', 'm']);
});

test('functions and losses', () => {
  const fn = declared('function', 0);
  expect([names(fn.params), fn.settings.map((s) => [s.name.name, s.type.name, source(s.default)])]).toEqual([['z'], [['c', 'float', '1'], ['width', 'float', '0.05']]]);
  expect(fn.gradients.map((g) => [g.param.name, source(g.value)])).toEqual([['z', 'step(z)'], ['c', '-z']]);
  expect(declared('lossdecl', 0).body.map((s) => s.kind)).toEqual(['return']);
  expect(declared('lossdecl', 1).body.map((s) => s.kind)).toEqual(['let', 'return']);
});

test('specs', () => {
  const arch = declared('arch', 0);
  expect(arch.items.map((item) => (item.kind === 'assign' ? item.path.segments.map((s) => s.name).join('.') : item.kind === 'block' ? item.head.name : item.name.name))).toEqual([
    'dims', 'embed', 'layers', 'lm_head', 'probe', 'loss', 'train', 'ffn.experts.read.if', 'layers.2.0.ffn.count', 'ce', 'even', 'contract',
  ]);
  const ffn = blockItem(blockItem(arch.items, 'layers').items, 'pools');
  expect([ffn.label?.name, ffn.items.map((item) => source(item).split(' {')[0])]).toEqual(['ffn', ['count = 8', 'open = 2', 'gate: softmax', 'retrieve product_key']]);
  expect(blockItem(ffn.items, 'softmax')).toMatchObject({ label: { name: 'gate' }, args: [], items: [] });
  expect(blockItem(arch.items, 'layers').args).toMatchObject([{ kind: 'number', value: 4 }]);
  expect(blockItem(arch.items, 'probe').args).toMatchObject([{ kind: 'string', value: 'name' }, { kind: 'list' }]);
  expect(blockItem(arch.items, 'contract').items.map((item) => item.kind === 'clause' && [item.name.name, item.bound])).toEqual([
    ['additive', undefined], ['causal', undefined], ['private', undefined],
    ['active', { value: 32, unit: ['per', 'token'] }], ['bypass', { value: 40, unit: ['%', 'flops'] }],
  ]);
  expect(declared('arch', 1).base?.name).toBe('Small');
  const train = declared('train', 0);
  expect([train.arch?.name, declared('train', 1).arch]).toEqual(['Small', undefined]);
  expect(blockItem(blockItem(train.items, 'optimizer').items, 'cosine').label?.name).toBe('schedule');
  expect(blockItem(train.items, 'group').args.map((arg: Expr) => source(arg))).toEqual(['layers.ffn.experts']);
});
