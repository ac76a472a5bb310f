/**
 * @file From syntax to the Model: picks the arch, applies its bases and `--set`, finds every block, evaluates and checks every setting.
 */
import type { ArchDecl, BlockDecl, Path, Source, Span, SpecItem } from '../../grammar/ast.js';
import { parse } from '../../grammar/parse.js';
import { printExpr } from '../../grammar/print-expressions.js';
import { type Extras, diagnose, dimsNote } from '../diagnostics/catalogue.js';
import type { Diagnostics } from '../diagnostics/diagnostic.js';
import { LineIndex } from '../diagnostics/positions.js';
import type { FileScope, Loaded } from './load.js';
import { Merger, type RawArch, type RawEntry, type RawLayers, type RawSetting } from './raw.js';
import { printPlacement } from './placement.js';
import { evaluateNumber, evaluateSetting, printValue } from './settings.js';
import { TrainReader } from './train.js';
import type { Clause, Entry, Layers, Model, ModelLoss, Origin, ResolvedLine, Scope, Setting, SettingValue } from './model.js';

/** More would compile to programs no device of today runs; the limit is said at once instead of being found out slowly. */
export const maxLayers = 1024;

/** The norm put before every entry of `layers` unless the spec says otherwise; `std/norms.arch` is always loaded. */
export const defaultNorm = { file: 'std/norms.arch', name: 'rms_norm' };

export function resolve(loaded: Loaded, archName: string | undefined, sets: readonly string[], diagnostics: Diagnostics): Model | undefined {
  const file = loaded.entry?.source.file;
  const scope = file === undefined ? undefined : loaded.scopes.get(file);
  if (file === undefined || !scope) return undefined;
  const declaration = chooseArch(scope, archName, diagnostics);
  if (!declaration) return undefined;
  const chain = baseChain(declaration, loaded, diagnostics);
  if (!chain) return undefined;
  return new Resolver(loaded, chain, sets, diagnostics).resolve();
}

function chooseArch(scope: FileScope, name: string | undefined, diagnostics: Diagnostics): ArchDecl | undefined {
  const own = [...scope.archs.values()].filter((arch) => arch.span.file === scope.file);
  const found = name === undefined ? own[0] : scope.archs.get(name);
  // a file that did not parse may have lost its arch: its syntax errors say enough
  if (!found && !diagnostics.failed) {
    diagnostics.report(diagnose('ARCH2013', { name, file: scope.file, among: own.map((arch) => arch.name.name) }));
  }
  return found;
}

/** Root first, the arch itself last. */
function baseChain(arch: ArchDecl, loaded: Loaded, diagnostics: Diagnostics): ArchDecl[] | undefined {
  const chain = [arch];
  let at = arch;
  while (at.base) {
    const scope = loaded.scopes.get(at.span.file);
    const base = scope?.archs.get(at.base.name);
    if (!base) {
      diagnostics.report(diagnose('ARCH2001', { kind: 'arch', name: at.base.name, among: [...(scope?.archs.keys() ?? [])] }, at.base.span));
      return undefined;
    }
    if (chain.includes(base)) {
      diagnostics.report(diagnose('ARCH2015', { cycle: chain.slice(chain.indexOf(base)).map((a) => a.name.name) }, at.base.span));
      return undefined;
    }
    chain.push(base);
    at = base;
  }
  return chain.reverse();
}

class Resolver {
  private readonly arch: ArchDecl;
  private readonly places: LineIndex;
  private readonly lines: ResolvedLine[] = [];
  private dims: ReadonlyMap<string, Setting> = new Map();

  constructor(
    private readonly loaded: Loaded,
    private readonly chain: readonly ArchDecl[],
    private readonly sets: readonly string[],
    private readonly diagnostics: Diagnostics,
  ) {
    const last = chain[chain.length - 1];
    if (!last) throw new Error('an arch chain has at least the arch itself');
    this.arch = last;
    this.places = new LineIndex(loaded.sources);
  }

