/**
 * @file Whole specs compiled for the CPU.
 */
import { compile, type CompileInput } from '../../../compiler/pipeline.js';
import type { KernelProgram } from '../../../compiler/kernels/kernel.js';
import type { TensorStart } from '../../../compiler/kernels/tensors.js';
import { lower } from '../../../compiler/optimise/lower.js';
import { wasm } from '../../../compiler/targets/wasm/index.js';
import { CpuSession, type CpuOptions } from '../../../runtime/cpu/session.js';
import type { Program } from '../../../runtime/program.js';
import { reader } from '../../support/spec.js';

/** Two sequences of 7 tokens, and what follows them. */
export const tokens = Int32Array.from({ length: 14 }, (_, i) => (i * 37) % 256);
export const targets = Int32Array.from({ length: 14 }, (_, i) => (i % 7 === 0 ? -1 : (i * 11) % 256));

/** What a program's tensors hold after some steps of training on them. */
export async function trained(program: Program, steps: number, options: CpuOptions): Promise<Map<string, number[]>> {
  const session = await CpuSession.create(program, options);
  try {
    await session.initialise(1);
    for (let step = 1; step <= steps; step++) session.run('train', { tokens, targets }, step);
    const result = new Map<string, number[]>();
    for (const tensor of session.persistent()) result.set(tensor.name, [...(await session.read(tensor.id))]);
    for (const [name, id] of Object.entries(session.entry('train').outputs)) result.set(name, [...(await session.read(id))]);
    return result;
  } finally {
    session.destroy();
  }
}

/** The kernels and the program of a spec. @throws Error with the messages when something is wrong */
export function compileForCpu(spec: string, options: Pick<CompileInput, 'batch' | 'time' | 'set'> & { readonly memory?: 32 | 64 }, files: Readonly<Record<string, string>> = {}): { readonly program: Program; readonly programs: readonly KernelProgram[] } {
  const compiled = compile({ entry: spec, read: reader(files), upTo: 'kernels', ...options });
  const { graph, procedures } = compiled;
  if (!graph || !procedures || compiled.diagnostics.failed) throw new Error(compiled.diagnostics.all.map((d) => `${d.code} ${d.message}`).join('\n'));
  const { programs, scalars } = lower(procedures, { limits: wasm.limits, scratchSize: wasm.scratchSize });
  const starts = new Map<string, TensorStart>();
  for (const { path, init, expert } of graph.params) starts.set(path, { init, ...(expert && { expert }) });
  for (const { path, initial } of graph.states) starts.set(path, { init: { kind: 'constant', value: initial } });
  const size = (token: 'batch' | 'time'): number => graph[token].size;
  const program = wasm.assemble({ arch: graph.name, batch: size('batch'), time: size('time'), vocab: 256, programs, scalars, starts, options: { memory: options.memory } });
  return { program, programs };
}
