/**
 * @file Limits: what to ask of the adapter (all it has: WebGPU's defaults are low), and whether a program fits.
 */
import { LimitError, formatBytes } from '../errors.js';
import type { Program } from '../program.js';

/** The limits that decide whether a program runs. */
export const LIMIT_NAMES = [
  'maxStorageBuffersPerShaderStage',
  'maxStorageBufferBindingSize',
  'maxBufferSize',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxComputeWorkgroupSizeY',
  'maxComputeWorkgroupSizeZ',
  'maxComputeWorkgroupsPerDimension',
] as const;

export type Limits = Readonly<Record<(typeof LIMIT_NAMES)[number], number>>;

/** Features used where the adapter has them; nothing requires them. */
export const OPTIONAL_FEATURES = ['shader-f16', 'subgroups', 'timestamp-query'] as const;

/** The limits that matter, as plain numbers. */
export function readLimits(limits: Limits): Limits {
  return {
    maxStorageBuffersPerShaderStage: limits.maxStorageBuffersPerShaderStage,
    maxStorageBufferBindingSize: limits.maxStorageBufferBindingSize,
    maxBufferSize: limits.maxBufferSize,
    maxComputeWorkgroupStorageSize: limits.maxComputeWorkgroupStorageSize,
    maxComputeInvocationsPerWorkgroup: limits.maxComputeInvocationsPerWorkgroup,
    maxComputeWorkgroupSizeX: limits.maxComputeWorkgroupSizeX,
    maxComputeWorkgroupSizeY: limits.maxComputeWorkgroupSizeY,
    maxComputeWorkgroupSizeZ: limits.maxComputeWorkgroupSizeZ,
    maxComputeWorkgroupsPerDimension: limits.maxComputeWorkgroupsPerDimension,
  };
}

/** The tensors that decide what a program needs. */
export interface Largest {
  /** Bound as a whole, or in the largest piece. */
  readonly binding?: string;
  /** Of those that live in the largest buffer. */
  readonly buffer?: string;
}

/** Names the tensor behind the largest binding, and the largest tensor in the largest buffer. */
export function largestOf(program: Pick<Program, 'tensors' | 'allocations' | 'entries'>): Largest {
  const nameOf = new Map(program.tensors.map((tensor) => [tensor.id, tensor.name]));
  let binding: { readonly tensor: number; readonly size: number } | undefined;
  for (const { dispatches } of Object.values(program.entries)) for (const dispatch of dispatches) for (const bound of dispatch.bindings) if (bound.size > (binding?.size ?? 0)) binding = bound;
  const bytes = program.allocations.map((allocation) => allocation.bytes);
  const largest = bytes.reduce((best, size, i) => (size > (bytes[best] ?? 0) ? i : best), 0);
  const sizeOf = ({ axes }: Program['tensors'][number]): number => axes.reduce((n, axis) => n * axis.size, 1);
  const inside = program.tensors.filter((tensor) => tensor.allocation === largest).sort((a, b) => sizeOf(b) - sizeOf(a));
  return { binding: binding && nameOf.get(binding.tensor), buffer: inside[0]?.name };
}

/** @throws LimitError naming the need, the limit it exceeds and, where it is known, the tensor */
export function checkNeeds(needs: Program['needs'], limits: Limits, adapterName: string, largest: Largest = {}): void {
  const of = (tensor: string | undefined): string => (tensor === undefined ? '' : ` for ${tensor}`);
  const exceed = (what: string, need: string, limit: string, has: string, mend: string): never => {
    throw new LimitError(`the program needs ${what} of ${need}, but ${adapterName} offers ${limit} = ${has}.\n  ${mend}`);
  };
  if (needs.storageBuffers > limits.maxStorageBuffersPerShaderStage) {
    exceed('storage buffers per kernel', String(needs.storageBuffers), 'maxStorageBuffersPerShaderStage', String(limits.maxStorageBuffersPerShaderStage), 'Build for this adapter, or use another one.');
  }
  if (needs.bindingBytes > limits.maxStorageBufferBindingSize) {
    exceed('a tensor binding', formatBytes(needs.bindingBytes) + of(largest.binding), 'maxStorageBufferBindingSize', formatBytes(limits.maxStorageBufferBindingSize), 'Make the largest table smaller (fewer keys, smaller d), or use another adapter.');
  }
  if (needs.bufferBytes > limits.maxBufferSize) {
    exceed('a buffer', formatBytes(needs.bufferBytes) + of(largest.buffer), 'maxBufferSize', formatBytes(limits.maxBufferSize), 'Make the largest table smaller (fewer keys, smaller d), or use another adapter.');
  }
}
