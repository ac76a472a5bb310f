/**
 * @file `archc`, as a function: arguments and streams in, exit code out. Everything that goes wrong ends here, as one diagnostic.
 */
import { CommanderError } from 'commander';
import { diagnose } from '../diagnostics/catalogue.js';
import type { Diagnostic } from '../diagnostics/diagnostic.js';
import { CommandFailure, Context, type GlobalOptions } from './context.js';
import { DONE, FAILED, INTERRUPTED, type Io } from './io.js';
import { buildProgram } from './program.js';
import { runtimeDiagnostic } from './runtime-failure.js';

/** Runs one command. @returns its exit code: 0, 1, 2 or 130 */
export async function main(argv: readonly string[], io: Io): Promise<number> {
  let code = DONE;
  const program = buildProgram(io, (result) => { code = result; });
  const context = new Context(io, globalsOf(argv));
  try {
    if (argv.length === 0) {
      io.stderr.write(program.helpInformation());
      return FAILED;
    }
    await program.parseAsync([...argv], { from: 'user' });
    return io.signal.aborted ? INTERRUPTED : code;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return DONE;
    if (io.signal.aborted) return INTERRUPTED;
    context.report([diagnosticOf(error)]);
    if (io.env['ARCHC_TRACE'] && error instanceof Error) io.stderr.write(`${error.stack ?? ''}\n`);
    return FAILED;
  }
}

function diagnosticOf(error: unknown): Diagnostic {
  if (error instanceof CommandFailure) return error.diagnostic;
  if (error instanceof CommanderError) return usage(error);
  return runtimeDiagnostic(error) ?? diagnose('ARCH9001', { reason: error instanceof Error ? error.message : String(error) });
}

/** `error: unknown command 'chekc'\n(Did you mean check?)` */
function usage(error: CommanderError): Diagnostic {
  const [first = '', ...rest] = error.message.replace(/^error: /, '').split('\n');
  const hint = /^\((.*)\)$/.exec(rest[0] ?? '')?.[1];
  const help = hint === undefined ? undefined : hint.replace(/^Did you mean (.*)\?$/, (_, word: string) => `did you mean \`${word}\`?`);
  return diagnose('ARCH6012', { reason: first.replaceAll("'", '`') }, undefined, help === undefined ? {} : { help });
}

/** The options that decide how to report, read even when the rest of the command line is wrong. */
function globalsOf(argv: readonly string[]): GlobalOptions {
  const value = (name: string): string | undefined => {
    const at = argv.findIndex((a) => a === name || a.startsWith(`${name}=`));
    return argv[at]?.includes('=') === true ? argv[at]?.split('=')[1] : argv[at + 1];
  };
  const has = (name: string): boolean => argv.some((a) => a === name || a.startsWith(`${name}=`));
  const color = has('--color') ? value('--color') : 'auto';
  const json = has('--json') || (has('--format') && value('--format') === 'json');
  return { format: json ? 'json' : 'text', color: color === 'always' || color === 'never' ? color : 'auto', set: [] };
}
