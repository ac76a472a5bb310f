/**
 * @file The engines of this machine: the interpreter, generated WebAssembly, and generated WGSL on a device where there is one.
 */
import { lower } from '../../compiler/optimise/lower.js';
import { type TargetName, targets } from '../../compiler/targets/targets.js';
import { CpuSession, type Executor, NoAdapterError, openDevice, openSession } from '../../runtime/index.js';
import type { Values as DeviceValues } from '../../runtime/index.js';
import type { Program } from '../../runtime/program.js';
import type { Node } from '../../compiler/graph/graph.js';
import { browserEngine } from '../browser/engine.js';
import { type Engine, type Values, interpreter } from './engines.js';

type Outputs = readonly { readonly name: string; readonly node: Node }[];

/** A program with one entry that computes `outputs`. */
export function programOf(outputs: Outputs, name: TargetName = 'wgsl'): Program {
  const target = targets[name];
  const lowered = lower([{ name: 'oracle', outputs, updates: [] }], { limits: target.limits, scratchSize: target.scratchSize });
  return target.assemble({ arch: 'Oracle', batch: 1, time: 1, vocab: 1, ...lowered, starts: new Map() });
}

const generated = (name: string, target: TargetName, open: (program: Program) => Promise<Executor> = openSession): Engine => ({
  name,
  run: async (outputs, values) => runProgram(await open(programOf(outputs, target)), outputs, values),
});

async function runProgram(session: Executor, outputs: Outputs, values: Values): Promise<Map<string, ArrayLike<number>>> {
  const { program } = session;
  try {
    if (values.seed !== undefined) await session.initialise(values.seed);
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
    session.run('oracle', inputs, values.step ?? 1);
    const results = new Map<string, ArrayLike<number>>();
    for (const { name } of outputs) results.set(name, await session.read(session.output('oracle', name).id));
    return results;
  } finally {
    session.destroy();
  }
}

const onCpu = generated('generated WebAssembly', 'wasm');
const onCpuPlain = generated('generated WebAssembly without relaxed SIMD, one thread', 'wasm', (program) => CpuSession.create(program, { relaxed: false, threads: 1 }));
const onDevice = generated('generated WGSL', 'wgsl');

let found: Promise<boolean> | undefined;

/** Whether an adapter is offered. */
function hasAdapter(): Promise<boolean> {
  found ??= openDevice().then(
    (device) => {
      device.destroy();
      return true;
    },
    (error: unknown) => {
      if (error instanceof NoAdapterError) return false;
      throw error;
    },
  );
  return found;
}

/** The interpreter and WebAssembly always; WGSL when an adapter is offered. */
export async function engines(): Promise<Engine[]> {
  return [interpreter, onCpu, ...((await hasAdapter()) ? [onDevice] : [])];
}

export interface GeneratedEngine {
  readonly engine: Engine;
  readonly target: TargetName;
  /** Why it cannot run here. */
  readonly missing?: string;
}

/** Every form of generated code, whether it can run here or not; with ARCHC_LONG=1 in a browser, too. */
export async function generatedEngines(): Promise<readonly GeneratedEngine[]> {
  return [
    { engine: onCpu, target: 'wasm' },
    { engine: onCpuPlain, target: 'wasm' },
    { engine: onDevice, target: 'wgsl', ...(!(await hasAdapter()) && { missing: 'no GPU adapter; see archc doctor' }) },
    ...(process.env['ARCHC_LONG'] === '1' ? inBrowser : []),
  ];
}

const inBrowser: readonly GeneratedEngine[] = [
  { ...browserEngine('generated WebAssembly in Chromium', (outputs) => programOf(outputs, 'wasm')), target: 'wasm' },
  { ...browserEngine('generated WGSL in Chromium, on SwiftShader', (outputs) => programOf(outputs, 'wgsl')), target: 'wgsl' },
];
