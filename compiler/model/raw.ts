/**
 * @file An arch as written, with its bases applied: nested items and dotted overrides merged into one tree of expressions, each with
 * its origin. Nothing is evaluated here.
 */
import type { ArchDecl, Expr, Ident, Path, Span, SpecBlock, SpecItem } from '../../grammar/ast.js';
import { diagnose } from '../diagnostics/catalogue.js';
import type { Diagnostics } from '../diagnostics/diagnostic.js';
import type { FileScope } from './load.js';
import type { Origin } from './model.js';
import { type Placement, readPlacement } from './placement.js';

export interface RawSetting {
  readonly name: Ident;
  readonly value: Expr;
  readonly origin: Origin;
  /** The file in whose scope `value` is read. */
  readonly file: string;
}

export interface RawEntry {
  readonly kind: 'entry';
  readonly name: string;
  readonly head: Ident;
  readonly file: string;
  readonly settings: Map<string, RawSetting>;
  /** By layer number; `at` is the number as written. */
  readonly perLayer: Map<number, { readonly at: Ident; readonly settings: Map<string, RawSetting> }>;
  placement?: Placement;
  readonly doc?: string;
  readonly span: Span;
}

export interface RawLayers {
  readonly kind: 'layers';
  readonly name: string;
  count: RawSetting;
  norm: RawSetting | undefined;
  readonly entries: Map<string, RawEntry>;
  readonly doc?: string;
  readonly span: Span;
}

export interface RawLoss {
  readonly name: Ident;
  readonly value: Expr;
  readonly doc?: string;
  readonly origin: Origin;
  readonly file: string;
}

export interface RawClause {
  readonly item: Extract<SpecItem, { kind: 'clause' }>;
  readonly origin: Origin;
}

export interface RawArch {
  readonly dims: Map<string, RawSetting>;
  readonly entries: Map<string, RawEntry | RawLayers>;
  readonly losses: Map<string, RawLoss>;
  readonly contract: Map<string, RawClause>;
}

type OriginOf = (span: Span) => Origin;

/** Merges the items of an arch (or of `--set`) into `raw`. */
export class Merger {
  /** Entries this arch itself made: naming one twice is a mistake, naming an inherited one overrides it. */
  private readonly made = new Set<RawEntry | RawLayers>();

  constructor(
    private readonly raw: RawArch,
    private readonly scope: FileScope,
    private readonly originOf: OriginOf,
    private readonly diagnostics: Diagnostics,
  ) {}

  arch(declaration: ArchDecl): void {
    for (const item of declaration.items) this.item(item);
  }

  item(item: SpecItem): void {
    if (item.kind === 'assign') this.override(item.path, item.value);
    else if (item.kind === 'loss') this.raw.losses.set(item.name.name, { name: item.name, value: item.value, doc: item.doc, origin: this.originOf(item.span), file: this.scope.file });
    else if (item.kind === 'clause') this.diagnostics.report(diagnose('ARCH2002', { name: item.name.name, owner: 'arch', among: ['dims', 'layers', 'loss', 'contract'] }, item.name.span));
    else this.block(item);
  }

  private block(block: SpecBlock): void {
    const word = block.label === undefined ? block.head.name : '';
    if (word === 'dims') return this.dims(block.items);
    if (word === 'contract') return this.contract(block.items);
    const name = (block.label ?? block.head).name;
    const existing = this.raw.entries.get(name);
    if (word === 'layers') {
      if (existing?.kind === 'layers' && !this.twice(existing, block)) return this.mergeLayers(existing, block);
      return this.newLayers(block);
    }
    if (existing?.kind === 'entry') return this.twice(existing, block) ? undefined : this.mergeEntry(existing, block);
    const entry = this.newEntry(block);
    this.raw.entries.set(entry.name, entry);
  }

