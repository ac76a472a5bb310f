/**
 * @file Runs the statements of a block: axes, parameters, expert families, lets, states and their updates, and the return.
 */
import type { AxisPattern, BlockDecl, Expr, ExpertMember, ExpertsStatement, LossDecl, ParamStatement, Statement } from '../../grammar/ast.js';
import { printExpr } from '../../grammar/print-expressions.js';
import type { Axis, Init, Param } from '../graph/graph.js';
import type { Context } from './context.js';
import { evaluate, evaluateTensor } from './expressions.js';
import type { Frame } from './frame.js';
import { axesOf, conform, declareAxis } from './patterns.js';
import { evaluateNumber } from './statics.js';
import { type Value, tensor } from './values.js';

/** The value of the `return`, if there is one. */
export function runStatements(context: Context, frame: Frame, declaration: BlockDecl | LossDecl): Value | undefined {
  let result: Value | undefined;
  for (const statement of declaration.body) {
    frame.here = frame.path;
    if (statement.kind === 'return') result = evaluate(context, frame, statement.value);
    else run(context, frame, statement);
  }
  return result;
}

function run(context: Context, frame: Frame, statement: Exclude<Statement, { kind: 'return' }>): void {
  switch (statement.kind) {
    case 'axis':
      for (const axis of statement.axes) declareAxis(context, frame, axis);
      return;
    case 'param':
      return runParam(context, frame, statement);
    case 'experts':
      return runExperts(context, frame, statement);
    case 'let': {
      for (const pattern of statement.axes ?? []) declareAxis(context, frame, pattern);
      frame.here = `${frame.path}.${statement.name.name}`;
      let value = evaluate(context, frame, statement.value);
      if (value.kind === 'number' && !statement.axes) {
        frame.names.set(statement.name.name, value);
        return;
      }
      const { axes } = statement;
      if (axes) value = context.shaped(frame, statement.span, () => conform(context, frame, value, axes, statement.span, statement.name.name));
      frame.names.set(statement.name.name, value);
      context.record(frame.here, value);
      return;
    }
    case 'state': {
      const axes = axesOf(context, frame, statement.axes);
      const path = context.uniquePath(frame.path, frame.block, statement.name.name);
      const state = { path, axes, initial: evaluateNumber(context, frame, statement.initial, `state \`${statement.name.name}\``) };
      context.states.push(state);
      frame.names.set(statement.name.name, tensor(context.build.at(path, statement.span, () => context.build.state(state))));
      return;
    }
    case 'update': {
      // a model that is used, not trained, changes nothing
      context.modal = true;
      if (context.mode === 'infer') return;
      const target = frame.names.get(statement.name.name);
      const state = target?.kind === 'tensor' && target.node.op.kind === 'state' ? target.node.op.state : undefined;
      if (!state) context.fail('ARCH2001', { kind: 'state', name: statement.name.name, among: context.states.map((s) => s.path) }, statement.name.span);
      else context.updates.push({ target: state, value: context.build.stopGradient(evaluateTensor(context, frame, statement.value)) });
    }
  }
}

/** A family, without the members that are given; the family of what is left, if anything is. */
function runExperts(context: Context, frame: Frame, statement: ExpertsStatement): void {
  if (!holds(context, frame, statement.condition)) {
    for (const { name } of statement.members) if (!frame.names.has(name.name)) frame.names.set(name.name, { kind: 'number', value: 0 });
    return;
  }
  const axes = axesOf(context, frame, statement.axes);
  const fresh = statement.members.filter((member) => !share(context, frame, member, [...statement.axes, ...member.axes]));
  if (fresh.length === 0 && statement.members.length > 0) return;
  const path = context.uniquePath(frame.path, frame.block, statement.name?.name ?? 'experts');
  const members = fresh.map((member) => {
    const init = readInit(context, frame, member.init);
    const own = axesOf(context, frame, member.axes);
    const name = memberName(member, statement.members);
    const all = [...axes, ...own];
    const param: Param = { path: `${path}.${name}`, axes: all, ...unitRows(context, frame, member, all, init), span: member.span, expert: { family: path, role: member.role } };
    addParam(context, frame, param, member.name.name);
    return param;
  });
  context.families.push({ path, block: frame.path, axes, members, span: statement.span });
}

/** Whether what stands under a condition exists. */
function holds(context: Context, frame: Frame, condition: Expr | undefined): boolean {
  if (!condition) return true;
  const value = evaluate(context, frame, condition);
  if (value.kind === 'bool') return value.value;
  return context.fail('ARCH2012', { owner: frame.block, name: 'if', expected: 'true or false', got: value.kind }, condition.span);
}

