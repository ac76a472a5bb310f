/**
 * @file Settings as plain values, for `resolved.json` and the `settings` constant of `model.ts`.
 */
import type { Entry, Layers, Model, Setting, SettingValue } from '../model/model.js';
import type { Json } from './json.js';

/** A function, block or tensor is its name. */
export function plain(value: SettingValue): Json {
  switch (value.kind) {
    case 'number':
    case 'bool':
    case 'word':
    case 'text':
      return value.value;
    case 'none':
      return null;
    case 'list':
      return value.items.map(plain);
    case 'function':
    case 'block':
      return value.name;
    case 'tensor':
      return value.path;
  }
}

export function plainSettings(settings: ReadonlyMap<string, Setting>): { readonly [name: string]: Json } {
  return Object.fromEntries([...settings].map(([name, setting]) => [name, plain(setting.value)]));
}

/** `{ dims, embed, layers: { count, norm, attention, ffn }, lm_head }`; what one layer overrides stands under its number. */
export function settingsTree(model: Model): { readonly [name: string]: Json } {
  return {
    dims: plainSettings(model.dims),
    ...Object.fromEntries(model.entries.map((entry) => [entry.name, entry.kind === 'layers' ? layersTree(entry) : plainSettings(entry.settings)])),
  };
}

function layersTree({ count, norm, entries }: Layers): Json {
  const overrides: Record<string, Record<string, Json>> = {};
  for (const entry of entries) {
    for (const [layer, settings] of entry.perLayer) overrides[layer] = { ...overrides[layer], [entry.name]: plainSettings(settings) };
  }
  return {
    count: plain(count.value),
    norm: plain(norm.value),
    ...Object.fromEntries(entries.map((entry: Entry) => [entry.name, plainSettings(entry.settings)])),
    ...overrides,
  };
}
