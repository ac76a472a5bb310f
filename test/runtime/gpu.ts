/**
 * @file The device tests run on, opened once per file. Where there is no adapter, GPU tests are skipped, and their names say why.
 */
import { describe } from 'vitest';
import { openDevice, type Device } from '../../runtime/index.js';
import { NoAdapterError } from '../../runtime/errors.js';

/** Undefined when there is no adapter. Destroy it in `afterAll`. */
export async function tryOpenDevice(): Promise<Device | undefined> {
  try {
    return await openDevice();
  } catch (error) {
    if (error instanceof NoAdapterError) return undefined;
    throw error;
  }
}

/** `describe` for tests that need a device. */
export function describeGpu(device: Device | undefined, name: string, body: (device: Device) => void): void {
  if (device) describe(name, () => body(device));
  else describe.skip(`${name} (skipped: no GPU adapter; see archc doctor)`, () => undefined);
}
