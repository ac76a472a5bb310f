/**
 * @file From a program to something that runs it: the one place that looks at what the program was built for.
 */
import { CpuSession } from './cpu/session.js';
import { openDevice, type Device } from './device/device.js';
import { Session } from './execute.js';
import type { Executor } from './executor.js';
import type { Program } from './program.js';

export interface OpenSessionOptions {
  /** GPU programs: an open device to use. Without one, the best adapter is opened, and closed with the session. */
  readonly device?: Device;
  /** CPU programs: how many threads. Default: one for each processor, at most 8. */
  readonly threads?: number;
}

/**
 * Makes a program ready to run. Call `destroy` in a `finally`.
 * @throws NoAdapterError, LimitError, KernelError
 */
export async function openSession(program: Program, options: OpenSessionOptions = {}): Promise<Executor> {
  if (program.target === 'wasm') return CpuSession.create(program, { threads: options.threads });
  if (options.device) return Session.create(options.device, program);
  const device = await openDevice({ program });
  try {
    return await Session.create(device, program, { ownsDevice: true });
  } catch (error) {
    device.destroy();
    throw error;
  }
}
