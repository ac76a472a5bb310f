import { expect, it } from 'vitest';
import { emitKernel } from '../../../compiler/targets/wasm/emit.js';
import { LimitError } from '../../../compiler/targets/wasm/errors.js';
import { get, i32, op } from '../../../compiler/targets/wasm/instructions.js';
import { WasmModule } from '../../../compiler/targets/wasm/module.js';
import { KernelError } from '../../../runtime/errors.js';
import { CpuSession } from '../../../runtime/cpu/session.js';
import { f, load, n, nest, slot, store, v } from './build.js';
import { assembled } from './run.js';

const doubled = (size: number) => nest('doubled', [slot('x', size), slot('y', size, 'write')], [{ name: 'i', extent: size }], [store(1, v('i'), f('mul', load(0, v('i')), n(2)))]);

it('the encoder: numbers of every length, loops, branches', () => {
  const module = new WasmModule({ relaxed: false });
  module.fn('sum_below', [['end', 'i32']], 'i32', (fn, end) => {
    if (!end) return undefined;
    const sum = fn.body.variable('sum', i32(-1_000_000));
    fn.body.loop('i', i32(0), get(end), 1, (inner, i) => inner.add({ kind: 'set', local: sum, value: op('i32.add', get(sum), i) }));
    return get(sum);
  }, { exported: true });
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.bytes(1)), { env: { memory } });
  const { sum_below: sum } = exports;
  if (typeof sum !== 'function') throw new Error('not exported');
  expect(sum(0)).toBe(-1_000_000);
  expect(sum(1000)).toBe(499_500 - 1_000_000);
});

it('every module is valid, with and without relaxed SIMD, and reads as text', () => {
  for (const relaxed of [false, true]) {
    const module = new WasmModule({ relaxed });
    emitKernel(module, doubled(10), { paths: ['layers.0.ffn'] });
    expect(WebAssembly.validate(module.bytes(10)) || relaxed).toBe(true);
    const text = module.text(10);
    expect(text).toContain('(func $doubled (export "doubled")');
    expect(text).toContain(';; implements layers.0.ffn');
    expect(text.split('(').length).toBe(text.split(')').length);
  }
});

it('a program has the least memory it fits; beyond 64-bit memory it is refused with the names of its largest tensors', () => {
  const [below, above] = [2 ** 29 - 2 ** 20, 2 ** 29 + 2 ** 20];
  expect([assembled(doubled(below)).wasm?.memory, assembled(doubled(above)).wasm?.memory]).toEqual([undefined, 64]);
  const refused = (size: number, memory?: 32) => () => assembled(doubled(size), undefined, memory);
  expect(refused(above, 32)).toThrow(LimitError);
  expect(refused(above, 32)).toThrow(/^the program needs 4\.01 GiB, 32-bit WebAssembly memory holds 4\.00 GiB; the largest are x 2\.00 GiB, y 2\.00 GiB$/);
  expect(refused(4 * above)).toThrow(/^the program needs 16\.03 GiB, 64-bit WebAssembly memory holds 16\.00 GiB; the largest are x 8\.02 GiB, y 8\.02 GiB$/);
});

it('a session: writes, reads, clears, runs stepwise, refuses what does not fit', async () => {
  const session = await CpuSession.create(assembled(doubled(5)), { threads: 2 });
  const x = Float32Array.of(1, 2, 3, 4, 5);
  session.run('run', { x });
  expect([...(await session.read('y'))]).toEqual([2, 4, 6, 8, 10]);
  expect([...(await session.read('y', 1, 2))]).toEqual([4, 6]);
  expect(await session.readOutputs('run', ['y', 'z'])).toEqual(new Map([['y', 2]]));
  session.clear(['output']);
  expect([...(await session.readFloats('y'))]).toEqual([0, 0, 0, 0, 0]);
  const seen: number[] = [];
  await session.runStepwise('run', { x }, undefined, {
    after: (dispatch, index) => {
      seen.push(index, ...dispatch.writes);
      return Promise.resolve(true);
    },
  });
  expect(seen).toEqual([0, session.tensor('y').id]);
  expect(() => session.run('run', {})).toThrow('needs the input x');
  expect(() => session.run('run', { x: new Float32Array(4) })).toThrow('x[i 5] has 5 elements, not 4');
  expect(() => session.run('run', { x: new Int32Array(5) })).toThrow('x holds f32');
  await expect(session.read('y', 3, 3)).rejects.toThrow(RangeError);
  session.destroy();
});

it('a kernel that fails stops every thread and is reported', async () => {
  // Far outside memory: a trap.
  const wild = nest('wild', [slot('x', 64), slot('y', 64, 'write')], [{ name: 'i', extent: 64 }], [
    store(1, v('i'), load(0, { kind: 'call', fn: 'mul', args: [v('i'), { kind: 'number', value: 1 << 24, dtype: 'i32' }], dtype: 'i32' })),
  ]);
  const session = await CpuSession.create(assembled(wild, 1), { threads: 3 });
  expect(() => session.run('run', { x: new Float32Array(64) })).toThrow(KernelError);
  session.destroy();
});
