/**
 * @file The table of what each block costs, the same block of all layers in one row.
 */
import type { BlockCost, Cost, GraphCost } from '../graph/cost.js';
import { splitLayer } from './layers.js';
import { table } from './table.js';
import { bytes, count } from './units.js';

export interface CostRow extends Cost {
  /** `layers.ffn`: all its layers together. */
  readonly path: string;
  /** How many layers are in the row; 1 outside layers. */
  readonly layers: number;
}

export function costRows(costs: GraphCost): CostRow[] {
  const rows = new Map<string, CostRow>();
  for (const block of costs.blocks) {
    const { path } = splitLayer(block.path);
    const row = rows.get(path);
    rows.set(path, row === undefined ? { ...block, path, layers: 1 } : { ...add(row, block), path, layers: row.layers + 1 });
  }
  return [...rows.values()];
}

function add(a: Cost, b: BlockCost): Cost {
  return {
    parameters: a.parameters + b.parameters,
    activeParameters: a.activeParameters + b.activeParameters,
    flops: a.flops + b.flops,
    trainingFlops: a.trainingFlops + b.trainingFlops,
    weightBytes: a.weightBytes + b.weightBytes,
    optimizerBytes: a.optimizerBytes + b.optimizerBytes,
    activationBytes: a.activationBytes + b.activationBytes,
  };
}

/** Lines of the table, the total last. */
export function costTable(rows: readonly CostRow[], total: CostRow, heading: (text: string) => string): string[] {
  const right = (title: string) => ({ title, align: 'right' as const });
  return table(
    [{ title: 'block', align: 'left' }, right('params'), right('active'), right('FLOPs'), right('training'), right('weights'), right('optimizer'), right('activations')],
    [...rows, total].map((r) => [
      r.layers > 1 ? `${r.path} x${r.layers}` : r.path,
      count(r.parameters), count(r.activeParameters), count(r.flops), count(r.trainingFlops), bytes(r.weightBytes), bytes(r.optimizerBytes), bytes(r.activationBytes),
    ]),
    heading,
  );
}
