/**
 * @file `archc match`: sizes a spec to another by FLOPs, active or total parameters, and says the setting that does it; `--write` makes a spec of it.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { basename, dirname, relative, resolve, sep } from 'node:path';
import { type Match, match as findMatch } from '../../match/match.js';
import { quantitiesOf, type Quantity } from '../../match/quantity.js';
import { matchedArch, matchedName, matchedSpec, matchText, relativeError, setLine } from '../../match/text.js';
import { CommandFailure, Context, failure } from '../context.js';
import { compileSpec, reached, splitSpec } from '../compile.js';
import { reasonOf } from '../files.js';
import { DONE, FAILED } from '../io.js';

export interface MatchOptions {
  readonly to: string;
  readonly by: Quantity;
  readonly vary?: string;
  readonly toArch?: string;
  readonly write?: string;
  readonly json?: boolean;
}

export function match(given: Context, spec: string, options: MatchOptions): number {
  const context = new Context({ ...given.io, readStdin: once(given.io.readStdin) }, given.options);
  const use = options.write === undefined ? undefined : useOf(context, spec, options.write);
  const target = compileSpec(silent(context, options.toArch, []), { spec: options.to, upTo: 'graph' });
  if (target.diagnostics.failed) {
    context.report(target.diagnostics.all, target.sources);
    return FAILED;
  }
  const goal = reached(target.graph, 'graph');
  const compile = (more: readonly string[]) => compileSpec(silent(context, context.options.arch, [...context.options.set, ...more]), { spec, upTo: 'graph' });
  const found = findMatch({ compile, by: options.by, target: quantitiesOf(goal), vary: options.vary });
  if (found.kind === 'failed') {
    const [first] = found.diagnostics;
    if (first?.code.startsWith('ARCH7') === true) throw new CommandFailure(first);
    context.report(found.diagnostics, compile([]).sources);
    return FAILED;
  }
  const set = context.options.set.filter((line) => !line.startsWith('train.'));
  if (options.write !== undefined && use !== undefined) write(context, options.write, matchedSpec(found, goal.name, set, use));
  if (options.json === true || context.json) context.printJson({ ...json(found), to: goal.name, extends: matchedArch(found, goal.name, set), written: options.write ?? null });
  else context.print(matchText(found, goal.name, set, context.colours));
  if (found.by === 'flops' && found.path !== 'dims.ctx' && found.time !== goal.time.size) {
    context.say(`note: dims.ctx is ${found.time} in ${found.arch} and ${goal.time.size} in ${goal.name}; attention's FLOPs per token grow with it`);
  }
  if (options.write !== undefined) context.say(`${matchedName(found, goal.name)} is in ${options.write}`);
  return DONE;
}

/** The context of one of many compilations: `--set` and `--arch` are about the spec that is sized; passes are not reported for each. */
function silent({ io, options }: Context, arch: string | undefined, set: readonly string[]): Context {
  return new Context(io, { ...options, arch, set, stats: false, printIr: undefined });
}

/** Standard input can be read once; a spec is compiled many times. */
function once(read: () => string): () => string {
  let text: string | undefined;
  return () => (text ??= read());
}

function json(found: Match): object {
  const { arch, by, path, guessed, value, before, after, target, monotone, tried } = found;
  return { formatVersion: '1.0', arch, by, path, guessed, value, quantities: { before, after, target }, relativeError: relativeError(found, by), monotone, tried, set: setLine(found) };
}

/** How a file at `file` names the spec in a `use`: `specs.dense`. @throws CommandFailure where it cannot, or there is a file */
function useOf(context: Context, spec: string, file: string): string {
  const wrong = (reason: string) => failure('ARCH6012', { reason: `--write ${file}: ${reason}` });
  if (!file.endsWith('.arch')) throw wrong('the name of a spec ends in .arch');
  if (existsSync(resolve(context.io.cwd, file))) throw wrong('there is such a file already');
  const from = splitSpec(spec).file;
  if (from === '-') throw wrong('what it extends must be a file, not standard input');
  const path = relative(dirname(resolve(context.io.cwd, file)), resolve(context.io.cwd, from)).split(sep);
  const words = [...path.slice(0, -1), basename(from, '.arch')];
  if (words.some((word) => !/^[A-Za-z_]\w*$/.test(word))) throw wrong(`a spec there cannot name ${from}: \`use\` reads files beside it, or in folders beside it, whose names are words`);
  return words.join('.');
}

function write(context: Context, file: string, text: string): void {
  try {
    writeFileSync(resolve(context.io.cwd, file), text, { flag: 'wx' });
  } catch (error) {
    throw failure('ARCH6009', { reason: `cannot write ${file}: ${reasonOf(error)}` });
  }
}
