/**
 * @file Which changed number made a parameter take another shape. An axis that went from the number's old value to its new one is its work;
 * an axis that no number explains so is the work of one that changed by the same factor, its square (keys) or its inverse (d / heads).
 */
import type { Setting } from '../model/model.js';
import { splitLayer } from '../show/layers.js';
import type { Side } from './side.js';

interface Step {
  readonly from: number;
  readonly to: number;
}

export interface Reshaped {
  /** Of the parameter, with its layer left out. */
  readonly path: string;
  /** Of its axes that changed. */
  readonly axes: readonly Step[];
}

/** Parameters of both sides whose shapes differ. */
export function reshaped(before: Side, after: Side): readonly Reshaped[] {
  const found = new Map<string, Reshaped>();
  for (const [path, old] of before.params) {
    const now = after.params.get(path);
    if (now === undefined || now.axes.length !== old.axes.length) continue;
    const axes = old.axes.map((axis, i) => ({ from: axis.size, to: now.axes[i]?.size ?? axis.size })).filter((s) => s.from !== s.to);
    const bare = splitLayer(path).path;
    if (axes.length > 0) found.set(bare, { path: bare, axes });
  }
  return [...found.values()];
}

/** The step of a setting that is a number on both sides and changed. */
export function stepOf(old: Setting | undefined, now: Setting | undefined): Step | undefined {
  if (old?.value.kind !== 'number' || now?.value.kind !== 'number' || old.value.value === now.value.value) return undefined;
  return { from: old.value.value, to: now.value.value };
}

/** Every step of a dim or of a setting of one side's entries. */
export function allSteps(before: Side, after: Side): readonly Step[] {
  const steps = [...before.model.dims].map(([name, dim]) => stepOf(dim, after.model.dims.get(name)));
  for (const [path, entry] of before.entries) {
    for (const [name, setting] of entry.settings) steps.push(stepOf(setting, after.entries.get(path)?.settings.get(name)));
  }
  return steps.filter((s) => s !== undefined);
}

/** The parameters of `shapes` that `step` reshapes; `steps`: all there are. */
export function explainedBy(shapes: readonly Reshaped[], step: Step, steps: readonly Step[]): readonly string[] {
  const same = (a: Step, b: Step): boolean => a.from === b.from && a.to === b.to;
  const factor = step.to / step.from;
  const follows = (axis: Step): boolean => [factor, factor ** 2, 1 / factor].some((f) => Math.abs(axis.to / axis.from - f) < 1e-9 * f);
  return shapes.filter((s) => s.axes.some((axis) => same(axis, step) || (!steps.some((other) => same(axis, other)) && follows(axis)))).map((s) => s.path);
}

/** `reshapes a, b and 2 more` */
export function reshapes(paths: readonly string[]): string {
  const shown = paths.slice(0, 2).join(', ');
  return `reshapes ${shown}${paths.length > 2 ? ` and ${paths.length - 2} more` : ''}`;
}