  resolve(): Model {
    const raw: RawArch = { dims: new Map(), entries: new Map(), losses: new Map(), contract: new Map() };
    for (const arch of this.chain) {
      const kind = arch === this.arch ? 'spec' : 'base';
      new Merger(raw, this.scopeOf(arch.span.file), (span) => this.origin(kind, span), this.diagnostics).arch(arch);
    }
    const train = new TrainReader(this.diagnostics);
    for (const arch of this.chain) {
      for (const block of this.scopeOf(arch.span.file).trains) {
        if (!block.arch || block.arch.name === arch.name.name) train.items(block.items, (item) => this.origin(arch === this.arch ? 'spec' : 'base', item.span));
      }
    }
    for (const text of this.sets) this.applySet(text, raw, train);

    this.dims = this.readDims(raw);
    const entries = [...raw.entries.values()].map((entry) => (entry.kind === 'layers' ? this.layers(entry) : this.entry(entry, entry.name)));
    const losses = [...raw.losses.values()].map((loss): ModelLoss => {
      this.line(`loss.${loss.name.name}`, printExpr(loss.value), loss.origin);
      return { name: loss.name.name, value: loss.value, doc: loss.doc, origin: loss.origin };
    });
    const contract = this.readContract(raw);
    const { settings, lines } = train.read(this.dims);
    const resolved = [...this.lines, ...lines].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
    return {
      name: this.arch.name.name, file: this.arch.span.file, base: this.arch.base?.name, doc: this.arch.doc, dims: this.dims,
      entries: entries.filter((entry) => entry !== undefined), losses, contract, train: settings, resolved, scopes: this.loaded.scopes,
    };
  }

  private scopeOf(file: string): FileScope {
    const scope = this.loaded.scopes.get(file);
    if (!scope) throw new Error(`no scope for ${file}`);
    return scope;
  }

  private origin(kind: Origin['kind'], span: Span): Origin {
    if (span.file.startsWith('--set ')) return { kind: 'set', text: '--set' };
    const line = this.places.of(span.file)?.at(span.start).line;
    return { kind, text: line === undefined ? span.file : `${span.file}:${line}`, span };
  }

  private line(path: string, value: string, origin: Origin): void {
    this.lines.push({ path, value, origin });
  }

  /** `--set layers.ffn.count=32`: read by the parser as an item of an arch (or of `train`), in the scope of the arch. */
  private applySet(text: string, raw: RawArch, train: TrainReader): void {
    const source: Source = { file: `--set ${text}`, text: `language 1\narch Set { ${text.replace('=', ' = ')} }` };
    const { file, errors } = parse(source);
    const declaration = file.declarations[0];
    const items = declaration?.kind === 'arch' ? declaration.items : [];
    const item: SpecItem | undefined = items[0];
    if (errors.length > 0 || items.length !== 1 || item?.kind !== 'assign') {
      this.diagnostics.report(diagnose('ARCH2018', { text, reason: text.includes('=') ? 'the path or the value is not written as in a spec' : 'there is no `=`' }));
      return;
    }
    if (item.path.segments[0]?.name === 'train' && item.path.segments.length === 1) {
      this.diagnostics.report(diagnose('ARCH2018', { text, reason: '`train` is a block, not a value' }, undefined, { help: 'name one of its settings, for example --set train.steps=100' }));
      return;
    }
    if (item.path.segments[0]?.name === 'train') return train.put(item.path.segments.slice(1), item.value, { kind: 'set', text: '--set' });
    new Merger(raw, this.scopeOf(this.arch.span.file), () => ({ kind: 'set', text: '--set', span: item.span }), this.diagnostics).item(item);
  }

  private readDims(raw: RawArch): Map<string, Setting> {
    const dims = new Map<string, Setting>();
    for (const [name, setting] of raw.dims) {
      const value = evaluateNumber(setting.value, dims);
      if (value === undefined || !Number.isInteger(value) || value < 1) {
        this.diagnostics.report(diagnose('ARCH3006', { what: `dim \`${name}\``, got: value ?? printExpr(setting.value) }, setting.value.span));
        continue;
      }
      dims.set(name, { name, value: { kind: 'number', value }, origin: setting.origin });
      this.line(`dims.${name}`, String(value), setting.origin);
    }
    return dims;
  }

  private layers(raw: RawLayers): Layers | undefined {
    const value = evaluateNumber(raw.count.value, this.dims);
    let count = value ?? 0;
    if (value === undefined || !Number.isInteger(value) || value < 1) {
      this.diagnostics.report(diagnose('ARCH3006', { what: 'the number of layers', got: value ?? printExpr(raw.count.value) }, raw.count.value.span));
      count = 1;
    } else if (value > maxLayers) {
      this.diagnostics.report(diagnose('ARCH4001', { what: 'layers', got: value, limit: maxLayers }, raw.count.value.span));
      count = 1;
    }
    this.line(`${raw.name}.count`, String(count), raw.count.origin);
    const norm = this.layerNorm(raw);
    this.line(`${raw.name}.norm`, printValue(norm.value), norm.origin);
    const entries: Entry[] = [];
    for (const inner of raw.entries.values()) {
      const entry = this.entry(inner, `${raw.name}.${inner.name}`, count);
      if (entry) entries.push(entry);
    }
    return {
      kind: 'layers', path: raw.name, name: raw.name, count: { name: 'count', value: { kind: 'number', value: count }, origin: raw.count.origin },
      norm, entries, doc: raw.doc, span: raw.span,
    };
  }

