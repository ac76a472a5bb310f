/**
 * @file One block applied to a given x, outside any model: its output, the gradients of sum(y * cotangent), its parameters and states.
 */
import { differentiate } from '../../compiler/autodiff/differentiate.js';
import { Diagnostics } from '../../compiler/diagnostics/diagnostic.js';
import { applyBlock } from '../../compiler/elaborate/blocks.js';
import { Context, type Mode } from '../../compiler/elaborate/context.js';
import type { Node, Param } from '../../compiler/graph/graph.js';
import { load } from '../../compiler/model/load.js';
import { defaultNorm, resolve } from '../../compiler/model/resolve.js';
import { reader } from './spec.js';

export interface Layer {
  readonly context: Context;
  readonly x: Node;
  readonly y: Node;
  readonly cotangent: Node;
  readonly params: readonly Param[];
  /** Of `x`, then of each of `params`; undefined where the output does not depend on it. */
  readonly gradients: readonly (Node | undefined)[];
}

export interface LayerSize {
  readonly batch: number;
  readonly time: number;
  readonly d: number;
}

/** The block `layer(x[d]; ) -> y[...]` of `text` (uses, functions and blocks), at the path `layer`. */
export function elaborateLayer(text: string, size: LayerSize, mode: Mode = 'train'): Layer {
  const diagnostics = new Diagnostics();
  const source = `language 1\nuse std.transformer { embed }\n${text}\narch Layer { dims { d = ${size.d}; ctx = ${size.time}; vocab = 4 } embed {} }`;
  const loaded = load('test.arch', reader({ 'test.arch': source }), diagnostics, [defaultNorm.file]);
  const model = resolve(loaded, undefined, [], diagnostics);
  const declaration = loaded.scopes.get('test.arch')?.blocks.get('layer');
  const messages = (): string => diagnostics.all.map((d) => `${d.code} ${d.message} ${JSON.stringify(d.span)}`).join('\n');
  if (!model || !declaration || diagnostics.failed) throw new Error(messages() || 'no block `layer`');
  const context = new Context(model, loaded.sources, diagnostics, size.batch, size.time, mode);
  const { build } = context;
  const axes = [context.batch, context.time, build.axis('d', size.d)];
  const x = build.input('x', axes, 'f32');
  try {
    const value = applyBlock(context, { declaration, args: [{ value: { kind: 'tensor', node: x }, span: declaration.span }], given: new Map(), path: 'layer', chain: [], carried: [], span: declaration.span });
    if (value.kind !== 'tensor') throw new Error('`layer` gives no tensor');
    const y = value.node;
    const cotangent = build.input('cotangent', y.axes, 'f32');
    const loss = build.lenient(() => build.sum(build.mul(y, cotangent), y.axes));
    const gradients = differentiate(build, loss, [x, ...context.params.map((param) => build.param(param))]);
    return { context, x, y, cotangent, params: context.params, gradients };
  } catch (error) {
    throw diagnostics.failed ? new Error(messages()) : error;
  }
}
