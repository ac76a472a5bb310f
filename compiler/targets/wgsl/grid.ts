/**
 * @file Workgroup grids: which workgroups are dispatched, and the expressions that give each its coordinates. Grids within the limit
 * of each dimension are dispatched as they are; larger ones are flattened, spread over x and y, and decoded.
 */
import { maxGroupsPerDimension } from './limits.js';

export interface Grid {
  readonly groups: readonly [number, number, number];
  /** i32 expressions, one per coordinate, for a `group: vec3u` builtin. */
  readonly coordinates: readonly [string, string, string];
  /** Whether some dispatched workgroups lie outside (only when flattened): a bool expression, or undefined. */
  readonly outside: string | undefined;
}

/** The grid of `counts` workgroups. */
export function grid(counts: readonly [number, number, number]): Grid {
  if (counts.every((count) => count <= maxGroupsPerDimension)) {
    return { groups: counts, coordinates: ['i32(group.x)', 'i32(group.y)', 'i32(group.z)'], outside: undefined };
  }
  const [x, y, z] = counts;
  const total = x * y * z;
  const height = Math.ceil(total / maxGroupsPerDimension);
  const width = Math.ceil(total / height);
  const flat = `i32(group.x + group.y * ${width}u)`;
  return {
    groups: [width, height, 1],
    coordinates: [
      y === 1 && z === 1 ? flat : `(${flat} % ${x})`,
      y === 1 ? '0' : `(${flat} / ${x} % ${y})`,
      z === 1 ? '0' : `(${flat} / ${x * y})`,
    ],
    outside: width * height > total ? `${flat} >= ${total}` : undefined,
  };
}
