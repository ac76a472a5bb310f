import { afterAll, expect, it } from 'vitest';
import { KernelError, LimitError, Session, capture, createModel, initialValues, runTraced } from '../../runtime/index.js';
import { bigram } from './bigram.js';
import { describeGpu, tryOpenDevice } from './gpu.js';

const opened = await tryOpenDevice();
afterAll(() => opened?.destroy());

describeGpu(opened, 'Session', (device) => {
  const program = bigram();
  const tokens = Int32Array.from({ length: 32 }, (_, i) => (i * 37) % 256);
  const targets = Int32Array.from({ length: 32 }, (_, i) => (i % 5 === 0 ? -1 : (i * 11) % 256));

  it('initialises by seed and path, and zeroes the rest', async () => {
    const session = await Session.create(device, program);
    await session.write('table.m', new Float32Array(65536).fill(3));
    await session.initialise(7);
    const expected = new Float32Array(65536);
    initialValues({ kind: 'normal', mean: 0, std: 0.1 }, 'table', 7, 0, expected);
    expect(await session.read('table')).toEqual(expected);
    expect((await session.readFloats('table.m')).every((x) => x === 0)).toBe(true);
    expect([...(await session.read('seen'))]).toEqual([1]);
    session.destroy();
  });

  it('runs an entry: the loss is the one computed in float64 on the host', async () => {
    const session = await Session.create(device, program);
    await session.initialise(1);
    const table = await session.readFloats('table');
    session.run('eval', { tokens, targets });
    const nll = await session.readFloats(session.output('eval', 'nll').id);
    for (let i = 0; i < 32; i++) {
      const row = [...table.subarray((tokens[i] ?? 0) * 256, ((tokens[i] ?? 0) + 1) * 256)];
      const target = targets[i] ?? -1;
      const expected = target < 0 ? 0 : Math.log(row.reduce((sum, x) => sum + Math.exp(x), 0)) - (row[target] ?? NaN);
      expect(nll[i]).toBeCloseTo(expected, 5);
    }
    session.destroy();
  });

  it('writes and reads tensors and parts of them, refusing what does not fit', async () => {
    const session = await Session.create(device, program);
    const values = Float32Array.from({ length: 65536 }, (_, i) => i);
    await session.write('table', values);
    expect(await session.read('table')).toEqual(values);
    expect([...(await session.read('table', 65530, 3))]).toEqual([65530, 65531, 65532]);
    await expect(session.read('table', 65530, 7)).rejects.toThrow('outside table');
    await expect(session.write('table', new Float32Array(3))).rejects.toThrow('table[from 256, vocab 256] has 65536 elements, not 3');
    await expect(session.write('tokens', new Float32Array(32))).rejects.toThrow('tokens holds i32');
    expect(() => session.run('eval', { tokens })).toThrow('needs the input targets');
    expect(() => session.tensor('nothing')).toThrow('has no tensor "nothing"');
    session.destroy();
  });

  it('finds the first tensor that is not finite, and the kernel that wrote it', async () => {
    const session = await Session.create(device, bigram({ breakAt: 3 }));
    await session.initialise(1);
    expect(await runTraced(session, 'train', { tokens, targets }, 2)).toBeUndefined();
    expect(await runTraced(session, 'train', { tokens, targets }, 3)).toEqual({ tensor: 'logits', element: 300, value: NaN, count: 1, kernel: 'lookup' });
    const table = await session.readFloats('table');
    table[9] = Infinity;
    await session.write('table', table);
    expect(await runTraced(session, 'train', { tokens, targets }, 2)).toEqual({ tensor: 'table', element: 9, value: Infinity, count: 1 });
    session.destroy();
  });

  it('captures temporaries', async () => {
    const session = await Session.create(device, program);
    await session.initialise(1);
    const captured = await capture(session, 'eval', { tokens, targets }, ['lse', 'logits']);
    expect(captured.get('logits')).toEqual(await session.read('logits'));
    expect(captured.get('lse')?.length).toBe(32);
    await expect(capture(session, 'forward', { tokens }, ['lse'])).rejects.toThrow('does not compute lse');
    session.destroy();
  });

  it('makes a model with parameters by path', async () => {
    const model = await createModel(program, device, { seed: 3 });
    expect(model.parameters()).toEqual(['table']);
    const parameter = model.parameter('table');
    const values = await parameter.read();
    values[0] = 42;
    await parameter.write(values);
    expect((await model.forward(new Int32Array(32)))[0]).toBe(42);
    expect((await model.activations(new Int32Array(32), ['logits'])).get('logits')?.[0]).toBe(42);
    expect(() => model.parameter('tokens')).toThrow('tokens is not a parameter');
    model.destroy();
  });

  it('names the kernel that does not compile, with the line', async () => {
    const [first, ...rest] = program.modules;
    if (!first) throw new Error('no module');
    const broken = { ...program, modules: [{ ...first, source: first.source.replace('let value = ', 'let value = nonsense + ') }, ...rest] };
    const error: unknown = await Session.create(device, broken).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(KernelError);
    expect(String(error)).toMatch(/kernel lookup does not compile:\n {2}lookup:\d+:\d+: unresolved value 'nonsense'\n {4}let value = nonsense/);
  });

  it('refuses a program that needs more than the adapter has', async () => {
    const needs = { ...program.needs, bindingBytes: 2 ** 50 };
    await expect(Session.create(device, { ...program, needs })).rejects.toThrow(LimitError);
    await expect(Session.create(device, { ...program, needs })).rejects.toThrow(/a tensor binding of 1024 TiB for table, but .* offers maxStorageBufferBindingSize = /);
  });

  it('reports a buffer the device cannot give', async () => {
    await expect(device.createBuffer('layers.0.table', 2 ** 45, 0x80)).rejects.toThrow(/could not allocate 32 TiB for layers.0.table/);
  });
});
