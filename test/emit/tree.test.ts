import { expect, test } from 'vitest';
import { layout } from '../../compiler/emit/json.js';
import { treeOf } from '../../compiler/emit/tree.js';

const tree = (...paths: string[]): ReturnType<typeof treeOf<string>> => treeOf(paths.map((path) => [path, path.split('.').at(-1) ?? path] as const), (leaf) => leaf);

test('layers of the same shape share a variant, others have their own, missing ones are empty', () => {
  const stack = tree('layers.0.a.x', 'layers.1.b.x', 'layers.2.a.x', 'layers.4.a.x', 'head.w').children.get('layers');
  expect(stack).toMatchObject({
    kind: 'stack',
    variantOf: [0, 1, 0, 2, 0],
    variants: [{ name: 'Layer', layers: [0, 2, 4] }, { name: 'Layer1', layers: [1] }, { name: 'Layer3', layers: [3] }],
  });
});

test('numbers beside names are properties like others', () => {
  const layers = tree('layers.0.a', 'layers.shared').children.get('layers');
  expect(layers?.kind === 'branch' && [...layers.children.keys()]).toEqual(['0', 'shared']);
});

test('a path that goes on where another ends keeps its rest as one property', () => {
  const block = tree('block.norm', 'block.norm.gain', 'block.norm.gain.scale').children.get('block');
  expect(block?.kind === 'branch' && [...block.children.keys()]).toEqual(['norm', 'norm.gain', 'norm.gain.scale']);
});

test('JSON stands on one line where it fits, in the order it was built', () => {
  expect(layout({ b: [1, { c: null }], a: {}, gone: undefined })).toBe('{ "b": [1, { "c": null }], "a": {} }\n');
  const long = 'x'.repeat(120);
  expect(layout({ long, list: [] })).toBe(`{\n  "long": "${long}",\n  "list": []\n}\n`);
  expect(() => layout([Infinity])).toThrow('JSON cannot hold Infinity');
});
