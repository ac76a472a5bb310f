/**
 * @file Paths as a tree of properties: `layers.2.ffn.experts.read` becomes `layers[2].ffn.experts.read`. Layers of the same shape share one
 * interface, so that the generated text does not grow with depth.
 */

export interface Branch<Leaf> {
  readonly kind: 'branch';
  readonly children: ReadonlyMap<string, Tree<Leaf>>;
}

/** A numbered stack of layers: layer i has the structure `variants[variantOf[i]]`. */
export interface Stack<Leaf> {
  readonly kind: 'stack';
  readonly variants: readonly Variant<Leaf>[];
  readonly variantOf: readonly number[];
}

export interface Variant<Leaf> {
  /** The interface it becomes: `Layer`, or `Layer2` where the layers from 2 on differ. */
  readonly name: string;
  readonly layers: readonly number[];
  readonly tree: Branch<Leaf>;
}

export interface Value<Leaf> {
  readonly kind: 'value';
  readonly leaf: Leaf;
}

export type Tree<Leaf> = Branch<Leaf> | Stack<Leaf> | Value<Leaf>;

interface Growing<Leaf> {
  readonly children: Map<string, Growing<Leaf>>;
  leaf?: Leaf;
}

/**
 * @param signature equal for leaves that have the same type
 * Layers are recognised by number at the second place of a path (`layers.0`). A path that continues another's leaf (`a` and `a.b`) keeps its rest as
 * one property, `'a.b'`.
 */
export function treeOf<Leaf>(items: Iterable<readonly [path: string, leaf: Leaf]>, signature: (leaf: Leaf) => string): Branch<Leaf> {
  const root: Growing<Leaf> = { children: new Map() };
  for (const [path, leaf] of items) {
    let at = root;
    for (const segment of path.split('.')) {
      const next: Growing<Leaf> = at.children.get(segment) ?? { children: new Map() };
      at.children.set(segment, next);
      at = next;
    }
    at.leaf = leaf;
  }
  return branchOf(root, signature, 0);
}

function branchOf<Leaf>(node: Growing<Leaf>, signature: (leaf: Leaf) => string, depth: number): Branch<Leaf> {
  const children = new Map<string, Tree<Leaf>>();
  for (const [name, child] of node.children) {
    const numbered = depth === 0 && child.leaf === undefined && child.children.size > 0 && [...child.children.keys()].every((key) => /^\d+$/.test(key));
    if (numbered) {
      children.set(name, stackOf(name, child, signature));
      continue;
    }
    if (child.leaf !== undefined) children.set(name, { kind: 'value', leaf: child.leaf });
    if (child.children.size === 0) continue;
    const below = branchOf(child, signature, depth + 1);
    if (child.leaf === undefined) children.set(name, below);
    else for (const [rest, tree] of below.children) children.set(`${name}.${rest}`, tree);
  }
  return { kind: 'branch', children };
}

function stackOf<Leaf>(name: string, node: Growing<Leaf>, signature: (leaf: Leaf) => string): Stack<Leaf> {
  const count = Math.max(...[...node.children.keys()].map(Number)) + 1;
  const found = new Map<string, { index: number; layers: number[]; tree: Branch<Leaf> }>();
  const variantOf: number[] = [];
  for (let layer = 0; layer < count; layer++) {
    const tree = branchOf(node.children.get(String(layer)) ?? { children: new Map() }, signature, 2);
    const key = describe(tree, signature);
    const variant = found.get(key) ?? { index: found.size, layers: [], tree };
    found.set(key, variant);
    variant.layers.push(layer);
    variantOf.push(variant.index);
  }
  const base = interfaceName(name);
  const variants = [...found.values()].map(({ index, layers, tree }) => ({ name: index === 0 ? base : `${base}${layers[0] ?? 0}`, layers, tree }));
  return { kind: 'stack', variants, variantOf };
}

function describe<Leaf>(tree: Tree<Leaf>, signature: (leaf: Leaf) => string): string {
  if (tree.kind === 'value') return signature(tree.leaf);
  if (tree.kind === 'stack') return `[${tree.variants.map((variant) => describe(variant.tree, signature)).join()}]`;
  return `{${[...tree.children].map(([name, child]) => `${name}:${describe(child, signature)}`).join()}}`;
}

/** `layers` -> `Layer`, `decoder` -> `DecoderLayer`. */
function interfaceName(stack: string): string {
  const pascal = stack.replace(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase());
  return pascal === 'Layers' ? 'Layer' : `${pascal}Layer`;
}

/** A property's name as TypeScript wants it. */
export const key = (name: string): string => (/^[A-Za-z_$][\w$]*$/.test(name) ? name : `'${name}'`);
