/**
 * @file Text as bytes, by domain, cut into training and validation parts; and the two ways to read it: random training batches that are a
 * function of (seed, step) alone, and fixed validation windows.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { DataError } from '../errors.js';
import { RandomStream } from '../rng.js';
import { discover, unreadable, type TextFile } from './discover.js';

/** i32 [batch, time]; targets are the next byte, -1 where there is none. */
export type Batch = {
  readonly tokens: Int32Array<ArrayBuffer>;
  readonly targets: Int32Array<ArrayBuffer>;
};

/** One row of a validation batch. */
export interface Window extends Batch {
  readonly domain: string;
}

export interface Domain {
  readonly name: string;
  readonly train: Uint8Array;
  readonly valid: Uint8Array;
  readonly files: number;
}

/** What a checkpoint and the metrics remember of the data. */
export interface CorpusDescription {
  readonly path: string;
  /** SHA-256 over the domains' names and texts. */
  readonly digest: string;
  readonly domains: readonly { readonly name: string; readonly files: number; readonly trainBytes: number; readonly validBytes: number }[];
}

/** A file with a NUL this early is not text. */
const BINARY_PROBE = 8192;
const VALID_PART = 0.1;
const NEWLINE = 10;

export class Corpus {
  private readonly starts: readonly { readonly domain: Domain; readonly from: number; readonly count: number }[];
  private readonly startCount: number;
  private readonly digest: string;

  constructor(
    readonly path: string,
    readonly time: number,
    readonly domains: readonly Domain[],
    /** What was left out, and why. */
    readonly warnings: readonly string[],
  ) {
    let from = 0;
    this.starts = domains.map((domain) => {
      const count = Math.max(domain.train.length - time, 0);
      from += count;
      return { domain, from: from - count, count };
    });
    this.startCount = from;
    const hash = createHash('sha256');
    for (const domain of domains) for (const part of [domain.train, domain.valid]) hash.update(`${domain.name}\0${part.length}\0`).update(part);
    this.digest = hash.digest('hex');
  }

  /**
   * The batch of a step: windows at random places, each place of the training text equally likely, so domains appear by their size.
   * A function of (seed, step) and the text: the data position of a run is its step.
   */
  batch(step: number, batch: number, seed: number): Batch {
    const stream = new RandomStream(seed, 'data');
    const tokens = new Int32Array(batch * this.time);
    const targets = new Int32Array(batch * this.time);
    for (let row = 0; row < batch; row++) {
      const place = stream.below(this.startCount, row, step);
      const at = this.starts.find(({ from, count }) => place < from + count);
      if (at) fillWindow(at.domain.train, place - at.from, this.time, tokens, targets, row);
    }
    return { tokens, targets };
  }

  /**
   * Validation windows: fixed, not overlapping, from the start of each domain's validation text if all of it fits in `perDomain`, else evenly
   * spread over it. The last may be partly empty (targets -1).
   */
  *validation(perDomain: number): Generator<Window> {
    for (const domain of this.domains) {
      const available = Math.ceil(Math.max(domain.valid.length - 1, 0) / this.time);
      const taken = Math.min(available, perDomain);
      for (let i = 0; i < taken; i++) {
        const window = Math.floor((i * available) / taken);
        const tokens = new Int32Array(this.time);
        const targets = new Int32Array(this.time);
        fillWindow(domain.valid, window * this.time, this.time, tokens, targets, 0);
        yield { domain: domain.name, tokens, targets };
      }
    }
  }

  describe(): CorpusDescription {
    const domains = this.domains.map(({ name, files, train, valid }) => ({ name, files, trainBytes: train.length, validBytes: valid.length }));
    return { path: this.path, digest: this.digest, domains };
  }
}

/**
 * Opens a text file or a folder of them (see discover.ts for what the names mean); bytes are tokens.
 * @param options.time the context: a window is `time` bytes and one more
 * @throws DataError: nothing there, unreadable, no text, or too little of it
 */
export async function openCorpus(path: string, options: { readonly time: number }): Promise<Corpus> {
  const warnings: string[] = [];
  const files = await discover(path, (message) => warnings.push(message));
  if (files.length === 0) throw new DataError(`${path} has no files\n  Put text files in it, or folders of them: a folder's name is the label of its text.`);
  const domains = await readDomains(files, warnings);
  if (domains.length === 0) throw new DataError(`${path} has no text: ${files.length === 1 ? 'the file is' : `all ${files.length} files are`} empty or binary\n  Give a text file, or a folder of text files.`);
  const kept = longEnough(path, domains, options.time, warnings);
  if (kept.every((domain) => domain.valid.length < 2)) warnings.push(`${path} has no validation text: nothing will be evaluated`);
  return new Corpus(path, options.time, kept, warnings);
}

async function readDomains(files: readonly TextFile[], warnings: string[]): Promise<Domain[]> {
  const byDomain = new Map<string, { train: Uint8Array[]; valid: Uint8Array[]; files: number }>();
  for (const file of files) {
    const bytes = await read(file.path);
    if (bytes.length === 0) {
      warnings.push(`${file.path} is left out: it is empty`);
      continue;
    }
    if (bytes.subarray(0, BINARY_PROBE).includes(0)) {
      warnings.push(`${file.path} is left out: it is not text (a NUL byte in its first ${BINARY_PROBE} bytes)`);
      continue;
    }
    let domain = byDomain.get(file.domain);
    if (!domain) byDomain.set(file.domain, (domain = { train: [], valid: [], files: 0 }));
    domain.files++;
    const cut = file.use === 'train' ? bytes.length : file.use === 'valid' ? 0 : bytes.length - Math.floor(bytes.length * VALID_PART);
    if (cut > 0) domain.train.push(bytes.subarray(0, cut));
    if (cut < bytes.length) domain.valid.push(bytes.subarray(cut));
  }
  return [...byDomain].map(([name, parts]) => ({ name, train: join(parts.train), valid: join(parts.valid), files: parts.files }));
}

/** Domains without one whole window of training text are left out with a warning. @throws DataError when none is left */
function longEnough(path: string, domains: readonly Domain[], time: number, warnings: string[]): Domain[] {
  const kept = domains.filter((domain) => domain.train.length > time);
  const longest = Math.max(...domains.map((domain) => domain.train.length));
  if (kept.length === 0) {
    throw new DataError(`${path} has too little text: ${longest} bytes to train on${domains.length > 1 ? ' in its largest domain' : ''}, but one window of context ${time} needs ${time + 1}\n  Give more text, or a smaller context (--set dims.ctx=...).`);
  }
  for (const domain of domains) {
    if (!kept.includes(domain)) warnings.push(`domain ${domain.name} is left out: it has ${domain.train.length} bytes to train on, and a window needs ${time + 1}`);
  }
  return kept;
}

async function read(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    throw unreadable(path, error);
  }
}

/** Files of a domain follow each other, a newline between. */
function join(parts: readonly Uint8Array[]): Uint8Array {
  const [first] = parts;
  if (parts.length === 1 && first) return first;
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length + 1, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
    joined[at++] = NEWLINE;
  }
  return joined;
}

function fillWindow(text: Uint8Array, start: number, time: number, tokens: Int32Array, targets: Int32Array, row: number): void {
  for (let t = 0; t < time; t++) {
    const at = start + t;
    tokens[row * time + t] = text[at] ?? 0;
    targets[row * time + t] = at + 1 < text.length ? (text[at + 1] ?? -1) : -1;
  }
}
