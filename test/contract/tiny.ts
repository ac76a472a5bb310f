/**
 * @file The smallest form of an arch that keeps its structure: every size turned down by `--set`, so that brute force can run it.
 */
import type { Entry } from '../../compiler/model/model.js';
import { inference, resolved, type From, type Made } from './archs.js';

export const TINY = { batch: 2, time: 8 };

/** By setting name, the size it is turned down to. What is smaller already stays. */
const SMALL: Readonly<Record<string, number>> = {
  heads: 2, kv_heads: 1, keys: 4, take: 3, count: 4, open: 2, size: 16, slots: 24, groups: 2, width: 4, query: 4, latents: 8, capacity: 3, blocks: 2,
};

/** Entries of a list of sizes: squares, one below `take`. */
const LIST = [9, 4, 1];

/** The inference form at tiny sizes. */
export function tiny(from: From): Made {
  const model = resolved(from);
  const sets = ['dims.d=8', 'dims.ctx=8', 'dims.vocab=11'];
  const shrink = (entry: Entry): void => {
    for (const { name, value } of entry.settings.values()) {
      const small = SMALL[name];
      // a size for each of what was turned down to SMALL.count
      if (value.kind === 'list') sets.push(`${entry.path}.${name}=[${value.items.slice(0, SMALL['count']).map((_, i) => LIST[i % LIST.length] ?? 1).join(', ')}]`);
      if (value.kind === 'number' && small !== undefined && value.value > small) sets.push(`${entry.path}.${name}=${small}`);
    }
  };
  for (const entry of model.entries) {
    if (entry.kind === 'entry') shrink(entry);
    else {
      // layers named by number must stay
      const last = Math.max(1, ...entry.entries.flatMap(({ placement, perLayer }) => [...(placement?.kind === 'at' ? placement.layers : []), ...perLayer.keys()]));
      sets.push(`${entry.path}.count=${last + 1}`);
      entry.entries.forEach(shrink);
    }
  }
  return inference(from, TINY, sets);
}
