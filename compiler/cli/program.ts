/**
 * @file The command line: commands, options, help with examples. What a command does is imported only when it runs, so that `check`
 * starts fast.
 */
import { Command, InvalidArgumentError, Option } from 'commander';
import { Context, type GlobalOptions } from './context.js';
import type { Io } from './io.js';
import { VERSION } from './version.js';

/** Builds the commands. The chosen one's exit code goes to `finish`. */
export function buildProgram(io: Io, finish: (code: number) => void): Command {
  const program = new Command('archc');
  configure(program, io);
  program
    .description('archc: a language and a compiler for expert architectures')
    .version(VERSION, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .showHelpAfterError('(archc --help shows what there is)');
  examples(program, [
    ['archc check specs/pools.arch', 'is the spec right?'],
    ['archc show specs/pools.arch', 'shapes, costs, contract'],
    ['archc train specs/pools.arch --data texts --run runs/a', ''],
    ['archc eval runs/a --data texts', ''],
    ['archc sample runs/a --prompt "Once"', ''],
    ['archc diff specs/peer.arch specs/pools.arch', ''],
    ['archc explain ARCH2001', 'what a diagnostic means'],
  ]);
  program.addHelpText('after', '\nExit codes: 0 done; 1 it worked and found something (errors in a spec, differences asked about);\n2 it could not be done (usage, unreadable input, no device); 130 interrupted.');

  const add = (usage: string, description: string, shown: readonly (readonly [string, string])[]): Command => {
    const command = configure(program.command(usage), io).description(description);
    examples(command, shown);
    return globals(command);
  };
  /** What a command does, with its exit code passed on. */
  const does = <A extends readonly unknown[], O>(command: Command, run: (context: Context, args: A, options: O) => Promise<number> | number): void => {
    command.action(async (...all: unknown[]) => {
      const args = all.slice(0, -2) as unknown as A;
      const options = command.opts<GlobalOptions & O>();
      finish(await run(new Context(io, options), args, options));
    });
  };
  return program;
}
