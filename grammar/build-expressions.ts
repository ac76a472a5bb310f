/**
 * @file Expressions from CST to AST: operator precedence, paths and postfix chains. Operators are read by precedence
 * climbing (Pratt 1973).
 */
import type { IToken } from 'chevrotain';
import type { AxisDecl, AxisPattern, BinaryOperator, Call, Expr, Ident, IndexEntry, NamedExpr, Path } from './ast.js';
import { between, identOf, only, spanOfNode, spanOfToken, type BuildContext } from './build-context.js';
import type {
  AxesCstNode, AxisDeclCstNode, CallSettingCstNode, CallSuffixCstNode, ExpressionCstNode, IndexEntryCstNode, InfixCstNode, ListLiteralCstNode,
  OperandCstNode, PathCstNode, PostfixCstNode, PrimaryCstNode, SuffixCstNode,
} from './cst.js';

/** How tightly infix operators bind; `not` binds at 3, unary minus at 7. */
export const precedence: Readonly<Record<BinaryOperator, number>> = {
  or: 1, and: 2, '<': 4, '<=': 4, '>': 4, '>=': 4, '==': 4, '!=': 4, '+': 5, '-': 5, '*': 6, '/': 6, '^': 8,
};
export const notLevel = 3;
export const comparisonLevel = 4;
export const minusLevel = 7;
export const powerLevel = 8;

function isOperator(text: string): text is BinaryOperator {
  return Object.hasOwn(precedence, text);
}

export function buildExpression(context: BuildContext, node: ExpressionCstNode): Expr {
  const then = buildInfix(context, only(node.children.then));
  if (node.children.condition === undefined) return then;
  const condition = buildInfix(context, only(node.children.condition));
  const otherwise = buildExpression(context, only(node.children.otherwise));
  return { kind: 'if', then, condition, otherwise, span: spanOfNode(context, node) };
}

export function buildInfix(context: BuildContext, node: InfixCstNode): Expr {
  return new Climber(context, node.children.operand, node.children.Infix ?? []).climb(0);
}

/** Reads operands and operators left to right. */
class Climber {
  private operand = 0;
  private prefix = 0;
  private operator = 0;

  constructor(
    private readonly context: BuildContext,
    private readonly operands: readonly OperandCstNode[],
    private readonly operators: readonly IToken[],
  ) {}

  /** The longest expression from here whose operators bind at least as tightly as `level`. */
  climb(level: number): Expr {
    let left = this.unary(level);
    let comparison: string | undefined;
    for (;;) {
      const token = this.operators[this.operator];
      if (token === undefined || !isOperator(token.image) || precedence[token.image] < level) return left;
      const operator = token.image;
      const binds = precedence[operator];
      if (binds === comparisonLevel) {
        if (comparison !== undefined) {
          const span = spanOfToken(this.context, token);
          this.context.problems.push({ kind: 'chained_comparison', first: comparison, second: operator, span, help: 'join two comparisons with `and`' });
        }
        comparison = operator;
      } else comparison = undefined;
      this.operator++;
      const right = this.climb(operator === '^' ? minusLevel : binds + 1);
      left = { kind: 'binary', operator, left, right, span: between(left.span, right.span) };
    }
  }

  private unary(level: number): Expr {
    const node = this.operands[this.operand];
    if (node === undefined) throw new Error('an operator without its operand');
    const token = node.children.Prefix?.[this.prefix];
    if (token === undefined) {
      this.operand++;
      this.prefix = 0;
      return buildPostfix(this.context, only(node.children.postfix));
    }
    this.prefix++;
    const start = spanOfToken(this.context, token);
    if (token.image === 'not') {
      if (level > notLevel) {
        this.context.problems.push({ kind: 'misplaced_not', span: start, help: 'put `not ...` in parentheses' });
      }
      const operand = this.climb(notLevel);
      return { kind: 'unary', operator: 'not', operand, span: between(start, operand.span) };
    }
    const operand = this.climb(powerLevel);
    return { kind: 'unary', operator: '-', operand, span: between(start, operand.span) };
  }
}

function buildPostfix(context: BuildContext, node: PostfixCstNode): Expr {
  let base = buildPrimary(context, only(node.children.primary));
  const start = spanOfNode(context, node);
  for (const suffix of node.children.suffix ?? []) base = buildSuffix(context, base, suffix, between(start, spanOfNode(context, suffix)));
  return base;
}

function buildSuffix(context: BuildContext, base: Expr, { children }: SuffixCstNode, span: Expr['span']): Expr {
  const [call] = children.callSuffix ?? [];
  if (call !== undefined) return buildCall(context, base, call, span);
  const [index] = children.indexSuffix ?? [];
  if (index !== undefined) {
    return { kind: 'index', base, entries: (index.children.indexEntry ?? []).map((entry) => buildEntry(context, entry)), span };
  }
  return { kind: 'member', base, member: identOf(context, only(only(children.memberSuffix).children.AnyWord)), span };
}

