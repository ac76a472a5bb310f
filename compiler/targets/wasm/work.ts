/**
 * @file How threads share a kernel's work: units are handed out in chunks through a counter in shared memory, so that a thread that is held up does not hold up
 * the others. Which thread does a unit never changes what the unit computes.
 */
import { get, i32, type Instr, access, op } from './instructions.js';
import type { Block } from './module.js';

/** What a chunk should at least take, in nanoseconds: less, and handing out costs too much. */
const CHUNK_NANOSECONDS = 4000;
/** Chunks a launch is cut into at most. */
const CHUNKS = 128;

/** Units handed out at once. */
export function chunkOf(units: number, nanosecondsPerUnit: number, grain: number | undefined): number {
  if (grain !== undefined) return Math.max(1, grain);
  const forTime = Math.ceil(CHUNK_NANOSECONDS / Math.max(nanosecondsPerUnit, 0.01));
  return Math.max(1, Math.min(units, Math.max(forTime, Math.ceil(units / CHUNKS))));
}

/** `build` for each chunk [begin, end) of [0, units) that this thread gets. `counter` is the address of the launch's counter. */
export function shareWork(block: Block, counter: Instr, units: Instr, chunk: number, build: (inner: Block, begin: Instr, end: Instr) => void): void {
  const begin = block.fn.local('begin', 'i32');
  const next = access('i32.atomic.rmw.add', counter, 0, [i32(chunk)]);
  const total = block.bind('units', units);
  const loop = block.fn.label('chunks');
  const inner = block.nested();
  inner.add({ kind: 'set', local: begin, value: next });
  inner.if(op('i32.lt_u', get(begin), total), (chunkBlock) => {
    const after = chunkBlock.bind('after', op('i32.add', get(begin), i32(chunk)));
    const end = chunkBlock.bind('end', { kind: 'select', condition: op('i32.lt_u', after, total), yes: after, no: total });
    build(chunkBlock, get(begin), end);
    chunkBlock.add({ kind: 'br', label: loop });
  });
  block.add({ kind: 'loop', label: loop, body: inner.list });
}
