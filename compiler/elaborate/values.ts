/**
 * @file What an expression of the language can be while blocks are expanded: a tensor of the graph, a choice, or one of the static
 * values (numbers, words, functions, axes) that exist only at compile time.
 */
import type { BlockDecl, FunctionDecl } from '../../grammar/ast.js';
import type { Axis, Node } from '../graph/graph.js';
import { axesText } from '../graph/shape-error.js';

export interface Choice {
  readonly kind: 'choice';
  /** i32: which member of each of `of` (row-major when several) is chosen. */
  readonly index: Node;
  /** f32, same axes; carries the gradient. */
  readonly score: Node;
  readonly of: Axis;
  /** Of a choice among pairs: the axes that `of` numbers, row-major. */
  readonly parts?: readonly Axis[];
  /** Some places choose nothing: their index is -1. */
  readonly partial?: true;
}

export type Value =
  | { readonly kind: 'tensor'; readonly node: Node }
  | Choice
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'bool'; readonly value: boolean }
  | { readonly kind: 'word'; readonly value: string }
  | { readonly kind: 'none' }
  | { readonly kind: 'axes'; readonly axes: readonly Axis[] }
  /** Whole numbers known at compile time: the value of a setting of type `ints`. */
  | { readonly kind: 'list'; readonly values: readonly number[] }
  /** A declared function, or a primitive one by name. */
  | { readonly kind: 'function'; readonly name: string; readonly declaration: FunctionDecl | undefined }
  | { readonly kind: 'block'; readonly declaration: BlockDecl };

export const tensor = (node: Node): Value => ({ kind: 'tensor', node });
export const number = (value: number): Value => ({ kind: 'number', value });

/** For messages: `a tensor [batch 8, time 128, d 128]`, `the number 3`. */
export function describeValue(value: Value): string {
  switch (value.kind) {
    case 'tensor': return `a tensor ${axesText(value.node.axes)}`;
    case 'choice': return `a choice ${axesText(value.index.axes)} of ${value.of.name}`;
    case 'number': return `the number ${value.value}`;
    case 'bool': return String(value.value);
    case 'word': return `the word \`${value.value}\``;
    case 'none': return 'none';
    case 'axes': return `the axes ${axesText(value.axes)}`;
    case 'list': return `the list [${value.values.join(', ')}]`;
    case 'function': return `the function \`${value.name}\``;
    case 'block': return `the block \`${value.declaration.name.name}\``;
  }
}
