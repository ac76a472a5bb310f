import { describe, expect, test } from 'vitest';
import type { Span } from '../../grammar/ast.js';
import { analyseContract, checkContract } from '../../compiler/contract/contract.js';
import { Diagnostics, type Diagnostic } from '../../compiler/diagnostics/diagnostic.js';
import type { Clause } from '../../compiler/model/model.js';
import { model, type Parts } from './models.js';

const span: Span = { file: 'a.arch', start: 0, end: 8 };
const clause = (name: Clause['name'], bound?: number): Clause => ({ name, ...(bound !== undefined && { bound }), origin: { kind: 'spec', text: 'a.arch:1' }, span });

function check(clauses: readonly Clause[], parts: Parts = {}): readonly Diagnostic[] {
  const diagnostics = new Diagnostics();
  checkContract(analyseContract(model(parts).graph), clauses, diagnostics);
  return diagnostics.all;
}

test('a contract that holds says nothing', () => {
  expect(check([clause('additive'), clause('causal'), clause('private'), clause('active', 6), clause('bypass', 0)], { layers: 2 })).toEqual([]);
});

test('a bound that is met exactly holds, one below is violated, once for all layers', () => {
  expect(check([clause('active', 5)], { layers: 3 })).toMatchObject([
    {
      code: 'ARCH5004',
      severity: 'error',
      message: 'more than 5 experts fire per token: `layers.0.ffn.experts`: at most 6 of 6 units: h 2 x k 3 in layers.0.ffn',
      span,
      notes: ['so do 2 others of 3 families'],
    },
  ]);
});

describe('a broken clause shows the operations that break it', () => {
  test('additive', () => {
    const place: Span = { file: 'a.arch', start: 20, end: 30 };
    const [diagnostic, ...rest] = check([clause('additive')], { block: (w) => w.g.at('layers.0.ffn.out', place, () => w.g.tanh(w.output(w.coefficient()))) });
    expect(rest).toEqual([]);
    expect(diagnostic).toMatchObject({
      code: 'ARCH5001',
      message: 'experts are not additive: `layers.0.ffn.experts`: tanh in layers.0.ffn.out is not linear in the write rows',
      span,
      related: [{ span: place, label: 'tanh in layers.0.ffn.out breaks it' }],
    });
  });

  test('causal, with the path to the logits', () => {
    const [diagnostic] = check([clause('causal')], { block: (w) => w.g.add(w.output(w.coefficient()), w.g.mean(w.x, [w.time])) });
    expect(diagnostic).toMatchObject({ code: 'ARCH5002', message: 'not causal: `logits`: sum in layers.0.ffn lets a token see later tokens or other sequences' });
    expect(diagnostic?.notes[0]).toMatch(/^path: sum in layers\.0\.ffn -> .* -> sum in lm_head$/);
  });

  test('private, and bypass above its bound', () => {
    const [owned, around] = check([clause('private'), clause('bypass', 0.01)], {
      block: (w) => {
        const centred = w.g.sub(w.write, w.g.mean(w.write, [w.expert]));
        const e = w.g.axis('e', w.d.size);
        const dense = w.g.rename(w.g.contract(w.x, w.param('dense', [w.d, e]), [w.d]), e, w.d);
        return w.g.add(w.g.contract(w.coefficient(), w.g.gather(centred, [w.expert], [w.pick]), [w.h, w.k]), dense);
      },
    });
    expect(owned).toMatchObject({ code: 'ARCH5003', severity: 'error' });
    expect(around).toMatchObject({ code: 'ARCH5005', severity: 'error', span });
  });
});

test('clauses about experts in a model without any are a warning', () => {
  const { graph } = model();
  const diagnostics = new Diagnostics();
  checkContract(analyseContract({ ...graph, families: [] }), [clause('additive'), clause('causal')], diagnostics);
  expect(diagnostics.all).toMatchObject([{ code: 'ARCH5006', severity: 'warning', message: 'contract clause `additive` speaks of experts, but this model has none' }]);
});

test('families in one layer are counted together', () => {
  const { graph } = model({ layers: 2 });
  const [first, second] = graph.families;
  if (!first || !second) throw new Error('no families');
  // the second family's rows go into the first layer's write
  const both = { ...graph, residual: graph.residual.map((add) => ({ ...add, path: add.path.replace('layers.1', 'layers.0') })) };
  const diagnostics = new Diagnostics();
  checkContract(analyseContract(both), [clause('active', 12), clause('active', 11)], diagnostics);
  expect(diagnostics.all).toMatchObject([
    { code: 'ARCH5004', message: 'more than 11 experts fire per token: `layers.0`: 6 of layers.0.ffn.experts + 6 of layers.1.ffn.experts = 12', notes: [] },
  ]);
});
