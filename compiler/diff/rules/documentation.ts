/**
 * @file Doc comments of the arch, its entries and its losses.
 */
import type { Change } from '../change.js';
import type { Side } from '../side.js';

export function documentation(before: Side, after: Side): readonly Change[] {
  const [old, now] = [docs(before), docs(after)];
  return [...old].flatMap(([path, a]): Change[] => {
    const b = now.get(path);
    if (b === undefined || a === b) return [];
    return [{ path, kind: 'documentation changed', severity: 'neutral', before: a === '' ? null : a, after: b === '' ? null : b, origins: [], reason: 'documentation' }];
  });
}

/** By path; layout does not count. */
function docs({ model, entries, layers }: Side): ReadonlyMap<string, string> {
  const flat = (doc: string | undefined): string => (doc ?? '').replace(/\s+/g, ' ').trim();
  return new Map([
    ['arch', flat(model.doc)],
    ...[...entries.values(), ...layers.values()].map((e) => [e.path, flat(e.doc)] as const),
    ...model.losses.map((l) => [`losses.${l.name}`, flat(l.doc)] as const),
  ]);
}
