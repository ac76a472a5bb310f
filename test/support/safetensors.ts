/**
 * @file Reads safetensors files for tests: 8 bytes of header length, a JSON header, the numbers.
 * An independent, minimal reader; the runtime's own is under test elsewhere.
 */
import { readFileSync } from 'node:fs';

export interface StoredTensor {
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Every dtype read here fits a float64. */
  readonly data: Float64Array;
}

export interface StoredTensors {
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function numberList(value: unknown, what: string): number[] {
  if (!Array.isArray(value)) throw new Error(`${what} is not a list`);
  return value.map((item: unknown) => {
    if (typeof item !== 'number') throw new Error(`${what} holds something that is not a number`);
    return item;
  });
}

function decode(dtype: string, view: DataView): Float64Array {
  const read = (width: number, at: (offset: number) => number): Float64Array => Float64Array.from({ length: view.byteLength / width }, (_, i) => at(i * width));
  switch (dtype) {
    case 'F64': return read(8, (o) => view.getFloat64(o, true));
    case 'F32': return read(4, (o) => view.getFloat32(o, true));
    case 'I64': return read(8, (o) => Number(view.getBigInt64(o, true)));
    case 'I32': return read(4, (o) => view.getInt32(o, true));
    case 'U8': case 'BOOL': return read(1, (o) => view.getUint8(o));
    default: throw new Error(`no reader for ${dtype}`);
  }
}

export function readSafetensors(path: string): StoredTensors {
  const bytes = readFileSync(path);
  const length = Number(bytes.readBigUInt64LE(0));
  const header: unknown = JSON.parse(bytes.toString('utf8', 8, 8 + length));
  if (!isRecord(header)) throw new Error(`${path}: the header is not an object`);
  const tensors = new Map<string, StoredTensor>();
  const metadata: Record<string, string> = {};
  for (const [name, entry] of Object.entries(header)) {
    if (!isRecord(entry)) throw new Error(`${path}: ${name} is not an object`);
    if (name === '__metadata__') {
      for (const [key, value] of Object.entries(entry)) metadata[key] = String(value);
      continue;
    }
    const dtype = String(entry.dtype);
    const [start = 0, end = 0] = numberList(entry.data_offsets, `${name}.data_offsets`);
    const view = new DataView(bytes.buffer, bytes.byteOffset + 8 + length + start, end - start);
    tensors.set(name, { dtype, shape: numberList(entry.shape, `${name}.shape`), data: decode(dtype, view) });
  }
  return { tensors, metadata };
}
