import { describe, expect, test } from 'vitest';
import type { Node } from '../../compiler/graph/graph.js';
import { analyseContract, type FamilyContract } from '../../compiler/contract/contract.js';
import { model, type Parts, type Workshop } from './models.js';

function familyOf(parts: Parts): FamilyContract {
  const [family] = analyseContract(model(parts).graph).families;
  if (!family) throw new Error('no family');
  return family;
}

const operations = (chain: readonly Node[] | undefined): string[] => (chain ?? []).map(({ op }) => (op.kind === 'map' || op.kind === 'reduce' ? op.fn : op.kind));

describe('additive', () => {
  test('holds for a weighted sum of write rows', () => {
    const { additive } = familyOf({});
    expect(additive).toEqual({ holds: true, evidence: 'layers.0.ffn is a sum of coefficient * row of layers.0.ffn.experts.write' });
  });

  const linear: Record<string, (w: Workshop) => Node> = {
    'mul and reduce instead of a contraction': (w) => w.g.sum(w.g.mul(w.coefficient(), w.g.gather(w.write, [w.expert], [w.pick])), [w.h, w.k]),
    'a projection after the sum': (w) => {
      const e = w.g.axis('e', w.d.size);
      return w.g.contract(w.g.rename(w.output(w.coefficient()), w.d, e), w.param('out', [e, w.d]), [e]);
    },
    'a gate computed from the input': (w) => w.g.mul(w.output(w.coefficient()), w.g.tanh(w.x)),
    'a token-dependent divisor': (w) => w.g.div(w.output(w.coefficient()), w.g.add(w.g.sum(w.g.abs(w.score), [w.h, w.k]), 1)),
    'a dense sum over all units': (w) => w.g.contract(w.g.max(w.g.contract(w.x, w.read, [w.d]), 0), w.write, [w.expert]),
    'unit-norm rows computed before any token': (w) => {
      const unit = w.g.mul(w.write, w.g.rsqrt(w.g.sum(w.g.mul(w.write, w.write), [w.d])));
      return w.g.contract(w.coefficient(), w.g.gather(unit, [w.expert], [w.pick]), [w.h, w.k]);
    },
    'a dense bypass and a bias': (w) => w.g.add(w.g.add(w.output(w.coefficient()), w.g.tanh(w.x)), w.param('bias', [w.d])),
    'a masked coefficient': (w) => w.output(w.g.select(w.g.gt(w.score, 0), w.coefficient(), 0)),
  };
  test.each(Object.entries(linear))('holds with %s', (_name, block) => {
    expect(familyOf({ block }).additive.holds).toBe(true);
  });

  const broken: Record<string, { block: (w: Workshop) => Node; culprit: string }> = {
    'an activation after the sum': { block: (w) => w.g.tanh(w.output(w.coefficient())), culprit: 'tanh' },
    'a norm after the sum': {
      block: (w) => {
        const y = w.output(w.coefficient());
        return w.g.mul(y, w.g.rsqrt(w.g.mean(w.g.mul(y, y), [w.d])));
      },
      culprit: 'mul',
    },
    'a maximum over units': {
      block: (w) => w.g.reduce('max', w.g.mul(w.coefficient(), w.g.gather(w.write, [w.expert], [w.pick])), [w.h, w.k]),
      culprit: 'max',
    },
    'a coefficient that reads the write rows': {
      block: (w) => {
        const rows = w.g.gather(w.write, [w.expert], [w.pick]);
        return w.g.contract(w.g.contract(w.x, rows, [w.d]), rows, [w.h, w.k]);
      },
      culprit: 'contract',
    },
    'a choice that reads the write rows': {
      block: (w) => {
        const pick = w.g.top(w.g.contract(w.x, w.write, [w.d]), w.expert, w.k);
        return w.g.sum(w.g.gather(w.write, [w.expert], [pick]), [w.k]);
      },
      culprit: 'gather',
    },
  };
  test.each(Object.entries(broken))('is broken by %s', (_name, { block, culprit }) => {
    const { additive } = familyOf({ block });
    expect(additive.holds).toBe(false);
    expect(operations(additive.chain)[0]).toBe(culprit);
    expect(additive.chain?.at(-1)?.path).toContain('layers.0.ffn');
  });

  test('is broken by a residual stream that is not a plain sum', () => {
    const { additive } = familyOf({ residual: (g, before, write) => g.tanh(g.add(before, write)) });
    expect(additive).toMatchObject({ holds: false, evidence: 'tanh in layers.0.ffn is not residual + write' });
  });

  test('needs write rows', () => {
    const { additive } = familyOf({ family: (family) => ({ ...family, members: family.members.filter((m) => m.expert?.role !== 'write') }) });
    expect(additive).toEqual({ holds: false, evidence: 'the family declares no write rows' });
  });

  test('write rows shared by two layers do not count against the second', () => {
    let shared: Node | undefined;
    const { graph } = model({
      layers: 2,
      block: (w) => {
        shared ??= w.write;
        const { expert } = w;
        const [axis] = shared.axes;
        if (!axis) throw new Error('no axis');
        const score = w.g.rename(w.g.contract(w.x, w.param('route', [w.d, expert]), [w.d]), expert, w.g.axis('e', expert.size));
        const choices = score.axes.find((a) => a.name === 'e');
        if (!choices) throw new Error('no axis');
        const pick = w.g.top(score, choices, w.k);
        return w.g.contract(w.g.gather(score, [choices], [pick]), w.g.lenient(() => w.g.gather(shared ?? w.write, [axis], [pick])), [w.k]);
      },
    });
    const [first] = graph.families;
    if (!first) throw new Error('no family');
    const second = { ...first, path: 'layers.1.ffn.experts', block: 'layers.1.ffn' };
    const report = analyseContract({ ...graph, families: [first, second] });
    expect(report.families.map(({ additive }) => additive.holds)).toEqual([true, true]);
    expect(report.families.map((family) => family.private.evidence)).toEqual([
      'layers.0.ffn.experts.read also belongs to layers.1.ffn.experts',
      'layers.0.ffn.experts.read also belongs to layers.0.ffn.experts',
    ]);
  });
});

