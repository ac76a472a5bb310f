/**
 * @file The whole-number settings of a model: what can be varied to size it.
 */
import type { Entry, Model, Setting } from '../model/model.js';

export interface WholeSetting {
  /** `layers.ffn.width`, `layers.count`, `dims.d` */
  readonly path: string;
  readonly value: number;
  /** Of an entry, and written in the spec (or given by `--set`), not left to its default. */
  readonly given: boolean;
}

/** Every whole-number setting that has a value of its own: one that follows a dim of its name is varied by that dim. */
export function wholeSettings(model: Model): readonly WholeSetting[] {
  const dims = [...model.dims.values()].flatMap((dim) => whole(`dims.${dim.name}`, dim, false));
  const entries = model.entries.flatMap((entry): WholeSetting[] =>
    entry.kind === 'entry' ? ofEntry(entry) : [...whole(`${entry.path}.count`, entry.count, false), ...entry.entries.flatMap(ofEntry)],
  );
  return [...dims, ...entries];
}

function ofEntry(entry: Entry): WholeSetting[] {
  const types = new Map(entry.block.settings.map((setting) => [setting.name.name, setting.type.name]));
  const ints = (settings: ReadonlyMap<string, Setting>, path: string): WholeSetting[] =>
    [...settings.values()].flatMap((setting) => (types.get(setting.name) !== 'int' || setting.origin.kind === 'dims' ? [] : whole(`${path}.${setting.name}`, setting, setting.origin.kind !== 'default')));
  const perLayer = [...entry.perLayer].flatMap(([layer, settings]) => ints(settings, entry.path.replace('.', `.${layer}.`)));
  return [...ints(entry.settings, entry.path), ...perLayer];
}

function whole(path: string, { value }: Setting, given: boolean): WholeSetting[] {
  return value.kind === 'number' && Number.isInteger(value.value) && value.value >= 0 ? [{ path, value: value.value, given }] : [];
}
