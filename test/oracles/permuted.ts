/**
 * @file Reads an oracle's tensor with its axes in our order.
 */
import type { StoredTensor } from '../support/safetensors.js';

/** The tensor `name`, with its axes permuted: axis i of the result is axis `order[i]` of the stored one, after it is seen as `shape`. */
export function permuted(tensors: ReadonlyMap<string, StoredTensor>, name: string, order: readonly number[], shape?: readonly number[]): Float64Array {
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
