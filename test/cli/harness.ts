/**
 * @file Runs `archc` in this process: arguments in; exit code and what went to each stream out.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { main } from '../../compiler/cli/main.js';

export interface Result {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Setup {
  readonly cwd?: string;
  readonly stdin?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

export async function archc(argv: readonly string[], setup: Setup = {}): Promise<Result> {
  let stdout = '';
  let stderr = '';
  const code = await main(argv, {
    stdout: { write: (text) => { stdout += text; } },
    stderr: { write: (text) => { stderr += text; } },
    env: setup.env ?? {},
    cwd: setup.cwd ?? process.cwd(),
    signal: setup.signal ?? new AbortController().signal,
    readStdin: () => setup.stdin ?? '',
  });
  return { code, stdout, stderr };
}

/** A folder with these files, removed by `dispose`. */
export class Folder {
  readonly path = mkdtempSync(join(tmpdir(), 'archc-test-'));
  constructor(files: Readonly<Record<string, string>> = {}) {
    for (const [name, text] of Object.entries(files)) this.write(name, text);
  }
  write(name: string, text: string | Uint8Array): void {
    const path = join(this.path, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  dispose(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** A small spec of the standard library's parts; tests edit its text. */
export const SMALL = `language 1
use std.transformer { embed, attention, lm_head }
use std.pools { pools }
use std.losses { next_token, l1 }

/// A small one.
arch Small {
  dims { d = 16; ctx = 8; vocab = 256 }
  embed {}
  layers 2 {
    attention { heads = 2 }
    ffn: pools { count = 4; open = 2; heads = 2; keys = 4; take = 2; query = 8 }
  }
  lm_head { tied = embed.table }

  loss ce       = next_token(lm_head.logits)
  loss sparsity = 1e-4 * mean(layers)(l1(ffn.activation))

  contract { additive; causal; active <= 12 per token }
}

train {
  steps = 4; batch = 2; seed = 1
  optimizer adamw { lr = 4e-3; weight_decay = 0.1; clip = 1; schedule = cosine { warmup = 2 } }
}
`;
