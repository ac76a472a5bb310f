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

it('a program larger than 32-bit memory says so, with its largest tensors', () => {
  const [first, ...rest] = found('wasm', 2048);
  expect([first?.code, rest]).toEqual(['ARCH4002', []]);
  expect(first?.message).toMatch(/^`Peer` needs 12(\.\d)? GiB; 32-bit WebAssembly memory is 4 GiB$/);
  expect(first?.notes.join()).toContain('`layers.0.ffn.experts.read` (2 GiB), ');
  expect(first?.help).toContain('lower `batch` or the dims');
});

it('a table of half a million experts fits 32-bit memory', () => {
  expect(found('wasm', 700)).toEqual([]);
});
