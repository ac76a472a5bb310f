/**
 * @file Parameters whose rows keep norm 1 (`~ normal(0, 1) unit(d)`): the gradient loses its part along the row, g - (g . v) v, before the
 * optimiser sees it; the step's rows are scaled back to norm 1 (`Update.unit`). As dictionaries' decoders are trained: Bricken et al. 2023,
 * "Towards Monosemanticity", appendix "Advice for Training Sparse Autoencoders".
 */
import type { GraphBuilder } from '../graph/build.js';
import type { Axis, Node, Param } from '../graph/graph.js';
import { factorsOf, isScatter, type Scatter } from './one-scatter.js';

/** `grad` without its part along each row of `param`; itself where the parameter has no unit rows. A scatter stays one: its entries are projected. */
export function alongSphere(build: GraphBuilder, param: Param, grad: Node): Node {
  const { unit } = param;
  if (!unit) return grad;
  if (isScatter(grad)) {
    const { op, inputs: [, ...indices] } = grad;
    const entriesCarryRows = !unit.some((axis) => op.axes.includes(axis) || indices.some((index) => index.axes.includes(axis)));
    if (entriesCarryRows) return build.scatter(projectedEntries(build, grad, build.gather(build.param(param), op.axes, indices), unit), op.axes, indices, op.result);
  }
  const row = build.param(param);
  return build.order(build.sub(grad, build.mul(build.sum(build.mul(grad, row), unit), row)), param.axes);
}

/** The value of a scatter less its part along `row`. Of a product w * g it is w * g - (w * (g . row)) * row, the two weights of an entry side by side. */
function projectedEntries(build: GraphBuilder, scatter: Scatter, row: Node, unit: readonly Axis[]): Node {
  const factors = factorsOf(build, scatter, scatter.op.result);
  const [weight, given] = factors.length === 2 ? factors : [build.constant(1), factors[0]];
  if (!weight || !given) return scatter;
  const along = build.mul(weight, build.sum(build.mul(given, row), unit));
  if (factors.length < 2) return build.sub(given, build.mul(along, row));
  const two = build.axis('two', 2);
  const parts = [build.axis('weight', 1), build.axis('along', 1)];
  const whole = [...along.axes, ...weight.axes.filter((axis) => !along.axes.includes(axis))];
  const sides = [weight, along].map((x, i) => build.order(build.expand(x, [...whole.filter((axis) => !x.axes.includes(axis)), parts[i] ?? two]), [...whole, parts[i] ?? two]));
  const pair = build.concat(sides, parts, two);
  return build.sub(build.mul(build.slice(pair, two, 0), given), build.mul(build.slice(pair, two, 1), row));
}
