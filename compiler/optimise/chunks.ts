/**
 * @file Cutting long reductions with few results into chunks that run side by side, always in the same way.
 */
import type { Axis } from '../graph/graph.js';
import { product } from './facts.js';

/** The length of the chunks a reduction is cut into, or undefined where its results alone are parallel enough. */
export function chunkLength(results: readonly Axis[], over: readonly Axis[], all: readonly Axis[]): number | undefined {
  const [rows, length] = [product(results), product(over)];
  const last = all.at(-1);
  const alongRows = last !== undefined && over.includes(last);
  const worthwhile = alongRows ? rows <= 32 && length >= 2048 : rows <= 16384 && length >= 256;
  if (!worthwhile) return undefined;
  const aim = Math.max(16, Math.ceil(Math.sqrt(length)), Math.ceil((length * rows) / 65536));
  for (let size = Math.floor(Math.min(aim, length / 4)); size >= 8; size--) if (length % size === 0) return size;
  for (let size = Math.ceil(aim); size <= length / 4; size++) if (length % size === 0) return size;
  return undefined;
}

/** `axes` with `gone` replaced by `into`, where the first of them stood. */
export function replaceFirst(axes: readonly Axis[], gone: readonly Axis[], into: readonly Axis[]): Axis[] {
  const at = axes.findIndex((axis) => gone.includes(axis));
  return [...axes.slice(0, at), ...into, ...axes.slice(at)].filter((axis) => !gone.includes(axis));
}
