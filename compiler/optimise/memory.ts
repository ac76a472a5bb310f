/**
 * @file The memory plan. Temporaries share allocations when their lifetimes (first to last launch) do not meet: best fit, in launch order. All
 * procedures share one set of allocations, since they never run at the same time. Everything else keeps an allocation of its own.
 */
import type { Allocation, Buffer, KernelProgram, Launch } from '../kernels/kernel.js';

interface Space {
  bytes: number;
  free: boolean;
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
  const spaces: Space[] = [];
  const first = allocations.length;
  const placements = programs.map(({ launches, buffers }) => {
    for (const space of spaces) space.free = true;
    const placement = new Map<number, number>();
    for (const buffer of buffers) {
      const at = own.get(buffer.id);
      if (at !== undefined) placement.set(buffer.id, at);
    }
    place(launches, spaces, (buffer, space) => placement.set(buffer.id, first + space));
    return placement;
  });
  spaces.forEach((space, i) => allocations.push({ name: `temporary ${i}`, bytes: space.bytes }));
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

function place(launches: readonly Launch[], spaces: Space[], placed: (buffer: Buffer, space: number) => void): void {
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
      if (space !== undefined && lives.get(buffer)?.last === i) {
        const freed = spaces[space];
        if (freed) freed.free = true;
      }
    }
  });
}

/** The smallest free space that holds `bytes`; else the largest free one, grown; else a new one. */
function choose(spaces: Space[], bytes: number): number {
  let best = -1;
  let largest = -1;
  spaces.forEach((space, i) => {
    if (!space.free) return;
    if (space.bytes >= bytes && (best < 0 || space.bytes < (spaces[best]?.bytes ?? 0))) best = i;
    if (largest < 0 || space.bytes > (spaces[largest]?.bytes ?? 0)) largest = i;
  });
  const fit = best >= 0 ? best : largest >= 0 ? largest : -1;
  const space = spaces[fit];
  if (!space) {
    spaces.push({ bytes, free: false });
    return spaces.length - 1;
  }
  space.bytes = Math.max(space.bytes, bytes);
  space.free = false;
  return fit;
}
