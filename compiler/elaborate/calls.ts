/**
 * @file Calls: reductions over axes (`sum(d)(x * w)`), primitives, declared functions, blocks, and settings that hold one of them
 * (`gate(k)(score)`).
 */
import type { Call, Expr, FunctionDecl } from '../../grammar/ast.js';
import { printExpr } from '../../grammar/print-expressions.js';
import type { Node, UnaryFn } from '../graph/graph.js';
import { reductions, unaryFunctions } from '../model/primitives.js';
import { callBlock } from './blocks.js';
import { builtinNames, callBuiltin } from './builtins.js';
import type { Context } from './context.js';
import { evaluate, evaluateTensor } from './expressions.js';
import { Frame } from './frame.js';
import { evaluateAxes } from './statics.js';
import { type Value, tensor } from './values.js';

export function evaluateCall(context: Context, frame: Frame, call: Call): Value {
  if (call.callee.kind === 'call') return evaluateOver(context, frame, call, call.callee);
  const name = printExpr(call.callee);
  const held = call.callee.kind === 'path' ? frame.value(name) : undefined;
  if (held?.kind === 'block') return callBlock(context, frame, held.declaration, call);
  if (held?.kind === 'function') return callFunction(context, frame, held.name, held.declaration, call);
  // a block setting of `none` leaves its argument as it is: `norm = none`
  if (held?.kind === 'none') return evaluate(context, frame, argument(context, frame, call, 0, name));
  const declaration = frame.scope.functions.get(name);
  if (declaration) return callFunction(context, frame, name, declaration, call);
  const block = frame.scope.blocks.get(name);
  if (block) return callBlock(context, frame, block, call);
  const builtin = callBuiltin(context, frame, name, call);
  if (builtin) return builtin;
  if (unaryFunctions.has(name)) return callFunction(context, frame, name, undefined, call);
  const loss = frame.callLoss(name, call);
  if (loss) return loss;
  const among = [...frame.names].filter(([, value]) => value.kind === 'function' || value.kind === 'block').map(([key]) => key);
  return context.fail('ARCH2014', { name, among: [...among, ...frame.scope.functions.keys(), ...frame.scope.blocks.keys(), ...builtinNames, ...unaryFunctions, ...reductions] }, call.callee.span);
}

/** `f(axes)(x)`. A pointwise function ignores the axes, so that `gate(k)(score)` may be a softmax or a relu. */
function evaluateOver(context: Context, frame: Frame, call: Call, inner: Call): Value {
  let name = printExpr(inner.callee);
  const held = frame.value(name);
  if (held?.kind === 'function') name = held.name;
  const declaration = held?.kind === 'function' ? held.declaration : frame.scope.functions.get(name);
  if (declaration || (held?.kind === 'function' && unaryFunctions.has(name))) return callFunction(context, frame, name, declaration, call);
  const repeated = frame.callOver(name, inner, call);
  if (repeated) return repeated;
  if (!reductions.has(name)) return context.fail('ARCH2014', { name, among: [...reductions, ...frame.scope.functions.keys()] }, inner.callee.span);
  const x = evaluateTensor(context, frame, argument(context, frame, call, 0, name));
  return tensor(context.shaped(frame, call.span, () => {
    const over = inner.args.flatMap((arg) => [...evaluateAxes(context, frame, arg, x.axes)]);
    const build = context.build;
    switch (name) {
      case 'sum': return build.sum(x, over);
      case 'mean': return build.mean(x, over);
      // the Euclidean length; 1e-15 at zero, with gradient zero
      case 'l2': return build.sqrt(build.max(build.sum(build.mul(x, x), over), 1e-30));
      case 'max': return build.reduce('max', x, over);
      case 'min': return build.reduce('min', x, over);
      case 'logsumexp': return build.logsumexp(x, over);
      default: return build.softmax(x, over);
    }
  }));
}

/** The argument at a position; a call without it is an error. */
export function argument(context: Context, frame: Frame, call: Call, at: number, name: string): Expr {
  const arg = call.args[at];
  if (arg) return arg;
  return context.fail('ARCH2011', { owner: name, name: `argument ${at + 1}`, type: 'tensor' }, call.span, { notes: context.notes(frame) });
}

/** A declared elementwise function, expanded in place with its declared gradients; or a primitive one. */
function callFunction(context: Context, frame: Frame, name: string, declaration: FunctionDecl | undefined, call: Call): Value {
  const x = evaluate(context, frame, argument(context, frame, call, 0, name));
  if (!declaration) {
    const node = x.kind === 'number' ? context.build.constant(x.value) : x.kind === 'tensor' ? x.node : evaluateTensor(context, frame, argument(context, frame, call, 0, name));
    return tensor(context.shaped(frame, call.span, () => context.build.map(primitive(name), node)));
  }
  if (call.args.length !== declaration.params.length) {
    context.fail('ARCH3007', { what: `\`${name}\``, expected: declaration.params.length, got: call.args.length }, call.span);
  }
  if (frame.chain.includes(name)) context.fail('ARCH2009', { chain: [...frame.chain.slice(frame.chain.indexOf(name))] }, call.span);
  const scope = context.model.scopes.get(declaration.span.file) ?? frame.scope;
  const inner = new Frame(name, scope, frame.path, [...frame.chain, name]);
  inner.here = frame.here;
  declaration.params.forEach((param, i) => {
    inner.names.set(param.name, i === 0 ? x : evaluate(context, frame, argument(context, frame, call, i, name)));
  });
  bindFunctionSettings(context, frame, inner, declaration, call);
  const value = evaluate(context, inner, declaration.value);
  if (declaration.gradients.length === 0 || value.kind !== 'tensor') return value;
  const xs: Node[] = [];
  const partials: Node[] = [];
  for (const gradient of declaration.gradients) {
    const operand = inner.names.get(gradient.param.name);
    if (operand?.kind !== 'tensor') continue;
    xs.push(operand.node);
    partials.push(context.build.stopGradient(evaluateTensor(context, inner, gradient.value)));
  }
  return tensor(context.build.surrogate(value.node, xs, partials));
}

function bindFunctionSettings(context: Context, frame: Frame, inner: Frame, declaration: FunctionDecl, call: Call): void {
  for (const given of call.settings) {
    if (declaration.settings.some((setting) => setting.name.name === given.name.name)) continue;
    context.fail('ARCH2002', { owner: declaration.name.name, name: given.name.name, among: declaration.settings.map((s) => s.name.name) }, given.span);
  }
  for (const setting of declaration.settings) {
    const given = call.settings.find((s) => s.name.name === setting.name.name);
    if (given) inner.names.set(setting.name.name, evaluate(context, frame, given.value ?? { kind: 'path', segments: [given.name], span: given.span }));
    else if (setting.default) inner.names.set(setting.name.name, evaluate(context, inner, setting.default));
    else context.fail('ARCH2011', { owner: declaration.name.name, name: setting.name.name, type: setting.type.name }, call.span);
  }
}

function primitive(name: string): UnaryFn {
  switch (name) {
    case 'exp': case 'log': case 'sqrt': case 'tanh': case 'erf': case 'sin': case 'cos': case 'abs': case 'sign': case 'floor':
      return name;
    default:
      throw new Error(`${name} is not an elementwise primitive`);
  }
}
