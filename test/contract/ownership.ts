/**
 * @file Clause `private` by experiment: one unit's rows are changed, and nothing but its own contribution may move.
 *
 * Three signs that a unit does not own its parameters. With its write rows at zero it contributes nothing; if changing its other rows then moves the output,
 * others compute with them. And where changing its write rows moves a token, changing its other rows must too: both move the tokens for which it
 * fires and no others. Units compete: what a choice or a softmax over scores decides is held as it was. Other families'
 * write rows (for the second sign, all their rows) are at zero, so that units of one family are compared. The third sign is between two families: where only one
 * of them writes, and changing the rows of one unit of the other moves the output, its units are composed of both. A member that the block writes by itself (a bias of the output) counts as a write row.
 */
import type { ExpertFamily, Graph, Node, Param } from '../../compiler/graph/graph.js';
import { evaluate } from '../reference/interpret.js';
import { numbers } from '../support/random.js';
import { behind, dependsOn, distance, type Values } from './experiments.js';

/** The families, by path, in which the change reaches what other units write. */
export function shared(graph: Graph, params: Values, tokens: Float64Array): string[] {
  const inputs = new Map([['tokens', tokens]]);
  const stream = new Set(graph.residual.flatMap((add) => [add.before, add.after]));
  const nodes = [...behind(graph.residual.flatMap((add) => [add.after]), new Set())].filter((node) => node.results === undefined);
  const results = evaluate(nodes, { params, inputs });
  const values = new Map(nodes.map((node, i) => [node, results[i] ?? new Float64Array()]));
  const found = graph.residual.flatMap(({ write }) => {
    const block = behind([write], stream);
    const families = graph.families.filter((family) => family.members.some((member) => reads(block, member)));
    const members = families.flatMap((family) => family.members);
    const routing = (node: Node): boolean => ['top', 'top_product', 'softmax'].includes(node.op.kind) && [...behind([node], stream)].some((input) => stream.has(input) || input.op.kind === 'input');
    const given = new Map([...values].filter(([node]) => stream.has(node) || (block.has(node) && (routing(node) || !dependsOn(node, members, stream)))));
    const run = (changed: (param: Param, element: number, value: number) => number): Float64Array => {
      const all = new Map([...params, ...members.map((param) => [param.path, (params.get(param.path) ?? new Float64Array()).map((x, i) => changed(param, i, x))] as const)]);
      return evaluate([write], { params: all, inputs, nodes: given })[0] ?? new Float64Array();
    };
    const silent = run((param, _, x) => (isWrite(param) ? 0 : x));
    const writers = new Set(members.filter((member) => isWrite(member) || distance(run((param, i, x) => (isWrite(param) ? 0 : param === member ? other(i) : x)), silent) > 0));
    const tokenSize = write.axes.filter((axis) => !axis.token).reduce((n, axis) => n * axis.size, 1);
    const composed = new Set(families.flatMap((rows) => families.filter((writes) => composes(writes, rows, writers, run)).flatMap((writes) => [writes, rows])));
    return families.filter((family) => intrudes(family, writers, run) || strays(family, writers, run, tokenSize) || composed.has(family)).map(({ path }) => path);
  });
  return [...new Set(found)];
}

type Run = (changed: (param: Param, element: number, value: number) => number) => Float64Array;

/** Whether what else a unit has moves the output without its write rows. */
function intrudes(family: ExpertFamily, writers: ReadonlySet<Param>, run: Run): boolean {
  return someUnits(family).some((unit) => {
    const muted = (param: Param, i: number): boolean => writers.has(param) && (!family.members.includes(param) || ofUnit(family, param, i, unit));
    const before = run((param, i, x) => (muted(param, i) ? 0 : x));
    const after = run((param, i, x) => (muted(param, i) ? 0 : family.members.includes(param) && !writers.has(param) && ofUnit(family, param, i, unit) ? other(i) : x));
    return moved(before, after, before.length).size > 0;
  });
}

/** Whether a unit's write rows move other tokens than what else it has. */
function strays(family: ExpertFamily, writers: ReadonlySet<Param>, run: Run, tokenSize: number): boolean {
  if (!family.members.some(isWrite) || family.members.every((member) => writers.has(member))) return false;
  return someUnits(family).some((unit) => {
    const given = (reads: boolean, writes: boolean): Float64Array =>
      run((param, i, x) => (!family.members.includes(param) ? 0 : (isWrite(param) ? writes : !writers.has(param) && reads) && ofUnit(family, param, i, unit) ? other(i) : x));
    const [neither, reads, writes, both] = [given(false, false), given(true, false), given(false, true), given(true, true)];
    const union = (a: ReadonlySet<number>, b: ReadonlySet<number>): string => [...new Set([...a, ...b])].sort((p, q) => p - q).join();
    return union(moved(neither, writes, tokenSize), moved(reads, both, tokenSize)) !== union(moved(neither, reads, tokenSize), moved(writes, both, tokenSize));
  });
}

/** Whether what else a unit of `rows` has moves the output when only `writes` writes, but for the unit of the same number where the units are the same. */
function composes(writes: ExpertFamily, rows: ExpertFamily, writers: ReadonlySet<Param>, run: Run): boolean {
  if (writes === rows) return false;
  const same = writes.axes.length === rows.axes.length && writes.axes.every((axis) => rows.axes.includes(axis));
  return someUnits(rows).some((unit) => {
    const muted = (param: Param, i: number): boolean => writers.has(param) && (!writes.members.includes(param) || (same && ofUnit(writes, param, i, unit)));
    const before = run((param, i, x) => (muted(param, i) ? 0 : x));
    const after = run((param, i, x) => (muted(param, i) ? 0 : rows.members.includes(param) && !writers.has(param) && ofUnit(rows, param, i, unit) ? other(i) : x));
    return moved(before, after, before.length).size > 0;
  });
}

/** The tokens of which something differs. */
function moved(a: Float64Array, b: Float64Array, tokenSize: number): Set<number> {
  return new Set([...a].flatMap((x, i) => (Math.abs(x - (b[i] ?? NaN)) > 1e-12 ? [Math.floor(i / tokenSize)] : [])));
}

/** A few units, spread over the family's axes, are enough: what is shared is shared by all. */
function someUnits({ axes }: ExpertFamily): number[] {
  const units = axes.reduce((n, axis) => n * axis.size, 1);
  const tried = Math.min(units, 8);
  return Array.from({ length: tried }, (_, i) => Math.floor((i * units) / tried) + (units > 16 ? i % 2 : 0));
}

const isWrite = (param: Param): boolean => param.expert?.role === 'write';
const reads = (block: ReadonlySet<Node>, member: Param): boolean => [...block].some(({ op }) => op.kind === 'param' && op.param === member);

/** Another value for an element. */
const OTHER = numbers(77, 1 << 12);
const other = (i: number): number => OTHER[i % OTHER.length] ?? 0;

/** Whether an element of a member is of a unit: at its place of every axis the member has. */
function ofUnit({ axes }: ExpertFamily, param: Param, element: number, unit: number): boolean {
  const place = (all: readonly { readonly id: number; readonly size: number }[], index: number): Map<number, number> => {
    let rest = index;
    return new Map([...all].reverse().map((axis) => {
      const at = rest % axis.size;
      rest = Math.floor(rest / axis.size);
      return [axis.id, at];
    }));
  };
  const [own, at] = [place(axes, unit), place(param.axes, element)];
  return axes.every((axis) => !at.has(axis.id) || at.get(axis.id) === own.get(axis.id));
}
