/**
 * @file Whether there is a real GPU. Software adapters are right but slow: the CPU target is many times as fast, so they are used only when asked for.
 */
import { inNode } from '../environment.js';
import { NoAdapterError } from '../errors.js';
import { describeAdapter, type AdapterDescription } from './describe.js';

/** The machine's GPU; undefined where there is none, or only a software adapter. */
export async function findGpu(): Promise<AdapterDescription | undefined> {
  if (!(await mayHaveGpu())) return undefined;
  try {
    const adapter = await describeAdapter();
    return adapter.software ? undefined : adapter;
  } catch (error) {
    if (error instanceof NoAdapterError) return undefined;
    throw error;
  }
}

/** False on a Linux machine without any device file of a graphics driver: there the driver library need not be loaded (it is slow, and it talks). */
async function mayHaveGpu(): Promise<boolean> {
  if (!inNode() || process.platform !== 'linux') return true;
  const { existsSync, readdirSync } = await import('node:fs');
  if (['/dev/nvidiactl', '/dev/nvidia0', '/dev/dxg', '/dev/kgsl-3d0', '/dev/mali0'].some((file) => existsSync(file))) return true;
  return existsSync('/dev/dri') && readdirSync('/dev/dri').some((name) => name.startsWith('renderD'));
}