  private layerNorm(raw: RawLayers): Setting {
    const standard = this.loaded.scopes.get(defaultNorm.file)?.blocks.get(defaultNorm.name);
    const otherwise: SettingValue = standard ? { kind: 'block', name: defaultNorm.name, declaration: standard } : { kind: 'none' };
    const origin: Origin = { kind: 'default', text: defaultNorm.file };
    if (!raw.norm) return { name: 'norm', value: otherwise, origin };
    const scope = this.scopeOf(raw.norm.file);
    if (raw.norm.value.kind === 'none') return { name: 'norm', value: { kind: 'none' }, origin: raw.norm.origin };
    const word = printExpr(raw.norm.value);
    const found = scope.blocks.get(word);
    if (found) return { name: 'norm', value: { kind: 'block', name: word, declaration: found }, origin: raw.norm.origin };
    this.diagnostics.report(diagnose('ARCH2004', { name: word, among: [...scope.blocks.keys()] }, raw.norm.value.span));
    return { name: 'norm', value: otherwise, origin };
  }

  private entry(raw: RawEntry, path: string, layerCount?: number): Entry | undefined {
    const scope = this.scopeOf(raw.file);
    const block = scope.blocks.get(raw.head.name);
    if (!block) {
      this.diagnostics.report(diagnose('ARCH2004', { name: raw.head.name, among: [...scope.blocks.keys()] }, raw.head.span));
      return undefined;
    }
    this.line(path, raw.head.name, this.origin('spec', raw.span));
    const before = this.diagnostics.all.length;
    const given = this.given(raw.settings, block);
    // a misspelt or mistyped setting is one mistake, not also a missing one
    const settings = this.fill(block, given, raw.span, this.diagnostics.all.length === before);
    for (const setting of settings.values()) this.line(`${path}.${setting.name}`, printValue(setting.value), setting.origin);
    const perLayer = new Map<number, ReadonlyMap<string, Setting>>();
    for (const [layer, own] of raw.perLayer) {
      if (layerCount !== undefined && layer >= layerCount) {
        this.diagnostics.report(diagnose('ARCH2006', { path: `layers.${layer}.${raw.name}`, parent: 'layers', name: own.at.name, among: [] }, own.at.span, { help: `layers are numbered 0 to ${layerCount - 1}` }));
      }
      const values = this.given(own.settings, block);
      perLayer.set(layer, values);
      for (const setting of values.values()) this.line(path.replace('.', `.${layer}.`) + `.${setting.name}`, printValue(setting.value), setting.origin);
    }
    if (raw.placement) this.line(`${path}.placed`, printPlacement(raw.placement), this.origin('spec', raw.span));
    return { kind: 'entry', path, name: raw.name, block, settings, perLayer, ...(raw.placement ? { placement: raw.placement } : {}), doc: raw.doc, span: raw.span };
  }

  /** The settings written for an entry, evaluated and checked. */
  private given(raw: ReadonlyMap<string, RawSetting>, block: BlockDecl): Map<string, Setting> {
    const values = new Map<string, Setting>();
    for (const [name, setting] of raw) {
      if (block.params.some((param) => param.name?.name === name)) {
        const value = this.pathOf(setting, block);
        if (value) values.set(name, { name, value, origin: setting.origin });
        continue;
      }
      const declaration = block.settings.find((s) => s.name.name === name);
      if (!declaration) {
        const among = [...block.params.map((param) => param.name?.name ?? ''), ...block.settings.map((s) => s.name.name)];
        this.diagnostics.report(diagnose('ARCH2002', { owner: block.name.name, name, among }, setting.name.span));
        continue;
      }
      const value = evaluateSetting(setting.value, declaration, block, this.dims, this.scopeOf(setting.file), this.diagnostics);
      if (value) values.set(name, { name, value, origin: setting.origin });
    }
    return values;
  }

