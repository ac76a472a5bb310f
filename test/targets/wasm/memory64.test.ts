/**
 * The 64-bit form of programs: the same bits as the 32-bit form, on small programs that are forced into it. Node 20 has 64-bit memory (of less than 4 GiB) behind a
 * flag of its engine, which is set here; programs past 4 GiB need Node 24.
 */
import { setFlagsFromString } from 'node:v8';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Top, TopProduct } from '../../../compiler/kernels/kernel.js';
import { programFiles } from '../../../compiler/emit/program.js';
import { WasmModule } from '../../../compiler/targets/wasm/module.js';
import { createMemory, hasMemory64 } from '../../../runtime/cpu/memory.js';
import { CpuSession } from '../../../runtime/cpu/session.js';
import { parseProgram } from '../../../runtime/load.js';
import { numbers } from '../../support/random.js';
import { at, contraction, f, int, load, local, nest, slot, store, v } from './build.js';
import { compileForCpu, trained } from './models.js';
import { nestCases } from './nests.js';
import { assembled, dataFor, runWasm } from './run.js';

if (!hasMemory64()) setFlagsFromString('--experimental-wasm-memory64');
const describeWide = describe.skipIf(!hasMemory64());

const base = { about: [], flops: 0, bytes: 0 };

/** Specs that between them have every kind of kernel, at sizes no vector divides. */
const models: Readonly<Record<string, readonly string[]>> = {
  'specs/peer.arch': ['dims.d=20', 'layers.count=1', 'layers.attention.heads=2', 'layers.ffn.keys=9', 'layers.ffn.take=5'],
  'specs/pools.arch': ['dims.d=20', 'layers.count=1', 'layers.attention.heads=2', 'layers.ffn.count=4', 'layers.ffn.keys=6', 'layers.ffn.take=3'],
  'specs/mixtral.arch': ['dims.d=20', 'layers.count=1', 'layers.attention.heads=2', 'layers.attention.kv_heads=1', 'layers.ffn.count=5', 'layers.ffn.width=14'],
  'specs/monet_vertical.arch': ['dims.d=24', 'layers.count=1', 'layers.ffn.width=6'],
};

it('a module says what memory it needs', () => {
  const [narrow, wide] = [new WasmModule({ relaxed: false }), new WasmModule({ relaxed: false, memory: 64 })];
  expect([narrow.text(2), wide.text(2)]).toEqual([
    '(module\n  (import "env" "memory" (memory 1 2 shared))\n)\n',
    '(module\n  (import "env" "memory" (memory i64 1 2 shared))\n)\n',
  ]);
  // After the header, an empty list of types, and the import's two names: a memory; limits that are shared and have a maximum (4: of 64 bits); 1 and 2 pages.
  const limits = (module: WasmModule): number[] => [...module.bytes(2).slice(25, 29)];
  expect([limits(narrow), limits(wide)]).toEqual([[0x02, 0x03, 1, 2], [0x02, 0x07, 1, 2]]);
});

