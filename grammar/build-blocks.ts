/** @file Blocks, functions, losses and their statements from CST to AST. */
import type {
  BlockDecl, Expr, ExpertMember, FunctionDecl, Ident, LossDecl, SettingDecl, SettingType, Statement, TensorPattern,
} from './ast.js';
import { docOf, identOf, only, spanOfNode, type BuildContext } from './build-context.js';
import { buildAxes, buildAxisDecl, buildExpression, buildInfix } from './build-expressions.js';
import type {
  AxesCstNode, BlockDeclarationCstNode, ChoiceTypeCstNode, ExpertMemberCstNode, ExpertsStatementCstNode, FunctionDeclarationCstNode,
  LossDeclarationCstNode, ParamStatementCstNode, SettingDeclCstNode, SettingTypeCstNode, StatementCstNode, StatementsCstNode,
  TensorParamsCstNode, TensorPatternCstNode, UnitRowsCstNode,
} from './cst.js';
import { settingTypes } from './rules-blocks.js';

/** Nothing where the head of the block did not parse. */
export function buildBlock(context: BuildContext, node: BlockDeclarationCstNode): BlockDecl | undefined {
  const head = node.children.blockHead?.[0]?.children;
  if (head === undefined) return undefined;
  const span = spanOfNode(context, node);
  return {
    kind: 'block',
    name: identOf(context, only(head.Name)),
    ...buildParams(context, only(head.tensorParams)),
    results: (head.tensorPattern ?? []).map((result) => buildTensor(context, result)),
    body: buildStatements(context, only(node.children.statements)),
    ...docOf(context, span),
    span,
  };
}

export function buildFunction(context: BuildContext, node: FunctionDeclarationCstNode): FunctionDecl {
  const { children } = node;
  const span = spanOfNode(context, node);
  return {
    kind: 'function',
    name: identOf(context, only(children.Name)),
    params: (children.param ?? []).map((param) => identOf(context, param)),
    settings: (children.settingDecl ?? []).map((setting) => buildSettingDecl(context, setting)),
    value: buildExpression(context, only(children.expression)),
    gradients: (children.gradient ?? []).map((gradient) => ({
      param: identOf(context, only(gradient.children.Name)),
      value: buildExpression(context, only(gradient.children.expression)),
      span: spanOfNode(context, gradient),
    })),
    ...docOf(context, span),
    span,
  };
}

export function buildLoss(context: BuildContext, node: LossDeclarationCstNode): LossDecl {
  const { children } = node;
  const span = spanOfNode(context, node);
  return {
    kind: 'lossdecl',
    name: identOf(context, only(children.Name)),
    ...buildParams(context, only(children.tensorParams)),
    body: lossBody(context, node),
    ...docOf(context, span),
    span,
  };
}

/** `= value` stands for `{ return value }`. */
function lossBody(context: BuildContext, { children }: LossDeclarationCstNode): Statement[] {
  const [statements] = children.statements ?? [];
  if (statements !== undefined) return buildStatements(context, statements);
  const value = buildExpression(context, only(children.expression));
  return [{ kind: 'return', value, span: value.span }];
}

function buildParams(context: BuildContext, { children }: TensorParamsCstNode): Pick<BlockDecl, 'params' | 'settings'> {
  return {
    params: (children.tensorPattern ?? []).map((param) => buildTensor(context, param)),
    settings: (children.settingDecl ?? []).map((setting) => buildSettingDecl(context, setting)),
  };
}

function buildTensor(context: BuildContext, node: TensorPatternCstNode): TensorPattern {
  const named = node.children.namedTensor?.[0]?.children;
  const choice = (named ?? node.children).choiceType?.[0];
  const ids = (named ?? node.children).idsType?.[0];
  return {
    ...(named === undefined ? {} : { name: identOf(context, only(named.Name)) }),
    type: choice !== undefined ? 'choice' : ids !== undefined ? 'ids' : 'tensor',
    axes: axesOf(context, choice?.children.axes ?? ids?.children.axes ?? named?.axes),
    of: choice === undefined ? [] : buildOf(context, choice),
    span: spanOfNode(context, node),
  };
}

function buildOf(context: BuildContext, node: ChoiceTypeCstNode): TensorPattern['of'] {
  return (node.children.axisDecl ?? []).map((axis) => buildAxisDecl(context, axis));
}

function axesOf(context: BuildContext, nodes: readonly AxesCstNode[] | undefined): TensorPattern['axes'] {
  const [node] = nodes ?? [];
  return node === undefined ? [] : buildAxes(context, node);
}