  private twice(existing: RawEntry | RawLayers, block: SpecBlock): boolean {
    if (!this.made.has(existing)) return false;
    const name = block.label ?? block.head;
    this.diagnostics.report(diagnose('ARCH2010', { kind: 'entry', name: name.name }, name.span, { related: [{ span: existing.span, label: 'first defined here' }] }));
    return true;
  }

  private dims(items: readonly SpecItem[]): void {
    for (const item of items) {
      if (item.kind === 'assign' && item.path.segments.length === 1) this.setDim(item.path.segments[0] as Ident, item.value);
      else this.diagnostics.report(diagnose('ARCH2002', { name: nameOf(item), owner: 'dims', among: [] }, item.span));
    }
  }

  private setDim(name: Ident, value: Expr): void {
    this.raw.dims.set(name.name, this.setting(name, value));
  }

  private contract(items: readonly SpecItem[]): void {
    const known = ['additive', 'causal', 'private', 'active', 'bypass'];
    for (const item of items) {
      if (item.kind === 'clause' && known.includes(item.name.name)) this.raw.contract.set(item.name.name, { item, origin: this.originOf(item.span) });
      else this.diagnostics.report(diagnose('ARCH2002', { name: nameOf(item), owner: 'contract', among: known }, item.span));
    }
  }

  private newLayers(block: SpecBlock): void {
    const count = block.args[0];
    if (!count) {
      this.diagnostics.report(diagnose('ARCH2011', { name: 'count', owner: 'layers', type: 'int' }, block.head.span, { help: 'say how many: `layers 4 { ... }`' }));
      return;
    }
    const layers: RawLayers = {
      kind: 'layers', name: 'layers', count: this.setting({ name: 'count', span: count.span }, count), norm: undefined,
      entries: new Map(), doc: block.doc, span: block.span,
    };
    this.raw.entries.set('layers', layers);
    this.made.add(layers);
    this.layerItems(layers, block.items);
  }

  private mergeLayers(layers: RawLayers, block: SpecBlock): void {
    const count = block.args[0];
    if (count) layers.count = this.setting({ name: 'count', span: count.span }, count);
    this.layerItems(layers, block.items);
  }

  private layerItems(layers: RawLayers, items: readonly SpecItem[]): void {
    for (const item of items) {
      if (item.kind === 'block') {
        const name = (item.label ?? item.head).name;
        const existing = layers.entries.get(name);
        if (existing) {
          if (!this.twice(existing, item)) this.mergeEntry(existing, item);
        } else layers.entries.set(name, this.newEntry(item));
      } else if (item.kind === 'assign') this.inLayers(layers, item.path, 0, item.value);
      else this.diagnostics.report(diagnose('ARCH2002', { name: nameOf(item), owner: 'layers', among: ['count', 'norm'] }, item.span));
    }
  }

  private newEntry(block: SpecBlock): RawEntry {
    const entry: RawEntry = {
      kind: 'entry', name: (block.label ?? block.head).name, head: block.head, file: this.scope.file,
      settings: new Map(), perLayer: new Map(), doc: block.doc, span: block.span,
    };
    this.made.add(entry);
    this.entryItems(entry, block);
    return entry;
  }

  /** The same label again: settings are overridden; another block under the label replaces the entry. */
  private mergeEntry(entry: RawEntry, block: SpecBlock): void {
    if (block.label && block.head.name !== entry.head.name) {
      Object.assign(entry, { head: block.head, file: this.scope.file });
      entry.settings.clear();
      entry.perLayer.clear();
    }
    this.entryItems(entry, block);
  }

  private entryItems(entry: RawEntry, block: SpecBlock): void {
    const placement = readPlacement(block, this.diagnostics);
    if (placement) entry.placement = placement;
    for (const item of block.items) {
      if (item.kind === 'assign' && item.path.segments.length === 1) this.setIn(entry.settings, item.path.segments[0] as Ident, item.value);
      else this.diagnostics.report(diagnose('ARCH2002', { name: nameOf(item), owner: entry.head.name, among: [] }, item.span));
    }
  }

