/**
 * @file The first 64 KiB of a program's memory: how threads are told what to do, where they meet, and the counters that hand out work.
 */
import type { Address } from './memory.js';

/** Words (i32) the main thread writes: number of the order, entry, first and last launch. */
export const ORDER = 0;
export const ENTRY = 1;
export const FIRST = 2;
export const LAST = 3;
/** Sleepers on ORDER. */
export const IDLE = 4;

/** Bytes. */
export const BARRIER = 256;
export const COUNTERS = 1024;
export const RESERVED = 65_536;

/** One phase of a launch: an exported function, its arguments without the thread's own memory. */
export interface PhaseCall {
  readonly name: string;
  /** shared, counter, slots: addresses. */
  readonly args: readonly Address[];
}

/** Launches of an entry, each a list of phases. */
export type Schedule = readonly (readonly PhaseCall[])[];

/** How many times a thread looks at a word before it sleeps: some tens of microseconds. */
export const SPINS = 20_000;
