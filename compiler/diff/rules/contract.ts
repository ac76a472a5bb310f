/**
 * @file The contract: clauses demanded, and properties that hold. Demanding less, or losing a property, is dangerous; the opposite is neutral.
 */
import { byLayer } from '../../show/layers.js';
import { clauseText } from '../../show/values.js';
import type { Change } from '../change.js';
import type { Side } from '../side.js';

export function contract(before: Side, after: Side): readonly Change[] {
  return [...clauses(before, after), ...properties(before, after)];
}

function clauses(before: Side, after: Side): readonly Change[] {
  const old = new Map(before.model.contract.map((c) => [c.name, c]));
  const now = new Map(after.model.contract.map((c) => [c.name, c]));
  return [...new Set([...old.keys(), ...now.keys()])].flatMap((name): Change[] => {
    const [a, b] = [old.get(name), now.get(name)];
    const base = {
      path: `contract.${name}`, before: a === undefined ? null : clauseText(a), after: b === undefined ? null : clauseText(b),
      origins: [...new Set([a?.origin.text, b?.origin.text].filter((t) => t !== undefined))],
    };
    if (a === undefined) return [{ ...base, kind: 'clause added', severity: 'neutral', reason: 'more is demanded' }];
    if (b === undefined) return [{ ...base, kind: 'clause removed', severity: 'dangerous', reason: 'no longer enforced' }];
    if (a.bound === b.bound) return [];
    const looser = (b.bound ?? Infinity) > (a.bound ?? Infinity);
    return [{ ...base, kind: 'bound changed', severity: looser ? 'dangerous' : 'neutral', reason: looser ? 'less is demanded' : 'more is demanded' }];
  });
}

const PROPERTIES = ['additive', 'causal', 'private'] as const;

/** What the graphs show of families that both have, whatever is demanded. */
function properties(before: Side, after: Side): readonly Change[] {
  const of = (side: Side) => new Map(byLayer(side.contract.families, (f) => f.family.path, () => '').map((g) => [g.path, g.first]));
  const now = of(after);
  return [...of(before)].flatMap(([path, old]) => {
    const other = now.get(path);
    if (other === undefined) return [];
    return PROPERTIES.flatMap((name): Change[] => {
      if (old[name].holds === other[name].holds) return [];
      const lost = old[name].holds;
      return [{
        path, kind: lost ? 'property lost' : 'property gained', severity: lost ? 'dangerous' : 'neutral', before: lost ? name : `not ${name}`,
        after: lost ? `not ${name}` : name, origins: [], reason: lost ? other[name].evidence : old[name].evidence,
      }];
    });
  });
}
