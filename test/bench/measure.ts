/**
 * @file What a benchmark measures and how it is printed: medians, processor time, one JSON object a line.
 */
import { cpus, loadavg } from 'node:os';
import type { EntryInfo } from '../../runtime/program.js';

/** One line of results; `ms` is a median. */
export interface Result {
  readonly case: string;
  readonly device: string;
  readonly ms: number;
  readonly [figure: string]: string | number | boolean | undefined;
}

/** What a benchmark tells while it runs. */
export interface Listener {
  /** Takes each result. */
  report(result: Result): void;
  /** Takes what is for people alone. */
  note(text: string): void;
}

export interface Timing {
  readonly median: number;
  readonly best: number;
  /** Processor time a round, all threads: what an idle machine would need on one processor. */
  readonly cpu: number;
}

/** Times `rounds` calls (1 at least) after `warm` calls that do not count. Milliseconds. */
export async function time(rounds: number, warm: number, call: () => void | Promise<void>): Promise<Timing> {
  for (let i = 0; i < warm; i++) await call();
  const times: number[] = [];
  const before = process.cpuUsage();
  for (let i = 0; i < rounds; i++) {
    const start = performance.now();
    await call();
    times.push(performance.now() - start);
  }
  const { user, system } = process.cpuUsage(before);
  return { median: median(times), best: Math.min(...times), cpu: (user + system) / 1e3 / rounds };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? NaN;
}

export const round = (value: number, digits = 2): number => Number(value.toFixed(digits));

/** Rates by the compiler's estimate of the entry's work, 1e9 a second. */
export function work({ dispatches }: EntryInfo, { median: ms }: Timing): { readonly gflops: number; readonly gbps: number } {
  const rate = (figure: 'flops' | 'bytes'): number => round(dispatches.reduce((sum, dispatch) => sum + dispatch[figure], 0) / ms / 1e6, 1);
  return { gflops: rate('flops'), gbps: rate('bytes') };
}

/** The most memory this process has had, MB. */
export const peakMB = (): number => Math.round(process.resourceUsage().maxRSS / 1024);

export function machine(): string {
  const all = cpus();
  return `${all[0]?.model ?? 'processor'} x ${all.length}, Node ${process.versions.node}, load ${loadavg()[0]?.toFixed(1) ?? '?'}`;
}

/** `keys 512  d 256  ms 12.3 ...` */
export function textLine({ case: name, device, ...figures }: Result): string {
  const shown = Object.entries(figures).flatMap(([key, value]) => (value === undefined ? [] : [`${key} ${String(value)}`]));
  return `${name.padEnd(24)} ${device.padEnd(14)} ${shown.join('  ')}`;
}
