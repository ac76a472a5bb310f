/**
 * What does not fit a target is one diagnostic, whichever target it is.
 */
import { expect, it } from 'vitest';
import { compile } from '../../compiler/pipeline.js';
import type { TargetName } from '../../compiler/targets/targets.js';
import { reader } from '../support/spec.js';

const found = (target: TargetName, keys: number) =>
  compile({ entry: 'specs/peer.arch', read: reader({}), set: ['layers.count=1', `layers.ffn.keys=${keys}`], batch: 1, time: 16, target }).diagnostics.all;

it('a table larger than a WebGPU buffer is named', () => {
  const [first, ...rest] = found('wgsl', 2048);
  expect([first?.code, rest]).toEqual(['ARCH4002', []]);
  expect(first?.message).toMatch(/^`layers\.0\.ffn\.experts\.read` needs 2 GiB; /);
});

it('a program larger than 32-bit memory is compiled for 64-bit memory, and says so with its largest tensors', () => {
  const [first, ...rest] = found('wasm', 2048);
  expect([first?.code, first?.severity, rest]).toEqual(['ARCH4004', 'warning', []]);
  expect(first?.message).toMatch(/^`Peer` needs 12(\.\d)? GiB on the CPU, and 32-bit memory is 4 GiB: it is compiled for 64-bit memory$/);
  expect(first?.notes.join()).toContain('`layers.0.ffn.experts.read` (2 GiB), ');
  expect(first?.help).toBe('run it with Node 24 or later, or in a current browser; to fit 32-bit memory, make its tables smaller: fewer experts or layers, or a smaller `d`');
});

it('where activations are what does not fit, the batch that does is named', () => {
  const dense = (batch: number) => compile({ entry: 'specs/dense.arch', read: reader({}), set: ['layers.count=1'], batch, time: 128, target: 'wasm' });
  const [first, ...rest] = dense(4096).diagnostics.all;
  expect([first?.code, rest]).toEqual(['ARCH4004', []]);
  expect(first?.help).toMatch(/; to fit 32-bit memory, lower `train\.batch` from 4,096 to 2,900 or so, or `dims\.ctx` likewise$/);
  expect([dense(2900), dense(3000)].map(({ program }) => program?.wasm?.memory)).toEqual([undefined, 64]);
});

it('a program larger than 64-bit memory is refused', () => {
  const [first, ...rest] = found('wasm', 3000);
  expect([first?.code, rest]).toEqual(['ARCH4002', []]);
  expect(first?.message).toMatch(/^`Peer` needs 25(\.\d+)? GiB; 64-bit WebAssembly memory is 16 GiB$/);
  expect(first?.help).toContain('lower `batch` or the dims');
});

it('so is a tensor of more bytes than one can have', () => {
  const [first, ...rest] = found('wasm', 3968);
  expect([first?.code, rest]).toEqual(['ARCH4002', []]);
  expect(first?.message).toBe('`layers.0.ffn.experts.read` needs 7.51 GiB; the most one tensor can have is 7.5 GiB');
});

it('a table of half a million experts fits 32-bit memory', () => {
  expect(found('wasm', 700)).toEqual([]);
});
