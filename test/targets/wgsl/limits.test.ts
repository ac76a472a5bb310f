/** @file Tensors larger than one binding, and what does not fit at all. */
import { describe, expect, it } from 'vitest';
import type { Buffer, Fill, KernelProgram, Nest } from '../../../compiler/kernels/kernel.js';
import { emitWgsl, LimitError, wgsl } from '../../../compiler/targets/wgsl/index.js';
import { collapsePaths } from '../../../compiler/targets/wgsl/header.js';
import { fingerprint, fnv1a64 } from '../../../compiler/kernels/fingerprint.js';
import { runKernel, testLimits } from '../../support/gpu.js';
import { add, base, call, choices, f, load, noise, slot, v } from '../../support/kernels.js';
import { device } from './device.js';

const size = 1000;
const tiny = { ...testLimits, maxBindingBytes: 1024 };
/** table[chosen[p]] += 1, and what was there goes to y. */
const gather: Nest = {
  ...base, kind: 'nest', name: 'gather', grid: [{ name: 'p', extent: size }],
  slots: [slot('chosen', size, 'read', 'i32'), slot('table', size, 'read_write'), slot('y', size, 'write')],
  stages: [
    { kind: 'let', name: 'row', value: load(0, v('p'), 'i32') },
    { kind: 'store', loops: [], slot: 2, index: v('p'), value: load(1, { kind: 'local', name: 'row', dtype: 'i32' }) },
    { kind: 'store', loops: [], slot: 1, index: v('p'), value: add(load(1, v('p')), f(1)) },
  ],
};

const buffer = (id: number, name: string, role: Buffer['role'], count: number): Buffer => ({ id, name, role, dtype: 'f32', axes: [{ name: 'n', size: count }], size: count });

describe('limits', () => {
  it('splits what is larger than a binding', async (test) => {
    const on = await device(test);
    const split = { ...gather, stages: gather.stages.slice(0, 2), slots: gather.slots.map((s, at) => (at === 1 ? { ...s, access: 'read' as const } : s)) };
    const chosen = choices(size, size);
    const table = noise(size);
    const limits = { ...tiny, maxSlots: 10, maxBindingBytes: 2048 };
    expect(emitWgsl(split, limits).modules[0]?.bindings.map((b) => b.minBytes)).toEqual([2048, 1952, 2048, 1952, 2048, 1952]);
    const [, , y] = await runKernel(on, split, [chosen, table, undefined], limits);
    expect(Array.from(y ?? [])).toEqual(Array.from(chosen, (row) => table[row]));
  });

  it('names the tensor that needs too many bindings', () => {
    expect(() => emitWgsl(gather, tiny)).toThrowError(new LimitError('chosen', 'gather', 'maxSlots', 12, 8));
    const buffers = [buffer(0, 'layers.0.ffn.choice', 'temp', size), buffer(1, 'layers.0.ffn.table', 'param', size), buffer(2, 'y', 'output', size)];
    const program: KernelProgram = {
      name: 'eval', buffers, launches: [{ kernel: gather, buffers, paths: ['layers.0.ffn.y'] }],
      allocations: buffers.map(({ name }) => ({ name, bytes: size * 4 })), placement: new Map([[0, 0], [1, 1], [2, 2]]),
    };
    const input = { arch: 'T', batch: 1, time: 1, vocab: 1, programs: [program], scalars: [], starts: new Map() };
    expect(() => wgsl.assemble({ ...input, limits: tiny })).toThrowError(/needs 12 storage buffers, the target allows 8; the largest is layers\.0\.ffn\.choice/);
    expect(() => wgsl.assemble({ ...input, limits: { ...testLimits, maxBufferBytes: 100 } })).toThrowError(/needs a buffer of 4000 bytes, the target allows 100/);
  });

  it('refuses one buffer in two slots when one is written', () => {
    const tensors = [0, 1, 1].map((id) => ({ id, name: `t${id}`, allocation: id }));
    expect(() => emitWgsl(gather, testLimits).dispatches(tensors)).toThrowError(/internal error.*shares its memory: table \(t1\), y \(t1\)/);
  });
});

