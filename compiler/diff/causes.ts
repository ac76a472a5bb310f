/**
 * @file Which changed number made a parameter take another shape: an axis whose size went the same way.
 */
import { splitLayer } from '../show/layers.js';
import type { Side } from './side.js';

export interface Reshaped {
  /** With its layer left out. */
  readonly path: string;
  readonly ratios: readonly number[];
}

/** Parameters of both sides whose shapes differ, and by which factors their axes do. */
export function reshaped(before: Side, after: Side): readonly Reshaped[] {
  const found = new Map<string, Reshaped>();
  for (const [path, old] of before.params) {
    const now = after.params.get(path);
    if (now === undefined || now.axes.length !== old.axes.length) continue;
    const ratios = old.axes.map((axis, i) => (now.axes[i]?.size ?? axis.size) / axis.size).filter((r) => r !== 1);
    const bare = splitLayer(path).path;
    if (ratios.length > 0) found.set(bare, { path: bare, ratios });
  }
  return [...found.values()];
}

/** Those of `candidates` that a change of a number from `before` to `after` explains: an axis grew by the same factor, its square (keys) or its inverse (d / heads). */
export function explainedBy(candidates: readonly Reshaped[], before: number, after: number): readonly string[] {
  const factor = after / before;
  const allowed = [factor, factor ** 2, 1 / factor];
  return candidates.filter((c) => c.ratios.some((r) => allowed.some((f) => Math.abs(r - f) < 1e-9 * f))).map((c) => c.path);
}

/** `reshapes a, b and 2 more` */
export function reshapes(paths: readonly string[]): string {
  const shown = paths.slice(0, 2).join(', ');
  return `reshapes ${shown}${paths.length > 2 ? ` and ${paths.length - 2} more` : ''}`;
}
