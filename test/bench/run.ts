/**
 * @file `npm run --silent bench -- <name>`.
 */
import { runBench } from './bench.js';

process.exitCode = await runBench(process.argv.slice(2), { out: (line) => { console.log(line); }, err: (line) => { console.error(line); } });
