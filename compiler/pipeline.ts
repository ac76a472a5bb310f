/**
 * @file The table of contents: every pass by name, in order, each timed, each form printable.
 *
 *   load -> resolve -> elaborate -> contract -> differentiate -> lower -> assemble
 *
 * The pipeline is pure: sources come through `read`, nothing is written, no device is touched. It stops after the pass that fails.
 */
import type { Procedure } from './graph/graph.js';
import type { Compiled } from './compiled.js';
import { analyseContract, checkContract } from './contract/contract.js';
import { Diagnostics } from './diagnostics/diagnostic.js';
import { elaborate } from './elaborate/elaborate.js';
import { reportUnused } from './elaborate/unused.js';
import { Numbering } from './graph/build.js';
import { lowerProcedures } from './lower.js';
import { type ReadSource, load } from './model/load.js';
import { checkNames } from './names/check-names.js';
import { defaultNorm, resolve } from './model/resolve.js';
import { reportUnmatched } from './optimizer/unmatched.js';
import { printForm } from './print-ir.js';
import { evaluationProcedure, forwardProcedure, trainingProcedure } from './procedures.js';
import { assembleProgram } from './assemble.js';
import { type TargetName, targets } from './targets/targets.js';

export type Stage = 'model' | 'graph' | 'kernels' | 'program';

export interface CompileInput {
  /** File name of the spec, as shown to the user. */
  readonly entry: string;
  readonly read: ReadSource;
  /** Which arch of the file; the first unless said. */
  readonly arch?: string;
  /** `path=value`, as `--set` takes them. */
  readonly set?: readonly string[];
  /** Where to stop; the whole way unless said. */
  readonly upTo?: Stage;
  /** Sequences at once; the train block's unless said. */
  readonly batch?: number;
  /** Tokens in a sequence; `dims.ctx` unless said. */
  readonly time?: number;
  /** What the program is to run on; WebGPU unless said. */
  readonly target?: TargetName;
  /** Receives the printed form after each pass named here. */
  readonly printIr?: { readonly pass: string; readonly write: (text: string) => void };
}

export const passes = ['load', 'resolve', 'elaborate', 'contract', 'differentiate', 'lower', 'assemble'] as const;
export type Pass = (typeof passes)[number];

export function compile(input: CompileInput): Compiled {
  const diagnostics = new Diagnostics();
  const timings: { pass: Pass; ms: number }[] = [];
  let done: Compiled = { diagnostics, sources: new Map(), files: [], timings };
  const stage = input.upTo ?? 'program';
  const target = targets[input.target ?? 'wgsl'];

  /** Runs one pass and adds what it made; false when it is time to stop. */
  const pass = (name: Pass, make: () => Partial<Compiled>): boolean => {
    const start = performance.now();
    done = { ...done, ...make() };
    timings.push({ pass: name, ms: performance.now() - start });
    if (input.printIr?.pass === name) input.printIr.write(printForm(name, done));
    return !diagnostics.failed;
  };

  let loaded: ReturnType<typeof load> | undefined;
  const go =
    pass('load', () => {
      loaded = load(input.entry, input.read, diagnostics, [defaultNorm.file]);
      return { sources: loaded.sources, files: [...loaded.files.values()] };
    }) || loaded?.entry !== undefined;
  if (!go || !loaded) return done;
  const sourcesLoaded = loaded;
  const unknown = checkNames(sourcesLoaded);
  pass('resolve', () => ({ model: resolve(sourcesLoaded, input.arch, input.set ?? [], diagnostics) }));
  if (diagnostics.failed) diagnostics.add(unknown);
  const { model } = done;
  if (diagnostics.failed || !model || stage === 'model') return done;

  const ctx = model.dims.get('ctx')?.value;
  const time = input.time ?? (ctx?.kind === 'number' ? ctx.value : 128);
  const batch = input.batch ?? model.train.batch;
  const numbering = new Numbering();
  let training: ReturnType<typeof elaborate>;
  // the form of the model outside training; the same where nothing tells the two apart
  let inference: ReturnType<typeof elaborate>;
  pass('elaborate', () => {
    training = elaborate(model, sourcesLoaded.sources, diagnostics, batch, time, 'train', numbering);
    inference = training?.context.modal ? elaborate(model, sourcesLoaded.sources, diagnostics, batch, time, 'infer', numbering) : training;
    // after elaboration, which says more about the names of the blocks that are used
    diagnostics.add(unknown);
    if (training && inference) reportUnused(model, [training, inference], diagnostics);
    if (training) reportUnmatched(model, training.graph, diagnostics);
    if (training && inference && inference !== training) training = { ...training, graph: { ...training.graph, inference: inference.graph } };
    return { graph: training?.graph };
  });
  const made = training;
  const used = inference;
  if (diagnostics.failed || !made || !used) return done;
  if (!pass('contract', () => {
    checkContract(analyseContract(used.graph), model.contract, diagnostics);
    return {};
  })) return done;
  if (stage === 'graph') return done;

  if (!pass('differentiate', () => {
    const procedures: Procedure[] = [evaluationProcedure(used)];
    const train = trainingProcedure(made, model, diagnostics);
    if (train) procedures.unshift(train);
    const single = elaborate(model, sourcesLoaded.sources, diagnostics, 1, time, 'infer', numbering);
    if (single) procedures.push(forwardProcedure(single));
    return { procedures };
  })) return done;
  const procedures = done.procedures ?? [];
  let lowered: ReturnType<typeof lowerProcedures>;
  if (!pass('lower', () => {
    lowered = lowerProcedures(procedures, target, diagnostics);
    return { kernels: lowered?.programs };
  })) return done;
  const kernels = lowered;
  if (stage === 'kernels' || !kernels) return done;
  pass('assemble', () => ({ program: assembleProgram({ model, graph: made.graph, procedures, lowered: kernels, batch, time }, target, diagnostics) }));
  return done;
}
