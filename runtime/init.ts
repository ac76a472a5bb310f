/**
 * @file Initial values. Element i of a parameter is a function of (seed, the parameter's path, i): the order of parameters, and which others
 * exist, change nothing. Values are computed in float64 and rounded once to float32; unit rows are scaled after that, in float64.
 */
import { RandomStream } from './rng.js';
import type { InitInfo } from './program.js';

/**
 * Fills `out` with elements `start`, `start + 1`, ... of the tensor called `path`.
 * @param start a multiple of 4 (the generator makes four values at a time)
 */
export function initialValues(init: InitInfo, path: string, seed: number, start: number, out: Float32Array): void {
  switch (init.kind) {
    case 'zeros':
      out.fill(0);
      return;
    case 'ones':
      out.fill(1);
      return;
    case 'constant':
      out.fill(init.value);
      return;
    case 'normal':
      return fillBlocks(path, seed, start, out, (words, values) => normals(words, init.mean, init.std, values));
    case 'uniform':
      return fillBlocks(path, seed, start, out, (words, values) => {
        for (let i = 0; i < 4; i++) values[i] = init.low + (init.high - init.low) * unit(words[i] ?? 0);
      });
    case 'unit':
      return fillUnitRows(init.of, init.row, path, seed, start, out);
  }
}

/** Makes the whole rows that `out` has a part of, and scales them. A row of zeros stays zero. */
function fillUnitRows(of: InitInfo, row: number, path: string, seed: number, start: number, out: Float32Array): void {
  const first = Math.floor(start / row) * row;
  const from = Math.floor(first / 4) * 4;
  const raw = new Float32Array(Math.ceil((start + out.length) / row) * row - from);
  initialValues(of, path, seed, from, raw);
  for (let at = first; at < start + out.length; at += row) {
    const values = raw.subarray(at - from, at - from + row);
    const norm = Math.sqrt(values.reduce((sum, x) => sum + x * x, 0));
    if (norm > 0) for (let i = 0; i < row; i++) values[i] = (values[i] ?? 0) / norm;
  }
  out.set(raw.subarray(start - from, start - from + out.length));
}

function fillBlocks(path: string, seed: number, start: number, out: Float32Array, block: (words: Uint32Array, values: Float64Array) => void): void {
  if (start % 4 !== 0) throw new RangeError(`initial values start at a multiple of 4, not ${start}`);
  const stream = new RandomStream(seed, `init:${path}`);
  const values = new Float64Array(4);
  for (let i = 0; i < out.length; i += 4) {
    const position = (start + i) / 4;
    block(stream.words4(position >>> 0, Math.floor(position / 0x100000000)), values);
    for (let j = 0; j < 4 && i + j < out.length; j++) out[i + j] = values[j] ?? 0;
  }
}

/** (0, 1), 2^32 equal steps. */
function unit(word: number): number {
  return (word + 0.5) / 0x100000000;
}

/** Box and Muller, 1958: two uniforms give two independent normals. */
function normals(words: Uint32Array, mean: number, std: number, values: Float64Array): void {
  for (let pair = 0; pair < 4; pair += 2) {
    const radius = Math.sqrt(-2 * Math.log(unit(words[pair] ?? 0)));
    const angle = 2 * Math.PI * unit(words[pair + 1] ?? 0);
    values[pair] = mean + std * radius * Math.cos(angle);
    values[pair + 1] = mean + std * radius * Math.sin(angle);
  }
}
