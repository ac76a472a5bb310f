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
import type { ProgramInput, TensorStart } from './kernels/tensors.js';
import { bytes } from './show/units.js';
import type { Excess, Target } from './targets/targets.js';

export interface Assembly {
  readonly model: Model;
  readonly graph: Graph;
  readonly procedures: readonly Procedure[];
  readonly lowered: Lowered;
  readonly batch: number;
  readonly time: number;
}

/** Undefined when the program does not fit the target; that is reported then. */
export function assembleProgram({ model, graph, procedures, lowered, batch, time }: Assembly, target: Target, diagnostics: Diagnostics): Program | undefined {
  const vocab = graph.logits.axes.filter((axis) => !axis.token).reduce((n, axis) => n * axis.size, 1);
  const starts = new Map<string, TensorStart>();
  for (const { path, init, expert } of graph.params) starts.set(path, { init, expert });
  for (const { path, initial } of graph.states) starts.set(path, { init: { kind: 'constant', value: initial } });
  const input: ProgramInput = { arch: model.name, batch, time, vocab, ...lowered, starts };
  try {
    const program = { ...target.assemble(input), choices: choicesOf(procedures) };
    reportWideMemory(program, target, diagnostics);
    return program;
  } catch (error) {
    const excess = target.excess(error);
    if (excess === undefined) throw error;
    reportExcess(excess, model.name, diagnostics);
    return undefined;
  }
}

function reportExcess({ tensor, needed, allowed, limitName, largest }: Excess, arch: string, diagnostics: Diagnostics): void {
  const notes = largest === undefined ? [] : [largestNote(largest)];
  diagnostics.report(diagnose('ARCH4002', { tensor: tensor ?? arch, bytes: needed, limit: allowed, limitName }, undefined, { notes }));
}

function reportWideMemory(program: Program, target: Target, diagnostics: Diagnostics): void {
  const wide = target.wideMemory(program);
  if (wide === undefined) return;
  const { needed, kept, allowed, largest } = wide;
  diagnostics.report(diagnose('ARCH4004', { arch: program.arch, bytes: needed, kept, limit: allowed, batch: program.batch }, undefined, { notes: [largestNote(largest)] }));
}

const largestNote = (largest: NonNullable<Excess['largest']>): string => `the largest are ${largest.map(({ name, bytes: size }) => `\`${name}\` (${bytes(size)})`).join(', ')}`;

function choicesOf(procedures: readonly Procedure[]): NonNullable<Program['choices']> {
  const outputs = procedures.find(({ name }) => name === 'eval')?.outputs ?? [];
  return outputs.flatMap(({ name, members }) => (members === undefined ? [] : [{ path: name.slice(CHOICE.length), members }]));
}