describe('assemble', () => {
  const double = (name: string): Nest => ({
    ...base, kind: 'nest', name, grid: [{ name: 'p', extent: 8 }], slots: [slot('x', 8), slot('y', 8, 'write')],
    stages: [{ kind: 'store', loops: [], slot: 1, index: v('p'), value: call('mul', load(0, v('p')), f(2)) }],
  });
  const zero: Fill = { ...base, kind: 'fill', name: 'zero', slots: [slot('x', 8, 'write')], value: 0 };
  const entry = (name: string, layer: number): KernelProgram => {
    const w = buffer(0, 'w', 'param', 8);
    const t = buffer(1, 't', 'temp', 8);
    const y = buffer(2, `${name}.y`, 'output', 8);
    return {
      name, buffers: [w, t, y],
      launches: [
        { kernel: double('double'), buffers: [w, t], paths: [`layers.${layer}.a`] },
        { kernel: double('double'), buffers: [t, y], paths: [`layers.${layer + 1}.a`] },
        { kernel: zero, buffers: [t], paths: [] },
      ],
      allocations: [{ name: 'w', bytes: 32 }, { name: 'temp 0', bytes: layer === 0 ? 32 : 64 }, { name: 'y', bytes: 32 }],
      placement: new Map([[0, 0], [1, 1], [2, 2]]),
    };
  };
  const program = wgsl.assemble({
    arch: 'T', batch: 1, time: 8, vocab: 2, limits: testLimits, programs: [entry('train', 0), entry('eval', 2)], scalars: [], starts: new Map([['w', { init: { kind: 'ones' } }]]),
  });

  it('makes each kernel and each lasting tensor once, and lets entries share temporary memory', () => {
    expect(program.modules.map((module) => module.name)).toEqual(['double', 'zero']);
    expect(program.modules[0]?.source).toContain('// Implements layers.{0..3}.a.');
    expect(program.tensors.map((tensor) => [tensor.name, tensor.role, tensor.allocation])).toEqual([
      ['w', 'param', 0], ['train.y', 'output', 1], ['eval.y', 'output', 2], ['t', 'temp', 3], ['t', 'temp', 3],
    ]);
    expect(program.allocations.map((allocation) => allocation.bytes)).toEqual([32, 32, 32, 64]);
    expect(program.tensors[0]?.init).toEqual({ kind: 'ones' });
    expect(program.entries.eval?.outputs).toEqual({ 'eval.y': 2 });
    expect(program.entries.eval?.dispatches.map((dispatch) => [dispatch.module, dispatch.bindings.map((binding) => binding.tensor), dispatch.writes])).toEqual([
      [0, [0, 4], [4]], [0, [4, 2], [2]], [1, [4], [4]],
    ]);
    expect(program.needs).toEqual({ storageBuffers: 2, bindingBytes: 32, bufferBytes: 64 });
  });

  it('fingerprints paths and shapes, not their order', () => {
    expect(fnv1a64('foobar')).toBe('85944171f73967e8');
    const [a, b] = [{ path: 'a', sizes: [2, 3] }, { path: 'b', sizes: [4] }];
    expect(fingerprint([a, b])).toBe(fingerprint([b, a]));
    expect(fingerprint([a, b])).not.toBe(fingerprint([a, { path: 'b', sizes: [5] }]));
  });

  it('folds layers in headers', () => {
    expect(collapsePaths(['layers.0.x', 'layers.2.x', 'layers.1.x', 'layers.5.x', 'embed.y', 'layers.3.z~grad'])).toEqual(['embed.y', 'layers.3.z~grad', 'layers.{0..2,5}.x']);
  });
});

describe('fill', () => {
  for (const count of [1, 513, 100_001])
    it(`${count} elements`, async (test) => {
      const on = await device(test);
      const kernel: Fill = { ...base, kind: 'fill', name: 'fill', slots: [slot('x', count, 'write')], value: -1.5 };
      const [x] = await runKernel(on, kernel, [undefined]);
      expect(x?.every((value) => value === -1.5)).toBe(true);
    });
});
