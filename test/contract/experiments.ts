/**
 * @file Experiments on a graph, in float64: what the contract claims, found by trying. Only the definition of a graph is used, nothing of the
 * analysis: causality by changing tokens and comparing bits, the ledger by keeping one unit's write rows at a time.
 */
import type { ExpertFamily, Graph, Node, Param, ResidualAdd } from '../../compiler/graph/graph.js';
import { evaluate } from '../reference/interpret.js';
import { indices, numbers } from '../support/random.js';

export type Values = ReadonlyMap<string, Float64Array>;

const sizeOf = (axes: readonly { readonly size: number }[]): number => axes.reduce((n, axis) => n * axis.size, 1);

/** Random values for all parameters. */
export function randomParams(graph: Graph, seed: number): Values {
  return new Map(graph.params.map((param, i) => [param.path, numbers(1000 * seed + i, sizeOf(param.axes))]));
}

export const randomTokens = (graph: Graph, seed: number): Float64Array => indices(seed, graph.batch.size * graph.time.size, vocabOf(graph));

const vocabOf = ({ logits }: Graph): number => logits.axes.at(-1)?.size ?? 1;

/** The places (sequence and position of the changed token) at which a change reaches a logit of an earlier token or of another sequence. */
export function leaks(graph: Graph, params: Values, tokens: Float64Array, places: readonly (readonly [batch: number, time: number])[]): (readonly [number, number])[] {
  const [time, vocab] = [graph.time.size, vocabOf(graph)];
  const run = (given: Float64Array): Float64Array => evaluate([graph.logits], { params, inputs: new Map([['tokens', given]]) })[0] ?? new Float64Array();
  const before = run(tokens);
  return places.filter(([b, t]) => {
    const after = run(tokens.map((token, i) => (i === b * time + t ? (token + 1 + (t % (vocab - 1))) % vocab : token)));
    return before.some((value, i) => {
      const place = Math.floor(i / vocab);
      return (Math.floor(place / time) !== b || place % time < t) && !Object.is(value, after[i]);
    });
  });
}

export interface Ledger {
  readonly add: ResidualAdd;
  /** What the block writes; what it writes with all write rows zero; and with all parameters of experts zero. */
  readonly whole: Float64Array;
  readonly bare: Float64Array;
  readonly without: Float64Array;
  /** What each unit adds to `bare` when its rows alone are kept. */
  readonly units: readonly Float64Array[];
}

export interface Books {
  readonly ledgers: readonly Ledger[];
  readonly embedding: Float64Array;
  readonly final: Float64Array;
}

/** A ledger for every write to the residual stream, its input held as it was. */
export function books(graph: Graph, params: Values, tokens: Float64Array): Books {
  const inputs = new Map([['tokens', tokens]]);
  const stream = new Set(graph.residual.flatMap((add) => [add.before, add.after]));
  const nodes = [...behind(graph.residual.flatMap((add) => [add.after]), new Set())].filter((node) => node.results === undefined);
  const results = evaluate(nodes, { params, inputs });
  const values = new Map(nodes.map((node, i) => [node, results[i] ?? new Float64Array()]));
  const value = (node: Node | undefined): Float64Array => (node && values.get(node)) ?? new Float64Array();
  const ledgers = graph.residual.map((add): Ledger => {
    const block = behind([add.write], stream);
    const inBlock = (param: Param): boolean => [...block].some(({ op }) => op.kind === 'param' && op.param === param);
    const families = graph.families.filter((family) => family.members.some(inBlock));
    const members = families.flatMap((family) => family.members);
    const writes = members.filter((param) => param.expert?.role === 'write');
    const masked = (changed: readonly Param[], kept: (param: Param, element: number) => boolean): Float64Array => {
      const given = new Map([...values].filter(([node]) => (stream.has(node) || block.has(node)) && !dependsOn(node, changed, stream)));
      const all = new Map([...params, ...changed.map((param) => [param.path, (params.get(param.path) ?? new Float64Array()).map((x, i) => (kept(param, i) ? x : 0))] as const)]);
      return evaluate([add.write], { params: all, inputs, nodes: given })[0] ?? new Float64Array();
    };
    const bare = writes.length > 0 ? masked(writes, () => false) : value(add.write);
    const without = members.length > 0 ? masked(members, () => false) : value(add.write);
    const units = families.flatMap((family) => {
      const own = family.members.filter((param) => writes.includes(param));
      return own.length === 0 ? [] : Array.from({ length: sizeOf(family.axes) }, (_, unit) => minus(masked(writes, (param, element) => own.includes(param) && unitOf(family, param, element) === unit), bare));
    });
    return { add, whole: value(add.write), bare, without, units };
  });
  return { ledgers, embedding: value(graph.residual[0]?.before), final: value(graph.residual.at(-1)?.after) };
}

/** The sum of everything in the books: the residual stream, if the ledger closes. */
export function total({ ledgers, embedding }: Books): Float64Array {
  return ledgers.reduce((sum, { bare, units }) => units.reduce(plus, plus(sum, bare)), embedding);
}

/** For each token, how many units add something. */
export function firing({ units }: Ledger, tokens: number): number[] {
  const wide = (units[0]?.length ?? 0) / tokens;
  return Array.from({ length: tokens }, (_, token) => units.filter((unit) => unit.subarray(token * wide, (token + 1) * wide).some((x) => x !== 0)).length);
}

/** The largest difference, relative to the largest value. */
export function distance(a: Float64Array, b: Float64Array): number {
  if (a.length !== b.length || b.length === 0) return Infinity;
  const largest = (values: Float64Array): number => values.reduce((max, x) => (Number.isNaN(x) ? Infinity : Math.max(max, Math.abs(x))), 0);
  return largest(minus(a, b)) / Math.max(largest(b), 1e-300);
}

const plus = (a: Float64Array, b: Float64Array): Float64Array => a.map((x, i) => x + (b[i] ?? NaN));
const minus = (a: Float64Array, b: Float64Array): Float64Array => a.map((x, i) => x - (b[i] ?? NaN));

/** The unit an element of a member belongs to. */
function unitOf({ axes }: ExpertFamily, param: Param, element: number): number {
  const place = new Map<number, number>();
  let rest = element;
  for (const axis of [...param.axes].reverse()) {
    place.set(axis.id, rest % axis.size);
    rest = Math.floor(rest / axis.size);
  }
  return axes.reduce((unit, axis) => unit * axis.size + (place.get(axis.id) ?? 0), 0);
}

/** Everything the values of `roots` are computed from, without what is behind `cut`. */
export function behind(roots: readonly Node[], cut: ReadonlySet<Node>): Set<Node> {
  const seen = new Set<Node>();
  const stack = [...roots];
  for (let node = stack.pop(); node; node = stack.pop()) {
    if (seen.has(node)) continue;
    seen.add(node);
    if (!cut.has(node)) stack.push(...node.inputs);
  }
  return seen;
}

/** Whether a node of a block is computed from one of `params`, the stream held. */
export function dependsOn(node: Node, params: readonly Param[], stream: ReadonlySet<Node>): boolean {
  if (stream.has(node)) return false;
  return [...behind([node], stream)].some(({ op }) => op.kind === 'param' && params.includes(op.param));
}
