/**
 * @file What a command runs on: the choice (`--device`, `--threads`), and a program on it for as long as the command needs it.
 */
import type { Program } from '../../runtime/program.js';
import type { Executor } from '../../runtime/index.js';
import type { TargetName } from '../targets/targets.js';

export const DEVICES = ['auto', 'cpu', 'gpu'] as const;

/** As the options `--device` and `--threads` give it. */
export interface DeviceOptions {
  /** `auto`: a real GPU if there is one, else the CPU. A software adapter is used only for `gpu`. */
  readonly device: (typeof DEVICES)[number];
  /** Of the CPU; one for each processor, at most 8, unless said. */
  readonly threads?: number;
}

/** What to compile for. */
export async function chooseTarget({ device }: DeviceOptions): Promise<TargetName> {
  if (device !== 'auto') return device === 'cpu' ? 'wasm' : 'wgsl';
  const { findGpu } = await import('../../runtime/index.js');
  return (await findGpu()) === undefined ? 'wasm' : 'wgsl';
}

/** Makes the program ready to run, gives its session to `use`, and frees it, whatever happens. */
export async function withSession<T>(program: Program, { threads }: DeviceOptions, use: (session: Executor) => Promise<T>): Promise<T> {
  const { openSession } = await import('../../runtime/index.js');
  const session = await openSession(program, { threads });
  try {
    return await use(session);
  } finally {
    session.destroy();
  }
}