  /** A tensor the block takes beside the stream, or in its place, given by its path. */
  private pathOf(setting: RawSetting, block: BlockDecl): SettingValue | undefined {
    if (setting.value.kind === 'path') return { kind: 'tensor', path: printExpr(setting.value) };
    this.diagnostics.report(diagnose('ARCH2012', { owner: block.name.name, name: setting.name.name, expected: 'the path of an earlier value', got: `\`${printExpr(setting.value)}\`` }, setting.value.span));
    return undefined;
  }

  /** Every setting of the block: as given, else its default, else the dim of its name. */
  private fill(block: BlockDecl, given: ReadonlyMap<string, Setting>, span: Span, reportMissing: boolean): Map<string, Setting> {
    const filled = new Map<string, Setting>();
    const scope: Scope = this.scopeOf(block.span.file);
    const environment = new Map(this.dims);
    for (const param of block.params) {
      const name = param.name?.name ?? '';
      const setting = given.get(name);
      if (setting) filled.set(name, setting);
      else if (param !== block.params[0] && reportMissing) this.diagnostics.report(diagnose('ARCH2011', { owner: block.name.name, name, type: `the path of a ${param.type}` }, span, { help: `write \`${name} = ...\`: the name of an earlier entry, or of a value inside one` }));
    }
    for (const declaration of block.settings) {
      const name = declaration.name.name;
      const setting = given.get(name) ?? this.otherwise(block, declaration, environment, scope, span, reportMissing);
      if (!setting) continue;
      filled.set(name, setting);
      environment.set(name, setting);
    }
    return filled;
  }

  private otherwise(block: BlockDecl, declaration: BlockDecl['settings'][number], environment: ReadonlyMap<string, Setting>, scope: Scope, entry: Span, reportMissing: boolean): Setting | undefined {
    const name = declaration.name.name;
    const type = declaration.type.name;
    if (declaration.default) {
      const origin = this.origin('default', declaration.span);
      const depends = (type === 'int' || type === 'float') && evaluateNumber(declaration.default, environment) === undefined;
      const value: SettingValue | undefined = depends
        ? { kind: 'text', value: printExpr(declaration.default) }
        : evaluateSetting(declaration.default, declaration, block, environment, scope, this.diagnostics, this.placed(block, environment, entry));
      return value && { name, value, origin };
    }
    const dim = this.dims.get(name);
    if (dim && type === 'int') return { name, value: dim.value, origin: { kind: 'dims', text: dim.origin.text, span: dim.origin.span } };
    if (reportMissing) this.diagnostics.report(diagnose('ARCH2011', { owner: block.name.name, name, type }, entry));
    return undefined;
  }

  /** What an error in a block's default adds: where the block was placed, and the dims and settings in force. */
  private placed(block: BlockDecl, environment: ReadonlyMap<string, Setting>, entry: Span): Extras {
    const numbers = [...environment.values()].flatMap(({ name, value, origin }) => (value.kind === 'number' ? [{ name, size: value.value, where: origin.text }] : []));
    return { related: [{ span: entry, label: `\`${block.name.name}\` is used here` }], notes: [dimsNote(numbers)] };
  }

  private readContract(raw: RawArch): Clause[] {
    const clauses: Clause[] = [];
    for (const { item, origin } of raw.contract.values()) {
      const name = item.name.name;
      if (name !== 'additive' && name !== 'causal' && name !== 'private' && name !== 'active' && name !== 'bypass') continue;
      const bounded = name === 'active' || name === 'bypass';
      if (bounded !== (item.bound !== undefined)) {
        const expected = name === 'active' ? '`active <= 12 per token`' : name === 'bypass' ? '`bypass <= 40% flops`' : `\`${name}\` alone`;
        this.diagnostics.report(diagnose('ARCH2012', { owner: 'contract', name, expected, got: item.bound ? 'a bound' : 'no bound' }, item.span));
        continue;
      }
      const bound = item.bound && (name === 'bypass' ? item.bound.value / 100 : item.bound.value);
      clauses.push({ name, bound, origin, span: item.span });
      const text = item.bound ? `<= ${item.bound.value}${name === 'bypass' ? '% flops' : ' per token'}` : 'yes';
      this.line(`contract.${name}`, text, origin);
    }
    return clauses;
  }
}

/** The dotted text of a path. */
export function textOf(path: Path): string {
  return path.segments.map((segment) => segment.name).join('.');
}
