/**
 * @file Expands a block: binds its tensors, axes and settings, runs its statements, and fits the result to its declaration.
 *
 * Paths: a `let` names what is made inside it (`let q = linear(x)` in `layers.0.attention` makes `layers.0.attention.q.w`); a block called in
 * `return` takes over its caller's path, so wrappers add no segment.
 */
import type { BlockDecl, Call, LossDecl, SettingDecl, Span, TensorPattern } from '../../grammar/ast.js';
import type { Axis, Node } from '../graph/graph.js';
import { axesText } from '../graph/shape-error.js';
import type { Context } from './context.js';
import { evaluate } from './expressions.js';
import { Frame } from './frame.js';
import { conform, declareAxis } from './patterns.js';
import { runStatements } from './statements.js';
import { evaluateAxes, evaluateAxis, evaluateNumber } from './statics.js';
import { type Value, describeValue } from './values.js';

/** What is given for one setting: a value, or how to evaluate it once the axes are bound. */
export type Given = ReadonlyMap<string, { readonly value: Value; readonly span: Span }>;

export interface Application {
  readonly declaration: BlockDecl | LossDecl;
  readonly args: readonly { readonly value: Value; readonly span: Span }[];
  readonly given: Given;
  readonly path: string;
  /** The entry of the spec whose block it is: what it reads of its settings is kept. */
  readonly entry?: string;
  /** Blocks being expanded around it. */
  readonly chain: readonly string[];
  /** Axes the caller carries, which stay carried. */
  readonly carried: Iterable<Axis>;
  readonly span: Span;
}

/** A call written in a block: `linear(x; to = [h, e])`. */
export function callBlock(context: Context, frame: Frame, declaration: BlockDecl | LossDecl, call: Call): Value {
  const given = new Map<string, { value: Value; span: Span }>();
  for (const setting of call.settings) {
    const name = setting.name.name;
    const declared = declaration.settings.find((s) => s.name.name === name);
    const pack = declaration.params.some((param) => param.axes.some((axis) => axis.spread && axis.name.name === name));
    if (!declared && !pack) {
      context.fail('ARCH2002', { owner: declaration.name.name, name, among: declaration.settings.map((s) => s.name.name) }, setting.span);
    }
    const expr = setting.value ?? { kind: 'path', segments: [setting.name], span: setting.span };
    const type = pack ? 'axes' : declared?.type.name;
    const value: Value = type === 'axes' ? { kind: 'axes', axes: evaluateAxes(context, frame, expr) } : type === 'axis' ? { kind: 'axes', axes: [evaluateAxis(context, frame, expr)] } : evaluateGiven(context, frame, declared, expr);
    given.set(name, { value, span: setting.span });
  }
  const args = call.args.map((arg) => ({ value: evaluate(context, frame, arg), span: arg.span }));
  return applyBlock(context, { declaration, args, given, path: frame.here, chain: frame.chain, carried: frame.carried, span: call.span });
}

function evaluateGiven(context: Context, frame: Frame, declared: SettingDecl | undefined, expr: Parameters<typeof evaluate>[2]): Value {
  const words = declared?.type.name === 'one of' ? declared.type.options.map((option) => option.name) : [];
  if (expr.kind === 'path' && expr.segments.length === 1 && words.includes(expr.segments[0]?.name ?? '')) {
    const held = frame.value(expr.segments[0]?.name ?? '');
    return held?.kind === 'word' ? held : { kind: 'word', value: expr.segments[0]?.name ?? '' };
  }
  if (declared?.type.name === 'ints' && expr.kind === 'list') return { kind: 'list', values: expr.items.map((item) => evaluateNumber(context, frame, item, `an entry of \`${declared.name.name}\``)) };
  return evaluate(context, frame, expr);
}

/** Expands `declaration` and returns its result. */
export function applyBlock(context: Context, application: Application): Value {
  context.uses.push({ span: application.span, block: application.declaration.name.name });
  try {
    return expand(context, application);
  } finally {
    context.uses.pop();
  }
}

