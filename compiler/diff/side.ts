/**
 * @file One of the two specs a diff compares: its forms, and small views of them that several rules need.
 */
import type { Expr, Source } from '../../grammar/ast.js';
import { analyseContract } from '../contract/contract.js';
import type { ContractReport } from '../contract/report.js';
import { costOf, type GraphCost } from '../graph/cost.js';
import { isFrozen } from '../optimizer/groups.js';
import type { Graph, Param } from '../graph/graph.js';
import type { KernelProgram } from '../kernels/kernel.js';
import type { Entry, Layers, Model } from '../model/model.js';

export interface Side {
  /** As the user named it. */
  readonly spec: string;
  readonly model: Model;
  readonly graph: Graph;
  readonly params: ReadonlyMap<string, Param>;
  /** Every entry by path, those of layers too: `layers.ffn`. */
  readonly entries: ReadonlyMap<string, Entry>;
  readonly layers: ReadonlyMap<string, Layers>;
  readonly cost: GraphCost;
  readonly contract: ContractReport;
  /** Distinct kernels, and launches of a training step; null where the pipeline did not go so far. */
  readonly kernels: { readonly distinct: number; readonly launches: number } | null;
  readonly sources: ReadonlyMap<string, Source>;
}

export function sideOf(spec: string, model: Model, graph: Graph, programs: readonly KernelProgram[], sources: ReadonlyMap<string, Source>): Side {
  const entries = model.entries.flatMap((e) => (e.kind === 'entry' ? [e] : e.entries));
  const train = programs.find((p) => p.name === 'train');
  return {
    spec,
    model,
    graph,
    params: new Map(graph.params.map((p) => [p.path, p])),
    entries: new Map(entries.map((e) => [e.path, e])),
    layers: new Map(model.entries.flatMap((e) => (e.kind === 'layers' ? [[e.path, e] as const] : []))),
    cost: costOf(graph, (path) => isFrozen(model.train.groups, path)),
    contract: analyseContract(graph),
    kernels: train === undefined ? null : { distinct: new Set(train.launches.map((l) => l.kernel.name)).size, launches: train.launches.length },
    sources,
  };
}

/** An expression as written, on one line. */
export function sourceText(side: Side, expr: Expr): string {
  const text = side.sources.get(expr.span.file)?.text.slice(expr.span.start, expr.span.end) ?? '';
  return text.replace(/\/\/[^\n]*/g, ' ').replace(/\s+/g, ' ').trim();
}

/** What an expression says, whatever its layout and spelling of numbers: equal for equal trees. */
export function meaning(value: unknown): string {
  return JSON.stringify(value, (key, part: unknown) => (key === 'span' || key === 'text' || key === 'doc' ? undefined : part)) ?? '';
}
