/**
 * @file The one spec that end-to-end tests train: everything a pools spec has, as small as it goes. One spec for all of them, because a software
 * adapter takes longest to compile kernels and keeps what it compiled.
 */
import { Session, type Device } from '../../runtime/index.js';
import { type CompileInput, compile } from '../../compiler/pipeline.js';
import type { Compiled } from '../../compiler/compiled.js';
import type { Procedure } from '../../compiler/graph/graph.js';
import type { Program } from '../../runtime/program.js';
import { reader } from '../support/spec.js';

/** Tables of 256 experts, of which a step of 2 x 16 tokens fires some and not others. */
export const TINY = `language 1
use std.transformer { embed, attention, lm_head }
use std.pools { pools }
use std.losses { next_token, switch_balance, l1 }

arch Tiny {
  dims { d = 16; ctx = 16; vocab = 256 }
  embed {}
  layers 2 {
    attention { heads = 2 }
    ffn: pools { count = 4; open = 2; heads = 1; keys = 8; take = 2; query = 8 }
  }
  lm_head { tied = embed.table }

  loss ce       = next_token(lm_head.logits)
  loss balance  = 0.01 * mean(layers)(switch_balance(ffn.route, ffn.opened))
  loss sparsity = ramp(0, 1e-3, over = 4) * mean(layers)(l1(ffn.activation))

  contract { additive; causal; private; active <= 4 per token }
}

train {
  steps = 6; batch = 2; seed = 1; log_every = 1; eval_every = 6; save_every = 2
  optimizer adamw { lr = 4e-3; weight_decay = 0.1; clip = 0.5; schedule = constant { warmup = 2 } }
  group layers.ffn.experts { optimizer = touched_adam; lr = 1e-2 }
}
`;

/** Text in two domains. */
export const TEXTS = {
  'texts/fox/a.txt': 'the quick brown fox jumps over the lazy dog. '.repeat(20),
  'texts/digits/b.txt': '3.14159265358979323846 '.repeat(30),
};

export interface Trained {
  readonly compiled: Compiled;
  readonly program: Program;
  readonly train: Procedure;
}

/** Compiles spec text all the way; throws with the messages when something is wrong. */
export function compileText(text: string, more: Partial<CompileInput> = {}): Trained {
  const compiled = compile({ entry: 'tiny.arch', read: reader({ 'tiny.arch': text }), ...more });
  const train = compiled.procedures?.find((procedure) => procedure.name === 'train');
  if (!compiled.program || !train) throw new Error(compiled.diagnostics.all.map((d) => `${d.code} ${d.message}`).join('\n') || 'no program');
  return { compiled, program: compiled.program, train };
}

/** Opens a session on the program, runs `use`, and frees it. */
export async function withSession<T>(device: Device, program: Program, use: (session: Session) => Promise<T>): Promise<T> {
  const session = await Session.create(device, program);
  try {
    return await use(session);
  } finally {
    session.destroy();
  }
}
