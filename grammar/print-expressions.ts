/** @file Expressions, axes and patterns back to source text, with the fewest parentheses that keep their meaning. */
import type { AxisDecl, AxisPattern, Call, Expr, Path, SettingDecl, TensorPattern } from './ast.js';
import { comparisonLevel, minusLevel, notLevel, precedence } from './build-expressions.js';

const postfixLevel = 9;

/** The text of an expression that stands where operators of `level` and tighter may stand bare (0: anywhere). */
export function printExpr(expr: Expr, level = 0): string {
  const text = bare(expr);
  return levelOf(expr) < level ? `(${text})` : text;
}

function levelOf(expr: Expr): number {
  switch (expr.kind) {
    case 'if':
      return 0;
    case 'binary':
      return precedence[expr.operator];
    case 'unary':
      return expr.operator === 'not' ? notLevel : minusLevel;
    default:
      return postfixLevel;
  }
}

function bare(expr: Expr): string {
  switch (expr.kind) {
    case 'number':
      return expr.text;
    case 'string':
      return printString(expr.value);
    case 'bool':
      return String(expr.value);
    case 'none':
      return 'none';
    case 'path':
      return printPath(expr);
    case 'spread':
      return `...${expr.name.name}`;
    case 'list':
      return `[${expr.items.map((item) => printExpr(item)).join(', ')}]`;
    case 'if':
      return `${printExpr(expr.then, 1)} if ${printExpr(expr.condition, 1)} else ${printExpr(expr.otherwise)}`;
    case 'unary':
      return expr.operator === 'not' ? `not ${printExpr(expr.operand, notLevel)}` : `-${printExpr(expr.operand, minusLevel)}`;
    case 'binary':
      return printBinary(expr);
    case 'call':
      return printCall(expr);
    case 'index': {
      const entries = expr.entries.map((entry) => (entry.axis === undefined ? '' : `${entry.axis.name}: `) + printExpr(entry.value));
      return `${printBase(expr.base)}[${entries.join(', ')}]`;
    }
    case 'member':
      return `${expr.base.kind === 'path' ? `(${printPath(expr.base)})` : printBase(expr.base)}.${expr.member.name}`;
  }
}

function printBinary({ operator, left, right }: Extract<Expr, { kind: 'binary' }>): string {
  const level = precedence[operator];
  if (operator === '^') return `${printExpr(left, postfixLevel)} ^ ${printExpr(right, minusLevel)}`;
  const leftLevel = level === comparisonLevel ? comparisonLevel + 1 : level;
  return `${printExpr(left, leftLevel)} ${operator} ${printExpr(right, level + 1)}`;
}

function printBase(expr: Expr): string {
  const plain = expr.kind === 'path' || expr.kind === 'call' || expr.kind === 'index' || expr.kind === 'member';
  return plain ? bare(expr) : `(${bare(expr)})`;
}

function printCall({ callee, args, settings }: Call): string {
  const named = settings.map(({ name, value }) => (value === undefined ? name.name : `${name.name} = ${printExpr(value)}`)).join(', ');
  const positional = args.map((arg) => printExpr(arg)).join(', ');
  return `${printBase(callee)}(${positional}${named === '' ? '' : `; ${named}`})`;
}

export function printString(value: string): string {
  const escapes: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '"': '\\"', '\\': '\\\\' };
  return `"${value.replace(/[\n\r\t"\\]/g, (c) => escapes[c] ?? c)}"`;
}

export function printPath(path: Path): string {
  return path.segments.map((segment) => segment.name).join('.');
}

export function printAxisDecl({ name, size }: AxisDecl): string {
  return size === undefined ? name.name : `${name.name} = ${printExpr(size)}`;
}

export function printAxes(axes: readonly AxisPattern[]): string {
  return `[${axes.map((axis) => (axis.spread ? `...${axis.name.name}` : printAxisDecl(axis))).join(', ')}]`;
}

/** Axes after a name, nothing where there are none. */
export function printOptionalAxes(axes: readonly AxisPattern[]): string {
  return axes.length === 0 ? '' : printAxes(axes);
}

export function printTensor({ name, type, axes, of }: TensorPattern): string {
  if (type === 'tensor') return `${name?.name ?? ''}${printAxes(axes)}`;
  const label = name === undefined ? '' : `${name.name}: `;
  if (type === 'ids') return `${label}ids${printAxes(axes)}`;
  const chosen = of.map(printAxisDecl).join(', ');
  return `${label}choice${printAxes(axes)} of ${of.length === 1 ? chosen : `[${chosen}]`}`;
}

export function printSettingDecl({ name, type, default: value }: SettingDecl): string {
  const typeText = type.name === 'one of' ? `one of ${type.options.map((option) => option.name).join(' | ')}` : type.name;
  return `${name.name}: ${typeText}${value === undefined ? '' : ` = ${printExpr(value)}`}`;
}

/** `(tensors; settings)` */
export function printParams(params: readonly string[], settings: readonly SettingDecl[]): string {
  const tail = settings.length === 0 ? '' : `; ${settings.map(printSettingDecl).join(', ')}`;
  return `(${params.join(', ')}${tail})`;
}
