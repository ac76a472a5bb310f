/**
 * @file Where this code runs, and keeping it alive while it waits.
 */

/** In Node (with files, worker_threads, Dawn), not in a web page or a worker of one. */
export function inNode(): boolean {
  return typeof process !== 'undefined' && process.versions?.node !== undefined;
}

/** Waits for `work` and keeps the process alive meanwhile: Node ends when nothing is left to do, and Node 24 does not count a module that is being compiled. */
export async function keepAlive<T>(work: Promise<T>): Promise<T> {
  const timer = setInterval(() => undefined, 60_000);
  try {
    return await work;
  } finally {
    clearInterval(timer);
  }
}