function expand(context: Context, application: Application): Value {
  const { declaration, args, given, path, chain, span } = application;
  const name = declaration.name.name;
  if (chain.includes(name)) context.fail('ARCH2009', { chain: chain.slice(chain.indexOf(name)) }, span);
  const scope = context.model.scopes.get(declaration.span.file);
  if (!scope) throw new Error(`no scope for ${declaration.span.file}`);
  const frame = new Frame(name, scope, path, [...chain, name]);
  for (const axis of [context.batch, context.time, ...application.carried]) frame.carried.add(axis);
  frame.bindAxes('batch', [context.batch], 'batch');
  frame.bindAxes('time', [context.time], 'time');
  for (const [key, setting] of given) if (setting.value.kind === 'axes') frame.bindAxes(key, setting.value.axes, context.where(setting.span));
  if (application.entry !== undefined) context.readings.push({ entry: application.entry, of: frame.readings });
  if (args.length !== declaration.params.length) {
    const wanted = declaration.params.map((param) => param.name?.name ?? '?').join(', ');
    context.fail('ARCH3007', { what: `\`${name}(${wanted})\``, expected: declaration.params.length, got: args.length }, span, { help: `give it ${declaration.params.length === 0 ? 'no tensor' : `\`${wanted}\``} before the \`;\`` });
  }
  declaration.params.forEach((param, i) => {
    const arg = args[i];
    if (arg && param.name) frame.names.set(param.name.name, bindArgument(context, frame, param, arg.value, arg.span));
  });
  bindSettings(context, frame, declaration, given, span);
  const results = declaration.kind === 'block' ? declaration.results : [];
  for (const result of results) for (const axis of [...result.axes, ...result.of]) declareAxis(context, frame, axis);
  const value = runStatements(context, frame, declaration);
  const result = results[0];
  if (!value) return { kind: 'none' };
  frame.here = path;
  return result ? context.shaped(frame, declaration.body.at(-1)?.span ?? span, () => conformResult(context, frame, value, result, declaration.body.at(-1)?.span ?? span)) : value;
}

function conformResult(context: Context, frame: Frame, value: Value, result: TensorPattern, span: Span): Value {
  if ((result.type === 'choice') !== (value.kind === 'choice')) {
    const declared = result.type === 'choice' ? 'a choice' : 'a tensor';
    context.fail('ARCH3009', { block: frame.block, declared, got: describeValue(value) }, span);
  }
  return conform(context, frame, value, result.axes, span, frame.block);
}

/** Binds the axes of a tensor parameter: names already bound must be among the value's axes, a pack takes the rest, other names take the last
 *  axes in order; whatever is left is carried. */
function bindArgument(context: Context, frame: Frame, param: TensorPattern, given: Value, span: Span): Value {
  const label = param.name?.name ?? '?';
  // a number is a tensor without axes
  const value: Value = given.kind === 'number' && param.type === 'tensor' && param.axes.length === 0 ? { kind: 'tensor', node: context.build.constant(given.value) } : given;
  const node = value.kind === 'choice' ? value.index : value.kind === 'tensor' ? value.node : undefined;
  const kind = value.kind === 'choice' ? 'choice' : node?.dtype === 'i32' ? 'ids' : 'tensor';
  if (!node || kind !== param.type) {
    return context.fail('ARCH2012', { owner: frame.block, name: label, expected: `a ${param.type}`, got: describeValue(value) }, span);
  }
  const [of] = param.of;
  if (value.kind === 'choice' && of) {
    const bound = frame.axis(of.name.name);
    if (bound && bound !== value.of) context.fail('ARCH3005', { axis: of.name.name, sizes: [bound.size, value.of.size] }, span, { notes: context.notes(frame) });
    frame.bindAxes(of.name.name, [value.of], context.where(span));
  }
  const free = frame.own(node.axes);
  const packs = param.axes.filter((axis) => axis.spread);
  const names = param.axes.filter((axis) => !axis.spread);
  const unbound = names.filter((axis) => {
    const bound = frame.axis(axis.name.name);
    if (bound && free.includes(bound)) free.splice(free.indexOf(bound), 1);
    return !bound || !node.axes.includes(bound);
  });
  if (free.length < unbound.length) mismatch(context, frame, param, node, span);
  // packs the call gives take theirs; of the others the last takes what is left
  const open = packs.filter((pack) => frame.pack(pack.name.name) === undefined);
  const packed = packs.flatMap((pack) => frame.pack(pack.name.name) ?? []);
  const rest = free.filter((axis) => !packed.includes(axis));
  const last = rest.splice(rest.length - unbound.length);
  let bound = value;
  unbound.forEach((pattern, i) => {
    const axis = last[i];
    if (axis) bound = bindOne(context, frame, pattern, axis, bound, span);
  });
  for (const pack of open) frame.bindAxes(pack.name.name, pack === open.at(-1) ? rest : [], context.where(pack.span));
  if (open.length === 0) for (const axis of rest) frame.carried.add(axis);
  return bound;
}

