/**
 * @file The spec that runs in a browser: attention, product keys, expert tables with touched-rows Adam, as small as it goes.
 */
export const SPEC = `language 1
use std.transformer { embed, attention, lm_head }
use std.experts { peer }
use std.losses { next_token }
arch Tiny {
  dims { d = 16; ctx = 16; vocab = 256 }
  embed {}
  layers 1 {
    attention { heads = 2 }
    ffn: peer { heads = 2; keys = 8; take = 4; query = 8 }
  }
  lm_head { tied = embed.table }
  loss ce = next_token(lm_head.logits)
}
train {
  steps = 6; batch = 2; seed = 1
  optimizer adamw { lr = 1e-2; weight_decay = 0.1; clip = 0.5 }
  group layers.ffn.experts { optimizer = touched_adam; lr = 1e-2 }
}`;
