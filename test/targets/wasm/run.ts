/**
 * @file Runs kernels on the CPU target and, for comparison, with the plain float64 loops of `test/reference/run-kernels.ts`.
 */
import type { Buffer, Kernel, KernelProgram, Launch } from '../../../compiler/kernels/kernel.js';
import { assemble } from '../../../compiler/targets/wasm/assemble.js';
import { CpuSession, type CpuOptions } from '../../../runtime/cpu/session.js';
import type { Program } from '../../../runtime/program.js';
import { Machine } from '../../reference/run-kernels.js';
import { indices, numbers } from '../../support/random.js';

/** A program of one launch whose buffers are all its own: inputs what it reads, outputs what it writes, states what it does both to. */
export function single(kernel: Kernel): KernelProgram {
  const buffers = kernel.slots.map((slot, id): Buffer => ({
    id, name: slot.name, role: slot.access === 'read' ? 'input' : slot.access === 'write' ? 'output' : 'state', dtype: slot.dtype,
    axes: [{ name: 'i', size: slot.size }], size: slot.size,
  }));
  const launch: Launch = { kernel, buffers, paths: ['test'] };
  return { name: 'run', launches: [launch], buffers, allocations: buffers.map((buffer) => ({ name: buffer.name, bytes: buffer.size * 4 })), placement: new Map(buffers.map((buffer) => [buffer.id, buffer.id])) };
}

/** `memory`: bits of an address. */
export function assembled(kernel: Kernel, grain?: number, memory?: 32 | 64): Program {
  return assemble({ arch: kernel.name, batch: 1, time: 1, vocab: 1, programs: [single(kernel)], scalars: [], starts: new Map(), options: { grain, memory } });
}

export type Data = Readonly<Record<string, ArrayLike<number>>>;

/** Contents for every slot: numbers in [-1, 1), whole numbers in [0, 3); `given` overrides. */
export function dataFor(kernel: Kernel, given: Data = {}): Data {
  return Object.fromEntries(kernel.slots.map((slot, i) => [slot.name, given[slot.name] ?? (slot.dtype === 'i32' ? indices(i + 1, slot.size, 3) : Float32Array.from(numbers(i + 1, slot.size)))]));
}

/** What the slots hold afterwards. */
export async function runWasm(kernel: Kernel, data: Data, options: CpuOptions & { readonly grain?: number; readonly memory?: 32 | 64 } = {}): Promise<Record<string, number[]>> {
  const session = await CpuSession.create(assembled(kernel, options.grain, options.memory), options);
  try {
    for (const slot of kernel.slots) {
      if (slot.access === 'read') continue;
      // What a kernel only writes starts as something no kernel should leave.
      const values = slot.access === 'write' ? Array<number>(slot.size).fill(slot.dtype === 'i32' ? -99 : NaN) : (data[slot.name] ?? []);
      await session.write(slot.name, slot.dtype === 'i32' ? Int32Array.from(values) : Float32Array.from(values));
    }
    const inputs = Object.fromEntries(kernel.slots.flatMap((slot) => (slot.access === 'read' ? [[slot.name, slot.dtype === 'i32' ? Int32Array.from(data[slot.name] ?? []) : Float32Array.from(data[slot.name] ?? [])]] : [])));
    session.run('run', inputs);
    const result: Record<string, number[]> = {};
    for (const slot of kernel.slots) if (slot.access !== 'read') result[slot.name] = [...(await session.read(slot.name))];
    return result;
  } finally {
    session.destroy();
  }
}

export function runReference(kernel: Kernel, data: Data): Record<string, number[]> {
  const program = single(kernel);
  const machine = new Machine([program]);
  for (const slot of kernel.slots) if (slot.access !== 'write') machine.write(slot.name, data[slot.name] ?? []);
  machine.run(program);
  return Object.fromEntries(kernel.slots.flatMap((slot) => (slot.access === 'read' ? [] : [[slot.name, [...machine.read(program, slot.name)]]])));
}
