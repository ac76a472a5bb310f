/**
 * @file The contract's static answers against experiments, for every arch in `specs/` at tiny sizes and for specs made to break each clause.
 */
import { describe, expect, test } from 'vitest';
import { analyseContract, type ContractReport } from '../../compiler/contract/contract.js';
import { compile } from '../../compiler/pipeline.js';
import { reader } from '../support/spec.js';
import { archs, type From } from './archs.js';
import { books, distance, firing, leaks, randomParams, randomTokens, total, type Books } from './experiments.js';
import { shared } from './ownership.js';
import { TINY, tiny } from './tiny.js';

const PLACES = [[1, 2], [0, 5], [1, 7]] as const;
const TOKENS = TINY.batch * TINY.time;

interface Experiment {
  readonly report: ContractReport;
  readonly leaking: boolean;
  readonly books: Books;
  /** Families whose units share parameters. */
  readonly shared: readonly string[];
}

function experiment(from: From): Experiment {
  const { graph } = tiny(from);
  const params = randomParams(graph, 1);
  const tokens = randomTokens(graph, 2);
  return { report: analyseContract(graph), leaking: leaks(graph, params, tokens, PLACES).length > 0, books: books(graph, params, tokens), shared: shared(graph, params, tokens) };
}

/** Units that add something, by layer, for the token where most do. */
function mostFiring({ ledgers }: Books): Map<string, number> {
  const layers = new Map<string, number[]>();
  for (const ledger of ledgers) {
    const layer = ledger.add.path.replace(/\.[^.]*$/, '');
    const before = layers.get(layer);
    layers.set(layer, firing(ledger, TOKENS).map((count, i) => count + (before?.[i] ?? 0)));
  }
  return new Map([...layers].map(([layer, counts]) => [layer, Math.max(...counts)]));
}

/** Families whose units write: the others have nothing to add. */
const writers = (report: ContractReport): ContractReport['families'] => report.families.filter(({ family, additive }) => family.members.some((param) => param.expert?.role === 'write') && !additive.evidence.startsWith('no write to'));

function agree({ report, leaking, books, shared }: Experiment): void {
  expect(report.families.filter((family) => !family.private.holds).map(({ family }) => family.path), 'private').toEqual(shared);
  expect(report.causal.holds, 'causal').toBe(!leaking);
  const closes = distance(total(books), books.final) < 1e-5;
  expect(writers(report).every(({ additive }) => additive.holds), 'additive').toBe(closes);
  for (const [layer, count] of mostFiring(books)) {
    if (report.causal.holds) expect(count, `active in ${layer}`).toBeLessThanOrEqual(report.layers.find(({ path }) => path === layer)?.active ?? 0);
  }
  for (const { family, bypass } of report.families) {
    const own = books.ledgers.filter(({ add }) => `${family.block}.`.startsWith(`${add.path}.`));
    const around = own.some(({ without }) => without.some((x) => x !== 0));
    if (own.length > 0) expect((bypass.value ?? 0) > 0, `bypass of ${family.path}`).toBe(around);
  }
}

describe('every arch', () => {
  test.each(archs)('$file $arch: experiments find what the analysis says', (named) => {
    const made = experiment(named);
    agree(made);
    const reading = made.report.families.filter(({ active }) => (active.value ?? 0) > 0 && active.evidence !== 'no unit is read in the forward pass');
    if (reading.length > 0) expect(Math.max(...mostFiring(made.books).values())).toBeGreaterThan(0);
  });
});

const broken = (body: string, more = ''): From => ({
  text: `language 1
use std.transformer { embed, attention, lm_head }
use std.losses { next_token }
use std.linear { linear }

block layer(x[d]; units: int = 6, take: int = 2) -> y[d] {
  axis expert = units, k = take, f = 3
  let logits[expert] = linear(x; to = expert)
  let pick = top(logits; over = expert, take = k)
  experts[expert] {
    read u[d]  ~ normal(0, 1)
    write v[d] ~ normal(0, 1)
  }
  let weight[k] = softmax(k)(pick.score)
  let activation[k] = weight * tanh(sum(d)(x * u[pick]))
  ${body}
}

arch Broken {
  dims { d = 8; ctx = 8; vocab = 11 }
  embed {}
  layers 1 {
    attention { heads = 2 }
    ffn: layer {}
    ${more}
  }
  lm_head { tied = embed.table }
  loss ce = next_token(lm_head.logits)
}

train { steps = 1; batch = 2; seed = 1
  optimizer adamw { lr = 1e-3; weight_decay = 0; clip = 1; schedule = cosine { warmup = 1 } }
}
`,
});

