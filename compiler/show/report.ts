/**
 * @file What `show` shows, as plain data: the document of `show --json`, from which the text is made too.
 */
import { analyseContract } from '../contract/contract.js';
import { costOf } from '../graph/cost.js';
import { isFrozen } from '../optimizer/groups.js';
import type { Graph, Param } from '../graph/graph.js';
import type { Entry, Model, Setting } from '../model/model.js';
import { type ActivityRow, activityRows } from './activity.js';
import { type ContractRow, contractRows } from './contract.js';
import { type CostRow, costRows } from './costs.js';
import { byLayer } from './layers.js';
import { clauseText, initText, numberText, settingText } from './values.js';

export interface ParamReport {
  /** `layers.ffn.experts.read` */
  readonly path: string;
  /** Relative to its entry. */
  readonly name: string;
  /** The layers it stands in, in this shape; empty outside layers. */
  readonly layers: readonly number[];
  readonly axes: readonly { readonly name: string; readonly size: number }[];
  /** In one layer. */
  readonly elements: number;
  readonly init: string;
  readonly role: 'read' | 'write' | 'param' | null;
}

export interface SettingReport {
  readonly name: string;
  readonly value: string;
  readonly origin: string;
  readonly kind: 'spec' | 'base' | 'default' | 'dims' | 'set';
}

export interface EntryReport {
  readonly path: string;
  readonly block: string;
  readonly doc: string | null;
  readonly blockDoc: string | null;
  readonly settings: readonly SettingReport[];
  /** Settings that differ in one layer. */
  readonly perLayer: readonly { readonly layer: number; readonly settings: readonly SettingReport[] }[];
  readonly params: readonly ParamReport[];
}

export interface LayersReport {
  readonly path: string;
  readonly count: number;
  readonly norm: string;
  readonly doc: string | null;
  readonly entries: readonly EntryReport[];
  /** Of the layer itself: the norms before its entries. */
  readonly params: readonly ParamReport[];
}

export interface ShowReport {
  readonly formatVersion: '1.0';
  readonly arch: string;
  readonly file: string;
  readonly base: string | null;
  readonly doc: string | null;
  readonly dims: readonly SettingReport[];
  readonly tree: readonly (({ readonly kind: 'entry' } & EntryReport) | ({ readonly kind: 'layers' } & LayersReport))[];
  readonly losses: readonly { readonly name: string; readonly value: string; readonly doc: string | null }[];
  readonly batch: number;
  readonly time: number;
  /** Per block, layers summed; FLOPs per token, activations for the whole batch. */
  readonly costs: readonly CostRow[];
  readonly total: CostRow;
  readonly declared: readonly string[];
  readonly causal: { readonly holds: boolean; readonly evidence: string };
  /** Why tokens depend on later ones or on other sequences in training, where they do so there. */
  readonly training: string | null;
  readonly contract: readonly ContractRow[];
  /** Of every layer that reads experts, its families together. */
  readonly activity: readonly ActivityRow[];
  readonly train: readonly { readonly path: string; readonly value: string }[];
}

/** Everything about a spec that its model and graph tell. */
export function showReport(model: Model, graph: Graph): ShowReport {
  const contract = analyseContract(graph);
  const costs = costOf(graph, (path) => isFrozen(model.train.groups, path));
  const params = byLayer(graph.params, (p) => p.path, (p) => JSON.stringify([p.axes.map((a) => [a.name, a.size]), p.init])).map((g) => paramReport(g.path, g.layers, g.first));
  const taken = new Set<ParamReport>();
  const of = (path: string): ParamReport[] => {
    const own = params.filter((p) => !taken.has(p) && p.path.startsWith(`${path}.`));
    for (const p of own) taken.add(p);
    return own.map((p) => ({ ...p, name: p.path.slice(path.length + 1) }));
  };
  const tree = model.entries.map((entry): ShowReport['tree'][number] => {
    if (entry.kind === 'entry') return { kind: 'entry', ...entryReport(entry, of(entry.path)) };
    const entries = entry.entries.map((inner) => entryReport(inner, of(inner.path)));
    return {
      kind: 'layers',
      path: entry.path,
      count: entry.count.value.kind === 'number' ? entry.count.value.value : 0,
      norm: settingText(entry.norm.value),
      doc: entry.doc ?? null,
      entries,
      params: of(entry.path),
    };
  });
  return {
    formatVersion: '1.0',
    arch: model.name,
    file: model.file,
    base: model.base ?? null,
    doc: model.doc ?? null,
    dims: [...model.dims.values()].map(settingReport),
    tree,
    losses: model.losses.map((loss) => ({ name: loss.name, value: resolvedValue(model, [`losses.${loss.name}`, `loss.${loss.name}`, loss.name]), doc: loss.doc ?? null })),
    batch: graph.batch.size,
    time: graph.time.size,
    costs: costRows(costs),
    total: { path: 'total', layers: 1, ...costs.total },
    declared: model.contract.map(clauseText),
    causal: { holds: contract.causal.holds, evidence: contract.causal.evidence },
    training: contract.training?.evidence ?? null,
    contract: contractRows(contract),
    activity: activityRows(contract.layers, tree.reduce((count, entry) => (entry.kind === 'layers' ? entry.count : count), 0)),
    train: trainLines(model),
  };
}

function paramReport(path: string, layers: readonly number[], param: Param): ParamReport {
  return {
    path,
    name: path,
    layers,
    axes: param.axes.map(({ name, size }) => ({ name, size })),
    elements: param.axes.reduce((n, a) => n * a.size, 1),
    init: initText(param.init),
    role: param.expert?.role ?? null,
  };
}

function entryReport(entry: Entry, params: readonly ParamReport[]): EntryReport {
  return {
    path: entry.path,
    block: entry.block.name.name,
    doc: entry.doc ?? null,
    blockDoc: entry.block.doc ?? null,
    settings: [...entry.settings.values()].map(settingReport),
    perLayer: [...entry.perLayer].map(([layer, settings]) => ({ layer, settings: [...settings.values()].map(settingReport) })),
    params,
  };
}

function settingReport(setting: Setting): SettingReport {
  return { name: setting.name, value: settingText(setting.value), origin: setting.origin.text, kind: setting.origin.kind };
}

/** A loss is an expression; its text is the one `--resolved` prints. */
function resolvedValue(model: Model, paths: readonly string[]): string {
  return model.resolved.find((line) => paths.includes(line.path))?.value ?? '';
}

/** `steps`, `batch` ... and a line for each optimiser group. */
export function trainLines(model: Model): { readonly path: string; readonly value: string }[] {
  const { train } = model;
  const flat = [
    ['steps', train.steps], ['batch', train.batch], ['seed', train.seed], ['clip', train.clip],
    ['log_every', train.logEvery], ['eval_every', train.evalEvery], ['save_every', train.saveEvery],
  ] as const;
  const { shape, warmup, floor } = train.schedule;
  return [
    ...flat.map(([path, value]) => ({ path, value: numberText(value) })),
    { path: 'schedule', value: `${shape} { warmup = ${numberText(warmup)}; floor = ${numberText(floor)} }` },
    ...train.groups.map((g) => ({
      path: g.path === '' ? 'optimizer' : `group ${g.path}`,
      value: g.frozen === true ? 'frozen' : `${g.optimizer} { lr = ${numberText(g.lr)}; betas = [${g.betas.map(numberText).join(', ')}]; eps = ${numberText(g.eps)}; weight_decay = ${numberText(g.weightDecay)}${g.clip === undefined ? '' : `; clip = ${numberText(g.clip)}`} }`,
    })),
  ];
}
