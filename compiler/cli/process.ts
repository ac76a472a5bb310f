/**
 * @file `archc` as a process: the real streams, Ctrl-C, the exit code. `bin/archc.js` calls it.
 */
import { readFileSync } from 'node:fs';
import { INTERRUPTED } from './io.js';
import { main } from './main.js';

/** Runs the command line of this process and sets its exit code. */
export async function runProcess(): Promise<void> {
  const controller = new AbortController();
  process.on('SIGINT', () => {
    // The second Ctrl-C does not wait for a step to end.
    if (controller.signal.aborted) process.exit(INTERRUPTED);
    controller.abort();
  });
  // `archc show x | head`: the reader has what it wants.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
  process.exitCode = await main(process.argv.slice(2), {
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    cwd: process.cwd(),
    signal: controller.signal,
    readStdin: () => readFileSync(0, 'utf8'),
  });
}