describe('causal', () => {
  test('holds with attention and names what reads the past', () => {
    const report = analyseContract(model().graph);
    expect(report.causal).toEqual({ holds: true, evidence: 'only the past is read, by attention in layers.0.attention' });
    expect(report.families[0]?.causal).toEqual({ holds: true, evidence: 'each token depends on itself alone' });
  });

  test('the loss may mix tokens and read the targets', () => {
    const { graph } = model({ attention: false });
    expect(analyseContract(graph).causal).toEqual({ holds: true, evidence: 'each token depends on itself alone' });
  });

  test('a shift to the past holds, a shift to the future does not', () => {
    expect(analyseContract(model({ embed: ({ g, x, time }) => g.add(x, g.shift(x, time, 1)) }).graph).causal.holds).toBe(true);
    const future = analyseContract(model({ embed: ({ g, x, time }) => g.add(x, g.shift(x, time, -1)) }).graph).causal;
    expect(future.holds).toBe(false);
    expect(operations(future.chain)[0]).toBe('shift');
    expect(future.evidence).toBe('shift in embed lets a token see later tokens or other sequences');
  });

  test('a learned position table along time is no mixing', () => {
    const { graph } = model({
      block: (w) => {
        const position = w.g.axis('position', w.time.size);
        const table = w.g.rename(w.param('position', [position, w.d]), position, w.time);
        return w.output(w.g.mul(w.coefficient(), w.g.contract(w.x, table, [w.d])));
      },
    });
    expect(analyseContract(graph).causal.holds).toBe(true);
  });

  const mixing: Record<string, { block: (w: Workshop) => Node; culprit: string }> = {
    'a batch norm': { block: (w) => w.output(w.g.sub(w.coefficient(), w.g.mean(w.score, [w.batch, w.time]))), culprit: 'sum' },
    'a softmax over time': { block: (w) => w.output(w.g.mul(w.coefficient(), w.g.softmax(w.score, [w.time]))), culprit: 'softmax' },
    'experts choosing tokens': {
      block: (w) => {
        const chosen = w.g.axis('chosen', 2);
        const pick = w.g.top(w.g.contract(w.x, w.param('choose', [w.d]), [w.d]), w.time, chosen);
        return w.g.add(w.output(w.coefficient()), w.g.sum(w.g.gather(w.x, [w.time], [pick]), [chosen]));
      },
      culprit: 'top',
    },
    'unmasked attention over renamed time': {
      block: (w) => {
        const other = w.g.axis('other', w.time.size);
        const y = w.g.rename(w.x, w.time, other);
        return w.g.add(w.output(w.coefficient()), w.g.contract(w.g.softmax(w.g.contract(w.x, y, [w.d]), [other]), y, [other]));
      },
      culprit: 'rename',
    },
    'the first token': { block: (w) => w.g.add(w.output(w.coefficient()), w.g.slice(w.x, w.time, 0)), culprit: 'slice' },
  };
  test.each(Object.entries(mixing))('is broken by %s, in the block and in the model', (_name, { block, culprit }) => {
    const report = analyseContract(model({ block }).graph);
    expect(report.causal.holds).toBe(false);
    expect(operations(report.causal.chain)[0]).toBe(culprit);
    expect(report.families[0]?.causal.holds).toBe(false);
  });

  test('a family behind something that mixes is not blamed for it', () => {
    const report = analyseContract(model({ embed: ({ g, x, time }) => g.sub(x, g.mean(x, [time])) }).graph);
    expect(report.causal.holds).toBe(false);
    expect(report.families[0]?.causal.holds).toBe(true);
  });
});

