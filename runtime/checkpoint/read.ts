/**
 * @file Reading checkpoints, from a file or from bytes in memory (a browser has no files): header and tensors are checked, and fitted to the session.
 */
import { inNode } from '../environment.js';
import { CheckpointError, messageOf, systemCode } from '../errors.js';
import type { Values } from '../execute.js';
import type { Executor } from '../executor.js';
import type { TensorInfo } from '../program.js';
import { decodeHeader, headerLength, type Header, type StoredTensor } from './safetensors.js';

export interface CheckpointInfo {
  readonly arch: string;
  readonly fingerprint: string;
  /** Steps done. */
  readonly step: number;
  readonly seed: number;
  /** `show --resolved` of the spec. */
  readonly resolved: string;
  /** The spec as it was written. */
  readonly source: string;
  /** JSON: training settings. */
  readonly train: string;
  /** JSON: CorpusDescription. */
  readonly data: string;
}

export const FORMAT = 'archc checkpoint';
export const FORMAT_VERSION = '1';
/** How many tensors an error lists. */
const LISTED = 5;

/** Where a checkpoint's bytes come from. */
export interface ByteSource {
  readonly size: number;
  /** A copy of `length` bytes at `position`. @throws CheckpointError when there are fewer */
  read(position: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
  close(): Promise<void>;
}

/** An open checkpoint. Close it. */
export class Checkpoint {
  private constructor(
    readonly path: string,
    readonly info: CheckpointInfo,
    readonly tensors: ReadonlyMap<string, StoredTensor>,
    private readonly source: ByteSource,
  ) {}

  /**
   * Reads and checks the header.
   * @param from a file's path, or its bytes
   * @throws CheckpointError
   */
  static async open(from: string | Uint8Array): Promise<Checkpoint> {
    const name = typeof from === 'string' ? from : 'the checkpoint';
    if (typeof from === 'string' && !inNode()) throw new CheckpointError(`${name} cannot be read: a browser has no files\n  Fetch it, and give its bytes.`);
    let source: ByteSource | undefined;
    try {
      source = typeof from === 'string' ? await (await import('./file.js')).openFile(from) : bytesOf(from);
      const { size } = source;
      const start = await source.read(0, Math.min(8, size));
      const header = decodeHeader(await source.read(8, headerLength(start, size)), size);
      return new Checkpoint(name, readInfo(header), header.tensors, source);
    } catch (error) {
      await source?.close();
      if (error instanceof CheckpointError) throw new CheckpointError(`${name} is not a usable checkpoint: ${error.message}\n  Put back a copy of it, or train again.`);
      if (systemCode(error) === 'ENOENT') throw new CheckpointError(`there is no checkpoint at ${name}\n  Training writes one when it saves or ends: train the run again.`);
      throw new CheckpointError(`${name} cannot be read: ${messageOf(error)}\n  Check that it is a file you may read.`);
    }
  }

  /** A tensor's values. @throws CheckpointError when it is missing, cut short, or holds a NaN */
  async read(name: string): Promise<Values> {
    const tensor = this.tensors.get(name);
    if (!tensor) throw new CheckpointError(`${this.path} has no tensor ${name}`);
    const bytes = await this.source.read(tensor.begin, tensor.end - tensor.begin);
    const values = tensor.dtype === 'i32' ? new Int32Array(bytes.buffer) : new Float32Array(bytes.buffer);
    const bad = firstNaN(values);
    if (bad !== undefined) throw new CheckpointError(`${this.path} is not a usable checkpoint: tensor ${name} holds a NaN at element ${bad}\n  Train again, or go back to an earlier checkpoint.`);
    return values;
  }

  /**
   * Writes all tensors to a session.
   * @param roles which tensors are wanted: all to go on training; params and states to use the model
   * @throws CheckpointError when the checkpoint is of another spec (listing what differs) or damaged
   */
  async restore(session: Executor, roles: readonly TensorInfo['role'][] = ['param', 'moment', 'state']): Promise<void> {
    const wanted = session.persistent().filter((tensor) => roles.includes(tensor.role));
    this.checkFits(session, wanted);
    for (const tensor of wanted) await session.write(tensor.id, await this.read(tensor.name));
  }

  async close(): Promise<void> {
    await this.source.close();
  }

  private checkFits(session: Executor, wanted: readonly TensorInfo[]): void {
    const known = new Set(session.persistent().map((tensor) => tensor.name));
    const differences: string[] = [];
    for (const tensor of wanted) {
      const stored = this.tensors.get(tensor.name);
      const shape = shapeOf(tensor).join(', ');
      if (!stored) differences.push(`missing: ${tensor.name} [${shape}]`);
      else if (stored.dtype !== tensor.dtype || stored.shape.join(', ') !== shape) differences.push(`differs: ${tensor.name} is [${stored.shape.join(', ')}] in the checkpoint, [${shape}] in the spec`);
    }
    for (const name of this.tensors.keys()) if (!known.has(name)) differences.push(`extra:   ${name}`);
    if (differences.length === 0) return;
    const listed = differences.slice(0, LISTED).map((line) => `    ${line}`);
    if (differences.length > LISTED) listed.push(`    and ${differences.length - LISTED} more`);
    throw new CheckpointError(`${this.path} is of another spec: it holds ${this.info.arch}, and ${session.program.arch} differs in\n${listed.join('\n')}\n  \`archc diff\` between the two specs shows why.`);
  }
}

/**
 * Opens, restores, closes.
 * @param from a file's path, or its bytes
 * @returns what the checkpoint says of itself
 */
export async function loadCheckpoint(from: string | Uint8Array, session: Executor, roles?: readonly TensorInfo['role'][]): Promise<CheckpointInfo> {
  const checkpoint = await Checkpoint.open(from);
  try {
    await checkpoint.restore(session, roles);
    return checkpoint.info;
  } finally {
    await checkpoint.close();
  }
}

function readInfo({ metadata }: Header): CheckpointInfo {
  const text = (key: string): string => {
    const value = metadata.get(key);
    if (value === undefined) throw new CheckpointError(`its metadata has no ${key}`);
    return value;
  };
  const integer = (key: string): number => {
    const value = Number(text(key));
    if (!Number.isSafeInteger(value) || value < 0) throw new CheckpointError(`its metadata has ${key} = ${JSON.stringify(text(key))}`);
    return value;
  };
  if (metadata.get('format') !== FORMAT) throw new CheckpointError('it is a safetensors file, but not one archc wrote');
  if (text('format_version') !== FORMAT_VERSION) throw new CheckpointError(`it has format version ${text('format_version')}; this archc reads ${FORMAT_VERSION}`);
  return {
    arch: text('arch'),
    fingerprint: text('fingerprint'),
    step: integer('step'),
    seed: integer('seed'),
    resolved: text('resolved'),
    source: text('source'),
    train: text('train'),
    data: text('data'),
  };
}

function bytesOf(bytes: Uint8Array): ByteSource {
  return {
    size: bytes.length,
    read: async (position, length) => {
      if (position + length > bytes.length) throw new CheckpointError(`it is truncated at byte ${bytes.length}`);
      return Uint8Array.from(bytes.subarray(position, position + length));
    },
    close: async () => undefined,
  };
}

/** Sizes of a tensor's axes. */
export function shapeOf(tensor: TensorInfo): number[] {
  return tensor.axes.map((axis) => axis.size);
}

/** Where a NaN is. */
export function firstNaN(values: Values): number | undefined {
  if (values instanceof Int32Array) return undefined;
  const index = values.findIndex((value) => Number.isNaN(value));
  return index < 0 ? undefined : index;
}