const plain = broken('return sum(k)(activation * v[pick])');

describe('made to break', () => {
  const ffn = ({ report }: Experiment): ContractReport['families'][number] => report.families[0] ?? expect.fail('no family');

  test('nothing: all clauses hold', () => {
    const made = experiment(broken('return sum(k)(activation * v[pick])'));
    agree(made);
    expect(ffn(made)).toMatchObject({ additive: { holds: true }, active: { value: 2 }, private: { holds: true }, bypass: { value: 0 } });
    expect(made.report.causal.holds).toBe(true);
  });
  test.each([
    ['an activation', 'return tanh(sum(k)(activation * v[pick]))'],
    ['a norm', 'let s = sum(k)(activation * v[pick])\n  return s / l2(d)(s)'],
    ['a product of two sums', 'let s = sum(k)(activation * v[pick])\n  return s * s'],
  ])('additive, by %s', (_, body) => {
    const made = experiment(broken(body));
    agree(made);
    expect(ffn(made).additive.holds).toBe(false);
  });
  test.each([
    ['a look ahead', 'return sum(k)(activation * v[pick]) + tanh(shift(x; axis = time, by = -1))'],
    ['a mean over the sequence', 'return sum(k)(activation * v[pick]) - mean(time)(x)'],
    ['a sum over the batch', 'return sum(k)(activation * v[pick]) * tanh(sum(batch)(x))'],
  ])('causal, by %s', (_, body) => {
    const made = experiment(broken(body));
    agree(made);
    expect(made.report.causal.holds).toBe(false);
  });
  test.each([
    ['every unit', 'return sum(expert)(tanh(sum(d)(x * u)) * v)', 6],
    ['a second choice', 'let other = top(-logits; over = expert, take = k)\n  return sum(k)(activation * v[pick]) + sum(k)(activation * v[other])', 4],
    ['rows mixed before the choice', 'let centred[expert, d] = v - mean(expert)(v)\n  return sum(k)(activation * centred[pick])', 6],
  ])('active, by %s', (_, body, units) => {
    const made = experiment(broken(body));
    agree(made);
    expect(ffn(made).active.value).toBe(units);
    expect(mostFiring(made.books).get('layers.0')).toBe(units);
  });
  test('active, by two families in a layer', () => {
    const made = experiment(broken('return sum(k)(activation * v[pick])', 'more: layer { take = 3 }'));
    agree(made);
    expect(made.report.layers.map(({ path, active }) => ({ path, active }))).toEqual([{ path: 'layers.0', active: 5 }, { path: 'layers.1', active: 5 }]);
    expect(mostFiring(made.books).get('layers.0')).toBe(5);
  });
  test.each([
    ['rows of another choice', 'let other = top(-logits; over = expert, take = k)\n  return sum(k)(activation * v[other])'],
    ['rows of the next unit', 'let next[expert, d] = shift(v; axis = expert, by = 1)\n  return sum(k)(activation * next[pick])'],
    ['rows mixed before the choice', 'let mixed[expert, d] = softmax(expert)(u) * v\n  return sum(k)(activation * mixed[pick])'],
  ])('private, by %s', (_, body) => {
    const made = experiment(broken(body));
    agree(made);
    expect(ffn(made).private.holds).toBe(false);
  });
  test('nothing private: members of unequal pools, found by their own activation', () => {
    const made = experiment({ text: ('text' in plain ? plain.text : '').replace('ffn: layer {}', 'ffn: pools { count = 3; open = 2; take = 2; retrieve = own; sizes = [3, 1, 2] }').replace('use std.linear', 'use std.pools { pools }\nuse std.linear') });
    agree(made);
    expect(ffn(made)).toMatchObject({ private: { holds: true }, active: { value: 4 }, units: 9 + 4 + 1 });
  });
  test('private, by composing experts of shared parts', () => {
    const { graph } = tiny({ file: 'monet_horizontal.arch', arch: 'MonetHorizontal' });
    const [bottom, top] = graph.families;
    if (!bottom || !top) throw new Error('no families');
    const composed = { ...bottom, path: 'layers.0.ffn.composed', axes: [...bottom.axes, ...top.axes], members: [...bottom.members, ...top.members] };
    const made = { ...graph, families: [composed] };
    expect(analyseContract(made).families[0]?.private.holds).toBe(false);
    expect(shared(made, randomParams(graph, 1), randomTokens(graph, 2))).toEqual([composed.path]);
    // as declared, each factor is a family: its units are parts, which the other's units share
    const parts = graph.families.map(({ path }) => path);
    expect(shared(graph, randomParams(graph, 1), randomTokens(graph, 2))).toEqual(parts);
    expect(analyseContract(graph).families.slice(0, 2).map((family) => [family.private.holds, family.private.evidence])).toEqual([
      [false, 'all units of layers.0.ffn.top compute with its rows'],
      [false, 'all its units compute with the rows of layers.0.ffn.bottom'],
    ]);
  });
  test('bypass, by a dense term', () => {
    const made = experiment(broken('param down[f, d] ~ normal(0, 1)\n  let hidden[f] = tanh(linear(x; to = f))\n  return sum(k)(activation * v[pick]) + sum(f)(hidden * down)'));
    agree(made);
    expect(ffn(made).bypass.value).toBeGreaterThan(0);
  });
});

