/**
 * @file Dims, the number of layers, and the norm before entries.
 */
import { settingText } from '../../show/values.js';
import type { Setting } from '../../model/model.js';
import { allSteps, explainedBy, reshaped, reshapes, stepOf } from '../causes.js';
import type { Change } from '../change.js';
import type { Side } from '../side.js';

export function dims(before: Side, after: Side): readonly Change[] {
  const shapes = reshaped(before, after);
  const steps = allSteps(before, after);
  const changes: Change[] = [];
  for (const name of new Set([...before.model.dims.keys(), ...after.model.dims.keys()])) {
    const [old, now] = [before.model.dims.get(name), after.model.dims.get(name)];
    const from = old === undefined ? null : settingText(old.value);
    const to = now === undefined ? null : settingText(now.value);
    if (from === to) continue;
    const base = { path: `dims.${name}`, before: from, after: to, origins: originsOf(old, now) };
    if (old === undefined || now === undefined) {
      changes.push({ ...base, kind: old === undefined ? 'dim added' : 'dim removed', severity: 'neutral', reason: 'what follows from it is listed by itself' });
      continue;
    }
    const step = stepOf(old, now);
    const caused = step === undefined ? [] : explainedBy(shapes, step, steps);
    changes.push({ ...base, kind: 'dim changed', severity: caused.length > 0 ? 'breaking' : 'dangerous', reason: caused.length > 0 ? reshapes(caused) : 'the function is another' });
  }
  return [...changes, ...layers(before, after)];
}

function layers(before: Side, after: Side): readonly Change[] {
  return [...before.layers].flatMap(([path, old]): Change[] => {
    const now = after.layers.get(path);
    if (now === undefined) return [];
    return (['count', 'norm'] as const).flatMap((name): Change[] => {
      const [from, to] = [settingText(old[name].value), settingText(now[name].value)];
      if (from === to) return [];
      const breaking = name === 'count' || ownParams(before, path) !== ownParams(after, path);
      return [{
        path: `${path}.${name}`, kind: name === 'count' ? 'layers changed' : 'setting changed', severity: breaking ? 'breaking' : 'dangerous',
        before: from, after: to, origins: originsOf(old[name], now[name]), reason: breaking ? 'adds or removes parameters' : 'the function is another',
      }];
    });
  });
}

const ownParams = (side: Side, path: string): string => [...side.params.keys()].filter((p) => p.startsWith(`${path}.`)).join();

function originsOf(old: Setting | undefined, now: Setting | undefined): readonly string[] {
  return [...new Set([old?.origin.text, now?.origin.text].filter((t) => t !== undefined))];
}
