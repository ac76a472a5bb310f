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

/** @throws LimitError naming the need and the limit it exceeds */
export function checkNeeds(needs: Program['needs'], limits: Limits, adapterName: string): void {
  const exceed = (what: string, need: string, limit: string, has: string, mend: string): never => {
    throw new LimitError(`the program needs ${what} of ${need}, but ${adapterName} offers ${limit} = ${has}.\n  ${mend}`);
  };
  if (needs.storageBuffers > limits.maxStorageBuffersPerShaderStage) {
    exceed('storage buffers per kernel', String(needs.storageBuffers), 'maxStorageBuffersPerShaderStage', String(limits.maxStorageBuffersPerShaderStage), 'Build for this adapter, or use another one.');
  }
  if (needs.bindingBytes > limits.maxStorageBufferBindingSize) {
    exceed('a tensor binding', formatBytes(needs.bindingBytes), 'maxStorageBufferBindingSize', formatBytes(limits.maxStorageBufferBindingSize), 'Make the largest table smaller (fewer keys, smaller d), or use another adapter.');
  }
  if (needs.bufferBytes > limits.maxBufferSize) {
    exceed('a buffer', formatBytes(needs.bufferBytes), 'maxBufferSize', formatBytes(limits.maxBufferSize), 'Make the largest table smaller (fewer keys, smaller d), or use another adapter.');
  }
}
