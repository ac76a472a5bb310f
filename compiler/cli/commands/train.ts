/**
 * @file `archc train`: compiles a spec, trains it on text into a run folder; `--resume` continues a run from its own copy of the spec, `--from`
 * starts with the parameters of another.
 */
import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { resolvedJson } from '../../emit/resolved.js';
import { analyseContract } from '../../contract/contract.js';
import type { Model } from '../../model/model.js';
import { isFrozen } from '../../optimizer/groups.js';
import type { TrainInfo } from '../../../runtime/program.js';
import { type CompiledModel, compileSpec, reached, reportedErrors, splitSpec } from '../compile.js';
import { type Context, failure } from '../context.js';
import { chooseTarget, type DeviceOptions, withSession } from '../device.js';
import { DONE, FOUND, INTERRUPTED } from '../io.js';
import type { TargetName } from '../../targets/targets.js';
import { kindOf, STDIN } from '../files.js';
import { profileLines } from '../profile-text.js';
import { compileRun, readRun, type RunOrigin, type RunSpec, runSpec, runSpecText, SPEC_FILE } from '../run-folder.js';

const CHECKPOINT = 'checkpoint.safetensors';
const METRICS = 'metrics.jsonl';

export interface TrainOptions extends DeviceOptions {
  readonly data: string;
  readonly run: string;
  readonly steps?: number;
  readonly batch?: number;
  readonly seed?: number;
  readonly resume?: boolean;
  /** Another run, whose parameters and states it starts with. */
  readonly from?: string;
  readonly force?: boolean;
  /** Say afterwards where a step's time goes. */
  readonly profile?: boolean;
}

export async function train(context: Context, spec: string | undefined, options: TrainOptions): Promise<number> {
  const runDir = resolve(context.io.cwd, options.run);
  const made = options.resume === true ? resumed(context, spec, options, await chooseTarget(options)) : fresh(context, spec, options, await chooseTarget(options));
  if (made === undefined) return FOUND;
  const { openCorpus, profileTraining, train: runTraining, LiveView } = await import('../../../runtime/index.js');
  const origin = options.from === undefined ? undefined : await originOf(context, options.from, runDir);
  const corpus = await openCorpus(resolve(context.io.cwd, options.data), { time: made.program.time });
  const files = filesOf(origin ? { ...made, kept: { ...made.kept, from: origin.origin } } : made);
  if (options.force === true) for (const name of [CHECKPOINT, METRICS]) rmSync(join(runDir, name), { force: true });
  const settings = trainInfo(made, made.program.batch);
  const view = new LiveView(context.io.stderr);
  const { result, profile } = await withSession(made.program, options, async (session) => {
    context.say(`${made.model.name} on ${session.deviceName}`);
    if (settings.frozen && !origin && options.resume !== true) context.say(`note: ${settings.frozen.length} frozen parameters keep their initial values; --from RUN starts with those of a run`);
    try {
      const result = await runTraining({
        session,
        corpus,
        runDir,
        settings,
        spec: { resolved: files['resolved.json'] ?? '', source: files[SPEC_FILE] ?? '' },
        files,
        resume: options.resume === true,
        from: origin?.checkpoint,
        onEvent: (event) => { if (context.options.quiet !== true) view.event(event); },
        signal: context.io.signal,
      });
      view.close();
      const profiles = options.profile === true && result.reason === 'finished';
      // The run is saved: what these steps change is lost.
      const kernels = profiles ? await profileTraining(session, corpus, { seed: made.model.train.seed, step: result.step + 1 }) : [];
      return { result, profile: profiles ? { by: session.profiledBy, kernels, peak: session.peak() } : undefined };
    } finally {
      view.close();
    }
  });
  if (context.json) context.printJson({ formatVersion: '1.0', run: options.run, reason: result.reason, step: result.step, checkpoint: result.checkpoint, evaluation: result.evaluation ?? null, ...(profile && { profile }) });
  else if (result.reason === 'finished') context.say(`done: ${result.step} steps, saved to ${join(options.run, CHECKPOINT)}`);
  if (profile && !context.json) context.print(profileLines(profile, made.program, context.colours.dim).join('\n'));
  return result.reason === 'stopped' ? INTERRUPTED : DONE;
}

interface Made extends CompiledModel {
  /** What `spec.json` holds, so that the run compiles again exactly. */
  readonly kept: RunSpec;
}

