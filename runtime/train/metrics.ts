/**
 * @file metrics.jsonl: one JSON object a line, `kind` first. Numbers that are not finite are written as null, as JSON has it.
 */
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RunError, messageOf, systemCode } from '../errors.js';
import type { Evaluation } from '../evaluate.js';

export interface TrainMetrics {
  readonly kind: 'train';
  /** Steps done. */
  readonly step: number;
  /** The objective. */
  readonly loss: number;
  /** Each loss by name, weight included. */
  readonly losses: Readonly<Record<string, number>>;
  readonly grad_norm?: number;
  /** The first learning-rate schedule. */
  readonly lr?: number;
  /** Bytes trained on so far. */
  readonly tokens: number;
  readonly tokens_per_second: number;
  /** Seconds of training in this process. */
  readonly elapsed: number;
}

export interface EvalMetrics {
  readonly kind: 'eval';
  readonly step: number;
  readonly loss: number;
  readonly bits_per_byte: number;
  readonly bytes: number;
  readonly domains: Readonly<Record<string, { readonly loss: number; readonly bits_per_byte: number; readonly bytes: number }>>;
  readonly elapsed: number;
}

export type Metrics = TrainMetrics | EvalMetrics;

export const METRICS_FILE = 'metrics.jsonl';

/** The line for an evaluation. */
export function evalMetrics(step: number, evaluation: Evaluation, elapsed: number): EvalMetrics {
  const domains = Object.fromEntries([...evaluation.domains].map(([name, s]) => [name, { loss: s.loss, bits_per_byte: s.bitsPerByte, bytes: s.bytes }]));
  return { kind: 'eval', step, loss: evaluation.loss, bits_per_byte: evaluation.bitsPerByte, bytes: evaluation.bytes, domains, elapsed };
}

/** Appends lines to a run's metrics. */
export class MetricsFile {
  private constructor(private readonly path: string) {}

  /** Starts anew, or (`keepUpTo`) goes on from the lines up to that step: a killed run may have logged steps its checkpoint does not have. */
  static async open(runDir: string, keepUpTo?: number): Promise<MetricsFile> {
    const path = join(runDir, METRICS_FILE);
    const kept = keepUpTo === undefined ? [] : (await readLines(path)).filter((line) => stepOf(line) <= keepUpTo);
    await guarded(path, () => writeFile(path, kept.map((line) => `${line}\n`).join('')));
    return new MetricsFile(path);
  }

  async append(metrics: Metrics): Promise<void> {
    await guarded(this.path, () => appendFile(this.path, `${JSON.stringify(metrics)}\n`));
  }
}

async function readLines(path: string): Promise<string[]> {
  try {
    return (await readFile(path, 'utf8')).split('\n').filter((line) => line !== '');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw error;
  }
}

/** Infinity for a line cut short by a kill, so that it is dropped. */
function stepOf(line: string): number {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === 'object' && value !== null && 'step' in value && typeof value.step === 'number') return value.step;
  } catch {
    // Not JSON.
  }
  return Infinity;
}

async function guarded(path: string, action: () => Promise<void>): Promise<void> {
  try {
    await action();
  } catch (error) {
    throw new RunError(`${path} was not written: ${systemCode(error) === 'ENOSPC' ? 'the disk is full' : messageOf(error)}\n  Free space, or make its folder writable; training can go on with --resume.`);
  }
}
