/**
 * @file What a benchmark is asked for, and the help that says it.
 */
import { parseArgs } from 'node:util';
import { messageOf } from '../../runtime/errors.js';

export const HELP = `usage: npm run --silent bench -- <name> [options]

  --json            one JSON object a line on stdout, nothing else (remarks go to stderr; --silent keeps npm's own lines away)
  --device cpu|gpu  gpu: whatever adapter there is, software too; left out: the CPU, and a GPU where there is a real one
  --threads n       of the CPU; left out: one for each processor
  --case text       only cases whose name contains this
  --rounds n        how often to measure each case; left out: as often as the case needs for a steady median
  --profile         say where the time goes, by kernel
  --torch python    a Python with PyTorch, to run the peers in the same minutes
  --help            print this`;

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
  /** How often to measure each case. */
  readonly rounds: number | undefined;
  /** Print where the time goes, kernel by kernel. */
  readonly profile: boolean;
  /** A Python with PyTorch, to run the peers in the same minutes. */
  readonly torch: string | undefined;
  /** Set when a case runs in a process of its own. */
  readonly child: boolean;
  readonly help: boolean;
}

/** The command line asks for what there is not. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** @throws UsageError for what is not an option */
export function readOptions(args: readonly string[]): BenchOptions {
  const { values, positionals } = parsed(args);
  const { device } = values;
  if (positionals.length > 1) throw new UsageError(`one benchmark at a time, not ${positionals.join(' and ')}`);
  if (device !== undefined && device !== 'cpu' && device !== 'gpu') throw new UsageError(`--device is cpu or gpu, not ${device}`);
  return {
    name: positionals[0], json: values.json, device, threads: count('--threads', values.threads), only: values.case, rounds: count('--rounds', values.rounds),
    profile: values.profile, torch: values.torch, child: values.child, help: values.help,
  };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        json: { type: 'boolean', default: false }, device: { type: 'string' }, threads: { type: 'string' }, case: { type: 'string', default: '' }, rounds: { type: 'string' },
        profile: { type: 'boolean', default: false }, torch: { type: 'string' }, child: { type: 'boolean', default: false }, help: { type: 'boolean', default: false, short: 'h' },
      },
    });
  } catch (error) {
    throw new UsageError(messageOf(error));
  }
}

function count(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^[1-9]\d*$/.test(text)) throw new UsageError(`${option} takes a whole number, 1 or more, not ${text}`);
  return Number(text);
}
