/**
 * @file What kernels are called: what they do, and the last name of the spec path they implement.
 */
import type { Node } from '../graph/graph.js';
import { input, isKind, lastName } from './facts.js';
import type { NestUnit } from './units.js';

export function contractionName(contract: Node, root: Node): string {
  const base = `contraction_${lastName(contract.path)}`;
  return root === contract || lastName(root.path) === lastName(contract.path) ? base : `${base}_${lastName(root.path)}`;
}

/** `softmax_gate`, `gathered_dot_activation`, `gathered_sum_ffn`, `touched_rows_update`, `sum_gain_grad`, `map_hidden`. */
export function nestName(unit: NestUnit, isInline: (node: Node) => boolean): string {
  const stored = unit.steps.flatMap((step) => (step.kind === 'store' ? [step.store.node] : []));
  const reductions = unit.steps.flatMap((step) => (step.kind === 'reduce' ? [step.node] : []));
  const last = lastName((stored.at(-1) ?? reductions.at(-1))?.path ?? '');
  if (unit.segments) return unit.update ? `touched_rows_${last}` : `segment_sum_${last}`;
  if (unit.update) return `update_${last}`;
  const what = new Set(reductions.map((node) => reductionName(node, isInline)));
  if (what.has('max') && what.has('sum')) return `softmax_${last}`;
  const gathered = [...what].find((name) => name.startsWith('gathered'));
  if (gathered !== undefined) return `${gathered}_${last}`;
  const first = [...what][0];
  if (first === undefined) return `map_${last}`;
  const stores = stored.some((node) => !reductions.includes(node));
  return stores ? `row_${first}_${last}` : `${first}_${last}`;
}

function reductionName(node: Node, isInline: (node: Node) => boolean): string {
  if (isKind(node, 'reduce')) return node.op.fn;
  if (isKind(node, 'scatter')) return 'placed_sum';
  const gather = [input(node), input(node, 1)].map((x) => throughMaps(x, isInline)).find((x) => x !== undefined);
  if (!gather || !isKind(node, 'contract')) return 'dot';
  const chosen = new Set(gather.inputs.slice(1).flatMap((x) => x.axes));
  return node.op.over.every((axis) => !chosen.has(axis)) ? 'gathered_dot' : 'gathered_sum';
}

function throughMaps(node: Node, isInline: (node: Node) => boolean): Node | undefined {
  if (!isInline(node)) return undefined;
  if (node.op.kind === 'gather') return node;
  const next = node.inputs[0];
  return next && ['order', 'rename', 'split', 'merge', 'expand', 'map'].includes(node.op.kind) ? throughMaps(next, isInline) : undefined;
}
