/**
 * @file Sizes a model to another: the value of one whole-number setting for which a quantity (FLOPs, active or total parameters) comes nearest to a target. Costs
 * are those of `show`, read off the graph of every value tried; nothing is allocated.
 */
import type { Compiled } from '../compiled.js';
import { diagnose } from '../diagnostics/catalogue.js';
import type { Diagnostic } from '../diagnostics/diagnostic.js';
import { splitLayer } from '../show/layers.js';
import { type Quantities, quantitiesOf, quantityText, type Quantity } from './quantity.js';
import { nearest, type Outcome } from './search.js';
import { wholeSettings, type WholeSetting } from './settings.js';

export interface MatchInput {
  /** Compiles the model to its graph with more `--set` lines after its own. */
  readonly compile: (set: readonly string[]) => Compiled;
  readonly by: Quantity;
  readonly target: Quantities;
  /** The path of the setting; guessed when left out. */
  readonly vary?: string;
}

export interface Match {
  readonly kind: 'match';
  /** Of the model that was sized. */
  readonly arch: string;
  /** Tokens in its sequences: attention's FLOPs per token grow with them. */
  readonly time: number;
  readonly by: Quantity;
  readonly path: string;
  readonly guessed: boolean;
  readonly value: { readonly before: number; readonly after: number };
  readonly before: Quantities;
  readonly after: Quantities;
  readonly target: Quantities;
  /** How many values were tried for the setting, and whether the quantity went one way all along: if not, another value may be nearer. */
  readonly tried: number;
  readonly monotone: boolean;
}

/** @returns the match; or what is wrong, when the model itself has errors, the setting is not known or does not change the quantity, or cannot reach the target */
export function match(input: MatchInput): Match | { readonly kind: 'failed'; readonly diagnostics: readonly Diagnostic[] } {
  const original = input.compile([]);
  const { model, graph } = original;
  if (original.diagnostics.failed || !model || !graph) return { kind: 'failed', diagnostics: original.diagnostics.all };
  const sizer = new Sizer(input, { arch: model.name, time: graph.time.size }, wholeSettings(model), quantitiesOf(graph));
  const result = input.vary === undefined ? sizer.guess() : sizer.vary(input.vary);
  return 'kind' in result ? result : { kind: 'failed', diagnostics: [result] };
}

class Sizer {
  /** `path=value` -> its quantities, or why there is no such model. */
  private readonly made = new Map<string, Quantities | Diagnostic>();

  constructor(
    private readonly input: MatchInput,
    private readonly of: { readonly arch: string; readonly time: number },
    private readonly settings: readonly WholeSetting[],
    private readonly before: Quantities,
  ) {}

  vary(path: string): Match | Diagnostic {
    const setting = this.settings.find((each) => each.path === path) ?? this.inLayer(path);
    if (setting === undefined) return diagnose('ARCH7001', { arch: this.of.arch, path, among: this.settings.map((each) => each.path) });
    return this.size(setting, false);
  }

  /** `layers.2.ffn.width`: of one layer alone, where it has no value of its own yet. */
  private inLayer(path: string): WholeSetting | undefined {
    const { path: shared, layer } = splitLayer(path);
    const setting = layer === undefined ? undefined : this.settings.find((each) => each.path === shared);
    return setting && { ...setting, path };
  }

  /**
   * Of the settings that the spec gives its entries, the one that moves the quantity most when doubled; of those that move it half as much or more, the one
   * in the finest steps. The next ones are tried when it cannot reach the target.
   */
  guess(): Match | Diagnostic {
    const effects = this.settings.filter((each) => each.given).map((setting) => ({ setting, effect: this.effect(setting) })).filter(({ effect }) => effect > 0);
    const most = Math.max(...effects.map(({ effect }) => effect));
    const strong = (effect: number): number => (effect >= most / 2 ? 1 : 0);
    effects.sort((a, b) => strong(b.effect) - strong(a.effect) || (strong(a.effect) === 1 ? b.setting.value - a.setting.value : b.effect - a.effect));
    let failed: Diagnostic | undefined;
    for (const { setting } of effects) {
      const result = this.size(setting, true);
      if ('kind' in result) return result;
      failed ??= result;
    }
    return failed ?? diagnose('ARCH7004', { arch: this.of.arch, quantity: quantityText[this.input.by], among: this.moving() });
  }

  private size(setting: WholeSetting, guessed: boolean): Match | Diagnostic {
    const { by, target } = this.input;
    const outcome = nearest((value) => this.measure(setting, value), setting.value, target[by]);
    if (outcome.kind === 'flat') return diagnose('ARCH7002', { arch: this.of.arch, path: setting.path, quantity: quantityText[by], among: this.moving() });
    if (outcome.kind === 'beyond') return this.beyond(setting, outcome);
    const after = this.at(setting, outcome.point.value);
    if (!('flops' in after)) throw new Error(`${setting.path} = ${outcome.point.value} was measured, but has no graph`);
    return {
      kind: 'match', ...this.of, by, path: setting.path, guessed, value: { before: setting.value, after: outcome.point.value },
      before: this.before, after, target, tried: outcome.tried, monotone: outcome.monotone,
    };
  }

  private beyond(setting: WholeSetting, { limit, refused }: Extract<Outcome, { kind: 'beyond' }>): Diagnostic {
    const { by, target } = this.input;
    const why = refused === undefined || refused < 1 ? undefined : this.at(setting, refused);
    const notes = why === undefined || 'flops' in why ? [] : [`${setting.path} = ${refused} is no model: ${why.code}: ${why.message}`];
    const among = this.moving().filter((path) => path !== setting.path);
    return diagnose('ARCH7003', { arch: this.of.arch, path: setting.path, quantity: quantityText[by], target: target[by], value: limit.value, nearest: limit.quantity, among }, undefined, { notes });
  }

  /** How far doubling the setting (or halving it, where there is no double) moves the quantity. */
  private effect(setting: WholeSetting): number {
    for (const value of [2 * setting.value, Math.floor(setting.value / 2), setting.value + 1]) {
      const quantity = value < 1 || value === setting.value ? undefined : this.measure(setting, value);
      if (quantity !== undefined && quantity !== this.before[this.input.by]) return Math.abs(quantity - this.before[this.input.by]);
    }
    return 0;
  }

  /** The paths of the settings that change the quantity. */
  private moving(): readonly string[] {
    return this.settings.filter((setting) => this.effect(setting) > 0).map(({ path }) => path);
  }

  private measure(setting: WholeSetting, value: number): number | undefined {
    const made = this.at(setting, value);
    return 'flops' in made ? made[this.input.by] : undefined;
  }

  private at(setting: WholeSetting, value: number): Quantities | Diagnostic {
    const set = `${setting.path}=${value}`;
    const known = this.made.get(set);
    if (known !== undefined) return known;
    const { graph, diagnostics } = this.input.compile([set]);
    const made = diagnostics.all.find(({ severity }) => severity === 'error') ?? (graph && quantitiesOf(graph));
    if (made === undefined) throw new Error(`${set}: no error, and no graph`);
    this.made.set(set, made);
    return made;
  }
}
