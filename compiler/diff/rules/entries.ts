/**
 * @file Blocks placed, taken away, replaced, or in another order within their layers.
 */
import type { Change } from '../change.js';
import type { Side } from '../side.js';

export function entries(before: Side, after: Side): readonly Change[] {
  const changes: Change[] = [];
  for (const [path, old] of before.entries) {
    const now = after.entries.get(path);
    const name = old.block.name.name;
    if (now === undefined) {
      changes.push({ path, kind: 'entry removed', severity: owns(before, path) ? 'breaking' : 'dangerous', before: name, after: null, origins: [], reason: owns(before, path) ? 'its parameters are gone' : 'the function is another' });
    } else if (now.block.name.name !== name) {
      const breaking = parameterPaths(before, path) !== parameterPaths(after, path);
      changes.push({ path, kind: 'block changed', severity: breaking ? 'breaking' : 'dangerous', before: name, after: now.block.name.name, origins: [], reason: breaking ? 'it has other parameters' : 'the function is another' });
    }
  }
  for (const [path, now] of after.entries) {
    if (before.entries.has(path)) continue;
    changes.push({ path, kind: 'entry added', severity: owns(after, path) ? 'breaking' : 'dangerous', before: null, after: now.block.name.name, origins: [], reason: owns(after, path) ? 'it brings parameters' : 'the function is another' });
  }
  return [...changes, ...order(before, after)];
}

/** Entries run in order, so their order is part of the function; only entries of both sides are compared. */
function order(before: Side, after: Side): readonly Change[] {
  const parents = [['', before.model.entries, after.model.entries] as const, ...[...before.layers].map(([path, l]) => [path, l.entries, after.layers.get(path)?.entries ?? []] as const)];
  return parents.flatMap(([path, old, now]): Change[] => {
    const shared = new Set(old.map((e) => e.name).filter((name) => now.some((e) => e.name === name)));
    const [a, b] = [old, now].map((list) => list.map((e) => e.name).filter((name) => shared.has(name)).join(', '));
    if (a === undefined || b === undefined || a === b) return [];
    return [{ path: path === '' ? 'entries' : path, kind: 'entries reordered', severity: 'dangerous', before: a, after: b, origins: [], reason: 'entries run in order' }];
  });
}

const owns = (side: Side, path: string): boolean => parameterPaths(side, path) !== '';

/** The parameters of an entry, in any layer, as one text. */
function parameterPaths(side: Side, path: string): string {
  return [...side.params.keys()].filter((p) => bare(p).startsWith(`${path}.`)).join();
}

const bare = (path: string): string => path.replace(/\.\d+(?=\.)/, '');
