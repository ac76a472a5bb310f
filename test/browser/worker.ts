/**
 * @file The page's worker: runs the job it is sent.
 */
import type { Job } from './protocol.js';
import { runJob } from './run-job.js';

self.onmessage = async ({ data }: MessageEvent<Job>) => self.postMessage(await runJob(data, location.href));
