/**
 * @file The engines of this machine: the interpreter, and generated kernels on a device where there is one.
 */
import { lower } from '../../compiler/optimise/lower.js';
import { wgsl } from '../../compiler/targets/wgsl/index.js';
import { NoAdapterError, Session, openDevice } from '../../runtime/index.js';
import type { Values as DeviceValues } from '../../runtime/index.js';
import type { Program } from '../../runtime/program.js';
import type { Node } from '../../compiler/graph/graph.js';
import { type Engine, type Values, interpreter } from './engines.js';

type Outputs = readonly { readonly name: string; readonly node: Node }[];

/** A program with one entry that computes `outputs`. */
export function programOf(outputs: Outputs): Program {
  const { programs, scalars } = lower([{ name: 'oracle', outputs, updates: [] }], { limits: wgsl.limits, scratchSize: wgsl.scratchSize });
  return wgsl.assemble({ arch: 'Oracle', batch: 1, time: 1, vocab: 1, limits: wgsl.limits, programs, scalars, starts: new Map() });
}

async function onDevice(outputs: Outputs, values: Values): Promise<Map<string, ArrayLike<number>>> {
  const program = programOf(outputs);
  const device = await openDevice({ needs: program.needs });
  try {
    const session = await Session.create(device, program);
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
    session.destroy();
    return results;
  } finally {
    device.destroy();
  }
}

const wgslEngine: Engine = { name: 'generated WGSL', run: onDevice };

let found: Promise<Engine[]> | undefined;

/** The interpreter always; WGSL when an adapter is offered. */
export function engines(): Promise<Engine[]> {
  found ??= openDevice().then(
    (device) => {
      device.destroy();
      return [interpreter, wgslEngine];
    },
    (error: unknown) => {
      if (error instanceof NoAdapterError) return [interpreter];
      throw error;
    },
  );
  return found;
}

