/**
 * @file The activity per layer in `show`: families of a layer summed, layers that are alike in one row.
 */
import { expect, test } from 'vitest';
import { analyseContract } from '../../compiler/contract/contract.js';
import { activityLines, activityRows } from '../../compiler/show/activity.js';
import { compile } from '../../compiler/pipeline.js';
import { reader } from '../support/spec.js';

const spec = `language 1
use std.transformer { embed, attention, lm_head }
use std.experts { peer }
arch Mixed {
  dims { d = 16; ctx = 8; vocab = 32 }
  embed {}
  layers 4 {
    attention { heads = 2 }
    ffn: peer { heads = 2; keys = 8; take = 3; query = 8 }
    more: peer at [1, 3] { heads = 1; keys = 4; take = 4; query = 8 }
  }
  lm_head {}
}
`;

test('families that stand in one layer are summed, per layer', () => {
  const { graph, diagnostics } = compile({ entry: 'a.arch', read: reader({ 'a.arch': spec }), upTo: 'graph' });
  expect(diagnostics.all).toEqual([]);
  if (!graph) throw new Error('not compiled');
  const rows = activityRows(analyseContract(graph).layers, 4);
  expect(rows).toEqual([
    { path: 'layers.[0,2]', layers: [0, 2], active: 6, parts: [{ family: 'ffn.experts', active: 6 }] },
    { path: 'layers.[1,3]', layers: [1, 3], active: 10, parts: [{ family: 'ffn.experts', active: 6 }, { family: 'more.experts', active: 4 }] },
  ]);
  expect(activityLines(rows)).toEqual([
    'at most 6 units fire per token in each of layers.[0,2]',
    'at most 10 units fire per token in each of layers.[1,3]: ffn.experts 6 + more.experts 4',
  ]);
});

test('all layers, one unit, and a place outside layers', () => {
  const layers = [0, 1].map((layer) => ({ path: `layers.${layer}`, active: 1, parts: [{ family: 'bank.experts', active: 1 }] }));
  expect(activityLines(activityRows([...layers, { path: 'mixer', active: 12_000, parts: [{ family: 'mixer.experts', active: 12_000 }] }], 2))).toEqual([
    'at most 1 unit fires per token in each of layers.*', 'at most 12,000 units fire per token in mixer',
  ]);
});
