/**
 * @file What a benchmark is asked for: `npm run bench -- <name> [--json] [--device cpu|gpu] [--threads n] [--case text] [--profile] [--torch python]`.
 */
import { parseArgs } from 'node:util';

export interface BenchOptions {
  readonly name: string | undefined;
  /** One JSON object a line, nothing else. */
  readonly json: boolean;
  /** `cpu`; `gpu`: whatever adapter there is, software too. Undefined: the CPU, and a GPU where there is a real one. */
  readonly device: 'cpu' | 'gpu' | undefined;
  /** Undefined: one for each processor. */
  readonly threads: number | undefined;
  /** Only cases whose name contains this. */
  readonly only: string;
  /** Print where the time goes, kernel by kernel. */
  readonly profile: boolean;
  /** A Python with PyTorch, to run the peers in the same minutes. */
  readonly torch: string | undefined;
  /** Set when a case runs in a process of its own. */
  readonly child: boolean;
}

/** @throws TypeError for what is not an option */
export function readOptions(args: readonly string[]): BenchOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      json: { type: 'boolean', default: false }, device: { type: 'string' }, threads: { type: 'string' }, case: { type: 'string', default: '' },
      profile: { type: 'boolean', default: false }, torch: { type: 'string' }, child: { type: 'boolean', default: false },
    },
  });
  const { device } = values;
  if (device !== undefined && device !== 'cpu' && device !== 'gpu') throw new TypeError(`--device is cpu or gpu, not ${device}`);
  const threads = values.threads === undefined ? undefined : Number(values.threads);
  if (threads !== undefined && !(Number.isInteger(threads) && threads > 0)) throw new TypeError(`--threads takes a number, not ${values.threads ?? ''}`);
  return { name: positionals[0], json: values.json, device, threads, only: values.case, profile: values.profile, torch: values.torch, child: values.child };
}