describe('a violated clause is an error', () => {
  const sums = 'return sum(k)(activation * v[pick])';
  /** Clause, body, code, what is said and the operations that break it, from the culprit to where the clause looks. */
  test.each([
    ['additive', 'return tanh(sum(k)(activation * v[pick]))', 'ARCH5001', /tanh in layers\.0\.ffn is not linear in the write rows/, /^tanh in layers\.0\.ffn breaks it$/m],
    ['causal', `${sums} - mean(time)(x)`, 'ARCH5002', /sum in layers\.0\.ffn lets a token see later tokens/, /^path: sum in layers\.0\.ffn -> div in layers\.0\.ffn -> sub in layers\.0\.ffn -> add in layers\.0\.ffn -> .* -> sum in lm_head\.logits$/m],
    ['private', 'let next[expert, d] = shift(v; axis = expert, by = 1)\n  return sum(k)(activation * next[pick])', 'ARCH5003', /mixes the rows of different units/, /^path: shift in layers\.0\.ffn\.next -> gather in layers\.0\.ffn$/m],
    ['active <= 1 per token', sums, 'ARCH5004', /at most 2 of 6 units: k 2 in layers\.0\.ffn/, /^gather in layers\.0\.ffn breaks it$/m],
    ['active <= 5 per token', 'return sum(expert)(tanh(sum(d)(x * u)) * v)', 'ARCH5004', /all 6 units take part/, /^sum in layers\.0\.ffn breaks it$/m],
    ['bypass <= 1% flops', `${sums} + linear(x; to = d2)`, 'ARCH5005', /of layers\.0\.ffn/, /^path: sum in layers\.0\.ffn -> add in layers\.0\.ffn$/m],
  ])('%s', (clause, body, code, message, path) => {
    const from = broken(body.replace('linear(x; to = d2)', 'rename(linear(x; to = e); from = e, to = d)').replace(/^return/, 'axis e = d\n  return'));
    const text = ('text' in from ? from.text : '').replace('loss ce', `contract { ${clause} }\n  loss ce`);
    const { diagnostics } = compile({ entry: 'test.arch', read: reader({ 'test.arch': text }) });
    const errors = diagnostics.all.filter(({ severity }) => severity === 'error');
    expect(errors.map((error) => error.code)).toEqual([code]);
    const [error] = errors;
    expect(error?.message).toMatch(message);
    expect([...(error?.notes ?? []), ...(error?.related ?? []).map(({ label }) => label)].join('\n')).toMatch(path);
  });
});
