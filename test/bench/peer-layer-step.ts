/**
 * @file One expert layer from a spec as a program: mean squared error against given targets, gradients, optimiser.
 */
import { readFileSync } from 'node:fs';
import { differentiate } from '../../compiler/autodiff/differentiate.js';
import { Diagnostics } from '../../compiler/diagnostics/diagnostic.js';
import { Context } from '../../compiler/elaborate/context.js';
import { applyEntry } from '../../compiler/elaborate/entries.js';
import { sinkGathers } from '../../compiler/graph/rewrite.js';
import type { TensorStart } from '../../compiler/kernels/tensors.js';
import { load } from '../../compiler/model/load.js';
import { defaultNorm, resolve } from '../../compiler/model/resolve.js';
import { LimitError as LoweringLimitError, lower } from '../../compiler/optimise/lower.js';
import { buildUpdates } from '../../compiler/optimizer/adamw.js';
import type { Target } from '../../compiler/targets/targets.js';
import { LimitError as DeviceLimitError } from '../../runtime/errors.js';
import type { Program } from '../../runtime/program.js';
import { reader } from '../support/spec.js';

/** Entry `train` of the program: inputs `x` and `y` [batch, time, d], output `loss`. @throws what `doesNotFit` knows where the target cannot hold it */
export function layerStep(file: string, batch: number, time: number, set: readonly string[], target: Target): Program {
  const diagnostics = new Diagnostics();
  const text = readFileSync(new URL(`specs/${file}`, import.meta.url), 'utf8');
  const loaded = load(file, reader({ [file]: text }), diagnostics, [defaultNorm.file]);
  const model = resolve(loaded, undefined, set, diagnostics);
  const entry = model?.entries.find(({ name }) => name === 'ffn');
  const width = model?.dims.get('d')?.value;
  if (!model || entry?.kind !== 'entry' || width?.kind !== 'number' || diagnostics.failed) throw new Error(diagnostics.all.map(({ message }) => message).join('\n'));
  const context = new Context(model, loaded.sources, diagnostics, batch, time, 'train');
  const { build } = context;
  const axes = [context.batch, context.time, build.axis('d', width.value)];
  const [x, wanted] = [build.input('x', axes, 'f32'), build.input('y', axes, 'f32')];
  const value = applyEntry(context, entry, { kind: 'tensor', node: x }, 'ffn');
  if (value.kind !== 'tensor') throw new Error('the layer gives no tensor');
  const procedure = build.lenient(() => {
    const difference = build.sub(value.node, wanted);
    const squares = build.mean(build.mul(difference, difference), axes);
    const loss = sinkGathers(build, [squares])(squares);
    const params = context.params;
    const gradients = differentiate(build, loss, params.map((param) => build.param(param)));
    const { updates, outputs } = buildUpdates(build, params.flatMap((param, i) => {
      const grad = gradients[i];
      return grad ? [{ param, grad }] : [];
    }), model.train);
    return { name: 'train', outputs: [{ name: 'loss', node: loss }, ...outputs], updates };
  });
  const { programs, scalars } = lower([procedure], { limits: target.limits, scratchSize: target.scratchSize });
  const starts = new Map<string, TensorStart>(context.params.map(({ path, init, expert }) => [path, { init, ...(expert && { expert }) }]));
  return target.assemble({ arch: model.name, batch, time, vocab: 1, programs, scalars, starts });
}

/** Whether the layer is too large for the target or for the device. */
export function doesNotFit(error: unknown, target: Target): error is Error {
  return error instanceof LoweringLimitError || error instanceof DeviceLimitError || target.excess(error) !== undefined;
}