function buildSettingDecl(context: BuildContext, node: SettingDeclCstNode): SettingDecl {
  const name = identOf(context, only(node.children.Name));
  const [type] = node.children.settingType ?? [];
  const [value] = node.children.expression ?? [];
  return {
    name,
    type: type === undefined ? { name: 'float', options: [], span: name.span } : buildSettingType(context, type),
    ...(value === undefined ? {} : { default: buildExpression(context, value) }),
    span: spanOfNode(context, node),
  };
}

function buildSettingType(context: BuildContext, node: SettingTypeCstNode): SettingType {
  const span = spanOfNode(context, node);
  const word = node.children.AnyWord?.[0]?.image;
  const name = settingTypes.find((type) => type === word) ?? 'one of';
  return { name, options: (node.children.option ?? []).map((option) => identOf(context, option)), span };
}

function buildStatements(context: BuildContext, node: StatementsCstNode): Statement[] {
  return (node.children.statement ?? []).map((statement) => buildStatement(context, statement));
}

function buildStatement(context: BuildContext, node: StatementCstNode): Statement {
  const span = spanOfNode(context, node);
  const doc = docOf(context, span);
  const { children } = node;
  const axis = children.axisStatement?.[0];
  if (axis !== undefined) return { kind: 'axis', axes: axis.children.axisDecl.map((decl) => buildAxisDecl(context, decl)), ...doc, span };
  const param = children.paramStatement?.[0];
  if (param !== undefined) return buildParam(context, param);
  const experts = children.expertsStatement?.[0];
  if (experts !== undefined) return buildExperts(context, experts);
  const bound = children.letStatement?.[0]?.children;
  if (bound !== undefined) {
    const [axes] = bound.axes ?? [];
    const name = identOf(context, only(bound.Name));
    const value = buildExpression(context, only(bound.expression));
    return { kind: 'let', name, ...(axes === undefined ? {} : { axes: buildAxes(context, axes) }), value, ...doc, span };
  }
  const state = children.stateStatement?.[0]?.children;
  if (state !== undefined) {
    const initial = buildExpression(context, only(state.expression));
    return { kind: 'state', name: identOf(context, only(state.Name)), axes: axesOf(context, state.axes), initial, ...doc, span };
  }
  const update = children.updateStatement?.[0]?.children;
  if (update !== undefined) {
    return { kind: 'update', name: identOf(context, only(update.Name)), value: buildExpression(context, only(update.expression)), ...doc, span };
  }
  const value = buildExpression(context, only(only(children.returnStatement).children.expression));
  return { kind: 'return', value, ...doc, span };
}

function buildParam(context: BuildContext, node: ParamStatementCstNode): Statement {
  const { children } = node;
  const span = spanOfNode(context, node);
  const optional = (key: 'shares' | 'condition'): { [k in typeof key]?: Expr } => {
    const [value] = children[key] ?? [];
    return value === undefined ? {} : { [key]: buildInfix(context, value) };
  };
  return {
    kind: 'param',
    name: identOf(context, only(children.Name)),
    axes: axesOf(context, children.axes),
    init: buildInfix(context, only(children.init)),
    ...buildUnit(context, children.unitRows),
    ...optional('shares'),
    ...optional('condition'),
    ...docOf(context, span),
    span,
  };
}

function buildUnit(context: BuildContext, [node]: readonly UnitRowsCstNode[] = []): { readonly unit?: readonly Ident[] } {
  return node === undefined ? {} : { unit: (node.children.Name ?? []).map((name) => identOf(context, name)) };
}

function buildExperts(context: BuildContext, node: ExpertsStatementCstNode): Statement {
  const { children } = node;
  const [name] = children.Name ?? [];
  const [condition] = children.condition ?? [];
  const span = spanOfNode(context, node);
  return {
    kind: 'experts',
    ...(name === undefined ? {} : { name: identOf(context, name) }),
    axes: axesOf(context, children.axes),
    members: (only(children.expertMembers).children.expertMember ?? []).map((member) => buildMember(context, member)),
    ...(condition === undefined ? {} : { condition: buildInfix(context, condition) }),
    ...docOf(context, span),
    span,
  };
}

function buildMember(context: BuildContext, node: ExpertMemberCstNode): ExpertMember {
  const { children } = node;
  const [shares] = children.shares ?? [];
  const span = spanOfNode(context, node);
  return {
    role: children.Read !== undefined ? 'read' : children.Write !== undefined ? 'write' : 'param',
    name: identOf(context, only(children.Name)),
    axes: axesOf(context, children.axes),
    init: buildInfix(context, only(children.infix)),
    ...buildUnit(context, children.unitRows),
    ...(shares === undefined ? {} : { shares: buildInfix(context, shares) }),
    ...docOf(context, span),
    span,
  };
}
