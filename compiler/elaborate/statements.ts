/**
 * @file Runs the statements of a block: axes, parameters, expert families, lets, states and their updates, and the return.
 */
import type { BlockDecl, Expr, ExpertMember, LossDecl, ParamStatement, Statement } from '../../grammar/ast.js';
import { printExpr } from '../../grammar/print-expressions.js';
import type { Init, Param } from '../graph/graph.js';
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
    case 'experts': {
      const axes = axesOf(context, frame, statement.axes);
      const path = context.uniquePath(frame.path, frame.block, statement.name?.name ?? 'experts');
      const members = statement.members.map((member) => {
        const init = readInit(context, frame, member.init);
        const own = axesOf(context, frame, member.axes);
        const name = memberName(member, statement.members);
        const param: Param = { path: `${path}.${name}`, axes: [...axes, ...own], init, span: member.span, expert: { family: path, role: member.role } };
        addParam(context, frame, param, member.name.name);
        return param;
      });
      context.families.push({ path, block: frame.path, axes, members, span: statement.span });
      return;
    }
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

function runParam(context: Context, frame: Frame, statement: ParamStatement): void {
  const name = statement.name.name;
  if (statement.condition) {
    const condition = evaluate(context, frame, statement.condition);
    if (condition.kind !== 'bool') context.fail('ARCH2012', { owner: frame.block, name: 'if', expected: 'true or false', got: condition.kind }, statement.condition.span);
    if (condition.kind === 'bool' && !condition.value) {
      frame.names.set(name, { kind: 'number', value: 0 });
      return;
    }
  }
  const axes = axesOf(context, frame, statement.axes);
  const shared = statement.shares && evaluate(context, frame, statement.shares);
  if (shared && shared.kind !== 'none') {
    const value = context.shaped(frame, statement.span, () => conform(context, frame, shared, statement.axes, statement.span, name));
    frame.names.set(name, value);
    return;
  }
  const doubled = axes.find((axis, i) => axes.indexOf(axis) !== i);
  if (doubled) context.fail('ARCH3005', { axis: doubled.name, sizes: [doubled.size, doubled.size] }, statement.span, { help: `a tensor has each axis once: map to a new axis (\`axis ${doubled.name}2 = ${doubled.size}\`) and rename it` });
  const path = context.uniquePath(frame.path, frame.block, name);
  addParam(context, frame, { path, axes, init: readInit(context, frame, statement.init), span: statement.span }, name);
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
