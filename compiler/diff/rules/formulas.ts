/**
 * @file The mathematics of a block that has the same name, settings and parameters in both specs, but computes something else: its
 * definition was edited. Compared on the graph, so that renaming or rearranging definitions is no change.
 */
import type { Node } from '../../graph/graph.js';
import { splitLayer } from '../../show/layers.js';
import type { Change } from '../change.js';
import type { Side } from '../side.js';

/** Entries and losses whose operations differ though nothing else of them does; `explained`: changes already found. */
export function formulas(before: Side, after: Side, explained: readonly Change[]): readonly Change[] {
  if (explained.some((c) => c.kind.startsWith('dim') || c.kind.startsWith('entr'))) return [];
  const paths = explained.filter((c) => c.kind !== 'initialiser changed').map((c) => `${splitLayer(c.path).path}.`);
  const [old, now] = [signatures(before), signatures(after)];
  const said = new Set<string>();
  return [...old].flatMap(([path, signature]): Change[] => {
    const other = now.get(path);
    const bare = splitLayer(path).path;
    if (other === undefined || other === signature || said.has(bare)) return [];
    // A loss reads activations of every layer, so any change may be what it shows.
    if (path.startsWith('losses.') ? paths.length > 0 : paths.some((p) => p.startsWith(`${bare}.`) || p.endsWith('.norm.'))) return [];
    said.add(bare);
    return [{ path: bare, kind: 'formula changed', severity: 'dangerous', before: `${operations(signature)} operations`, after: `${operations(other)} operations`, origins: [], reason: 'its block computes something else' }];
  });
}

const operations = (signature: string): number => signature.split('\n').length;

/** Entry or loss -> its operations as text. An entry in layers is what it adds to the residual stream, as a function of the stream before. */
function signatures({ graph, model }: Side): ReadonlyMap<string, string> {
  const [first, last] = [graph.residual[0], graph.residual.at(-1)];
  const roots: (readonly [path: string, root: Node, cut: Node | undefined])[] = graph.residual.map((add) => [add.path, add.write, add.before] as const);
  const [start, end] = [model.entries[0], model.entries.at(-1)];
  if (first !== undefined && start?.kind === 'entry') roots.push([start.path, first.before, undefined]);
  if (end?.kind === 'entry') roots.push([end.path, graph.logits, last?.after]);
  const forward = new Set(reachable(graph.logits, undefined));
  const losses = graph.losses.map((loss) => [`losses.${loss.name}`, signatureOf(reachable(loss.node, undefined).filter((n) => !forward.has(n)), '')] as const);
  return new Map([...roots.map(([path, root, cut]) => [path, signatureOf(reachable(root, cut), path)] as const), ...losses]);
}

/** Operations as lines, with nodes and axes numbered as they are met. */
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

/** What the root is computed from, operands before results, in an order that depends on the structure only; nothing behind `cut`. */
function reachable(root: Node, cut: Node | undefined): Node[] {
  const order: Node[] = [];
  const seen = new Set<Node>([root]);
  const stack: { readonly node: Node; next: number }[] = [{ node: root, next: 0 }];
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    const input = top.node === cut ? undefined : top.node.inputs[top.next++];
    if (input === undefined) {
      if (top.node !== cut) order.push(top.node);
      stack.pop();
    } else if (!seen.has(input)) {
      seen.add(input);
      stack.push({ node: input, next: 0 });
    }
  }
  return order;
}
