/**
 * @file The engines of this machine: the interpreter, generated WebAssembly, and generated WGSL on a device where there is one.
 */
import { lower } from '../../compiler/optimise/lower.js';
import { type TargetName, targets } from '../../compiler/targets/targets.js';
import { NoAdapterError, openDevice, openSession } from '../../runtime/index.js';
import type { Values as DeviceValues } from '../../runtime/index.js';
import type { Program } from '../../runtime/program.js';
import type { Node } from '../../compiler/graph/graph.js';
import { type Engine, type Values, interpreter } from './engines.js';

type Outputs = readonly { readonly name: string; readonly node: Node }[];

/** A program with one entry that computes `outputs`. */
export function programOf(outputs: Outputs, name: TargetName = 'wgsl'): Program {
  const target = targets[name];
  const lowered = lower([{ name: 'oracle', outputs, updates: [] }], { limits: target.limits, scratchSize: target.scratchSize });
  return target.assemble({ arch: 'Oracle', batch: 1, time: 1, vocab: 1, ...lowered, starts: new Map() });
}

const generated = (name: string, target: TargetName): Engine => ({
  name,
  run: async (outputs, values) => runProgram(programOf(outputs, target), outputs, values),
});

async function runProgram(program: Program, outputs: Outputs, values: Values): Promise<Map<string, ArrayLike<number>>> {
  const session = await openSession(program);
  try {
    for (const tensor of program.tensors) {
      const given = tensor.role === 'param' ? values.params.get(tensor.name) : tensor.role === 'state' ? values.states?.get(tensor.name) : undefined;
      if (given) await session.write(tensor.id, Float32Array.from(given));
    }
    const entry = session.entry('oracle');
    const inputs: Record<string, DeviceValues> = {};
    for (const [name, id] of Object.entries(entry.inputs)) {
      const given = values.inputs.get(name) ?? [];
      inputs[name] = session.tensor(id).dtype === 'i32' ? Int32Array.from(given) : Float32Array.from(given);
    }
    session.run('oracle', inputs, 1);
    const results = new Map<string, ArrayLike<number>>();
    for (const { name } of outputs) results.set(name, await session.read(session.output('oracle', name).id));
    return results;
  } finally {
    session.destroy();
  }
}

const everywhere = [interpreter, generated('generated WebAssembly', 'wasm')];
const onDevice = generated('generated WGSL', 'wgsl');

let found: Promise<Engine[]> | undefined;

/** The interpreter and WebAssembly always; WGSL when an adapter is offered. */
export function engines(): Promise<Engine[]> {
  found ??= openDevice().then(
    (device) => {
      device.destroy();
      return [...everywhere, onDevice];
    },
    (error: unknown) => {
      if (error instanceof NoAdapterError) return everywhere;
      throw error;
    },
  );
  return found;
}
