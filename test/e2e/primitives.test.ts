/**
 * @file Every primitive on generated WGSL, forward and gradient, against the float64 interpreter; sizes 1, 7, 63, 65 and others that no workgroup
 * or tile divides.
 */
import { describe, expect, it } from 'vitest';
import { ops } from '../../compiler/graph/ops.js';
import { topological } from '../../compiler/graph/walk.js';
import { buildCases, describeCases } from './batch.js';
import { attention, moreAttention } from './primitives/attention.js';
import { choices, moreChoices } from './primitives/choices.js';
import { contractions, moreContractions } from './primitives/contractions.js';
import { elementwise } from './primitives/elementwise.js';
import { lookups } from './primitives/lookups.js';
import { long, moreReduced, reduced, tied } from './primitives/reductions.js';
import { views } from './primitives/views.js';

describeCases('elementwise functions', elementwise, 2e-5);
describeCases('reductions', reduced);
describeCases('reductions with ties', tied);
describeCases('long reductions', long);
describeCases('contractions', contractions);
describeCases('views', views);
describeCases('lookups', lookups);
describeCases('choices', choices);
describeCases('attention', attention, 2e-5);
if (process.env['ARCHC_LONG']) {
  describeCases('more reductions', moreReduced);
  describeCases('more contractions', moreContractions);
  describeCases('more choices', moreChoices);
  describeCases('more attention', moreAttention, 2e-5);
}

describe('the cases', () => {
  it('cover every primitive', () => {
    const all = [elementwise, reduced, tied, long, contractions, views, lookups, choices, attention];
    const kinds = new Set(all.flatMap((cases) => topological(buildCases(cases).outputs.map(({ node }) => node)).map((node) => node.op.kind)));
    // states and scalars are what training.test.ts is about
    const elsewhere = ['state', 'scalar', 'random'];
    expect(Object.keys(ops).filter((kind) => ![...kinds].some((used) => used === kind) && !elsewhere.includes(kind))).toEqual([]);
  });
});
