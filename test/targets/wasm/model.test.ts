import { describe, expect, it } from 'vitest';
import type { KernelProgram } from '../../../compiler/kernels/kernel.js';
import { initialValues } from '../../../runtime/init.js';
import type { Program } from '../../../runtime/program.js';
import { scalarValues } from '../../../runtime/scalars.js';
import { Machine } from '../../reference/run-kernels.js';
import { worstError } from './build.js';
import { compileForCpu, targets, tokens, trained } from './models.js';

const spec = (layer: string, uses: string, extra = ''): string => `language 1
use std.transformer { embed, attention, lm_head${uses.includes('mlp') ? ', mlp' : ''} }
use std.losses { next_token${uses.includes('switch') ? ', switch_balance' : ''} }
${uses}
arch Small {
  dims { d = 20; ctx = 7; vocab = 256 }
  embed {}
  layers 2 {
    attention { heads = 2 }
    ffn: ${layer}
  }
  lm_head { tied = embed.table }
  loss ce = next_token(lm_head.logits)
  ${extra}
}
train {
  steps = 20; batch = 3; seed = 1
  optimizer adamw { lr = 4e-3; weight_decay = 0.1; clip = 1 }
  ${/std\.(experts|pools)/.test(uses) ? 'group layers.ffn.experts { optimizer = touched_adam; lr = 1e-2 }' : ''}
}
`;

const specs: Readonly<Record<string, string>> = {
  'peer.arch': spec('peer { heads = 2; keys = 9; take = 5 }', 'use std.experts { peer }'),
  'pools.arch': spec('pools { count = 4; open = 2; heads = 2; keys = 6; take = 3 }', 'use std.pools { pools } // switch', 'loss balance = 0.01 * mean(layers)(switch_balance(ffn.route, ffn.opened))'),
  'mixture.arch': spec('moe { count = 5; take = 2; width = 9 }', 'use std.moe { moe }'),
};

function reference(program: Program, programs: readonly KernelProgram[], steps: number): Machine {
  const train = programs.find((p) => p.name === 'train');
  if (!train) throw new Error('no training entry');
  const machine = new Machine([train]);
  for (const tensor of program.tensors) {
    const size = tensor.axes.reduce((n, axis) => n * axis.size, 1);
    const values = new Float32Array(size);
    if (tensor.init) initialValues(tensor.init, tensor.name, 1, 0, values);
    if (tensor.role !== 'temp' && tensor.role !== 'output' && tensor.role !== 'input') machine.write(tensor.name, values);
  }
  machine.write('tokens', tokens);
  machine.write('targets', targets);
  for (let step = 1; step <= steps; step++) {
    machine.write('scalars', scalarValues(program.scalars.values, step));
    machine.run(train);
  }
  return machine;
}

describe('whole models', () => {
  for (const [name, text] of Object.entries(specs)) {
    it(`${name} trains as in float64`, async () => {
      const { program, programs } = compileForCpu(name, { batch: 2, time: 7 }, { [name]: text });
      const machine = reference(program, programs, 2);
      const train = programs.find((p) => p.name === 'train');
      if (!train) throw new Error('no training entry');
      for (const relaxed of [true, false]) {
        const got = await trained(program, 2, { threads: 2, relaxed });
        expect(got.size).toBeGreaterThan(10);
        for (const [tensor, values] of got) {
          // Adam divides by tiny moments: a gradient's last bits show in the parameter.
          expect(worstError(values, [...machine.read(train, tensor)]), tensor).toBeLessThan(tensor.includes('loss') || tensor === 'grad_norm' ? 2e-5 : 1e-3);
        }
      }
    });

    it(`${name} gives the same bits with 1, 2, 3 and 8 threads`, async () => {
      const { program } = compileForCpu(name, { batch: 2, time: 7 }, { [name]: text });
      const one = await trained(program, 3, { threads: 1 });
      for (const threads of [2, 3, 8]) expect(await trained(program, 3, { threads })).toEqual(one);
    });
  }
});
