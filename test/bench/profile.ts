/**
 * @file Where a step's time goes: milliseconds, share of the step and rates by kernel.
 */
import type { Values } from '../../runtime/execute.js';
import type { CpuSession } from '../../runtime/cpu/session.js';
import { median } from './measure.js';

export interface KernelTime {
  readonly name: string;
  readonly launches: number;
  readonly ms: number;
  readonly gflops: number;
  readonly gbps: number;
}

/** Kernels of an entry by the time they take, the longest first; medians of `rounds` steps. */
export function profile(session: CpuSession, entry: string, inputs: Readonly<Record<string, Values>>, rounds = 5): KernelTime[] {
  const times: number[][] = [];
  for (let i = 0; i < rounds; i++) session.profile(entry, inputs, 1).forEach(({ milliseconds }, at) => (times[at] ??= []).push(milliseconds));
  const totals = new Map<number, { launches: number; ms: number; flops: number; bytes: number }>();
  session.entry(entry).dispatches.forEach((dispatch, at) => {
    const total = totals.get(dispatch.module) ?? { launches: 0, ms: 0, flops: 0, bytes: 0 };
    totals.set(dispatch.module, { launches: total.launches + 1, ms: total.ms + median(times[at] ?? []), flops: total.flops + dispatch.flops, bytes: total.bytes + dispatch.bytes });
  });
  return [...totals]
    .map(([module, { launches, ms, flops, bytes }]) => ({ name: session.program.modules[module]?.name ?? String(module), launches, ms, gflops: flops / ms / 1e6, gbps: bytes / ms / 1e6 }))
    .sort((a, b) => b.ms - a.ms);
}

export function profileText(kernels: readonly KernelTime[]): string {
  const total = kernels.reduce((sum, { ms }) => sum + ms, 0);
  const line = ({ name, launches, ms, gflops, gbps }: KernelTime): string =>
    `${ms.toFixed(3).padStart(9)} ms ${((100 * ms) / total).toFixed(1).padStart(5)}% ${String(launches).padStart(4)} x ${gflops.toFixed(1).padStart(6)} GFLOP/s ${gbps.toFixed(1).padStart(6)} GB/s  ${name}`;
  return [`${total.toFixed(2)} ms in ${kernels.length} kernels`, ...kernels.map(line)].join('\n');
}