  /** `layers.ffn.count = 32`, `dims.d = 64`, `embed.std = 0.1`, `layers.2.ffn.count = 64`. */
  private override(path: Path, value: Expr): void {
    const [first, second] = path.segments;
    if (!first) return;
    if (first.name === 'dims' && second && path.segments.length === 2) return this.raw.dims.has(second.name) ? this.setDim(second, value) : this.missing(path, 1, [...this.raw.dims.keys()]);
    if (first.name === 'dims' && !second) return this.whole(path, [...this.raw.dims.keys()]);
    const target = this.raw.entries.get(first.name);
    if (!target) return this.missing(path, 0, ['dims', ...this.raw.entries.keys()]);
    if (target.kind === 'layers') return this.inLayers(target, path, 1, value);
    if (!second) return this.whole(path, [...target.settings.keys()]);
    if (path.segments.length !== 2) return this.missing(path, path.segments.length - 1, []);
    this.setIn(target.settings, second as Ident, value);
  }

  private inLayers(layers: RawLayers, path: Path, from: number, value: Expr): void {
    let at = from;
    const layer = /^\d+$/.test(path.segments[at]?.name ?? '') ? path.segments[at++] : undefined;
    const first = path.segments[at];
    if (!first) return this.whole(path, [...(layer ? [] : ['count', 'norm']), ...[...layers.entries.keys()].map((name) => `${name}.SETTING`)]);
    const block = at === path.segments.length - 1 ? layers.entries.get(first.name) : undefined;
    if (block) return this.whole(path, [...block.settings.keys()]);
    if (at === path.segments.length - 1 && layer === undefined) {
      if (first.name === 'count') layers.count = this.setting(first, value);
      else if (first.name === 'norm') layers.norm = this.setting(first, value);
      else this.missing(path, at, ['count', 'norm', ...layers.entries.keys()]);
      return;
    }
    const entry = layers.entries.get(first.name);
    const setting = path.segments[at + 1];
    if (!entry || !setting || at + 2 !== path.segments.length) return this.missing(path, entry ? path.segments.length - 1 : at, entry ? [] : [...layers.entries.keys()]);
    if (layer === undefined) return this.setIn(entry.settings, setting, value);
    const own = entry.perLayer.get(Number(layer.name)) ?? { at: layer, settings: new Map<string, RawSetting>() };
    entry.perLayer.set(Number(layer.name), own);
    this.setIn(own.settings, setting, value);
  }

  private setIn(settings: Map<string, RawSetting>, name: Ident, value: Expr): void {
    settings.set(name.name, this.setting(name, value));
  }

  private setting(name: Ident, value: Expr): RawSetting {
    return { name, value, origin: this.originOf(value.span), file: this.scope.file };
  }

  /** The path leads to a block, of which only settings can be given. */
  private whole(path: Path, settings: readonly string[]): void {
    const text = path.segments.map((s) => s.name).join('.');
    const last = path.segments[path.segments.length - 1];
    this.diagnostics.report(diagnose('ARCH2006', { path: text, parent: '', name: '', among: settings, block: true }, last?.span ?? path.span));
  }

  private missing(path: Path, at: number, names: readonly string[]): void {
    const segment = path.segments[at] ?? path.segments[0];
    const text = path.segments.map((s) => s.name).join('.');
    const name = segment?.name ?? '';
    this.diagnostics.report(diagnose('ARCH2006', { path: text, parent: path.segments.slice(0, at).map((s) => s.name).join('.'), name, among: names }, segment?.span ?? path.span));
  }
}

function nameOf(item: SpecItem): string {
  if (item.kind === 'assign') return item.path.segments.map((segment) => segment.name).join('.');
  if (item.kind === 'block') return (item.label ?? item.head).name;
  return item.name.name;
}