/** Compiles the spec named on the command line; undefined when it has errors, which have been reported. */
function fresh(context: Context, spec: string | undefined, options: TrainOptions, target: TargetName): Made | undefined {
  if (spec === undefined) throw failure('ARCH6012', { reason: 'a new run needs a spec: archc train SPEC --data PATH --run DIR' });
  const there = kindOf(resolve(context.io.cwd, options.run));
  if (there === 'file') throw failure('ARCH6004', { run: options.run, reason: 'it is a file, not a folder', among: [] });
  if (kindOf(join(resolve(context.io.cwd, options.run), CHECKPOINT)) === 'file' && options.force !== true) throw failure('ARCH6005', { run: options.run });
  const set = allSets(context, options);
  const compiled = compileSpec(context, { spec, upTo: 'program', target, set });
  if (reportedErrors(context, compiled)) return undefined;
  const model = reached(compiled.model, 'model');
  const { file } = splitSpec(spec);
  return { compiled, model, program: reached(compiled.program, 'program'), kept: runSpec(compiled, file === '-' ? STDIN : file, model.name, set) };
}

/** Compiles the run's own copy; a spec named as well must say the same. Only the number of steps may be another. */
function resumed(context: Context, spec: string | undefined, options: TrainOptions, target: TargetName): Made | undefined {
  if (options.from !== undefined) throw failure('ARCH6012', { reason: '--resume goes on with the run\'s own parameters: leave out --from' });
  const kept = readRun(context, options.run);
  const more = options.steps === undefined ? [] : [`train.steps=${options.steps}`];
  const made = compileRun(context, options.run, target, more);
  if (spec !== undefined) {
    const now = compileSpec(context, { spec, upTo: 'model', set: allSets(context, options) });
    if (reportedErrors(context, now)) return undefined;
    const lines = resolvedDifferences(made.model, reached(now.model, 'model'));
    if (lines.length > 0) throw failure('ARCH6013', { run: options.run, spec, lines });
  } else if (context.options.set.length > 0 || options.batch !== undefined || options.seed !== undefined) {
    throw failure('ARCH6012', { reason: '--resume goes on with the run\'s own settings: only --steps may change' });
  }
  return { ...made, kept: { ...kept, set: [...kept.set, ...more] } };
}

/** `path: value here, value there` for each value that differs, but those that follow the number of steps. */
function resolvedDifferences(run: Model, now: Model): readonly string[] {
  const [a, b] = [new Map(run.resolved.map((l) => [l.path, l.value])), new Map(now.resolved.map((l) => [l.path, l.value]))];
  const follows = /^train\.(steps|\w+_every)$/;
  return [...new Set([...a.keys(), ...b.keys()])].filter((path) => a.get(path) !== b.get(path) && !follows.test(path)).sort().map((path) => `${path}: ${a.get(path) ?? 'none'} in the run, ${b.get(path) ?? 'none'} in the spec`);
}

/** `--steps 100` is `--set train.steps=100`. */
function allSets(context: Context, options: TrainOptions): readonly string[] {
  const short = (['steps', 'batch', 'seed'] as const).flatMap((name) => (options[name] === undefined ? [] : [`train.${name}=${options[name]}`]));
  return [...context.options.set, ...short];
}

function filesOf({ compiled, model, kept }: Made): Record<string, string> {
  const graph = reached(compiled.graph, 'graph');
  return { [SPEC_FILE]: runSpecText(kept), 'resolved.json': resolvedJson(model, graph, analyseContract(graph), compiled.sources) };
}

function trainInfo({ compiled, model: { train } }: Made, batch: number): TrainInfo {
  const { params, states } = reached(compiled.graph, 'graph');
  const frozen = [...params, ...states].map(({ path }) => path).filter((path) => isFrozen(train.groups, path));
  return {
    steps: train.steps, batch, seed: train.seed, logEvery: train.logEvery, evalEvery: train.evalEvery, saveEvery: train.saveEvery,
    ...(frozen.length > 0 ? { frozen } : {}),
  };
}

/** The checkpoint of the run (or the checkpoint itself) that `--from` names, and what to keep of where it came from. @throws CommandFailure */
async function originOf(context: Context, from: string, runDir: string): Promise<{ checkpoint: string; origin: RunOrigin }> {
  const path = resolve(context.io.cwd, from);
  if (path === runDir) throw failure('ARCH6012', { reason: '--from names the run itself: --resume goes on with it' });
  if (kindOf(path) !== 'file') readRun(context, from);
  const checkpoint = kindOf(path) === 'file' ? path : join(path, CHECKPOINT);
  const { Checkpoint } = await import('../../../runtime/index.js');
  const opened = await Checkpoint.open(checkpoint);
  await opened.close();
  return { checkpoint, origin: { run: from, arch: opened.info.arch, step: opened.info.step } };
}
