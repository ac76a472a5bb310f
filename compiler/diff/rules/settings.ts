/**
 * @file Settings of entries. Breaking when the change reshapes, adds or removes parameters of the entry, else dangerous. A setting that follows
 * a dim, or a default computed from others, is not said again.
 */
import type { Entry, Setting } from '../../model/model.js';
import { splitLayer } from '../../show/layers.js';
import { settingText } from '../../show/values.js';
import { allSteps, explainedBy, reshaped, reshapes, stepOf } from '../causes.js';
import type { Change } from '../change.js';
import { meaning, type Side } from '../side.js';

export function settings(before: Side, after: Side): readonly Change[] {
  const shapes = reshaped(before, after);
  const steps = allSteps(before, after);
  const changes: Change[] = [];
  for (const [path, old] of before.entries) {
    const now = after.entries.get(path);
    if (now === undefined) continue;
    const own = shapes.filter((s) => s.path.startsWith(`${path}.`));
    const exchanged = parametersExchanged(before, after, path);
    const reshapedBy = (from: Setting | undefined, to: Setting | undefined): readonly string[] => {
      const step = stepOf(from, to);
      return step === undefined ? [] : explainedBy(own, step, steps);
    };
    const replaced = old.block.name.name !== now.block.name.name;
    const compare = (prefix: string, from: ReadonlyMap<string, Setting>, to: ReadonlyMap<string, Setting>): void => {
      for (const name of new Set([...from.keys(), ...to.keys()])) {
        // Another block has other settings; that it is another is said already.
        if (replaced && !(from.has(name) && to.has(name))) continue;
        const change = settingChange(`${prefix}.${name}`, from.get(name), to.get(name), reshapedBy(from.get(name), to.get(name)), exchanged, sameDefault(old, now, name));
        if (change !== undefined) changes.push(change);
      }
    };
    compare(path, old.settings, now.settings);
    for (const layer of new Set([...old.perLayer.keys(), ...now.perLayer.keys()])) {
      const [head, ...rest] = path.split('.');
      const inLayer = (entry: Entry): ReadonlyMap<string, Setting> => new Map([...entry.settings, ...(entry.perLayer.get(layer) ?? [])]);
      const touched = new Set([...(old.perLayer.get(layer)?.keys() ?? []), ...(now.perLayer.get(layer)?.keys() ?? [])]);
      const only = (all: ReadonlyMap<string, Setting>): ReadonlyMap<string, Setting> => new Map([...all].filter(([name]) => touched.has(name)));
      compare([head, layer, ...rest].join('.'), only(inLayer(old)), only(inLayer(now)));
    }
  }
  return changes;
}

/** The change of one setting, if it is one and nothing else says it already. */
function settingChange(path: string, old: Setting | undefined, now: Setting | undefined, caused: readonly string[], exchanged: boolean, derived: boolean): Change | undefined {
  const from = old === undefined ? null : settingText(old.value);
  const to = now === undefined ? null : settingText(now.value);
  if (from === to) return undefined;
  const kinds = [old?.origin.kind, now?.origin.kind];
  if (kinds.every((k) => k === 'dims') || (derived && kinds.every((k) => k === 'default'))) return undefined;
  const replaces = stepOf(old, now) === undefined && exchanged;
  const origins = [...new Set([old?.origin.text, now?.origin.text].filter((t) => t !== undefined))];
  const base = { path, kind: 'setting changed' as const, before: from, after: to, origins };
  if (caused.length > 0) return { ...base, severity: 'breaking', reason: reshapes(caused) };
  if (replaces) return { ...base, severity: 'breaking', reason: 'adds or removes parameters' };
  return { ...base, severity: 'dangerous', reason: 'the function is another' };
}

/** Whether both blocks give the setting the same default expression, so that a difference only follows others. */
function sameDefault(old: Entry, now: Entry, name: string): boolean {
  const of = (entry: Entry): string => meaning(entry.block.settings.find((s) => s.name.name === name)?.default);
  return of(old) === of(now);
}

/** Whether the entry has other parameters, by name. */
function parametersExchanged(before: Side, after: Side, path: string): boolean {
  const names = (side: Side): string => [...new Set([...side.params.keys()].map((p) => splitLayer(p).path).filter((p) => p.startsWith(`${path}.`)))].sort().join();
  return names(before) !== names(after);
}
