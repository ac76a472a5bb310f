/**
 * @file Has the target print the kernels, and makes the program the runtime loads.
 */
import type { Program } from '../runtime/program.js';
import { diagnose } from './diagnostics/catalogue.js';
import type { Diagnostics } from './diagnostics/diagnostic.js';
import type { Graph, Procedure } from './graph/graph.js';
import type { Model } from './model/model.js';
import type { Lowered } from './optimise/lower.js';
import { CHOICE } from './procedures.js';
import { LimitError, type TensorStart, wgsl } from './targets/wgsl/index.js';

export function assembleProgram(model: Model, graph: Graph, procedures: readonly Procedure[], lowered: Lowered, batch: number, time: number, diagnostics: Diagnostics): Program | undefined {
  const vocab = graph.logits.axes.filter((axis) => !axis.token).reduce((n, axis) => n * axis.size, 1);
  const starts = new Map<string, TensorStart>();
  for (const { path, init, expert } of graph.params) starts.set(path, { init, expert });
  for (const { path, initial } of graph.states) starts.set(path, { init: { kind: 'constant', value: initial } });
  const { programs, scalars } = lowered;
  try {
    const program = wgsl.assemble({ arch: model.name, batch, time, vocab, limits: wgsl.limits, programs, scalars, starts });
    return { ...program, choices: choicesOf(procedures) };
  } catch (error) {
    if (!(error instanceof LimitError)) throw error;
    diagnostics.report(diagnose('ARCH4002', { tensor: error.tensor, bytes: error.needed, limit: error.allowed, limitName: error.limit }));
    return undefined;
  }
}

function choicesOf(procedures: readonly Procedure[]): NonNullable<Program['choices']> {
  const outputs = procedures.find(({ name }) => name === 'eval')?.outputs ?? [];
  return outputs.flatMap(({ name, members }) => (members === undefined ? [] : [{ path: name.slice(CHOICE.length), members }]));
}
