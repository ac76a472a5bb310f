/**
 * @file Warnings of what a spec says to no effect (ARCH2019 to ARCH2021).
 */
import type { MessageTable } from '../message.js';
import { only, suggestOrList } from '../suggest.js';

export interface UnusedParams {
  /** A warning. `entry`: its path. */
  readonly ARCH2019: { readonly entry: string; readonly block: string };
  /** A warning. `name`: the group's path. */
  readonly ARCH2020: { readonly name: string; readonly among: readonly string[]; readonly arch: string };
  /** A warning. `entry`: its path; `name`: the setting. */
  readonly ARCH2021: { readonly entry: string; readonly block: string; readonly name: string };
}

/** A spec of which one table is read. */
const tables = (entries: string): string => `language 1
use std.transformer { embed, lm_head }

block table(; d: int) -> rows[n = 8, d = d] {
  param w[n, d] ~ normal(0, 1)
  return w
}

block lookup(x[d], rows[n, d]) -> y[d] {
  return sum(n)(softmax(n)(sum(d)(x * rows)) * rows)
}

arch Small {
  dims { d = 16; ctx = 8; vocab = 256 }
  embed {}
  ${entries}
  layers 2 { ffn: lookup { rows = bank } }
  lm_head {}
}`;

export const unusedMessages: MessageTable<UnusedParams> = {
  ARCH2019: {
    title: 'nobody uses an entry',
    severity: 'warning',
    message: (p) => `nobody uses \`${p.entry}\`: neither the logits nor a loss depends on it`,
    label: (p) => `what \`${p.block}\` gives here is not read`,
    help: (p) => `read it by its path (\`... = ${p.entry.slice(p.entry.lastIndexOf('.') + 1)}\`), or take it out`,
    explain: {
      text: `An entry whose result is not of the stream's kind (a table, a choice, gates) is kept under its name for the entries and losses after
it. None of them reads this one, so its parameters take memory and are never trained; a path was meant and not written, or names something
else. An entry at the top of the arch can also be lost when a later one starts a stream of its own.`,
      failing: tables('bank: table {}\n  spare: table {}'),
      fixed: tables('bank: table {}'),
    },
  },
  ARCH2020: {
    title: 'a group of no parameters',
    severity: 'warning',
    message: (p) => `no parameter of \`${p.arch}\` is in the group \`${p.name}\``,
    label: () => 'settings for nothing',
    help: (p) => suggestOrList(p.name, p.among, 'there are'),
    replacement: only,
    explain: {
      text: `A \`group\` of the \`train\` block names parameters by the start of their path; layer numbers may be left out. No parameter starts like
this one, so its settings, \`freeze\` among them, do nothing: the path is misspelt, or belongs to another arch of the file.`,
      failing: `language 1
use std.transformer { embed, mlp, lm_head }
use std.losses { next_token }

arch Small {
  dims { d = 16; ctx = 8; vocab = 256 }
  embed {}
  layers 2 { ffn: mlp {} }
  lm_head {}
  loss ce = next_token(lm_head.logits)
}

train {
  group layers.fnn { freeze = true }
}`,
      fixed: `language 1
use std.transformer { embed, mlp, lm_head }
use std.losses { next_token }

arch Small {
  dims { d = 16; ctx = 8; vocab = 256 }
  embed {}
  layers 2 { ffn: mlp {} }
  lm_head {}
  loss ce = next_token(lm_head.logits)
}

train {
  group layers.ffn { freeze = true }
}`,
    },
  },
  ARCH2021: {
    title: 'a setting without effect',
    severity: 'warning',
    message: (p) => `\`${p.name}\` of \`${p.entry}\` has no effect`,
    label: (p) => `\`${p.block}\` does not use it as its other settings are`,
    help: () => 'take it out, or change the setting that leaves it unused; `archc show` prints them all',
    explain: {
      text: `A block has settings that matter only with certain values of others: how many keys, where members are retrieved by keys. This one is given, but
nothing of the model depends on it. Only settings of the arch at hand and of --set are told of: what a base gives may be left unused by intent.`,
      failing: `language 1
use std.transformer { embed, lm_head }
use std.pools { pools }

arch Small {
  dims { d = 16; ctx = 8; vocab = 256 }
  embed {}
  layers 2 { ffn: pools { count = 4; open = 2; take = 2; size = 8; retrieve = router; keys = 16 } }
  lm_head {}
}`,
      fixed: `language 1
use std.transformer { embed, lm_head }
use std.pools { pools }

arch Small {
  dims { d = 16; ctx = 8; vocab = 256 }
  embed {}
  layers 2 { ffn: pools { count = 4; open = 2; take = 2; size = 8; retrieve = router } }
  lm_head {}
}`,
    },
  },
};
