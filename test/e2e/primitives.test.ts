/**
 * @file Every primitive on every target, forward and gradient, against the float64 interpreter; sizes 1, 7, 63, 65 and others that no workgroup
 * or tile divides. Without a GPU adapter the WebAssembly half runs.
 */
import { describe, expect, it } from 'vitest';
import { flows } from '../../compiler/autodiff/rules.js';
import type { Node, Op, ScalarFn } from '../../compiler/graph/graph.js';
import { ops } from '../../compiler/graph/ops.js';
import { topological } from '../../compiler/graph/walk.js';
import { buildCases, type Cases, describeCases } from './batch.js';
import { attention, moreAttention } from './primitives/attention.js';
import { choices, moreChoices } from './primitives/choices.js';
import { contractions, moreContractions } from './primitives/contractions.js';
import { elementwise } from './primitives/elementwise.js';
import { leafCases } from './primitives/leaves.js';
import { lookups } from './primitives/lookups.js';
import { long, moreReduced, reduced, tied } from './primitives/reductions.js';
import { views } from './primitives/views.js';

interface Table {
  readonly title: string;
  readonly cases: Cases;
  readonly tolerance?: number;
  /** A software adapter takes long to compile these: on WGSL they are part of `npm run test:all`. */
  readonly long?: boolean;
}

const tables: readonly Table[] = [
  { title: 'leaves', cases: leafCases },
  { title: 'elementwise functions', cases: elementwise, tolerance: 2e-5 },
  { title: 'reductions', cases: reduced },
  { title: 'more reductions', cases: moreReduced, long: true },
  { title: 'reductions with ties', cases: tied },
  { title: 'long reductions', cases: long },
  { title: 'contractions', cases: contractions },
  { title: 'more contractions', cases: moreContractions, long: true },
  { title: 'views', cases: views },
  { title: 'lookups', cases: lookups },
  { title: 'choices', cases: choices },
  { title: 'more choices', cases: moreChoices, long: true },
  { title: 'attention', cases: attention, tolerance: 2e-5 },
  { title: 'more attention', cases: moreAttention, tolerance: 2e-5, long: true },
];

for (const { title, cases, tolerance, long: slow } of tables) describeCases(title, cases, { tolerance, onDevice: !slow || process.env['ARCHC_LONG'] === '1' });

describe('the cases', () => {
  const built = tables.filter((table) => !table.long).map(({ cases }) => buildCases(cases));
  const covered = new Set(built.flatMap(({ outputs }) => topological(outputs.map(({ node }) => node))));

  it('cover every primitive', () => {
    const kinds = new Set([...covered].map((node) => node.op.kind));
    expect(kindsOf(ops).filter((kind) => !kinds.has(kind))).toEqual([]);
  });

  it('cover the gradient of every primitive that has one', () => {
    const differentiated = new Set(built.flatMap(({ losses }) => losses.flatMap(({ loss, wrt }) => [...onTheWay(loss, new Set(wrt))].map((node) => node.op.kind))));
    const none = /^(none|a leaf)/;
    expect(kindsOf(ops).filter((kind) => !differentiated.has(kind) && !none.test(ops[kind].gradient))).toEqual([]);
  });

  it('cover every elementwise function and every reduction', () => {
    const used = new Set([...covered].flatMap(({ op }) => (op.kind === 'map' || op.kind === 'reduce' ? [`${op.kind} ${op.fn}`] : [])));
    const all = [...Object.keys(functions).map((fn) => `map ${fn}`), ...Object.keys(reductionNames).map((fn) => `reduce ${fn}`)];
    expect(all.filter((name) => !used.has(name))).toEqual([]);
  });
});

/** Complete: a function without a line here does not compile. */
const functions: Readonly<Record<ScalarFn, true>> = {
  neg: true, exp: true, log: true, sqrt: true, rsqrt: true, tanh: true, erf: true, sin: true, cos: true, abs: true, sign: true, floor: true, reciprocal: true,
  to_f32: true, to_i32: true, is_finite: true,
  add: true, sub: true, mul: true, div: true, pow: true, max: true, min: true, lt: true, le: true, eq: true, mod: true, select: true,
};
const reductionNames: Readonly<Record<Extract<Op, { kind: 'reduce' }>['fn'], true>> = { sum: true, max: true, min: true };

const kindsOf = (table: typeof ops): (keyof typeof ops)[] => Object.keys(table).filter((kind): kind is keyof typeof ops => kind in table);

/** The nodes through which a gradient flows from `loss` to one of `wrt`. */
function onTheWay(loss: Node, wrt: ReadonlySet<Node>): ReadonlySet<Node> {
  const active = new Set<Node>();
  for (const node of topological([loss])) if (wrt.has(node) || node.inputs.some((input, i) => active.has(input) && flows(node, i))) active.add(node);
  return active;
}