describe('active', () => {
  test('is the size of the choice', () => {
    expect(familyOf({}).active).toMatchObject({ holds: true, value: 6 });
  });

  test('adds up distinct choices and counts a repeated one once', () => {
    const block = (w: Workshop): Node => {
      const two = w.g.axis('two', 2);
      const extra = w.g.top(w.g.contract(w.x, w.param('extra', [w.d, w.expert]), [w.d]), w.expert, two);
      const same = w.g.add(w.output(w.coefficient()), w.g.contract(w.score, w.g.gather(w.write, [w.expert], [w.pick]), [w.h, w.k]));
      return w.g.add(same, w.g.sum(w.g.gather(w.write, [w.expert], [extra]), [two]));
    };
    expect(familyOf({ block }).active.value).toBe(8);
  });

  test('reading all read rows but choosing write rows is still sparse; reading all write rows is not', () => {
    const preactivation = (w: Workshop): Node => {
      const z = w.g.contract(w.x, w.read, [w.d]);
      const pick = w.g.top(z, w.expert, w.k);
      return w.g.contract(w.g.gather(z, [w.expert], [pick]), w.g.gather(w.write, [w.expert], [pick]), [w.k]);
    };
    expect(familyOf({ block: preactivation })).toMatchObject({ active: { holds: true, value: 3 }, private: { holds: true } });
    const dense = familyOf({ block: (w) => w.g.contract(w.g.contract(w.x, w.read, [w.d]), w.write, [w.expert]) });
    expect(dense).toMatchObject({ units: 6, active: { holds: false, value: 6 }, private: { holds: true }, additive: { holds: true } });
    expect(operations(dense.active.chain)).toEqual(['contract']);
  });
});

