/**
 * @file The benchmarks by name, and a run of one of them: arguments and two streams in, exit code out.
 */
import { RuntimeFailure } from '../../runtime/errors.js';
import { matmul } from './matmul.js';
import { type Listener, machine, textLine } from './measure.js';
import { type BenchOptions, HELP, readOptions, UsageError } from './options.js';
import { peerLayer } from './peer-layer.js';
import { pools } from './pools.js';

export interface Bench {
  readonly about: string;
  /** @throws Error with a message for people where it cannot be measured */
  run(options: BenchOptions, listener: Listener): Promise<void>;
}

export const benches: ReadonlyMap<string, Bench> = new Map([['matmul', matmul], ['peer-layer', peerLayer], ['pools', pools]]);

/** Where lines go. */
export interface Lines {
  readonly out: (line: string) => void;
  readonly err: (line: string) => void;
}

/** Runs the benchmark that the arguments name. @returns 0; 2 when it could not be done, with the reason on `err` */
export async function runBench(args: readonly string[], { out, err }: Lines): Promise<number> {
  const list = [...benches].map(([name, { about }]) => `  ${name.padEnd(16)}  ${about}`).join('\n');
  try {
    const options = readOptions(args);
    if (options.help) {
      out(`${HELP}\n\nbenchmarks:\n${list}`);
      return 0;
    }
    const bench = benches.get(options.name ?? '');
    if (!bench) throw new UsageError(`${options.name === undefined ? 'which benchmark?' : `there is no benchmark \`${options.name}\`;`} there are:\n${list}`);
    const note = options.json ? err : out;
    if (!options.child) note(machine());
    await bench.run(options, { report: (result) => { out(options.json ? JSON.stringify(result) : textLine(result)); }, note });
    return 0;
  } catch (error) {
    if (error instanceof UsageError) err(`${error.message}\n--help lists the options`);
    else if (error instanceof RuntimeFailure) err(error.message);
    else throw error;
    return 2;
  }
}
