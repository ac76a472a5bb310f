/**
 * @file The world a command runs in: streams, environment, folder, Ctrl-C. Injected, so that tests run commands in their own process.
 */
export interface Output {
  write(text: string): void;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

export interface Io {
  /** Results, and machine formats; nothing else. */
  readonly stdout: Output;
  /** Diagnostics and progress for people. */
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Aborted at the first Ctrl-C. */
  readonly signal: AbortSignal;
  /** The whole of standard input, for `-`. */
  readStdin(): string;
}

/** Exit codes, the same for every command. */
export const DONE = 0;
/** It worked and found something: errors in a spec, differences asked about. */
export const FOUND = 1;
/** It could not be done: usage, unreadable input, no device, internal error. */
export const FAILED = 2;
export const INTERRUPTED = 130;
