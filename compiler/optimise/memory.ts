/**
 * @file The memory plan. Temporaries share allocations when their lifetimes (first to last launch) do not meet: best fit, in launch order. All
 * procedures share one set of allocations, since they never run at the same time. Everything else keeps an allocation of its own.
 */
import type { Allocation, Buffer, KernelProgram, Launch } from '../kernels/kernel.js';

/** Sizes of the shared spaces, and which are free, smallest first. */
interface Spaces {
  readonly bytes: number[];
  free: number[];
}

type Unplanned = Pick<KernelProgram, 'name' | 'launches' | 'buffers'>;

/** Places every buffer of every program. */
export function planMemory(programs: readonly Unplanned[]): KernelProgram[] {
  const allocations: (Allocation & { bytes: number })[] = [];
  const own = new Map<number, number>();
  for (const { buffers } of programs) for (const buffer of buffers) {
    if (buffer.role === 'temp' || own.has(buffer.id)) continue;
    own.set(buffer.id, allocations.length);
    allocations.push({ name: buffer.name, bytes: buffer.size * 4 });
  }
  const spaces: Spaces = { bytes: [], free: [] };
  const first = allocations.length;
  const placements = programs.map(({ launches, buffers }) => {
    spaces.free = [...spaces.bytes.keys()].sort((a, b) => (spaces.bytes[a] ?? 0) - (spaces.bytes[b] ?? 0) || a - b);
    const placement = new Map<number, number>();
    for (const buffer of buffers) {
      const at = own.get(buffer.id);
      if (at !== undefined) placement.set(buffer.id, at);
    }
    place(launches, spaces, (buffer, space) => placement.set(buffer.id, first + space));
    return placement;
  });
  spaces.bytes.forEach((bytes, i) => allocations.push({ name: `temporary ${i}`, bytes }));
  return programs.map((program, i) => ({ ...program, allocations, placement: placements[i] ?? new Map<number, number>() }));
}

/** First and last launch of each temporary. */
export function lifetimes(launches: readonly Launch[]): Map<Buffer, { first: number; last: number }> {
  const found = new Map<Buffer, { first: number; last: number }>();
  launches.forEach((launch, i) => {
    for (const buffer of launch.buffers) {
      const life = found.get(buffer);
      if (life) life.last = i;
      else if (buffer.role === 'temp') found.set(buffer, { first: i, last: i });
    }
  });
  return found;
}

function place(launches: readonly Launch[], spaces: Spaces, placed: (buffer: Buffer, space: number) => void): void {
  const lives = lifetimes(launches);
  const at = new Map<Buffer, number>();
  launches.forEach((launch, i) => {
    const starting = [...new Set(launch.buffers)].filter((buffer) => lives.get(buffer)?.first === i).sort((a, b) => b.size - a.size || a.id - b.id);
    for (const buffer of starting) {
      const space = choose(spaces, buffer.size * 4);
      at.set(buffer, space);
      placed(buffer, space);
    }
    for (const buffer of new Set(launch.buffers)) {
      const space = at.get(buffer);
      if (space !== undefined && lives.get(buffer)?.last === i) spaces.free.splice(firstFree(spaces, spaces.bytes[space] ?? 0), 0, space);
    }
  });
}

/** Where in the free list the spaces of at least `bytes` begin. */
function firstFree({ bytes: sizes, free }: Spaces, bytes: number): number {
  let [low, high] = [0, free.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sizes[free[middle] ?? 0] ?? 0) < bytes) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The smallest free space that holds `bytes`; else the largest free one, grown; else a new one. */
function choose(spaces: Spaces, bytes: number): number {
  const at = Math.min(firstFree(spaces, bytes), spaces.free.length - 1);
  const [space] = at < 0 ? [] : spaces.free.splice(at, 1);
  if (space === undefined) return spaces.bytes.push(bytes) - 1;
  spaces.bytes[space] = Math.max(spaces.bytes[space] ?? 0, bytes);
  return space;
}
