/**
 * @file The types and constructors of `model.ts`, as text: parameters nested as their paths, activations by path.
 */
import { nodesBehind } from '../graph/cost.js';
import type { Axis, Graph, Init, Param } from '../graph/graph.js';
import { key, type Branch, type Stack, type Tree } from './tree.js';

/** `readonly [batch: number, d: 128, h: 4]`, row-major; how many tokens there are depends on the program's entry. */
export function shapeType(axes: readonly Axis[]): string {
  const labels = new Map<string, number>();
  const members = axes.map(({ name, size, token }) => {
    const count = (labels.get(name) ?? 0) + 1;
    labels.set(name, count);
    return `${/^[A-Za-z_]\w*$/.test(name) ? name : 'axis'}${count > 1 ? count : ''}: ${token === undefined ? size : 'number'}`;
  });
  return `readonly [${members.join(', ')}]`;
}

export function initText(init: Init): string {
  switch (init.kind) {
    case 'zeros':
    case 'ones':
      return init.kind;
    case 'constant':
      return String(init.value);
    case 'normal':
      return `normal(${short(init.mean)}, ${short(init.std)})`;
    case 'uniform':
      return `uniform(${short(init.low)}, ${short(init.high)})`;
    case 'unit':
      return `${initText(init.of)}, unit rows`;
  }
}

const short = (value: number): string => String(Number(value.toPrecision(4)));

/** Text safe inside a doc comment. */
export const comment = (text: string): string => text.trim().replaceAll('*/', '*\\/');

export const paramSignature = (param: Param): string => `${shapeType(param.axes)}~${initText(param.init)}~${param.expert?.role ?? ''}`;

/** The type of a tree of parameters. @param docs doc comments by path, layer numbers left out */
export function paramType(tree: Tree<Param>, path: string, docs: ReadonlyMap<string, string>): string {
  if (tree.kind === 'value') return `Parameter<${shapeType(tree.leaf.axes)}>`;
  if (tree.kind === 'stack') return stackType(tree);
  return `{ ${properties(tree, path, docs).map(({ name, type, doc }) => `${doc ? `/** ${comment(doc)} */\n` : ''}readonly ${name}: ${type};\n`).join('')} }`;
}

export interface Property {
  readonly name: string;
  readonly type: string;
  readonly doc: string | undefined;
}

export function properties(tree: Branch<Param>, path: string, docs: ReadonlyMap<string, string>): Property[] {
  return [...tree.children].map(([name, child]) => {
    const at = path === '' ? name : `${path}.${name}`;
    const doc = docs.get(at) ?? (child.kind === 'value' ? initText(child.leaf.init) : undefined);
    return { name: key(name), type: paramType(child, at, docs), doc };
  });
}

const stackType = ({ variants, variantOf }: Stack<unknown>): string => `readonly [${variantOf.map((variant) => variants[variant]?.name ?? 'never').join(', ')}]`;

/**
 * An expression that makes a tree of parameters with the function `parameter`.
 * @param prefix where the tree stands, as the inside of a template literal: `layers.${layer}.`, or nothing
 */
export function paramValue(tree: Tree<Param>, prefix: string): string {
  switch (tree.kind) {
    case 'value': {
      const path = prefix.slice(0, -1);
      const quote = path.includes('${') ? '`' : "'";
      return `parameter(${quote}${path}${quote}, [${tree.leaf.axes.map(({ size }) => size).join(', ')}])`;
    }
    case 'stack':
      return `[${tree.variantOf.map((variant, layer) => `${constructorName(tree.variants[variant]?.name ?? '')}(parameter, ${layer})`).join(', ')}]`;
    case 'branch':
      return `{ ${[...tree.children].map(([name, child]) => `${key(name)}: ${paramValue(child, `${prefix}${name}.`)}`).join(', ')} }`;
  }
}

/** `Layer` -> `layer` */
export const constructorName = (type: string): string => type.charAt(0).toLowerCase() + type.slice(1);

// ------------------------------------------------------------------------------------------------- activations

export interface ActivationTypes {
  /** Path -> shape, outside layers. */
  readonly top: readonly (readonly [path: string, shape: string])[];
  /** By stack; relative path -> shape, and the layers that have all of these. */
  readonly layers: readonly { readonly stack: string; readonly name: string; readonly numbers: readonly number[]; readonly shapes: readonly (readonly [path: string, shape: string])[] }[];
}

/** The taps of the forward pass that are no parameters; `layers.N.rest` grouped by the layers that have the same ones. */
export function activationTypes({ taps, logits }: Graph): ActivationTypes {
  const top: [string, string][] = [];
  const stacks = new Map<string, Map<number, [string, string][]>>();
  const forward = new Set(nodesBehind([logits]));
  for (const [path, node] of taps) {
    if (node.op.kind === 'param' || !forward.has(node)) continue;
    const [, stack, layer, rest] = /^([A-Za-z_]\w*)\.(\d+)\.(.+)$/.exec(path) ?? [];
    const shape = shapeType(node.axes);
    if (stack === undefined || layer === undefined || rest === undefined) {
      top.push([path, shape]);
      continue;
    }
    const numbered = stacks.get(stack) ?? new Map<number, [string, string][]>();
    stacks.set(stack, numbered.set(Number(layer), [...(numbered.get(Number(layer)) ?? []), [rest, shape]]));
  }
  const layers = [...stacks].flatMap(([stack, numbered]) => {
    const groups = new Map<string, { numbers: number[]; shapes: [string, string][] }>();
    for (const [number, shapes] of numbered) {
      const group = groups.get(JSON.stringify(shapes)) ?? { numbers: [], shapes };
      groups.set(JSON.stringify(shapes), group);
      group.numbers.push(number);
    }
    const base = stack === 'layers' ? 'Layer' : stack.charAt(0).toUpperCase() + stack.slice(1);
    return [...groups.values()].map(({ numbers, shapes }, i) => ({ stack, name: `${base}Activations${i === 0 ? '' : (numbers[0] ?? 0)}`, numbers, shapes }));
  });
  return { top, layers };
}
