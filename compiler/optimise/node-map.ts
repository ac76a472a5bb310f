/**
 * @file Facts about nodes, by their numbers: arrays where lookups are too many for hashing. Node numbers are small, dense and unique in one lowering.
 */
import type { Node } from '../graph/graph.js';

export class NodeMap<T> {
  private readonly items: (T | undefined)[];

  /** `size`: how large numbers are, if known. */
  constructor(size = 0) {
    this.items = new Array<T | undefined>(size).fill(undefined);
  }

  get(node: Node): T | undefined {
    return this.items[node.id];
  }
  has(node: Node): boolean {
    return this.items[node.id] !== undefined;
  }
  set(node: Node, item: T): void {
    // no holes: an array with holes is a hash table
    while (this.items.length < node.id) this.items.push(undefined);
    this.items[node.id] = item;
  }
  delete(node: Node): void {
    if (node.id < this.items.length) this.items[node.id] = undefined;
  }
}

export class NodeSet {
  private readonly items: NodeMap<true>;

  constructor(nodes: Iterable<Node> = [], size = 0) {
    this.items = new NodeMap(size);
    for (const node of nodes) this.add(node);
  }
  has(node: Node): boolean {
    return this.items.has(node);
  }
  add(node: Node): void {
    this.items.set(node, true);
  }
}

export type ReadonlyNodeMap<T> = Pick<NodeMap<T>, 'get' | 'has'>;
export type ReadonlyNodeSet = Pick<NodeSet, 'has'>;
