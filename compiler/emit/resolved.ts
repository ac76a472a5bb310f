/**
 * @file `resolved.json`: everything that is true of a spec after defaults, bases and `--set`, for people, scripts and later comparisons.
 */
import type { Span } from '../../grammar/ast.js';
import type { Compiled } from '../compiled.js';
import type { ContractReport, Verdict } from '../contract/contract.js';
import type { Axis, Graph, Init } from '../graph/graph.js';
import type { Entry, Layers, Model } from '../model/model.js';
import { layout, type Json } from './json.js';
import { plain, plainSettings } from './settings.js';

export function resolvedJson(model: Model, graph: Graph, report: ContractReport, sources: Compiled['sources']): string {
  return layout({
    formatVersion: '1.0',
    arch: model.name,
    base: model.base,
    file: model.file,
    doc: model.doc,
    dims: plainSettings(model.dims),
    entries: model.entries.map((entry) => (entry.kind === 'layers' ? layersJson(entry) : entryJson(entry))),
    resolved: model.resolved.map(({ path, value, origin }) => ({ path, value, from: origin.kind, at: origin.text })),
    params: graph.params.map(({ path, axes, init, expert }) => ({ path, axes: axesJson(axes), init: initJson(init), expert: expert && { ...expert } })),
    states: graph.states.filter((state) => !state.moment).map(({ path, axes, initial }) => ({ path, axes: axesJson(axes), initial })),
    experts: graph.families.map(({ path, block, axes, members }) => ({ path, block, axes: axesJson(axes), members: members.map((member) => member.path) })),
    losses: model.losses.map(({ name, value, doc, origin }) => ({ name, formula: textOf(value.span, sources), doc, at: origin.text })),
    contract: {
      declared: model.contract.map(({ name, bound, origin }) => ({ name, bound, at: origin.text })),
      causal: verdictJson(report.causal),
      families: report.families.map((family) => ({
        path: family.family.path,
        units: family.units,
        additive: verdictJson(family.additive),
        causal: verdictJson(family.causal),
        active: verdictJson(family.active),
        private: verdictJson(family.private),
        bypass: verdictJson(family.bypass),
      })),
    },
    train: {
      ...model.train,
      schedule: { ...model.train.schedule },
      groups: model.train.groups.map((group) => ({ ...group, betas: [...group.betas] })),
    },
  });
}

const axesJson = (axes: readonly Axis[]): Json => axes.map(({ name, size }) => ({ name, size }));

const initJson = (init: Init): Json => ({ ...init });

const verdictJson = ({ holds, value, evidence }: Verdict): Json => ({ holds, value, evidence });

function entryJson(entry: Entry): Json {
  return {
    path: entry.path,
    block: entry.block.name.name,
    doc: entry.doc ?? entry.block.doc,
    settings: plainSettings(entry.settings),
    perLayer:
      entry.perLayer.size === 0 ? undefined : Object.fromEntries([...entry.perLayer].map(([layer, settings]) => [layer, plainSettings(settings)])),
  };
}

function layersJson(layers: Layers): Json {
  return { path: layers.path, count: plain(layers.count.value), norm: plain(layers.norm.value), doc: layers.doc, entries: layers.entries.map(entryJson) };
}

/** A stretch of a source, its whitespace made single. */
function textOf(span: Span, sources: Compiled['sources']): string {
  return (sources.get(span.file)?.text.slice(span.start, span.end) ?? '').replace(/\s+/g, ' ').trim();
}
