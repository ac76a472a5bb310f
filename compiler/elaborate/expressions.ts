/**
 * @file Evaluates an expression of the language in a frame: tensors become graph nodes, everything else is computed at once.
 */
import type { Expr } from '../../grammar/ast.js';
import { printExpr } from '../../grammar/print-expressions.js';
import type { Node, ScalarFn } from '../graph/graph.js';
import { primitiveFunctions } from '../model/primitives.js';
import { evaluateCall } from './calls.js';
import type { Context } from './context.js';
import type { Frame } from './frame.js';
import { evaluateIndex } from './indexing.js';
import { type Value, describeValue, number, tensor } from './values.js';

export function evaluate(context: Context, frame: Frame, expr: Expr): Value {
  switch (expr.kind) {
    case 'number': return number(expr.value);
    case 'string': return { kind: 'word', value: expr.value };
    case 'bool': return { kind: 'bool', value: expr.value };
    case 'none': return { kind: 'none' };
    case 'path': return evaluatePath(context, frame, expr);
    case 'unary': return evaluateUnary(context, frame, expr);
    case 'binary': return evaluateBinary(context, frame, expr);
    case 'if': {
      const condition = evaluate(context, frame, expr.condition);
      if (condition.kind === 'bool') return evaluate(context, frame, condition.value ? expr.then : expr.otherwise);
      return context.fail('ARCH2012', { owner: frame.block, name: 'if', expected: 'a condition known at compile time (use where(...) for tensors)', got: describeValue(condition) }, expr.condition.span);
    }
    case 'call': return evaluateCall(context, frame, expr);
    case 'index': return evaluateIndex(context, frame, expr);
    case 'member': return member(context, evaluate(context, frame, expr.base), expr.member.name, expr);
    case 'list': case 'spread':
      return context.fail('ARCH2012', { owner: frame.block, name: printExpr(expr), expected: 'a value', got: 'a list of axes' }, expr.span);
  }
}

/** A tensor; numbers become constants. */
export function evaluateTensor(context: Context, frame: Frame, expr: Expr): Node {
  return toTensor(context, frame, evaluate(context, frame, expr), expr);
}

export function toTensor(context: Context, frame: Frame, value: Value, expr: Expr): Node {
  if (value.kind === 'tensor') return value.node;
  if (value.kind === 'number') return context.build.constant(value.value);
  return context.fail('ARCH2012', { owner: frame.block, name: printExpr(expr), expected: 'a tensor', got: describeValue(value) }, expr.span, value.kind === 'choice' ? { help: 'of a choice, `.score` is a tensor, and `table[choice]` what it looks up' } : {});
}

function evaluatePath(context: Context, frame: Frame, expr: Extract<Expr, { kind: 'path' }>): Value {
  const [first, ...rest] = expr.segments;
  if (!first) throw new Error('a path has at least one segment');
  const whole = frame.lookUpPath(expr);
  if (whole) return whole;
  const found = lookUp(context, frame, first.name);
  if (!found) {
    return context.fail('ARCH2001', { kind: 'name', name: first.name, among: namesInReach(frame) }, first.span);
  }
  return rest.reduce((value, segment) => member(context, value, segment.name, expr), found);
}

/** A name: a tensor or setting, the size of an axis, an input, a function or a block; in that order. */
function lookUp(context: Context, frame: Frame, name: string): Value | undefined {
  const value = frame.value(name);
  if (value) return value;
  const size = frame.size(name);
  if (size !== undefined) return number(size);
  if (name === 'training') {
    context.modal = true;
    return { kind: 'bool', value: context.mode === 'train' };
  }
  if (name === 'tokens') return tensor(context.tokens);
  if (name === 'targets') return tensor(context.targets);
  const declaration = frame.scope.functions.get(name);
  if (declaration) return { kind: 'function', name, declaration };
  const block = frame.scope.blocks.get(name);
  if (block) return { kind: 'block', declaration: block };
  return primitiveFunctions.has(name) ? { kind: 'function', name, declaration: undefined } : undefined;
}

function namesInReach(frame: Frame): string[] {
  return [...frame.names.keys(), ...frame.axisNames(), ...frame.scope.functions.keys(), ...frame.scope.blocks.keys(), 'tokens', 'targets', 'training'];
}

function member(context: Context, value: Value, name: string, expr: Expr): Value {
  if (value.kind === 'choice' && name === 'score') return tensor(value.score);
  if (value.kind === 'choice' && name === 'index') return tensor(value.index);
  return context.fail('ARCH2001', { kind: 'member', name, among: value.kind === 'choice' ? ['score', 'index'] : [] }, expr.span);
}