/** Binds the name of a parameter that another supplies to that; false where it is its own. */
function share(context: Context, frame: Frame, statement: ParamStatement | ExpertMember, axes: readonly AxisPattern[]): boolean {
  const shared = statement.shares && evaluate(context, frame, statement.shares);
  if (!shared || shared.kind === 'none') return false;
  const name = statement.name.name;
  frame.names.set(name, context.shaped(frame, statement.span, () => conform(context, frame, shared, axes, statement.span, name)));
  return true;
}

function runParam(context: Context, frame: Frame, statement: ParamStatement): void {
  const name = statement.name.name;
  if (!holds(context, frame, statement.condition)) {
    if (!frame.names.has(name)) frame.names.set(name, { kind: 'number', value: 0 });
    return;
  }
  const axes = axesOf(context, frame, statement.axes);
  if (share(context, frame, statement, statement.axes)) return;
  const doubled = axes.find((axis, i) => axes.indexOf(axis) !== i);
  if (doubled) context.fail('ARCH3005', { axis: doubled.name, sizes: [doubled.size, doubled.size] }, statement.span, { help: `a tensor has each axis once: map to a new axis (\`axis ${doubled.name}2 = ${doubled.size}\`) and rename it` });
  const path = context.uniquePath(frame.path, frame.block, name);
  addParam(context, frame, { path, axes, ...unitRows(context, frame, statement, axes, readInit(context, frame, statement.init)), span: statement.span }, name);
}

/** What `unit(d)` makes of an initialiser, and the axes it names: the parameter's last ones, so that a row's numbers follow one another. */
function unitRows(context: Context, frame: Frame, statement: ParamStatement | ExpertMember, axes: readonly Axis[], init: Init): Pick<Param, 'init' | 'unit'> {
  const { unit: names } = statement;
  if (!names) return { init };
  const named = names.flatMap((name) => frame.pack(name.name) ?? context.fail('ARCH2003', { name: name.name, among: axes.map((axis) => axis.name) }, name.span));
  const last = axes.slice(axes.length - named.length);
  const text = `unit(${names.map((name) => name.name).join(', ')})`;
  const where = names[0]?.span ?? statement.span;
  if (named.length === 0 || !named.every((axis) => last.includes(axis))) {
    context.fail('ARCH3010', { text: `\`${text}\` must name the last axes of \`${statement.name.name}\`, which are ${axes.map((axis) => axis.name).join(', ')}` }, where);
  }
  if (init.kind === 'zeros') context.fail('ARCH3010', { text: `rows of zeros have no direction: \`${text}\` needs another initial value` }, where);
  return { init: { kind: 'unit', row: named.reduce((n, axis) => n * axis.size, 1), of: init }, unit: last };
}

function addParam(context: Context, frame: Frame, param: Param, name: string): void {
  context.params.push(param);
  const value = tensor(context.build.at(param.path, param.span, () => context.build.param(param)));
  frame.names.set(name, value);
  context.record(param.path, value);
}

/** `read` and `write` where a family has one of each, else `read_u`; other parameters by their own name. */
function memberName(member: ExpertMember, members: readonly ExpertMember[]): string {
  if (member.role === 'param') return member.name.name;
  return members.filter((other) => other.role === member.role).length === 1 ? member.role : `${member.role}_${member.name.name}`;
}

const inits = ['zeros', 'ones', 'constant', 'normal', 'uniform'];

/** `zeros`, `ones`, `constant(c)`, `normal(mean, std)`, `uniform(low, high)`. */
function readInit(context: Context, frame: Frame, expr: Expr): Init {
  const name = expr.kind === 'call' ? printExpr(expr.callee) : printExpr(expr);
  const args = expr.kind === 'call' ? expr.args.map((arg) => evaluateNumber(context, frame, arg, `an argument of \`${name}\``)) : [];
  const [a, b] = args;
  if ((name === 'zeros' || name === 'ones') && args.length === 0) return { kind: name };
  if (name === 'constant' && a !== undefined && args.length === 1) return { kind: 'constant', value: a };
  if (name === 'normal' && a !== undefined && b !== undefined && args.length === 2) return { kind: 'normal', mean: a, std: b };
  if (name === 'uniform' && a !== undefined && b !== undefined && args.length === 2) return { kind: 'uniform', low: a, high: b };
  return context.fail('ARCH2014', { name: printExpr(expr), among: inits }, expr.span, { help: 'initialisers: zeros, ones, constant(c), normal(mean, std), uniform(low, high)' });
}
