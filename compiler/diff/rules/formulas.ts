/**
 * @file The mathematics of a block that has the same name, settings and parameters in both specs, but computes something else: its
 * definition was edited. Compared on the graph, so that renaming or rearranging definitions is no change.
 */
import { blocksOf } from '../../graph/cost.js';
import type { Node } from '../../graph/graph.js';
import { splitLayer } from '../../show/layers.js';
import type { Change } from '../change.js';
import type { Side } from '../side.js';

/** Blocks whose operations differ though nothing else of them does; `explained`: paths of changes already found. */
export function formulas(before: Side, after: Side, explained: ReadonlySet<string>): readonly Change[] {
  if ([...explained].some((path) => path.startsWith('dims.') || path === 'entries')) return [];
  const [old, now] = [signatures(before), signatures(after)];
  const said = new Set<string>();
  return [...old].flatMap(([path, signature]): Change[] => {
    const other = now.get(path);
    const bare = splitLayer(path).path;
    if (other === undefined || other === signature || said.has(bare)) return [];
    if ([...explained].some((p) => `${splitLayer(p).path}.`.startsWith(`${bare}.`))) return [];
    said.add(bare);
    return [{ path: bare, kind: 'formula changed', severity: 'dangerous', before: `${operations(signature)} operations`, after: `${operations(other)} operations`, origins: [], reason: 'its block computes something else' }];
  });
}

const operations = (signature: string): number => signature.split('\n').length;

/** Entry or loss -> its operations as text, with nodes and axes numbered as they are met. */
function signatures({ graph, entries }: Side): ReadonlyMap<string, string> {
  const blockOf = blocksOf(graph);
  const blocks = new Map<string, Node[]>();
  const forward = reachable([...graph.residual.map((r) => r.after), graph.logits]);
  for (const node of forward) {
    const path = blockOf(node.path);
    if (!entries.has(splitLayer(path).path)) continue;
    const nodes = blocks.get(path);
    if (nodes === undefined) blocks.set(path, [node]);
    else nodes.push(node);
  }
  const known = new Set(forward);
  for (const loss of graph.losses) blocks.set(`losses.${loss.name}`, reachable([loss.node]).filter((n) => !known.has(n)));
  return new Map([...blocks].map(([path, nodes]) => [path, signatureOf(nodes, path)]));
}

function signatureOf(nodes: readonly Node[], path: string): string {
  const numbers = new Map<object, number>();
  const number = (thing: object): number => {
    const known = numbers.get(thing);
    if (known !== undefined) return known;
    numbers.set(thing, numbers.size);
    return numbers.size - 1;
  };
  const plain = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(plain);
    if (typeof value !== 'object' || value === null) return value;
    if ('id' in value && 'size' in value) return `axis ${number(value)}`;
    if ('path' in value && typeof value.path === 'string') return value.path.replace(`${path}.`, '');
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, plain(part)]));
  };
  return nodes.map((n) => JSON.stringify([plain(n.op), n.inputs.map(number), number(n), n.axes.map((a) => plain(a))])).join('\n');
}

/** What the roots are computed from, operands before results, in an order that depends on the structure only. */
function reachable(roots: readonly Node[]): Node[] {
  const order: Node[] = [];
  const seen = new Set<Node>();
  const stack: { readonly node: Node; next: number }[] = [];
  for (const root of roots) {
    if (seen.has(root)) continue;
    seen.add(root);
    stack.push({ node: root, next: 0 });
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const input = top.node.inputs[top.next++];
      if (input === undefined) {
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