function buildCall(context: BuildContext, callee: Expr, { children }: CallSuffixCstNode, span: Expr['span']): Call {
  const args: Expr[] = [];
  const settings: NamedExpr[] = [];
  for (const argument of children.argument ?? []) {
    const [setting] = argument.children.callSetting ?? [];
    if (setting === undefined) args.push(buildExpression(context, only(argument.children.expression)));
    else settings.push(buildSetting(context, setting));
  }
  for (const setting of children.callSetting ?? []) settings.push(buildSetting(context, setting));
  return { kind: 'call', callee, args, settings, span };
}

function buildSetting(context: BuildContext, node: CallSettingCstNode): NamedExpr {
  const name = identOf(context, only(node.children.AnyWord));
  const [value] = node.children.expression ?? [];
  const span = spanOfNode(context, node);
  return value === undefined ? { name, span } : { name, value: buildExpression(context, value), span };
}

function buildEntry(context: BuildContext, node: IndexEntryCstNode): IndexEntry {
  const value = buildExpression(context, only(node.children.expression));
  const [axis] = node.children.Name ?? [];
  const span = spanOfNode(context, node);
  return axis === undefined ? { value, span } : { axis: identOf(context, axis), value, span };
}

function buildPrimary(context: BuildContext, node: PrimaryCstNode): Expr {
  const { children } = node;
  const span = spanOfNode(context, node);
  const [inner] = children.parenthesised ?? [];
  if (inner !== undefined) return { ...buildExpression(context, only(inner.children.expression)), span };
  const [list] = children.listLiteral ?? [];
  if (list !== undefined) return buildList(context, list);
  const [path] = children.path ?? [];
  if (path !== undefined) return buildPath(context, path);
  const [spread] = children.spread ?? [];
  if (spread !== undefined) return { kind: 'spread', name: identOf(context, only(spread.children.Name)), span };
  const [number] = children.NumberLiteral ?? [];
  if (number !== undefined) return buildNumber(context, number);
  const [string] = children.StringLiteral ?? [];
  if (string !== undefined) return buildString(context, string);
  if (children.None !== undefined) return { kind: 'none', span };
  return { kind: 'bool', value: children.True !== undefined, span };
}

export function buildNumber(context: BuildContext, token: IToken): Expr {
  return { kind: 'number', value: Number(token.image), text: token.image, span: spanOfToken(context, token) };
}

/** The value of a string literal; an unterminated or badly escaped one has its problem already. */
export function buildString(context: BuildContext, token: IToken): Expr {
  const escapes: Record<string, string> = { n: '\n', r: '\r', t: '\t' };
  const value = token.image.slice(1, token.image.length > 1 && token.image.endsWith('"') ? -1 : undefined);
  return { kind: 'string', value: value.replace(/\\(.)/gu, (_, c: string) => escapes[c] ?? c), span: spanOfToken(context, token) };
}

export function buildList(context: BuildContext, node: ListLiteralCstNode): Expr {
  const items = (node.children.expression ?? []).map((item) => buildExpression(context, item));
  return { kind: 'list', items, span: spanOfNode(context, node) };
}

/** `a.2.3.b`: the lexer reads `2.3` as one number; here it is two segments. */
export function buildPath(context: BuildContext, node: PathCstNode): Path {
  const tokens = [...node.children.AnyWord, ...(node.children.NumberLiteral ?? [])].sort((a, b) => a.startOffset - b.startOffset);
  const segments = tokens.flatMap((token): Ident[] => {
    let start = token.startOffset;
    return token.image.split('.').map((name) => {
      const span = { file: context.file, start, end: start + name.length };
      start += name.length + 1;
      return { name, span };
    });
  });
  return { kind: 'path', segments, span: spanOfNode(context, node) };
}

export function buildAxes(context: BuildContext, node: AxesCstNode): AxisPattern[] {
  return (node.children.axisPattern ?? []).map((pattern) => {
    const span = spanOfNode(context, pattern);
    const [decl] = pattern.children.axisDecl ?? [];
    if (decl === undefined) return { name: identOf(context, only(pattern.children.Name)), spread: true, span };
    return { ...buildAxisDecl(context, decl), spread: false };
  });
}

export function buildAxisDecl(context: BuildContext, node: AxisDeclCstNode): AxisDecl {
  const name = identOf(context, only(node.children.Name));
  const [size] = node.children.expression ?? [];
  const span = spanOfNode(context, node);
  return size === undefined ? { name, span } : { name, size: buildExpression(context, size), span };
}
