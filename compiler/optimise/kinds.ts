/**
 * @file How a node is computed: in passing at one point, by a reduce stage of a loop nest, or by a kernel of its own.
 */
import type { Axis, Node } from '../graph/graph.js';
import { isKind, isLocalScatter, product, scatterAxes, viewKind } from './facts.js';
import type { ReadonlyNodeSet } from './node-map.js';

/** Axes a reduction in a loop nest sums over. */
export function reducedAxes(node: Node): readonly Axis[] {
  if (isKind(node, 'reduce') || isKind(node, 'contract')) return node.op.over;
  return isKind(node, 'scatter') ? scatterAxes(node).summed : [];
}

/** Nodes computed by a reduce stage of a loop nest. */
export function isReduction(node: Node, contractions: ReadonlyNodeSet): boolean {
  if (isKind(node, 'scatter')) return isLocalScatter(node) && scatterAxes(node).summed.length > 0;
  return node.op.kind === 'reduce' || (node.op.kind === 'contract' && !contractions.has(node));
}

/** Nodes computed in passing, at one point. */
export function isPassing(node: Node): boolean {
  if (isKind(node, 'scatter')) return isLocalScatter(node) && scatterAxes(node).summed.length === 0;
  return node.op.kind === 'map' || node.op.kind === 'gather' || viewKind(node) !== undefined;
}

/** Whether a nest parallel over `rows` may hold a store over `axes`: enough rows, or short ones. */
export function rowsSuit(rows: readonly Axis[], axes: readonly Axis[]): boolean {
  if (axes.length < rows.length || !rows.every((axis) => axes.includes(axis))) return false;
  return product(rows) >= 32 || product(axes) / product(rows) <= 256;
}
