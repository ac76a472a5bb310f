/**
 * @file Evaluates the value of a setting of a spec and checks it against the type its block declares.
 *
 * Specs know numbers, words, functions, blocks and tensor paths; axes exist only inside blocks, so a default such as `d / heads` reads `d` as
 * the dim of that name here, and is evaluated again with the real axis when the block is placed.
 */
import type { BlockDecl, Expr, SettingDecl } from '../../grammar/ast.js';
import { printExpr } from '../../grammar/print-expressions.js';
import { type Extras, diagnose } from '../diagnostics/catalogue.js';
import type { Diagnostics } from '../diagnostics/diagnostic.js';
import { primitiveFunctions } from './primitives.js';
import type { Scope, Setting, SettingValue } from './model.js';

/** The names an expression of a spec may use: dims and, in a default, the settings before it. */
export type Environment = ReadonlyMap<string, Setting>;

/** Arithmetic on numbers; undefined when a name is not a number of `environment`. */
export function evaluateNumber(expr: Expr, environment: Environment): number | undefined {
  switch (expr.kind) {
    case 'number':
      return expr.value;
    case 'path': {
      const setting = environment.get(expr.segments.map((s) => s.name).join('.'));
      return setting?.value.kind === 'number' ? setting.value.value : undefined;
    }
    case 'unary': {
      const operand = evaluateNumber(expr.operand, environment);
      return operand === undefined || expr.operator !== '-' ? undefined : -operand;
    }
    case 'binary': {
      const left = evaluateNumber(expr.left, environment);
      const right = evaluateNumber(expr.right, environment);
      if (left === undefined || right === undefined) return undefined;
      if (expr.operator === '+') return left + right;
      if (expr.operator === '-') return left - right;
      if (expr.operator === '*') return left * right;
      if (expr.operator === '/') return left / right;
      if (expr.operator === '^') return left ** right;
      return undefined;
    }
    default:
      return undefined;
  }
}

/** The value of `expr` as a setting of `type`; reports and returns undefined when it is of another type. */
export function evaluateSetting(
  expr: Expr, declaration: SettingDecl, owner: BlockDecl, environment: Environment, scope: Scope, diagnostics: Diagnostics, extras: Extras = {},
): SettingValue | undefined {
  const type = declaration.type.name;
  const wrong = (expected: string): undefined => {
    diagnostics.report(diagnose('ARCH2012', { owner: owner.name.name, name: declaration.name.name, expected, got: describe(expr) }, expr.span));
    return undefined;
  };
  const word = expr.kind === 'path' ? expr.segments.map((s) => s.name).join('.') : undefined;
  switch (type) {
    case 'int':
    case 'float': {
      const value = evaluateNumber(expr, environment);
      if (value === undefined) return unknownName(expr, environment, diagnostics) ?? wrong(type);
      if (type === 'int' && !Number.isInteger(value)) return notWhole(expr, declaration, value, environment, diagnostics, extras);
      return { kind: 'number', value };
    }
    case 'ints': {
      if (expr.kind === 'none') return { kind: 'none' };
      const numbers = expr.kind === 'list' ? expr.items.map((item) => evaluateNumber(item, environment)) : [];
      if (numbers.length === 0 || !numbers.every((value) => value !== undefined && Number.isInteger(value))) return wrong('a list of whole numbers, or none');
      return { kind: 'list', items: numbers.map((value) => ({ kind: 'number', value: value ?? 0 })) };
    }
    case 'bool':
      return expr.kind === 'bool' ? { kind: 'bool', value: expr.value } : wrong('true or false');
    case 'one of': {
      const options = declaration.type.options.map((o) => o.name);
      return word !== undefined && options.includes(word) ? { kind: 'word', value: word } : wrong(`one of ${options.join(' | ')}`);
    }
    case 'fn': {
      if (word === undefined) return wrong('a function');
      const found = scope.functions.get(word);
      if (found || primitiveFunctions.has(word)) return { kind: 'function', name: word, declaration: found };
      diagnostics.report(diagnose('ARCH2014', { name: word, among: [...scope.functions.keys(), ...primitiveFunctions] }, expr.span));
      return undefined;
    }
    case 'block': {
      if (expr.kind === 'none') return { kind: 'none' };
      const found = word === undefined ? undefined : scope.blocks.get(word);
      if (found && word !== undefined) return { kind: 'block', name: word, declaration: found };
      if (word === undefined) return wrong('a block');
      diagnostics.report(diagnose('ARCH2004', { name: word, among: [...scope.blocks.keys()] }, expr.span));
      return undefined;
    }
    case 'tensor':
      if (expr.kind === 'none') return { kind: 'none' };
      return word !== undefined ? { kind: 'tensor', path: word } : wrong('the path of a tensor');
    case 'axis':
    case 'axes':
      return wrong(`${type}, which only blocks can give`);
  }
}

function unknownName(expr: Expr, environment: Environment, diagnostics: Diagnostics): undefined {
  if (expr.kind !== 'path') return undefined;
  const name = expr.segments.map((s) => s.name).join('.');
  if (environment.has(name)) return undefined;
  diagnostics.report(diagnose('ARCH2001', { kind: 'dim', name, among: [...environment.keys()] }, expr.span));
  return undefined;
}

function notWhole(expr: Expr, declaration: SettingDecl, value: number, environment: Environment, diagnostics: Diagnostics, extras: Extras): undefined {
  if (expr.kind === 'binary' && expr.operator === '/') {
    const left = evaluateNumber(expr.left, environment);
    const right = evaluateNumber(expr.right, environment);
    if (left !== undefined && right !== undefined) {
      diagnostics.report(diagnose('ARCH3003', { what: printExpr(expr.left), value: left, divisor: printExpr(expr.right), by: right }, expr.span, extras));
      return undefined;
    }
  }
  diagnostics.report(diagnose('ARCH3006', { what: `\`${declaration.name.name}\``, got: value }, expr.span, extras));
  return undefined;
}

function describe(expr: Expr): string {
  if (expr.kind === 'path') return `the word \`${printExpr(expr)}\``;
  return `\`${printExpr(expr)}\``;
}

/** A setting's value as it would be written. */
export function printValue(value: SettingValue): string {
  switch (value.kind) {
    case 'number':
    case 'bool':
      return String(value.value);
    case 'word':
      return value.value;
    case 'text':
      return value.value;
    case 'none':
      return 'none';
    case 'list':
      return `[${value.items.map(printValue).join(', ')}]`;
    case 'function':
    case 'block':
      return value.name;
    case 'tensor':
      return value.path;
  }
}
