/**
 * @file Layer numbers in paths: `layers.2.ffn.gain` is `layers.ffn.gain` in layer 2. What is alike in several layers is said once.
 */

export interface Layered {
  /** Without the number: `layers.ffn.gain`. */
  readonly path: string;
  readonly layer: number | undefined;
}

/** Splits a path at its first layer number. */
export function splitLayer(path: string): Layered {
  const parts = path.split('.');
  const at = parts.findIndex((p, i) => i > 0 && /^\d+$/.test(p));
  return at < 0 ? { path, layer: undefined } : { path: parts.filter((_, i) => i !== at).join('.'), layer: Number(parts[at]) };
}

/** The same path for several layers: `layers.*.ffn` (all of `count`), `layers.[0-2,5].ffn`, `layers.4.ffn`. */
export function joinLayers(path: string, layers: readonly number[], count: number | undefined): string {
  if (layers.length === 0) return path;
  const [first, ...rest] = path.split('.');
  const all = count !== undefined && count > 1 && layers.length === count;
  const text = all ? '*' : layers.length === 1 ? String(layers[0]) : `[${ranges(layers)}]`;
  return [first, text, ...rest].join('.');
}

/** `0-2,5` */
export function ranges(numbers: readonly number[]): string {
  const sorted = [...new Set(numbers)].sort((a, b) => a - b);
  const parts: string[] = [];
  for (let i = 0; i < sorted.length; ) {
    let j = i;
    while (j + 1 < sorted.length && sorted[j + 1] === (sorted[j] ?? 0) + 1) j++;
    parts.push(i === j ? String(sorted[i]) : `${sorted[i]}-${sorted[j]}`);
    i = j + 1;
  }
  return parts.join(',');
}

/** Groups items by a key that leaves the layer out, in order of first appearance. */
export function byLayer<T>(items: Iterable<T>, path: (item: T) => string, alike: (item: T) => string): { readonly path: string; readonly layers: number[]; readonly first: T }[] {
  const groups = new Map<string, { path: string; layers: number[]; first: T }>();
  for (const item of items) {
    const { path: bare, layer } = splitLayer(path(item));
    const key = JSON.stringify([bare, layer === undefined, alike(item)]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { path: bare, layers: layer === undefined ? [] : [layer], first: item });
    else if (layer !== undefined) group.layers.push(layer);
  }
  return [...groups.values()];
}
