/**
 * @file Where a training step's time goes, as a table by kernel.
 */
import type { KernelTime } from '../../runtime/index.js';
import type { Program } from '../../runtime/program.js';
import { table } from '../show/table.js';

export interface Profile {
  /** How it was measured. */
  readonly by: string;
  readonly kernels: readonly KernelTime[];
  /** What the device reaches without touching memory, 1e9 operations a second, where it could be measured. */
  readonly peak?: number;
}

/** Kernels below this share of the step are summed up in one row. */
const SMALLEST = 0.005;

/** A title, and the table. */
export function profileLines({ by, kernels, peak }: Profile, program: Program, heading: (text: string) => string): string[] {
  const total = sum(kernels, 'milliseconds');
  const shown = kernels.filter(({ share }) => share >= SMALLEST);
  const rest = kernels.slice(shown.length);
  const ofPeak = (gflops: number): string[] => (peak === undefined ? [] : [gflops >= 0.005 * peak ? percent(gflops / peak) : '']);
  const rows = shown.map((k) => [k.kernel, String(k.launches), k.milliseconds.toFixed(2), percent(k.share), rate(k.gflops), ...ofPeak(k.gflops), rate(k.gigabytes)]);
  if (rest.length > 0) rows.push([`${rest.length} others`, String(sum(rest, 'launches')), sum(rest, 'milliseconds').toFixed(2), percent(sum(rest, 'share')), '', ...ofPeak(0), '']);
  const tokens = program.batch * program.time;
  const right = (title: string) => ({ title, align: 'right' as const });
  return [
    `a step takes ${total.toFixed(1)} ms in its kernels (${Math.round(tokens / (total / 1000))} tokens/s); measured by ${by}, rates by estimated work${peak === undefined ? '' : `, peak ${peak.toFixed(0)} GFLOP/s measured`}`,
    ...table([{ title: 'kernel', align: 'left' }, right('launches'), right('ms'), right('share'), right('GFLOP/s'), ...(peak === undefined ? [] : [right('of peak')]), right('GB/s')], rows, heading),
  ];
}

function sum(kernels: readonly KernelTime[], field: 'milliseconds' | 'launches' | 'share'): number {
  return kernels.reduce((total, kernel) => total + kernel[field], 0);
}

const percent = (share: number): string => `${(100 * share).toFixed(1)}%`;
const rate = (value: number): string => (Number.isFinite(value) && value >= 0.005 ? value.toFixed(value < 10 ? 2 : 1) : '');
