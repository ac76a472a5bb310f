/**
 * @file The error of a violated shape rule, in words a researcher reads, with the axes to blame.
 * Passes catch it and turn it into a diagnostic at the expression they are elaborating.
 */
import type { Axis } from './graph.js';

export class ShapeError extends Error {
  override readonly name = 'ShapeError';
  /** The axes involved, in the order the message names them. */
  readonly axes: readonly { readonly name: string; readonly size: number }[];
  constructor(message: string, axes: readonly Axis[] = []) {
    super(message);
    this.axes = axes.map(({ name, size }) => ({ name, size }));
  }
}

/** `d (128)` */
export function axisText(axis: Axis): string {
  return `${axis.name} (${axis.size})`;
}

/** `[batch 8, time 128]`; `[]` for a scalar. */
export function axesText(axes: readonly Axis[]): string {
  return `[${axes.map((a) => `${a.name} ${a.size}`).join(', ')}]`;
}
