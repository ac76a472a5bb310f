/**
 * @file The gradient of every primitive, one rule each, as graph operations.
 *
 * A rule gets a node and the gradient `dy` of its value (with the node's axes) and gives the gradient of operand i; axes it has too
 * many are summed and missing ones repeated by the caller (`conform`). Rules are only asked about operands that `flows` admits.
 */
import type { GraphBuilder } from '../graph/build.js';
import type { Node, Op, ScalarFn } from '../graph/graph.js';
import { productOrder } from '../graph/simplify.js';

export class DifferentiationError extends Error {
  override readonly name = 'DifferentiationError';
}

interface Site<K extends Op['kind']> {
  readonly build: GraphBuilder;
  readonly op: Extract<Op, { kind: K }>;
  /** The node's value, for rules that reuse it. */
  readonly y: Node;
  readonly dy: Node;
  /** Of tuple operations: the gradients of their results, where there are any. */
  readonly parts: readonly (Node | undefined)[];
  readonly input: (i: number) => Node;
}
type Rule<K extends Op['kind']> = (site: Site<K>, i: number) => Node;

const flat: ReadonlySet<ScalarFn> = new Set<ScalarFn>(['sign', 'floor', 'to_f32', 'to_i32', 'is_finite', 'lt', 'le', 'eq', 'mod']);

/** Whether a gradient flows from `node` to its operand `i`. */
export function flows(node: Node, i: number): boolean {
  const { op } = node;
  if (node.inputs[i]?.dtype !== 'f32') return false;
  switch (op.kind) {
    case 'map': return !flat.has(op.fn) && !(op.fn === 'select' && i === 0);
    case 'gather': case 'scatter': return i === 0;
    case 'surrogate': return i >= 1 && i <= op.wrt;
    case 'top': case 'top_product': case 'position': case 'stop_gradient': return false;
    default: return true;
  }
}

/** The gradient of operand `i` of `node`. */
export function gradientOf(build: GraphBuilder, node: Node, dy: Node, parts: readonly (Node | undefined)[], i: number): Node {
  const input = (n: number): Node => {
    const x = node.inputs[n];
    if (!x) throw new DifferentiationError(`${node.op.kind} lacks operand ${n}`);
    return x;
  };
  const visit = <K extends Op['kind']>(op: Extract<Op, { kind: K }>, kind: K): Node => rules[kind]({ build, op, y: node, dy, parts, input }, i);
  return visit(node.op, node.op.kind);
}

/** dy summed over axes `x` lacks and repeated along those it lacks itself. */
export function conform(build: GraphBuilder, dy: Node, x: Node): Node {
  const summed = build.sum(dy, dy.axes.filter((axis) => !x.axes.includes(axis)));
  return build.expand(summed, x.axes.filter((axis) => !summed.axes.includes(axis)));
}

const none = ({ y }: { readonly y: Node }): Node => {
  throw new DifferentiationError(`${y.op.kind} has no gradient`);
};

