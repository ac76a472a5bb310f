/**
 * @file Reverse-mode differentiation: from the loss back to what is asked for, adding up as it goes.
 *
 * Only nodes on a path from `wrt` to the loss get a gradient. Contributions are added in a fixed order, so equal graphs give equal
 * gradients. The rules are in `rules.ts`; what they build carries the path of the node it belongs to, with `~grad`.
 */
import type { GraphBuilder } from '../graph/build.js';
import type { Node } from '../graph/graph.js';
import { ShapeError } from '../graph/shape-error.js';
import { topological } from '../graph/walk.js';
import { conform, flows, gradientOf } from './rules.js';

/** The gradient of the scalar `loss` with respect to each of `wrt`, with its axes in its order; undefined where the loss does not depend on it. */
export function differentiate(builder: GraphBuilder, loss: Node, wrt: readonly Node[]): (Node | undefined)[] {
  if (loss.axes.length > 0) throw new ShapeError('only a scalar can be differentiated: reduce the loss over all its axes', loss.axes);
  return builder.lenient(() => {
    const gradients = accumulate(builder, loss, new Set(wrt));
    return wrt.map((node) => {
      const gradient = gradients.get(node);
      return gradient && builder.order(gradient, node.axes);
    });
  });
}

function accumulate(builder: GraphBuilder, loss: Node, wrt: ReadonlySet<Node>): ReadonlyMap<Node, Node> {
  const order = topological([loss]);
  const active = new Set<Node>();
  for (const node of order) {
    if (wrt.has(node) || node.inputs.some((input, i) => active.has(input) && flows(node, i))) active.add(node);
  }
  const gradients = new Map<Node, Node>();
  /** Of tuple operations: the gradients of their results. */
  const parts = new Map<Node, (Node | undefined)[]>();
  if (active.has(loss)) gradients.set(loss, builder.constant(1));
  for (const node of order.reverse()) {
    const dy = gradients.get(node);
    const results = parts.get(node) ?? [];
    const given = dy ?? results.find((part) => part !== undefined);
    if (!active.has(node) || !given) continue;
    builder.at(`${node.path}~grad`, node.span, () => {
      for (const [i, input] of node.inputs.entries()) {
        if (!active.has(input) || !flows(node, i)) continue;
        if (node.op.kind === 'part') {
          const list = parts.get(input) ?? [];
          list[node.op.index] = given;
          parts.set(input, list);
          continue;
        }
        const gradient = conform(builder, gradientOf(builder, node, given, results, i), input);
        const before = gradients.get(input);
        gradients.set(input, before ? builder.add(before, gradient) : gradient);
      }
    });
  }
  return gradients;
}
