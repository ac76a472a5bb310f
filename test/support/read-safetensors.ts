/**
 * @file Reads a safetensors file whole, for oracles: shares no code with the runtime's reader.
 */
import { readFileSync } from 'node:fs';

export interface OracleTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array;
}

export function readSafetensors(path: string): Map<string, OracleTensor> {
  const bytes = readFileSync(path);
  const length = Number(bytes.readBigUInt64LE(0));
  const header: unknown = JSON.parse(bytes.subarray(8, 8 + length).toString('utf8'));
  const tensors = new Map<string, OracleTensor>();
  if (typeof header !== 'object' || header === null) throw new Error('the header is not an object');
  for (const [name, entry] of Object.entries(header)) {
    if (name === '__metadata__') continue;
    const { dtype, shape, data_offsets: [begin, end] } = entry;
    const data = bytes.buffer.slice(bytes.byteOffset + 8 + length + begin, bytes.byteOffset + 8 + length + end);
    tensors.set(name, { shape, data: dtype === 'I32' ? new Int32Array(data) : new Float32Array(data) });
  }
  return tensors;
}

/** The tensor `name`, with its axes permuted: axis i of the result is axis `order[i]` of the stored one, after it is seen as `shape`. */
export function permuted(tensors: ReadonlyMap<string, OracleTensor>, name: string, order: readonly number[], shape?: readonly number[]): Float64Array {
  const tensor = tensors.get(name);
  if (!tensor) throw new Error(`the oracle has no ${name}`);
  const seen = shape ?? tensor.shape;
  const strides = seen.map((_, i) => seen.slice(i + 1).reduce((n, size) => n * size, 1));
  const sizes = order.map((axis) => seen[axis] ?? 1);
  const result = new Float64Array(tensor.data.length);
  for (let i = 0; i < result.length; i++) {
    let rest = i;
    let from = 0;
    for (let axis = sizes.length - 1; axis >= 0; axis--) {
      const size = sizes[axis] ?? 1;
      from += (rest % size) * (strides[order[axis] ?? 0] ?? 0);
      rest = Math.floor(rest / size);
    }
    result[i] = tensor.data[from] ?? Number.NaN;
  }
  return result;
}