describe('private', () => {
  test('holds when every member is read by the same choice', () => {
    expect(familyOf({}).private).toEqual({ holds: true, evidence: "every member has the axes expert and is read by the family's own choices only" });
  });

  test('is broken by a member without the family\'s axes', () => {
    const { private: verdict } = familyOf({ family: (family, { g }) => ({ ...family, axes: [...family.axes, g.axis('top', 3)] }) });
    expect(verdict).toEqual({ holds: false, evidence: 'layers.0.ffn.experts.read has no axis top: units that differ there share its rows' });
  });

  test('is broken by reading rows of different units together', () => {
    const { private: verdict } = familyOf({
      block: (w) => {
        const two = w.g.axis('two', w.k.size);
        const other = w.g.top(w.g.contract(w.x, w.param('other', [w.d, w.h, w.expert]), [w.d]), w.expert, two);
        const rows = w.g.rename(w.g.gather(w.write, [w.expert], [other]), two, w.k);
        return w.g.contract(w.coefficient(), rows, [w.h, w.k]);
      },
    });
    expect(verdict).toMatchObject({ holds: false, evidence: 'layers.0.ffn.experts.read and layers.0.ffn.experts.write are read by different choices, so no unit owns both' });
  });

  test('is broken by mixing rows before the choice', () => {
    const { private: verdict } = familyOf({
      block: (w) => {
        const centred = w.g.sub(w.write, w.g.mean(w.write, [w.expert]));
        return w.g.contract(w.coefficient(), w.g.gather(centred, [w.expert], [w.pick]), [w.h, w.k]);
      },
    });
    expect(verdict).toMatchObject({ holds: false, evidence: 'sum in layers.0.ffn mixes the rows of different units' });
  });
});

describe('bypass', () => {
  test('is nothing when all terms are experts', () => {
    expect(familyOf({}).bypass).toMatchObject({ holds: true, value: 0 });
  });

  test('is the share of the terms without experts, what they share with the experts left out', () => {
    const { bypass } = familyOf({
      attention: false,
      block: (w) => {
        const f = w.g.axis('f', 8);
        const hidden = w.g.tanh(w.g.contract(w.x, w.param('up', [w.d, f]), [w.d]));
        return w.g.add(w.output(w.coefficient()), w.g.contract(hidden, w.param('down', [f, w.d]), [f]));
      },
    });
    // d 4, experts 6, h 2, k 3. Norm: square 4, sum 4, divide 1, add 1, rsqrt 1, multiply 4. Router 2*4*12, top 12. Softmax 5*6, dot 2*4*6,
    // relu 6, gate 6, write 2*6*4. Sum of the two terms 4.
    const experts = 15 + 96 + 12 + 30 + 48 + 6 + 6 + 48;
    const around = 2 * 4 * 8 + 8 + 2 * 8 * 4;
    expect(bypass.value).toBeCloseTo(around / (experts + around + 4), 12);
  });

  test('reports attention apart', () => {
    expect(familyOf({}).bypass.evidence).toMatch(/^0% of the \d+ FLOPs per token of layers\.0\.ffn, in 0 terms without experts; layers\.0\.attention: [\d.]+% of the layer$/);
  });
});

test('a table that two layers read is judged in both, and counted in each', () => {
  let shared: Node | undefined;
  const { graph } = model({
    layers: 2,
    block: (w) => {
      shared ??= w.write;
      const [axis] = shared.axes;
      if (!axis) throw new Error('no axis');
      const { expert } = w;
      const score = w.g.rename(w.g.contract(w.x, w.param('route', [w.d, expert]), [w.d]), expert, w.g.axis('e', expert.size));
      const choices = score.axes.find((a) => a.name === 'e');
      if (!choices) throw new Error('no axis');
      const pick = w.g.top(score, choices, w.k);
      const sum = w.g.contract(w.g.gather(score, [choices], [pick]), w.g.lenient(() => w.g.gather(shared ?? w.write, [axis], [pick])), [w.k]);
      return shared === w.write ? sum : w.g.add(w.g.tanh(sum), w.g.tanh(w.x));
    },
  });
  const { families: [bank], layers } = analyseContract({ ...graph, families: graph.families.slice(0, 1).map((family) => ({ ...family, block: 'values' })) });
  expect(bank?.additive).toMatchObject({ holds: false, evidence: 'tanh in layers.1.ffn is not linear in the write rows' });
  expect(bank?.active).toMatchObject({ holds: true, value: 3 });
  expect(bank?.bypass.value).toBeGreaterThan(0);
  expect(bank?.bypass.evidence).toMatch(/of layers\.1\.ffn, in 1 term without experts; .*; no more in layers\.0\.ffn$/);
  expect(layers).toEqual([{ path: 'layers.0', active: 3, parts: [{ family: 'layers.0.ffn.experts', active: 3 }] }, { path: 'layers.1', active: 3, parts: [{ family: 'layers.0.ffn.experts', active: 3 }] }]);
});
