/**
 * @file The command line: commands, options, help with examples. What a command does is imported only when it runs, so that `check`
 * starts fast.
 */
import { Command, InvalidArgumentError, Option } from 'commander';
import type { Quantity } from '../match/quantity.js';
import type { BuildOptions } from './commands/build.js';
import type { DiffOptions } from './commands/diff.js';
import type { EvalOptions } from './commands/eval.js';
import type { MatchOptions } from './commands/match.js';
import type { SampleOptions } from './commands/sample.js';
import type { ShowOptions } from './commands/show.js';
import type { TrainOptions } from './commands/train.js';
import { Context, type GlobalOptions } from './context.js';
import { DEVICES } from './device.js';
import type { Io } from './io.js';
import { VERSION } from './version.js';

type Example = readonly [command: string, what: string];

/** Builds the commands. The exit code of the one that runs goes to `finish`. */
export function buildProgram(io: Io, finish: (code: number) => void): Command {
  const program = withStreams(new Command('archc'), io)
    .description('A language and a compiler for expert architectures.')
    .version(VERSION, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand('help [command]', 'print the help of a command')
    .configureHelp({ showGlobalOptions: true, sortOptions: false })
    .addOption(new Option('--format <format>', 'text for people, json for programs (on stdout)').choices(['text', 'json']).default('text'))
    .addOption(new Option('--color <when>', 'colours; auto: on a terminal, unless NO_COLOR is set').choices(['auto', 'always', 'never']).default('auto'))
    .addOption(new Option('--set <path=value>', 'change a value of the spec; repeatable').argParser(collect).default([], 'none'))
    .option('--arch <name>', 'which arch of the file; also FILE#NAME')
    .option('--stats', 'print the time of each pass')
    .option('--print-ir <pass>', 'print a form after this pass')
    .option('-q, --quiet', 'say only what failed');
  examples(program, [
    ['archc check specs/pools.arch', 'is the spec right?'],
    ['archc show specs/pools.arch', 'shapes, costs, contract'],
    ['archc build specs/pools.arch -o out', 'kernels and a typed model.ts'],
    ['archc train specs/pools.arch --data texts --run runs/a', 'train on a folder of text'],
    ['archc eval runs/a --data texts', 'bits per byte, by domain'],
    ['archc sample runs/a --prompt "Once"', 'let it write'],
    ['archc diff specs/peer.arch specs/pools.arch', 'what differs, what breaks'],
    ['archc match specs/dense.arch --to specs/pools.arch --by flops', 'a baseline of the same cost'],
    ['archc explain ARCH2001', 'what a diagnostic means'],
  ]);
  program.addHelpText(
    'after',
    `
Exit codes:
  0  done
  1  it worked and found something: errors in a spec, differences asked about
  2  it could not be done: usage, unreadable input, no device
  130  interrupted (Ctrl-C)`,
  );

  const command = (usage: string, description: string, shown: readonly Example[]): Command => examples(withStreams(program.command(usage), io).description(description), shown);
  const run = async (self: Command, act: (context: Context) => Promise<number> | number): Promise<void> => {
    finish(await act(new Context(io, self.optsWithGlobals<GlobalOptions>())));
  };

  const check = command('check [paths...]', 'Check specs: syntax, names, shapes, contract. Files or folders; - reads standard input.', [
    ['archc check specs', 'every .arch file in a folder'],
    ['archc check pools.arch --format json', 'for editors and CI'],
    ['archc check pools.arch --set layers.ffn.count=32', 'the spec with one value changed'],
  ]);
  check.action((paths: string[]) => run(check, async (context) => (await import('./commands/check.js')).check(context, paths)));

  const show = command('show <spec>', 'Show a spec resolved: shapes, parameters, FLOPs, bytes, contract.', [
    ['archc show pools.arch', 'the tree, the costs, the contract'],
    ['archc show pools.arch#PoolsWide --resolved', 'every value and where it came from'],
    ['archc show pools.arch --memory --batch 4', 'what the device allocates'],
  ])
    .option('--resolved', 'flat, sorted `path: value` lines with origins')
    .option('--memory', 'the memory plan')
    .option('--batch <n>', 'sequences at once', wholeNumber)
    .option('--json', 'same as --format json');
  show.action((spec: string) => run(show, async (context) => (await import('./commands/show.js')).show(context, spec, show.opts<ShowOptions>())));

  const build = command('build <spec>', 'Write the kernels, a typed model.ts and resolved.json.', [['archc build pools.arch -o out', ''], ['archc build pools.arch -o out --target wasm', 'for the CPU'], ['archc build pools.arch#PoolsWide -o out --set train.batch=4', '']])
    .requiredOption('-o, --out <dir>', 'folder to write into; made if it is not there')
    .addOption(new Option('--target <target>', 'wgsl: GPUs; wasm: any CPU').choices(['wgsl', 'wasm']).default('wgsl'))
    .option('--list-files', 'print the names of the files written');
  build.action((spec: string) => run(build, async (context) => (await import('./commands/build.js')).build(context, spec, build.opts<BuildOptions>())));

  const train = command('train [spec]', 'Train a spec on text. Ctrl-C saves; --resume continues to the same bits.', [
    ['archc train pools.arch --data texts --run runs/a', ''],
    ['archc train pools.arch --data texts --run runs/b --set train.steps=100 --seed 2', ''],
    ['archc train --data texts --run runs/a --resume', 'go on; the spec is the run\'s own copy'],
    ['archc train dictionaries.arch --data texts --run runs/c --from runs/a', 'with the parameters of run a, where paths and shapes agree'],
  ])
    .requiredOption('--data <path>', 'a text file, or a folder of them (sub-folders are domains)')
    .requiredOption('--run <dir>', 'the run folder')
    .option('--steps <n>', 'steps; same as --set train.steps=N', wholeNumber)
    .option('--batch <n>', 'sequences a step; same as --set train.batch=N', wholeNumber)
    .option('--seed <n>', 'seed; same as --set train.seed=N', wholeNumber)
    .option('--resume', 'continue the run in the folder')
    .option('--from <run>', 'start with the parameters and states of another run that have the same path and shape')
    .option('--force', 'replace the run in the folder')
    .option('--profile', 'say afterwards where a step\'s time goes, by kernel')
    .addOption(deviceOption())
    .addOption(threadsOption());
  train.action((spec: string | undefined) => run(train, async (context) => (await import('./commands/train.js')).train(context, spec, train.opts<TrainOptions>())));

  const evaluate = command('eval <run>', 'Measure a run on text: loss and bits per byte, in all and per domain.', [['archc eval runs/a --data texts', ''], ['archc eval runs/a --data texts --windows all --format json', '']])
    .requiredOption('--data <path>', 'a text file, or a folder of them')
    .option('--windows <n>', 'windows of validation text per domain, or all', windows, 64)
    .option('--experts', 'also show which pools and experts each domain uses')
    .addOption(deviceOption())
    .addOption(threadsOption());
  evaluate.action((dir: string) => run(evaluate, async (context) => (await import('./commands/eval.js')).evaluate(context, dir, evaluate.opts<EvalOptions>())));

  const sample = command('sample <run>', 'Let a trained model write.', [['archc sample runs/a --prompt "Question: " --tokens 200', ''], ['archc sample runs/a --temperature 0', 'always the likeliest byte']])
    .option('--prompt <text>', 'what to go on from', '')
    .option('--tokens <n>', 'how many to write', wholeNumber, 200)
    .option('--temperature <t>', '0: the likeliest', nonNegative, 1)
    .option('--top-k <k>', 'choose among the k likeliest; 0: all', wholeNumber, 0)
    .option('--seed <n>', '', wholeNumber, 1)
    .addOption(deviceOption())
    .addOption(threadsOption());
  sample.action((dir: string) => run(sample, async (context) => (await import('./commands/sample.js')).sample(context, dir, sample.opts<SampleOptions>())));

  const diff = command('diff <before> <after>', 'What differs between two specs, and whether old checkpoints load.', [
    ['archc diff peer.arch pools.arch', ''],
    ['archc diff pools.arch#Pools pools.arch#PoolsWide --fail-on breaking', 'for CI'],
  ])
    .option('--exit-code', 'exit 1 if anything differs')
    .addOption(new Option('--fail-on <severity>', 'exit 1 for changes this severe, or worse').choices(['breaking', 'dangerous', 'any']))
    .option('--json', 'same as --format json');
  diff.action((before: string, after: string) => run(diff, async (context) => (await import('./commands/diff.js')).diff(context, before, after, diff.opts<DiffOptions>())));

  const match = command('match <spec>', 'Size a model to another: the value of one setting for which their FLOPs or parameters come nearest.', [
    ['archc match dense.arch --to pools.arch --by flops', 'the setting is chosen, and said'],
    ['archc match dense.arch --to pools.arch --by total --vary layers.count', ''],
    ['archc match dense.arch --to pools.arch --by active --write dense_like_pools.arch', 'a spec that extends Dense'],
  ])
    .requiredOption('--to <spec>', 'the model to come near to; also FILE#NAME')
    .addOption(new Option('--by <quantity>', 'flops: forward, per token; active: parameters a token reads; total: all').choices(['flops', 'active', 'total'] satisfies Quantity[]).makeOptionMandatory())
    .option('--vary <path>', 'the whole-number setting to vary, as in --set')
    .option('--to-arch <name>', 'which arch of the file of --to')
    .option('--write <file>', 'write the match as a spec')
    .option('--json', 'same as --format json');
  match.action((spec: string) => run(match, async (context) => (await import('./commands/match.js')).match(context, spec, match.opts<MatchOptions>())));

  const doctor = command('doctor', 'What there is to run on: the CPU, the webgpu package, adapters and their limits.', [['archc doctor', ''], ['archc doctor --format json', '']]);
  doctor.action(() => run(doctor, async (context) => (await import('./commands/doctor.js')).doctor(context)));

  const explain = command('explain [code]', 'The long page of a diagnostic, with a wrong and a right example; without a code, all of them.', [['archc explain ARCH3003', ''], ['archc explain', 'the list']]);
  explain.action((code: string | undefined) => run(explain, async (context) => (await import('./commands/explain.js')).explain(context, code)));

  return program;
}

/** Output to the injected streams, and errors thrown instead of exits. */
function withStreams(command: Command, io: Io): Command {
  return command
    .exitOverride()
    .configureOutput({ writeOut: (text) => io.stdout.write(text), writeErr: () => undefined, getOutHelpWidth: () => Math.min(100, io.stdout.columns ?? 100) });
}

function examples(command: Command, shown: readonly Example[]): Command {
  const width = Math.max(...shown.map(([text]) => text.length));
  return command.addHelpText('after', `\nExamples:\n${shown.map(([text, what]) => `  ${text.padEnd(width)}  ${what}`.trimEnd()).join('\n')}`);
}

const collect = (value: string, before: unknown): string[] => [...(Array.isArray(before) ? before.map(String) : []), value];

function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}

function nonNegative(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value < 0) throw new InvalidArgumentError('It must be a number, 0 or more.');
  return value;
}

const windows = (text: string): number => (text === 'all' ? Infinity : positive(text));

function deviceOption(): Option {
  return new Option('--device <device>', 'auto: a GPU if there is a real one, else the CPU').choices(DEVICES).default('auto');
}

function threadsOption(): Option {
  return new Option('--threads <n>', 'of the CPU; default: one for each processor, at most 8').argParser(positive);
}

function positive(text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new InvalidArgumentError('It must be a whole number, 1 or more.');
  return Number(text);
}
