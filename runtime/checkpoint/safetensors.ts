/**
 * @file The safetensors format: 8 bytes (header length, little-endian), a JSON header {name: {dtype, shape, data_offsets}}, then the data.
 * https://github.com/huggingface/safetensors#format. The reader trusts nothing in the file.
 */
import { CheckpointError, messageOf } from '../errors.js';
import type { DType } from '../program.js';

export interface StoredTensor {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** Bytes, from the start of the file. */
  readonly begin: number;
  readonly end: number;
}

export interface Header {
  readonly metadata: ReadonlyMap<string, string>;
  /** In file order. */
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  /** Where the data begins. */
  readonly dataStart: number;
}

/** The format's own limit. */
export const MAX_HEADER_BYTES = 100_000_000;
const STORED_DTYPES: Readonly<Record<DType, string>> = { f32: 'F32', i32: 'I32' };

/** The header for tensors written one after the other in this order; padded with spaces so that the data starts at a multiple of 8. */
export function encodeHeader(tensors: readonly { readonly name: string; readonly dtype: DType; readonly shape: readonly number[] }[], metadata: Readonly<Record<string, string>>): Uint8Array {
  const entries: [string, unknown][] = [['__metadata__', metadata]];
  let offset = 0;
  for (const { name, dtype, shape } of tensors) {
    const end = offset + byteLength(shape);
    entries.push([name, { dtype: STORED_DTYPES[dtype], shape, data_offsets: [offset, end] }]);
    offset = end;
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)));
  const length = Math.ceil(json.length / 8) * 8;
  const header = new Uint8Array(8 + length).fill(0x20);
  new DataView(header.buffer).setBigUint64(0, BigInt(length), true);
  header.set(json, 8);
  return header;
}

/** How long the header is. @throws CheckpointError when the file is too short for one or names an impossible length */
export function headerLength(start: Uint8Array, fileBytes: number): number {
  if (start.length < 8 || fileBytes < 8) throw new CheckpointError('it is truncated: a safetensors file has at least 8 bytes');
  const length = Number(new DataView(start.buffer, start.byteOffset, 8).getBigUint64(0, true));
  if (length > MAX_HEADER_BYTES) throw new CheckpointError(`it is not a safetensors file: its header claims ${length} bytes, and ${MAX_HEADER_BYTES} are allowed`);
  if (8 + length > fileBytes) throw new CheckpointError(`it is truncated: its header needs ${8 + length} bytes, the file has ${fileBytes}`);
  return length;
}

/**
 * Reads and checks a header: names, dtypes, shapes; data in range, each byte of it used exactly once.
 * @param json the header's bytes, without the 8 before them
 * @throws CheckpointError saying what is wrong
 */
export function decodeHeader(json: Uint8Array, fileBytes: number): Header {
  const parsed = parseJson(json);
  const dataStart = 8 + json.length;
  const metadata = new Map<string, string>();
  const tensors: StoredTensor[] = [];
  for (const [name, value] of Object.entries(parsed)) {
    if (name === '__metadata__') {
      for (const [key, text] of Object.entries(objectOf(value, '__metadata__'))) {
        if (typeof text !== 'string') throw new CheckpointError(`metadata ${key} is not text`);
        metadata.set(key, text);
      }
    } else {
      tensors.push(decodeTensor(name, value, dataStart));
    }
  }
  tensors.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let at = dataStart;
  for (const tensor of tensors) {
    if (tensor.begin < at) throw new CheckpointError(`tensor ${tensor.name} overlaps the one before it`);
    if (tensor.begin > at) throw new CheckpointError(`there is a gap before tensor ${tensor.name}`);
    at = tensor.end;
  }
  if (at > fileBytes) throw new CheckpointError(`it is truncated: its tensors need ${at} bytes, the file has ${fileBytes}`);
  if (at < fileBytes) throw new CheckpointError(`it has ${fileBytes - at} bytes more than its header accounts for`);
  return { metadata, tensors: new Map(tensors.map((tensor) => [tensor.name, tensor])), dataStart };
}

function decodeTensor(name: string, value: unknown, dataStart: number): StoredTensor {
  const { dtype, shape, data_offsets: offsets } = objectOf(value, `tensor ${name}`);
  const known = dtype === 'F32' ? 'f32' : dtype === 'I32' ? 'i32' : undefined;
  if (!known) throw new CheckpointError(`tensor ${name} has dtype ${JSON.stringify(dtype)}; F32 and I32 are read`);
  if (!isSizes(shape)) throw new CheckpointError(`tensor ${name} has no valid shape`);
  if (!isSizes(offsets) || offsets.length !== 2) throw new CheckpointError(`tensor ${name} has no valid data_offsets`);
  const [begin = 0, end = 0] = offsets;
  const bytes = byteLength(shape);
  if (!Number.isSafeInteger(bytes) || end - begin !== bytes) throw new CheckpointError(`tensor ${name} has shape [${shape.join(', ')}], which is ${bytes} bytes, but ${end - begin} bytes of data`);
  return { name, dtype: known, shape, begin: dataStart + begin, end: dataStart + end };
}

function parseJson(json: Uint8Array): Record<string, unknown> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(json));
  } catch (error) {
    throw new CheckpointError(`it is not a safetensors file: its header is not JSON (${messageOf(error)})`);
  }
  return objectOf(parsed, 'the header');
}

function objectOf(value: unknown, what: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new CheckpointError(`${what} is not a JSON object`);
  return Object.fromEntries(Object.entries(value));
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => typeof size === 'number' && Number.isSafeInteger(size) && size >= 0);
}

function byteLength(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 4);
}