function bindOne(context: Context, frame: Frame, pattern: TensorPattern['axes'][number], axis: Axis, value: Value, span: Span): Value {
  const name = pattern.name.name;
  const bound = frame.axis(name);
  if (!bound) {
    frame.bindAxes(name, [axis], context.where(span));
    declareAxis(context, frame, pattern);
    return value;
  }
  if (bound.size !== axis.size) context.fail('ARCH3002', { axis: name, sizes: [axis.size, bound.size] }, span, { notes: context.notes(frame) });
  const rename = (node: Node): Node => context.build.rename(node, axis, bound);
  if (value.kind === 'choice') return { ...value, index: rename(value.index), score: rename(value.score) };
  return value.kind === 'tensor' ? { kind: 'tensor', node: rename(value.node) } : value;
}

function mismatch(context: Context, frame: Frame, param: TensorPattern, node: Node, span: Span): never {
  const expected = `[${param.axes.map((axis) => axis.name.name).join(', ')}]`;
  return context.fail('ARCH3001', { block: frame.block, of: param.name?.name ?? '?', expected, got: axesText(frame.own(node.axes)) }, span, { notes: context.notes(frame) });
}

/** Settings in the order of their declaration: given, else the default (which may use axes and earlier settings), else the dim of the same name. */
function bindSettings(context: Context, frame: Frame, declaration: BlockDecl | LossDecl, given: Given, span: Span): void {
  for (const setting of declaration.settings) {
    const name = setting.name.name;
    const written = given.get(name);
    const dim = context.model.dims.get(name);
    let value: Value;
    if (written) value = written.value;
    else if (setting.default) value = evaluateGiven(context, frame, setting, setting.default);
    else if (dim?.value.kind === 'number') value = { kind: 'number', value: dim.value.value };
    else context.fail('ARCH2011', { owner: declaration.name.name, name, type: setting.type.name }, span);
    if (value.kind === 'axes') continue;
    checkType(context, frame, setting, value, written?.span ?? span);
    frame.names.set(name, value);
  }
}

function checkType(context: Context, frame: Frame, setting: SettingDecl, value: Value, span: Span): void {
  const type = setting.type.name;
  const fits =
    type === 'int' || type === 'float' ? value.kind === 'number' : type === 'bool' ? value.kind === 'bool' : type === 'fn' ? value.kind === 'function'
      : type === 'ints' ? value.kind === 'none' || (value.kind === 'list' && value.values.every(Number.isInteger)) : type === 'block' ? value.kind === 'block' || value.kind === 'none' : type === 'tensor' ? value.kind === 'tensor' || value.kind === 'none' : value.kind === 'word';
  const expected = type === 'one of' ? `one of ${setting.type.options.map((option) => option.name).join(' | ')}` : type;
  if (!fits) context.fail('ARCH2012', { owner: frame.block, name: setting.name.name, expected, got: describeValue(value) }, span);
  if (type !== 'int' || value.kind !== 'number' || Number.isInteger(value.value)) return;
  const { default: otherwise } = setting;
  if (otherwise?.kind === 'binary' && otherwise.operator === '/') {
    const by = evaluate(context, frame, otherwise.right);
    const what = evaluate(context, frame, otherwise.left);
    const text = (expr: typeof otherwise.left): string => (expr.kind === 'path' ? expr.segments.map((s) => s.name).join('.') : 'value');
    if (by.kind === 'number' && what.kind === 'number') {
      context.fail('ARCH3003', { what: text(otherwise.left), value: what.value, divisor: text(otherwise.right), by: by.value }, span, { notes: context.notes(frame) });
    }
  }
  context.fail('ARCH3006', { what: `\`${setting.name.name}\``, got: value.value }, span, { notes: context.notes(frame) });
}