function evaluateUnary(context: Context, frame: Frame, expr: Extract<Expr, { kind: 'unary' }>): Value {
  const operand = evaluate(context, frame, expr.operand);
  if (expr.operator === 'not') {
    if (operand.kind === 'bool') return { kind: 'bool', value: !operand.value };
    return tensor(context.build.not(toTensor(context, frame, operand, expr.operand)));
  }
  if (operand.kind === 'number') return number(-operand.value);
  return tensor(context.build.neg(toTensor(context, frame, operand, expr.operand)));
}

const arithmetic: Readonly<Record<string, { readonly fn: ScalarFn; readonly of: (a: number, b: number) => number }>> = {
  '+': { fn: 'add', of: (a, b) => a + b },
  '-': { fn: 'sub', of: (a, b) => a - b },
  '*': { fn: 'mul', of: (a, b) => a * b },
  '/': { fn: 'div', of: (a, b) => a / b },
  '^': { fn: 'pow', of: (a, b) => a ** b },
};

function evaluateBinary(context: Context, frame: Frame, expr: Extract<Expr, { kind: 'binary' }>): Value {
  const words = comparedWords(context, frame, expr);
  if (words) return words;
  const left = evaluate(context, frame, expr.left);
  const right = evaluate(context, frame, expr.right);
  const entry = arithmetic[expr.operator];
  if (left.kind === 'number' && right.kind === 'number') {
    return entry ? number(entry.of(left.value, right.value)) : { kind: 'bool', value: compare(expr.operator, left.value, right.value) };
  }
  if (left.kind === 'bool' && right.kind === 'bool') {
    return { kind: 'bool', value: expr.operator === 'and' ? left.value && right.value : left.value || right.value };
  }
  const a = toTensor(context, frame, left, expr.left);
  const b = toTensor(context, frame, right, expr.right);
  const build = context.build;
  return tensor(
    context.shaped(frame, expr.span, () => {
      const [x, y] = alike(context, a, b);
      if (entry) return entry.fn === 'pow' ? power(context, x, y) : build.map(entry.fn, x, y);
      switch (expr.operator) {
        case '<': return build.lt(x, y);
        case '<=': return build.le(x, y);
        case '>': return build.gt(x, y);
        case '>=': return build.ge(x, y);
        case '==': return build.eq(x, y);
        case '!=': return build.ne(x, y);
        case 'and': return build.and(x, y);
        default: return build.or(x, y);
      }
    }),
  );
}

/** A whole constant beside an integer tensor is an integer; an integer tensor beside a real one is real. */
export function alike(context: Context, a: Node, b: Node): [Node, Node] {
  const build = context.build;
  if (a.dtype === b.dtype) return [a, b];
  if (a.dtype === 'i32' && b.op.kind === 'const' && Number.isInteger(b.op.value)) return [a, build.constant(b.op.value, 'i32')];
  if (b.dtype === 'i32' && a.op.kind === 'const' && Number.isInteger(a.op.value)) return [build.constant(a.op.value, 'i32'), b];
  return [build.toF32(a), build.toF32(b)];
}

/** `x ^ 2` is x * x: `pow` of a negative base is not a number on a GPU. */
function power(context: Context, base: Node, exponent: Node): Node {
  const build = context.build;
  const n = exponent.op.kind === 'const' ? exponent.op.value : undefined;
  if (n === 2) return build.mul(base, base);
  if (n === 3) return build.mul(base, build.mul(base, base));
  if (n === -1) return build.reciprocal(base);
  if (n === 0.5) return build.sqrt(base);
  if (n === -0.5) return build.rsqrt(base);
  return build.pow(base, exponent);
}

function compare(operator: string, a: number, b: number): boolean {
  switch (operator) {
    case '<': return a < b;
    case '<=': return a <= b;
    case '>': return a > b;
    case '>=': return a >= b;
    case '==': return a === b;
    default: return a !== b;
  }
}

/** `weight == product`: a setting that is a word, against a word. */
function comparedWords(context: Context, frame: Frame, expr: Extract<Expr, { kind: 'binary' }>): Value | undefined {
  if ((expr.operator !== '==' && expr.operator !== '!=') || expr.left.kind !== 'path' || expr.left.segments.length !== 1) return undefined;
  const left = frame.value(expr.left.segments[0]?.name ?? '');
  // `sizes == none`, whatever the setting's type
  if (left && expr.right.kind === 'none') return { kind: 'bool', value: (left.kind === 'none') === (expr.operator === '==') };
  if (left?.kind !== 'word' && left?.kind !== 'none') return undefined;
  const right: Value = expr.right.kind === 'none' ? { kind: 'none' } : expr.right.kind === 'path' ? { kind: 'word', value: printExpr(expr.right) } : evaluate(context, frame, expr.right);
  const same = left.kind === right.kind && (left.kind === 'none' || (right.kind === 'word' && left.value === right.value));
  return { kind: 'bool', value: same === (expr.operator === '==') };
}
