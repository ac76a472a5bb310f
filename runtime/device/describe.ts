/**
 * @file What the adapter is, as plain data: for `archc doctor`, error messages and the metrics of a run.
 */
import { readLimits, type Limits } from './limits.js';
import { requestAdapter, type AdapterSource } from './source.js';

export interface AdapterDescription {
  /** What a person calls it. */
  readonly name: string;
  readonly vendor: string;
  readonly architecture: string;
  /** Runs on the CPU (lavapipe, SwiftShader): right, but slow. */
  readonly software: boolean;
  /** Sorted. */
  readonly features: readonly string[];
  readonly limits: Limits;
}

/** @throws NoAdapterError with what to install */
export async function describeAdapter(source?: AdapterSource): Promise<AdapterDescription> {
  const found = await requestAdapter(source);
  return describe(found.adapter);
}

/** Plain data of an adapter in hand. */
export function describe(adapter: GPUAdapter): AdapterDescription {
  const info = adapter.info;
  const text = `${info.architecture} ${info.device} ${info.description}`;
  return {
    name: adapterName(info),
    vendor: info.vendor,
    architecture: info.architecture,
    software: info.isFallbackAdapter === true || /software|llvmpipe|lavapipe|swiftshader/i.test(text),
    features: [...adapter.features].sort(),
    limits: readLimits(adapter.limits),
  };
}

/** `llvmpipe: Mesa 25.0.7`, `nvidia-rtx-4090 (NVIDIA: 550.54)`. */
function adapterName(info: GPUAdapterInfo): string {
  const device = info.device.replace(/^[-\s]+|[-\s]+$/g, '');
  const description = info.description.trim();
  if (device !== '' && description !== '') return `${device} (${description})`;
  return [device, description, `${info.vendor} ${info.architecture}`.trim()].find((part) => part !== '') ?? 'unnamed adapter';
}