describeWide('64-bit memory', () => {
  for (const d of [7, 65]) {
    it(`nests of ${d}`, async () => {
      for (const { kernel, data } of nestCases(d)) {
        const given = dataFor(kernel, data);
        const relaxed = d === 65;
        const wanted = await runWasm(kernel, given, { threads: 1, relaxed });
        expect(await runWasm(kernel, given, { threads: 2, grain: 1, relaxed, memory: 64 }), kernel.name).toEqual(wanted);
      }
    });
  }

  it('contractions of every layout', async () => {
    const [m, n, k] = [31, 45, 600];
    const [row, column] = [(a: string, b: string, by: number) => at(v(a), by, v(b)), slot('out', m * n, 'write')];
    for (const a of [row('m', 'k', k), row('k', 'm', m)]) for (const b of [row('k', 'n', n), row('n', 'k', k)]) {
      const kernel = contraction('product', [slot('a', m * k), slot('b', k * n), column], {
        batch: 1, m, n, k, a: load(0, a), b: load(1, b), store: { slot: 2, index: row('m', 'n', n), value: f('mul', local('acc'), local('acc')) },
      });
      const data = dataFor(kernel);
      expect(await runWasm(kernel, data, { threads: 2, grain: 1, memory: 64 })).toEqual(await runWasm(kernel, data, { threads: 2, grain: 1 }));
    }
  });

  it('short and long lists of the best', async () => {
    const extent = 65;
    const data = { x: Float32Array.from(numbers(1, 13 * extent)), y: Float32Array.from(numbers(2, 13 * extent)) };
    const [first, second] = [load(0, at(v('row'), extent, v('n'))), load(1, at(v('row'), extent, v('n')))];
    for (const take of [5, 30]) {
      const slots = [slot('x', 13 * extent), slot('y', 13 * extent), slot('out', 13 * take, 'write', 'i32')];
      const top: Top = { kind: 'top', name: 'top', ...base, slots, rows: 13, extent, take, value: first, slot: 2 };
      const product: TopProduct = { kind: 'top_product', name: 'top_product', ...base, slots, rows: 13, extent, take, first, second, slot: 2 };
      for (const kernel of [top, product]) expect(await runWasm(kernel, data, { threads: 2, grain: 1, memory: 64 })).toEqual(await runWasm(kernel, data, { threads: 1 }));
    }
  });

  it('where the engine has none, what to do is said', () => {
    const validate = vi.spyOn(WebAssembly, 'validate').mockReturnValue(false);
    onTestFinished(() => validate.mockRestore());
    expect(() => createMemory('Big', 64, 5 * 2 ** 30, 2)).toThrow(
      `Big needs 5 GiB, more than 32-bit WebAssembly memory holds, and Node ${process.versions.node} has no 64-bit memory\n  Use Node 24 or later, or a current browser; or make the program smaller: \`archc show --memory\` lists what it allocates.`,
    );
    validate.mockRestore();
    expect(() => createMemory('Big', 64, 17 * 2 ** 30, 2)).toThrow('Big needs 17 GiB with 2 threads; 64-bit WebAssembly memory holds 16 GiB\n  Use fewer threads, or ');
    expect(() => createMemory('Big', 32, 5 * 2 ** 30, 2)).toThrow('Big needs 5 GiB with 2 threads; 32-bit WebAssembly memory holds 4 GiB\n  Use fewer threads, or ');
  });

  it('the built program says that it needs it, and runs when it is read back', async () => {
    const { program } = compileForCpu('specs/peer.arch', { batch: 2, time: 7, set: models['specs/peer.arch'], memory: 64 });
    const files = programFiles(program);
    const file = (name: string): string | Uint8Array => files.get(name) ?? '';
    const json: unknown = JSON.parse(String(file('program.json')));
    const bytes = (name: string): Promise<Uint8Array<ArrayBuffer>> => Promise.resolve(Uint8Array.from(Buffer.from(file(name))));
    const read = await parseProgram(json, { bytes, text: (name) => Promise.resolve(String(file(name))) });
    expect(read.wasm?.memory).toBe(64);
    expect(String(file(`kernels/${read.modules[0]?.name}.wat`))).toContain('(memory i64 1 262144 shared)');
    expect(await trained(read, 1, { threads: 2 })).toEqual(await trained(program, 1, { threads: 2 }));
    const text = JSON.stringify(json).replace('"memory":64', '"memory":48');
    await expect(parseProgram(JSON.parse(text), { bytes, text: () => Promise.resolve('') })).rejects.toThrow('memory should be 32 or 64');
  });

  it.each(Object.entries(models))('%s trains to the same bits', async (spec, set) => {
    const sizes = { batch: 2, time: 7, set };
    const narrow = compileForCpu(spec, sizes).program;
    const wide = compileForCpu(spec, { ...sizes, memory: 64 }).program;
    expect([narrow.wasm?.memory, wide.wasm?.memory]).toEqual([undefined, 64]);
    for (const relaxed of spec === 'specs/peer.arch' ? [true, false] : [true]) expect(await trained(wide, 2, { threads: 2, relaxed })).toEqual(await trained(narrow, 2, { threads: 1, relaxed }));
  });
});

describe.skipIf(Number(process.versions.node.split('.')[0]) < 24)('past 4 GiB (Node 24 or later)', () => {
  it('a tensor that ends past 4 GiB is scattered to and gathered from', async () => {
    // Pages that nothing touches are never made.
    const size = 2 ** 30 + 2 ** 16;
    const count = 67;
    const far = size - count * 2 ** 3;
    const kernel = nest('far', [slot('index', count, 'read', 'i32'), slot('x', size, 'read_write'), slot('y', count, 'write'), slot('z', count, 'write')], [{ name: 'i', extent: count }], [
      store(1, load(0, v('i'), 'i32'), f('to_f32', v('i'))),
      store(2, v('i'), load(1, load(0, v('i'), 'i32'))),
      // The constant part of an address past 4 GiB.
      store(3, v('i'), load(1, at(v('i'), 2 ** 3, int(far)))),
    ]);
    const session = await CpuSession.create(assembled(kernel, 1), { threads: 2 });
    try {
      const index = Int32Array.from({ length: count }, (_, i) => far + i * 2 ** 3);
      session.run('run', { index });
      for (const name of ['y', 'z']) expect([...(await session.read(name))]).toEqual([...index.keys()]);
      for (const i of [0, 31, 32, 66]) expect([...(await session.read('x', index[i] ?? 0, 1))]).toEqual([i]);
      // 2^30 elements further down nothing was written: addresses did not wrap.
      expect([...(await session.readFloats('x', 0, 2 ** 16))].every((value) => value === 0)).toBe(true);
    } finally {
      session.destroy();
    }
  });
});
