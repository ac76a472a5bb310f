/**
 * @file Whole specs compiled for the CPU.
 */
import { compile, type CompileInput } from '../../../compiler/pipeline.js';
import type { KernelProgram } from '../../../compiler/kernels/kernel.js';
import type { TensorStart } from '../../../compiler/kernels/tensors.js';
import { lower } from '../../../compiler/optimise/lower.js';
import { wasm } from '../../../compiler/targets/wasm/index.js';
import type { Program } from '../../../runtime/program.js';
import { reader } from '../../support/spec.js';

/** The kernels and the program of a spec. @throws Error with the messages when something is wrong */
export function compileForCpu(spec: string, options: Pick<CompileInput, 'batch' | 'time' | 'set'>, files: Readonly<Record<string, string>> = {}): { readonly program: Program; readonly programs: readonly KernelProgram[] } {
  const compiled = compile({ entry: spec, read: reader(files), upTo: 'kernels', ...options });
  const { graph, procedures } = compiled;
  if (!graph || !procedures || compiled.diagnostics.failed) throw new Error(compiled.diagnostics.all.map((d) => `${d.code} ${d.message}`).join('\n'));
  const { programs, scalars } = lower(procedures, { limits: wasm.limits, scratchSize: wasm.scratchSize });
  const starts = new Map<string, TensorStart>();
  for (const { path, init, expert } of graph.params) starts.set(path, { init, ...(expert && { expert }) });
  for (const { path, initial } of graph.states) starts.set(path, { init: { kind: 'constant', value: initial } });
  const size = (token: 'batch' | 'time'): number => graph[token].size;
  const program = wasm.assemble({ arch: graph.name, batch: size('batch'), time: size('time'), vocab: 256, programs, scalars, starts });
  return { program, programs };
}
