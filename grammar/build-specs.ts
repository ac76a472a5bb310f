/** @file Specs (`arch`, `train`) and their items from CST to AST. */
import type { ArchDecl, Expr, SpecBlock, SpecItem, TrainDecl } from './ast.js';
import { docOf, identOf, only, spanOfNode, type BuildContext } from './build-context.js';
import { buildExpression, buildList, buildNumber, buildPath, buildString } from './build-expressions.js';
import type {
  ArchDeclarationCstNode, AssignItemCstNode, ClauseCstNode, SimpleArgCstNode, SpecBodyCstNode, SpecItemCstNode, TrainDeclarationCstNode,
} from './cst.js';

/** Nothing where the head did not parse. */
export function buildArch(context: BuildContext, node: ArchDeclarationCstNode): ArchDecl | undefined {
  const head = node.children.archHead?.[0]?.children;
  if (head === undefined) return undefined;
  const [base] = head.base ?? [];
  const span = spanOfNode(context, node);
  return {
    kind: 'arch',
    name: identOf(context, only(head.Name)),
    ...(base === undefined ? {} : { base: identOf(context, base) }),
    items: buildItems(context, node.children.specBody),
    ...docOf(context, span),
    span,
  };
}

export function buildTrain(context: BuildContext, node: TrainDeclarationCstNode): TrainDecl {
  const [arch] = node.children.Name ?? [];
  const span = spanOfNode(context, node);
  const items = buildItems(context, node.children.specBody);
  return { kind: 'train', ...(arch === undefined ? {} : { arch: identOf(context, arch) }), items, ...docOf(context, span), span };
}

function buildItems(context: BuildContext, bodies: readonly SpecBodyCstNode[] | undefined): SpecItem[] {
  return (bodies?.[0]?.children.specItem ?? []).map((item) => buildItem(context, item));
}

function buildItem(context: BuildContext, node: SpecItemCstNode): SpecItem {
  const { children } = node;
  const span = spanOfNode(context, node);
  const doc = docOf(context, span);
  const loss = children.lossItem?.[0]?.children;
  if (loss !== undefined) {
    return { kind: 'loss', name: identOf(context, only(loss.AnyWord)), value: buildExpression(context, only(loss.expression)), ...doc, span };
  }
  const assign = children.assignItem?.[0];
  if (assign !== undefined) return buildAssign(context, assign);
  const contract = children.contractItem?.[0]?.children;
  if (contract !== undefined) {
    const items = (only(contract.contractBody).children.clause ?? []).map((clause) => buildClause(context, clause));
    return { kind: 'block', head: identOf(context, only(contract.head)), args: [], items, ...doc, span };
  }
  const labelled = children.labelledItem?.[0]?.children;
  const block = labelled ?? only(children.blockItem).children;
  return {
    kind: 'block',
    ...(labelled === undefined ? {} : { label: identOf(context, only(labelled.label)) }),
    head: identOf(context, only(block.head)),
    args: (block.simpleArg ?? []).map((arg) => buildArg(context, arg)),
    items: buildItems(context, block.specBody),
    ...doc,
    span,
  };
}

/** `schedule = cosine { ... }` is the same block as `schedule: cosine { ... }`. */
function buildAssign(context: BuildContext, node: AssignItemCstNode): SpecItem {
  const path = buildPath(context, only(node.children.path));
  const span = spanOfNode(context, node);
  const value = node.children.blockValue?.[0]?.children;
  if (value === undefined) {
    return { kind: 'assign', path, value: buildExpression(context, only(node.children.expression)), ...docOf(context, span), span };
  }
  const block: SpecBlock = {
    kind: 'block',
    label: only(path.segments),
    head: identOf(context, only(value.AnyWord)),
    args: [],
    items: buildItems(context, value.specBody),
    ...docOf(context, span),
    span,
  };
  return block;
}

function buildArg(context: BuildContext, { children }: SimpleArgCstNode): Expr {
  const [number] = children.NumberLiteral ?? [];
  if (number !== undefined) return buildNumber(context, number);
  const [string] = children.StringLiteral ?? [];
  if (string !== undefined) return buildString(context, string);
  const [list] = children.listLiteral ?? [];
  return list === undefined ? buildPath(context, only(children.path)) : buildList(context, list);
}

function buildClause(context: BuildContext, node: ClauseCstNode): SpecItem {
  const { children } = node;
  const name = identOf(context, only(children.AnyWord));
  const span = spanOfNode(context, node);
  const [number] = children.NumberLiteral ?? [];
  if (number === undefined) return { kind: 'clause', name, ...docOf(context, span), span };
  const unit = [...(children.Percent ?? []), ...(children.Per ?? []), ...(children.unit ?? [])].map((token) => token.image);
  return { kind: 'clause', name, bound: { value: Number(number.image), unit }, ...docOf(context, span), span };
}
