/**
 * @file The comment at the head of every kernel: what it computes, for which lines of which spec, and how much work it is.
 */
import type { Kernel } from '../../kernels/kernel.js';

/** The comment lines of `kernel`; `note` says which step of it a module is, where there are several. */
export function header(kernel: Kernel, note: string | undefined, paths: readonly string[]): string {
  const lines = [note === undefined ? kernel.name : `${kernel.name}: ${note}`, ...kernel.about];
  const collapsed = collapsePaths(paths);
  if (collapsed.length > 0) lines.push(`Implements ${collapsed.slice(0, 12).join(', ')}${collapsed.length > 12 ? `, and ${collapsed.length - 12} more` : ''}.`);
  lines.push(`Work: ${amount(kernel.flops)}FLOP, ${amount(kernel.bytes)}B moved.`);
  return lines.map((line) => `// ${line}`.trimEnd()).join('\n');
}

/** 1,310,720 -> `1.31 M`. */
function amount(value: number): string {
  const units = ['', 'k', 'M', 'G', 'T', 'P'];
  let unit = 0;
  let scaled = value;
  while (scaled >= 1000 && unit < units.length - 1) {
    scaled /= 1000;
    unit++;
  }
  return `${Number(scaled.toPrecision(3))} ${units[unit] ?? ''}`;
}

/** Sorted, unique, with layers folded: `layers.0.ffn.y`, `layers.1.ffn.y` -> `layers.{0..1}.ffn.y`. */
export function collapsePaths(paths: readonly string[]): string[] {
  const groups = new Map<string, Set<number>>();
  const plain = new Set<string>();
  for (const path of paths) {
    const parts = path.split('.');
    const at = parts.findIndex((part) => /^\d+$/.test(part));
    if (at < 0) {
      plain.add(path);
      continue;
    }
    const number = Number(parts[at]);
    parts[at] = '{}';
    const pattern = parts.join('.');
    const numbers = groups.get(pattern) ?? new Set();
    groups.set(pattern, numbers.add(number));
  }
  for (const [pattern, numbers] of groups) {
    const text = ranges([...numbers].sort((a, b) => a - b));
    plain.add(pattern.replace('{}', text));
  }
  return [...plain].sort();
}

function ranges(numbers: readonly number[]): string {
  if (numbers.length === 1) return String(numbers[0]);
  const runs: string[] = [];
  let start = numbers[0] ?? 0;
  let last = start;
  const close = (): void => void runs.push(start === last ? String(start) : last === start + 1 ? `${start},${last}` : `${start}..${last}`);
  for (const number of numbers.slice(1)) {
    if (number !== last + 1) {
      close();
      start = number;
    }
    last = number;
  }
  close();
  return `{${runs.join(',')}}`;
}
