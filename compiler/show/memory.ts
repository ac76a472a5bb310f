/**
 * @file `show --memory`: the memory plan, allocation by allocation, with the tensors that share each: what the device allocates.
 */
import type { Colours } from '../diagnostics/colour.js';
import type { Buffer, KernelProgram } from '../kernels/kernel.js';
import { table } from './table.js';
import { bytes } from './units.js';
import { axesText } from './values.js';

export interface PlannedTensor {
  readonly name: string;
  readonly role: Buffer['role'];
  readonly bytes: number;
  readonly axes: readonly { readonly name: string; readonly size: number }[];
}

export interface MemoryPlan {
  readonly program: string;
  readonly launches: number;
  readonly allocations: readonly { readonly name: string; readonly bytes: number; readonly tensors: readonly PlannedTensor[] }[];
  readonly totalBytes: number;
  /** What it would be if no two tensors shared an allocation. */
  readonly unsharedBytes: number;
  readonly byRole: Readonly<Record<string, number>>;
}

const BYTES = 4;

export function memoryPlan(program: KernelProgram): MemoryPlan {
  const tensors = program.allocations.map((): PlannedTensor[] => []);
  let unshared = 0;
  for (const buffer of program.buffers) {
    const at = program.placement.get(buffer.id);
    if (at === undefined) continue;
    unshared += BYTES * buffer.size;
    tensors[at]?.push({ name: buffer.name, role: buffer.role, bytes: BYTES * buffer.size, axes: buffer.axes });
  }
  const allocations = program.allocations.map((a, i) => ({ name: a.name, bytes: a.bytes, tensors: tensors[i] ?? [] })).filter((a) => a.tensors.length > 0);
  const byRole: Record<string, number> = {};
  for (const a of allocations) {
    const role = a.tensors[0]?.role ?? 'temp';
    byRole[role] = (byRole[role] ?? 0) + a.bytes;
  }
  return {
    program: program.name,
    launches: program.launches.length,
    allocations,
    totalBytes: allocations.reduce((sum, a) => sum + a.bytes, 0),
    unsharedBytes: unshared,
    byRole,
  };
}

/** Largest allocation first. */
export function memoryText(plan: MemoryPlan, colours: Colours): string {
  const rows = [...plan.allocations]
    .sort((a, b) => b.bytes - a.bytes || (a.name < b.name ? -1 : 1))
    .flatMap((a) => a.tensors.map((t, i) => [i === 0 ? bytes(a.bytes) : '', t.role, t.name, axesText(t.axes)]));
  const roles = Object.entries(plan.byRole).sort((a, b) => b[1] - a[1]).map(([role, n]) => `${role} ${bytes(n)}`);
  return [
    colours.bold(`${plan.program}: ${bytes(plan.totalBytes)} in ${plan.allocations.length} allocations, ${plan.launches} launches`),
    `${roles.join(', ')}; without sharing ${bytes(plan.unsharedBytes)}`,
    '',
    ...table([{ title: 'bytes', align: 'right' }, { title: 'role', align: 'left' }, { title: 'tensor', align: 'left' }, { title: 'axes', align: 'left' }], rows, colours.dim),
  ].join('\n');
}
