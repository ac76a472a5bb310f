/**
 * @file A graph as text: one line a node, operands before users.
 *
 *     %12 = contract[over d] %3 %7 : [batch 8, time 128, h 4]  layers.0.attention.q
 */
import type { Axis, Node, Op } from './graph.js';
import { topological } from './walk.js';

/** Every node the roots need, numbered from %0 in order of printing. */
export function printGraph(roots: readonly Node[]): string {
  const numbers = new Map<Node, number>();
  const lines = topological(roots).map((node) => {
    numbers.set(node, numbers.size);
    const operands = node.inputs.map((input) => ` %${numbers.get(input) ?? '?'}`).join('');
    return `%${numbers.get(node) ?? '?'} = ${opText(node.op)}${operands} : ${typeText(node)}${node.path ? `  ${node.path}` : ''}`;
  });
  return lines.map((line) => `${line}\n`).join('');
}

function typeText(node: Node): string {
  const one = (type: { readonly axes: readonly Axis[]; readonly dtype: string }): string =>
    `${type.dtype === 'i32' ? 'i32' : ''}[${type.axes.map((axis) => `${axis.name} ${axis.size}`).join(', ')}]`;
  return node.results ? `(${node.results.map(one).join(', ')})` : one(node);
}

const names = (axes: readonly Axis[]): string => axes.map((axis) => axis.name).join(', ');

/** The operation and its fields, without operands: `contract[over d]`. */
export function opText(op: Op): string {
  switch (op.kind) {
    case 'param': return `param ${op.param.path}`;
    case 'state': return `state ${op.state.path}`;
    case 'input': return `input ${op.name}`;
    case 'scalar': return `scalar ${scalarText(op)}`;
    case 'const': return `const ${op.value}`;
    case 'iota': return `iota[${op.axis.name}]`;
    case 'map': return op.fn;
    case 'reduce': return `${op.fn}[over ${names(op.over)}]`;
    case 'contract': case 'softmax': case 'logsumexp': return `${op.kind}[over ${names(op.over)}]`;
    case 'rename': return `rename[${op.from.name} -> ${op.to.name}]`;
    case 'split': return `split[${op.axis.name} -> ${names(op.into)}]`;
    case 'merge': return `merge[${names(op.axes)} -> ${op.into.name}]`;
    case 'slice': return `slice[${op.axis.name}: ${op.start}${op.into ? `.. -> ${op.into.name}` : ''}]`;
    case 'pad': return `pad[${op.axis ? `${op.axis.name} ` : ''}-> ${op.into.name}: ${op.start}]`;
    case 'concat': return `concat[${names(op.parts)} -> ${op.into.name}]`;
    case 'shift': return `shift[${op.axis.name} by ${op.by}]`;
    case 'expand': return `expand[along ${names(op.axes)}]`;
    case 'order': return `order[${names(op.axes)}]`;
    case 'top': return `top[${op.take.size} of ${op.axis.name}]`;
    case 'top_product': return `top_product[${op.take.size} of ${op.axis.name} * ${op.axis.name}]`;
    case 'position': return `position[along ${names(op.along)}, ${op.members} members]`;
    case 'gather': return `gather[along ${names(op.axes)}]`;
    case 'scatter': return `scatter[along ${names(op.axes)}]`;
    case 'attention': case 'attention_grad': return `${op.kind}[${op.heads.name} heads of ${op.groups.name}, scale ${op.scale}]`;
    case 'part': return `part ${op.index} of`;
    case 'stop_gradient': return 'stop_gradient';
    case 'surrogate': return `surrogate[${op.wrt}]`;
    case 'random': return `random[${op.distribution}, stream ${op.stream}]`;
  }
}

function scalarText({ scalar }: Extract<Op, { kind: 'scalar' }>): string {
  switch (scalar.kind) {
    case 'step': return 'step';
    case 'noise_key': return `noise key ${scalar.stream}`;
    case 'schedule': case 'ramp': return `${scalar.kind} ${scalar.name}`;
    case 'bias_correction': return `1 - ${scalar.beta}^step`;
  }
}