const rules: { readonly [K in Op['kind']]: Rule<K> } = {
  param: none, state: none, input: none, scalar: none, const: none, iota: none, random: none,
  map: (site, i) => mapRule(site, i),
  reduce: (site) => (site.op.fn === 'sum' ? site.build.expand(site.dy, site.op.over) : toFirst(site)),
  contract: ({ build, dy, input }, i) => {
    const [x, other] = [input(i), input(1 - i)];
    const over = other.axes.filter((axis) => !x.axes.includes(axis));
    if (over.length === 0) return build.mul(dy, other);
    return build.contract(...productOrder(dy, other, over, x.axes), over);
  },
  softmax: ({ build, op, y, dy }) => build.mul(y, build.sub(dy, build.sum(build.mul(dy, y), op.over))),
  logsumexp: ({ build, op, dy, input }) => build.mul(build.softmax(input(0), op.over), dy),
  rename: ({ build, op, dy }) => build.rename(dy, op.to, op.from),
  split: ({ build, op, dy }) => build.merge(dy, op.into, op.axis),
  merge: ({ build, op, dy }) => build.split(dy, op.into, op.axes),
  slice: ({ build, op, dy, input }) => build.order(build.pad(dy, op.into, op.start, op.axis), input(0).axes),
  pad: ({ build, op, dy }) => build.slice(dy, op.into, op.start, op.axis),
  concat: ({ build, op, dy }, i) => build.slice(dy, op.into, op.parts.slice(0, i).reduce((n, part) => n + part.size, 0), op.parts[i]),
  shift: ({ build, op, dy }) => build.shift(dy, op.axis, -op.by),
  expand: ({ build, op, dy }) => build.sum(dy, op.axes),
  order: ({ dy }) => dy,
  top: none, top_product: none, position: none,
  gather: ({ build, op, y, dy, input }) => build.scatter(dy, op.axes, y.inputs.slice(1), input(0).axes),
  scatter: ({ build, op, y, dy }) => build.gather(dy, op.axes, y.inputs.slice(1)),
  attention: ({ build, op, y, parts, input }, i) => {
    const [dout, dlse] = parts;
    if (dlse || !dout) throw new DifferentiationError('the logsumexp of attention has no gradient: only its output may enter a loss');
    const { dq, dk, dv } = build.attentionGrad(input(0), input(1), input(2), build.part(y, 0), build.part(y, 1), dout, op);
    return i === 0 ? dq : i === 1 ? dk : dv;
  },
  attention_grad: none,
  part: none,
  stop_gradient: none,
  surrogate: ({ build, op, dy, input }, i) => build.mul(input(op.wrt + i), dy),
};

/** max and min: dy goes to the first place that attains it, in the order of `over`. */
function toFirst({ build, op, y, dy, input }: Site<'reduce'>): Node {
  let place = build.constant(0);
  let count = 1;
  for (const axis of [...op.over].reverse()) {
    place = build.add(place, build.mul(build.iota(axis), count));
    count *= axis.size;
  }
  const first = build.reduce('min', build.select(build.eq(input(0), y), place, count), op.over);
  return build.select(build.eq(place, first), dy, 0);
}

function mapRule({ build, op, y, dy, input }: Site<'map'>, i: number): Node {
  const x = input(0);
  switch (op.fn) {
    case 'neg': return build.neg(dy);
    case 'exp': return build.mul(dy, y);
    case 'log': return build.div(dy, x);
    case 'sqrt': return build.mul(dy, build.div(0.5, y));
    case 'rsqrt': return build.mul(dy, build.mul(-0.5, build.mul(y, build.mul(y, y))));
    case 'tanh': return build.mul(dy, build.sub(1, build.mul(y, y)));
    case 'erf': return build.mul(dy, build.mul(2 / Math.sqrt(Math.PI), build.exp(build.neg(build.mul(x, x)))));
    case 'sin': return build.mul(dy, build.cos(x));
    case 'cos': return build.neg(build.mul(dy, build.sin(x)));
    case 'abs': return build.mul(dy, build.sign(x));
    case 'reciprocal': return build.neg(build.mul(dy, build.mul(y, y)));
    case 'add': return dy;
    case 'sub': return i === 0 ? dy : build.neg(dy);
    case 'mul': return build.mul(dy, input(1 - i));
    case 'div': return i === 0 ? build.div(dy, input(1)) : build.neg(build.mul(dy, build.div(y, input(1))));
    case 'pow': return i === 0 ? build.mul(dy, build.mul(input(1), build.pow(x, build.sub(input(1), 1)))) : build.mul(dy, build.mul(y, build.log(x)));
    case 'max': return toWinner(build, build.le(input(1), x), dy, i);
    case 'min': return toWinner(build, build.le(x, input(1)), dy, i);
    case 'select': return i === 1 ? build.select(x, dy, 0) : build.select(x, 0, dy);
    case 'sign': case 'floor': case 'to_f32': case 'to_i32': case 'is_finite': case 'lt': case 'le': case 'eq': case 'mod':
      throw new DifferentiationError(`${op.fn} has no gradient`);
  }
}

function toWinner(build: GraphBuilder, firstWins: Node, dy: Node, i: number): Node {
  return i === 0 ? build.select(firstWins, dy, 0) : build.select(firstWins, 0, dy);
}
