/**
 * @file Walking a graph: operands before users, and who uses what. Iterative, since graphs are as deep as models.
 */
import type { Node } from './graph.js';

/** Every node the roots need, each once, operands first; the order is fixed by the roots and the graph. */
export function topological(roots: readonly Node[]): Node[] {
  const order: Node[] = [];
  const seen = new Set<Node>();
  const stack: { node: Node; next: number }[] = [];
  for (const root of roots) {
    if (seen.has(root)) continue;
    seen.add(root);
    stack.push({ node: root, next: 0 });
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      const input = top.node.inputs[top.next++];
      if (!input) {
        order.push(top.node);
        stack.pop();
      } else if (!seen.has(input)) {
        seen.add(input);
        stack.push({ node: input, next: 0 });
      }
    }
  }
  return order;
}

/** For each node the roots need: the nodes among those that use it, in topological order, each once. */
export function consumers(roots: readonly Node[]): ReadonlyMap<Node, readonly Node[]> {
  const users = new Map<Node, Node[]>();
  for (const node of topological(roots)) {
    users.set(node, []);
    for (const input of new Set(node.inputs)) users.get(input)?.push(node);
  }
  return users;
}

/** The nodes of `roots` that depend on a node `isSource` accepts, sources included. */
export function dependents(roots: readonly Node[], isSource: (node: Node) => boolean): ReadonlySet<Node> {
  const found = new Set<Node>();
  for (const node of topological(roots)) {
    if (isSource(node) || node.inputs.some((input) => found.has(input))) found.add(node);
  }
  return found;
}
