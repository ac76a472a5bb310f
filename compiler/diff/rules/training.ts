/**
 * @file The train block. How often to log, evaluate and save is neutral; everything else leads to other weights.
 */
import { trainLines } from '../../show/report.js';
import type { Change } from '../change.js';
import type { Side } from '../side.js';

const NEUTRAL: ReadonlySet<string> = new Set(['log_every', 'eval_every', 'save_every']);

export function training(before: Side, after: Side): readonly Change[] {
  const [old, now] = [before, after].map((side) => new Map(trainLines(side.model).map((l) => [l.path, l.value])));
  if (old === undefined || now === undefined) return [];
  return [...new Set([...old.keys(), ...now.keys()])].flatMap((path): Change[] => {
    const [a, b] = [old.get(path) ?? null, now.get(path) ?? null];
    if (a === b) return [];
    const neutral = NEUTRAL.has(path);
    return [{ path: `train.${path}`, kind: 'training changed', severity: neutral ? 'neutral' : 'dangerous', before: a, after: b, origins: [], reason: neutral ? 'the result is the same' : 'training leads elsewhere' }];
  });
}
