/**
 * @file `archc train`: compiles a spec, trains it on text into a run folder; `--resume` continues a run from its own copy of the spec.
 */
import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { resolvedJson } from '../../emit/resolved.js';
import { analyseContract } from '../../contract/contract.js';
import type { Model } from '../../model/model.js';
import type { TrainInfo } from '../../../runtime/program.js';
import { type CompiledModel, compileSpec, reached, reportedErrors, splitSpec } from '../compile.js';
import { type Context, failure } from '../context.js';
import { withSession } from '../device.js';
import { DONE, FOUND, INTERRUPTED } from '../io.js';
import { compileRun, isRun, readRun, runSpec, runSpecText, SPEC_FILE } from '../run-folder.js';

export interface TrainOptions {
  readonly data: string;
  readonly run: string;
  readonly steps?: number;
  readonly batch?: number;
  readonly seed?: number;
  readonly resume?: boolean;
  readonly force?: boolean;
  readonly device: 'auto' | 'gpu';
}

export async function train(context: Context, spec: string, options: TrainOptions): Promise<number> {
  const runDir = resolve(context.io.cwd, options.run);
  if (isRun(context, options.run) && options.resume !== true && options.force !== true) throw failure('ARCH6005', { run: options.run });
  const made = options.resume === true ? compileRun(context, options.run) : compileNew(context, spec, options);
  if (made === undefined) return FOUND;
  const { openCorpus, train: runTraining, LiveView } = await import('../../../runtime/index.js');
  const corpus = await openCorpus(resolve(context.io.cwd, options.data), { time: made.program.time });
  const files = filesOf(context, spec, options, made);
  if (options.force === true) for (const name of ['checkpoint.safetensors', 'metrics.jsonl']) rmSync(join(runDir, name), { force: true });
  const view = new LiveView(context.io.stderr);
  const result = await withSession(made.program, async (session) => {
    context.say(`${made.model.name} on ${session.device.adapter.name}`);
    try {
      return await runTraining({
        session,
        corpus,
        runDir,
        settings: trainInfo(made.model, made.program.batch, options),
        spec: { resolved: files['resolved.json'] ?? '', source: files[SPEC_FILE] ?? '' },
        files,
        resume: options.resume === true,
        onEvent: (event) => { if (context.options.quiet !== true) view.event(event); },
        signal: context.io.signal,
      });
    } finally {
      view.close();
    }
  });
  if (context.json) context.printJson({ formatVersion: '1.0', run: options.run, reason: result.reason, step: result.step, checkpoint: result.checkpoint, evaluation: result.evaluation ?? null });
  else if (result.reason === 'finished') context.say(`done: ${result.step} steps, saved to ${join(options.run, 'checkpoint.safetensors')}`);
  return result.reason === 'stopped' ? INTERRUPTED : DONE;
}

/** Compiles the spec named on the command line; undefined when it has errors, which have been reported. */
function compileNew(context: Context, spec: string, options: TrainOptions): CompiledModel | undefined {
  const compiled = compileSpec(context, { spec, upTo: 'program', set: allSets(context, options) });
  if (reportedErrors(context, compiled)) return undefined;
  return { compiled, model: reached(compiled.model, 'model'), program: reached(compiled.program, 'program') };
}

/** `--steps 100` is `--set train.steps=100`. */
function allSets(context: Context, options: TrainOptions): readonly string[] {
  const short = (['steps', 'batch', 'seed'] as const).flatMap((name) => (options[name] === undefined ? [] : [`train.${name}=${options[name]}`]));
  return [...context.options.set, ...short];
}

function filesOf(context: Context, spec: string, options: TrainOptions, made: CompiledModel): Record<string, string> {
  const { compiled, model } = made;
  const graph = reached(compiled.graph, 'graph');
  const kept = options.resume === true ? readRun(context, options.run) : runSpec(compiled, splitSpec(spec).file, model.name, allSets(context, options));
  return { [SPEC_FILE]: runSpecText(kept), 'resolved.json': resolvedJson(model, graph, analyseContract(graph), compiled.sources) };
}

/** A resumed run may be made longer; batch and seed are the run's own. */
function trainInfo({ train }: Model, batch: number, options: TrainOptions): TrainInfo {
  return { steps: options.steps ?? train.steps, batch, seed: train.seed, logEvery: train.logEvery, evalEvery: train.evalEvery, saveEvery: train.saveEvery };
}
