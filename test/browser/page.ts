/**
 * @file The page: asks the server for jobs, runs them one after the other, and posts what came out.
 */
import type { Job, Outcome } from './protocol.js';
import { runJob } from './run-job.js';

const jobs = (await (await fetch('jobs.json')).json()) as readonly Job[];
for (const [i, job] of jobs.entries()) {
  const outcome = job.inWorker ? await inWorker(job) : await runJob(job, location.href);
  await fetch(`outcome/${i}`, { method: 'POST', body: JSON.stringify(outcome) });
}

function inWorker(job: Job): Promise<Outcome> {
  const worker = new Worker('worker.js', { type: 'module' });
  return new Promise<Outcome>((resolve) => {
    worker.onerror = ({ message }) => resolve({ kind: 'failed', error: 'worker', message });
    worker.onmessage = ({ data }: MessageEvent<Outcome>) => resolve(data);
    worker.postMessage(job);
  }).finally(() => worker.terminate());
}
