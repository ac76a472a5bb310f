/**
 * @file What a program can be asked to do: a training step, an evaluation, a forward pass. Each is a Procedure over the graph, from the forward
 * graph, its gradients and the optimiser's updates.
 */
import { differentiate } from './autodiff/differentiate.js';
import { diagnose } from './diagnostics/catalogue.js';
import type { Diagnostics } from './diagnostics/diagnostic.js';
import type { Context } from './elaborate/context.js';
import type { GraphBuilder } from './graph/build.js';
import type { Graph, Node, Procedure, Update } from './graph/graph.js';
import { usageTaps } from './graph/choices.js';
import { sinkGathers } from './graph/rewrite.js';
import type { Model } from './model/model.js';
import { TouchedAdamError, buildUpdates } from './optimizer/adamw.js';
import { isFrozen } from './optimizer/groups.js';

/** What precedes the path in the name of an output that is a choice's indices. */
export const CHOICE = 'choice.';

interface Elaborated {
  readonly graph: Graph;
  readonly context: Context;
}

/** Loss, gradients, clipping and updates of what is not frozen; undefined for an arch without losses, or with nothing to train. */
export function trainingProcedure({ graph, context }: Elaborated, model: Model, diagnostics: Diagnostics): Procedure | undefined {
  const { build } = context;
  if (graph.losses.length === 0) return undefined;
  return build.lenient(() => {
    const sunk = sinkGathers(build, [...graph.losses.map((loss) => loss.node), ...graph.updates.map((update) => update.value)]);
    const losses = graph.losses.map((loss) => ({ name: `loss.${loss.name}`, node: sunk(loss.node) }));
    const total = losses.map((loss) => loss.node).reduce((sum, node) => build.add(sum, node));
    // nothing is computed towards frozen parameters
    const learned = graph.params.filter((param) => !isFrozen(model.train.groups, param.path));
    const gradients = build.at('loss~grad', undefined, () => differentiate(build, total, learned.map((param) => build.param(param))));
    const grads = learned.flatMap((param, i) => {
      const grad = gradients[i];
      return grad ? [{ param, grad }] : [];
    });
    if (learned.length === 0 && graph.params.length > 0) {
      diagnostics.report(diagnose('ARCH2012', { owner: 'train', name: 'freeze', expected: 'a group that leaves something to train', got: 'every parameter frozen' }, graph.losses[0]?.span));
      return undefined;
    }
    try {
      const { updates, outputs, ok } = buildUpdates(build, grads, model.train);
      const states = graph.updates.filter(({ target }) => !isFrozen(model.train.groups, target.path)).map((update) => guarded(build, { ...update, value: sunk(update.value) }, ok));
      return {
        name: 'train',
        outputs: [{ name: 'loss', node: total }, ...losses, ...outputs],
        updates: [...updates, ...states],
      };
    } catch (error) {
      if (!(error instanceof TouchedAdamError)) throw error;
      diagnostics.report(diagnose('ARCH4003', { param: error.param.path, use: 'more than lookups' }, error.param.span));
      return undefined;
    }
  });
}

/** A state's update that keeps the old value in a step whose gradients are not finite. */
function guarded(build: GraphBuilder, { target, value }: Update, ok: Node): Update {
  const old = 'initial' in target ? build.state(target) : build.param(target);
  return { target, value: build.order(build.select(ok, value, old), target.axes) };
}

/** The cross-entropy of each token in nats; 0 where the target is negative. */
export function evaluationProcedure({ graph, context }: Elaborated): Procedure {
  const { build } = context;
  const vocab = graph.logits.axes.filter((axis) => !axis.token);
  const nll = build.lenient(() => {
    const total = build.logsumexp(graph.logits, vocab);
    const chosen = build.gather(graph.logits, vocab, [context.targets]);
    const counted = build.ge(context.targets, build.constant(0, 'i32'));
    return build.order(build.select(counted, build.sub(total, chosen), 0), [context.batch, context.time]);
  });
  const choices = build.lenient(() => usageTaps(build, graph)).map(({ path, index, members }) => ({ name: `${CHOICE}${path}`, node: index, members }));
  return { name: 'eval', outputs: [{ name: 'nll', node: nll }, ...choices], updates: [] };
}

/** The logits of every position. */
export function forwardProcedure({ graph }: Elaborated): Procedure {
  return { name: 'forward', outputs: [{ name: 'logits', node: graph.logits }], updates: [] };
}
