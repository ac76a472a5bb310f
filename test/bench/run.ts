/**
 * @file The benchmarks by name: `npm run bench -- <name> [--json]`. Options: `options.ts`.
 */
import { machine, type Result, textLine } from './measure.js';
import { matmul } from './matmul.js';
import { type BenchOptions, readOptions } from './options.js';
import { peerLayer } from './peer-layer.js';
import { pools } from './pools.js';

export interface Bench {
  readonly about: string;
  /** Calls `report` with each result, `note` with what is only for people. */
  run(options: BenchOptions, report: (result: Result) => void, note: (text: string) => void): Promise<void>;
}

const benches: Readonly<Record<string, Bench>> = { matmul, 'peer-layer': peerLayer, pools };

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2));
  const bench = options.name === undefined || !Object.hasOwn(benches, options.name) ? undefined : benches[options.name];
  if (!bench) {
    const list = Object.entries(benches).map(([name, { about }]) => `  ${name.padEnd(12)} ${about}`);
    console.error(`usage: npm run bench -- <name> [--json] [--device cpu|gpu] [--threads n] [--case text] [--profile] [--torch python]\n${list.join('\n')}`);
    return 2;
  }
  const note = (text: string): void => {
    if (!options.json) console.log(text);
  };
  if (!options.child) note(machine());
  await bench.run(options, (result) => console.log(options.json ? JSON.stringify(result) : textLine(result)), note);
  return 0;
}

process.exitCode = await main();
