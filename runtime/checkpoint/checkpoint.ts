/**
 * @file Checkpoints: a safetensors file with all parameters, moments and states by path, and in its metadata everything needed to go on
 * to the same bits: step (which is also the data position), seed, spec, training settings, data.
 */
import { open, type FileHandle } from 'node:fs/promises';
import { CheckpointError, messageOf, systemCode } from '../errors.js';
import type { Values } from '../execute.js';
import type { Executor } from '../executor.js';
import type { TensorInfo } from '../program.js';
import { writeAtomically, type Write } from './atomic.js';
import { decodeHeader, encodeHeader, headerLength, type Header, type StoredTensor } from './safetensors.js';

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

const FORMAT = 'archc checkpoint';
const FORMAT_VERSION = '1';
/** How many tensors an error lists. */
const LISTED = 5;

/**
 * Saves a session's params, moments and states, atomically. The file is streamed: memory does not grow with the model.
 * @throws CheckpointError when it cannot be written or a tensor holds a NaN; the file that was there is untouched then
 */
export async function saveCheckpoint(path: string, session: Executor, info: CheckpointInfo, write?: Write): Promise<void> {
  const tensors = session.persistent();
  const metadata: Record<string, string> = {
    format: FORMAT,
    format_version: FORMAT_VERSION,
    arch: info.arch,
    fingerprint: info.fingerprint,
    step: String(info.step),
    seed: String(info.seed),
    resolved: info.resolved,
    source: info.source,
    train: info.train,
    data: info.data,
  };
  await writeAtomically(
    path,
    async (put) => {
      await put(encodeHeader(tensors.map((tensor) => ({ name: tensor.name, dtype: tensor.dtype, shape: shapeOf(tensor) })), metadata));
      for (const tensor of tensors) {
        const values = await session.read(tensor.id);
        const bad = firstNaN(values);
        if (bad !== undefined) throw new CheckpointError(`${path} was not saved: ${tensor.name} holds a NaN at element ${bad}\n  What was there before is untouched.`);
        await put(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
      }
    },
    write,
  );
}

/** An open checkpoint. Close it. */
export class Checkpoint {
  private constructor(
    readonly path: string,
    readonly info: CheckpointInfo,
    readonly tensors: ReadonlyMap<string, StoredTensor>,
    private readonly handle: FileHandle,
  ) {}

  /** Reads and checks the header. @throws CheckpointError */
  static async open(path: string): Promise<Checkpoint> {
    let handle: FileHandle | undefined;
    try {
      handle = await open(path, 'r');
      const { size } = await handle.stat();
      const start = await readBytes(handle, 0, Math.min(8, size));
      const header = decodeHeader(await readBytes(handle, 8, headerLength(start, size)), size);
      return new Checkpoint(path, readInfo(header), header.tensors, handle);
    } catch (error) {
      await handle?.close();
      if (error instanceof CheckpointError) throw new CheckpointError(`${path} is not a usable checkpoint: ${error.message}`);
      if (systemCode(error) === 'ENOENT') throw new CheckpointError(`there is no checkpoint at ${path}`);
      throw new CheckpointError(`${path} cannot be read: ${messageOf(error)}`);
    }
  }

  /** A tensor's values. @throws CheckpointError when it is missing, cut short, or holds a NaN */
  async read(name: string): Promise<Values> {
    const tensor = this.tensors.get(name);
    if (!tensor) throw new CheckpointError(`${this.path} has no tensor ${name}`);
    const bytes = await readBytes(this.handle, tensor.begin, tensor.end - tensor.begin);
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
    await this.handle.close();
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

/** Opens, restores, closes. @returns what the checkpoint says of itself */
export async function loadCheckpoint(path: string, session: Executor, roles?: readonly TensorInfo['role'][]): Promise<CheckpointInfo> {
  const checkpoint = await Checkpoint.open(path);
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

async function readBytes(handle: FileHandle, position: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; ) {
    const { bytesRead } = await handle.read(bytes, at, Math.min(length - at, 1 << 28), position + at);
    if (bytesRead === 0) throw new CheckpointError(`it is truncated at byte ${position + at}`);
    at += bytesRead;
  }
  return bytes;
}

function shapeOf(tensor: TensorInfo): number[] {
  return tensor.axes.map((axis) => axis.size);
}

function firstNaN(values: Values): number | undefined {
  if (values instanceof Int32Array) return undefined;
  const index = values.findIndex((value) => Number.isNaN(value));
  return index < 0 ? undefined : index;
}
