/**
 * @file What a model can be sized by: three numbers off its graph.
 */
import { costOf } from '../graph/cost.js';
import type { Graph } from '../graph/graph.js';

export const QUANTITIES = ['flops', 'active', 'total'] as const;
export type Quantity = (typeof QUANTITIES)[number];

/** How the quantities are called in a sentence. */
export const quantityText: Readonly<Record<Quantity, string>> = { flops: 'forward FLOPs per token', active: 'active parameters', total: 'parameters' };

/** `flops`: forward, per token, losses left out. `active`: what one token reads. */
export type Quantities = Readonly<Record<Quantity, number>>;

export function quantitiesOf(graph: Graph): Quantities {
  const { total } = costOf(graph);
  return { flops: total.flops, active: total.activeParameters, total: total.parameters };
}
