/** @file An AST back to canonical source: two spaces a level, one item a line, comments kept. Printing is idempotent. */
import type { ArchDecl, BlockDecl, Declaration, ExpertMember, File, FunctionDecl, LossDecl, Span, SpecBlock, SpecItem, Statement, TrainDecl, Use } from './ast.js';
import { printAxes, printAxisDecl, printExpr, printOptionalAxes, printParams, printPath, printTensor } from './print-expressions.js';
import { Lines } from './print-lines.js';

/** The source text of a file. Parsing it gives the same tree, apart from spans. */
export function print(file: File): string {
  const lines = new Lines(file);
  if (file.language !== undefined) lines.item(file.language.span, `language ${file.language.version}`);
  for (const use of file.uses) lines.item(use.span, printUse(use));
  for (const declaration of file.declarations) {
    lines.blank();
    printDeclaration(lines, declaration);
  }
  return lines.toString();
}

function printUse({ path, names }: Use): string {
  const list = names.map(({ name, alias }) => (alias === undefined ? name.name : `${name.name} as ${alias.name}`)).join(', ');
  return `use ${printPath(path)} {${list === '' ? '' : ` ${list} `}}`;
}

function printDeclaration(lines: Lines, declaration: Declaration): void {
  switch (declaration.kind) {
    case 'block':
      return printBlock(lines, declaration);
    case 'function':
      return printFunction(lines, declaration);
    case 'lossdecl':
      return printLoss(lines, declaration);
    default:
      return printSpec(lines, declaration);
  }
}

function printBlock(lines: Lines, block: BlockDecl): void {
  const results = block.results.length === 0 ? '' : ` -> ${block.results.map(printTensor).join(', ')}`;
  const head = `block ${block.name.name}${printParams(block.params.map(printTensor), block.settings)}${results}`;
  printBody(lines, block, head, [block.name, ...block.params, ...block.settings, ...block.results], block.doc, () => {
    for (const statement of block.body) printStatement(lines, statement);
  });
}

function printFunction(lines: Lines, fn: FunctionDecl): void {
  const head = `function ${fn.name.name}${printParams(fn.params.map((param) => param.name), fn.settings)}`;
  lines.item({ ...fn.span, end: fn.value.span.end }, `${head} = ${printExpr(fn.value)}`, fn.doc);
  lines.indented(() => {
    for (const { param, value, span } of fn.gradients) lines.item(span, `gradient ${param.name} = ${printExpr(value)}`);
  });
}

function printLoss(lines: Lines, loss: LossDecl): void {
  const head = `loss ${loss.name.name}${printParams(loss.params.map(printTensor), loss.settings)}`;
  const [first, second] = loss.body;
  if (first?.kind === 'return' && first.doc === undefined && second === undefined) {
    return lines.item(loss.span, `${head} = ${printExpr(first.value)}`, loss.doc);
  }
  printBody(lines, loss, head, [loss.name, ...loss.params, ...loss.settings], loss.doc, () => {
    for (const statement of loss.body) printStatement(lines, statement);
  });
}

function printSpec(lines: Lines, spec: ArchDecl | TrainDecl): void {
  const parts = spec.kind === 'arch' ? [spec.name, spec.base] : [spec.arch];
  const names = parts.flatMap((part) => part ?? []);
  const head = [spec.kind, names.map((name) => name.name).join(' extends ')].filter((part) => part !== '').join(' ');
  printItems(lines, spec, head, names, spec.doc, spec.items);
}

/** A `{ }` body behind a head whose parts are given: the brace is looked for behind the last of them. */
function printBody(lines: Lines, node: { span: Span }, head: string, parts: readonly { span: Span }[], doc: string | undefined, body: () => void, tail = ''): void {
  const headEnd = Math.max(node.span.start, ...parts.map((part) => part.span.end));
  lines.body(node.span, head, headEnd, body, doc, tail);
}

function printStatement(lines: Lines, statement: Statement): void {
  if (statement.kind !== 'experts') return lines.item(statement.span, statementText(statement), statement.doc);
  const name = statement.name === undefined ? '' : ` ${statement.name.name}`;
  const head = `experts${name}${printOptionalAxes(statement.axes)}`;
  const members = statement.members.map(memberText);
  const tail = statement.condition === undefined ? '' : ` if ${printExpr(statement.condition, 1)}`;
  const oneLine = `${head} { ${members.join('; ')} }${tail}`;
  if (members.length > 0 && lines.wasOneLine(statement.span) && oneLine.length <= lines.room) return lines.item(statement.span, oneLine, statement.doc);
  const parts = [...(statement.name === undefined ? [] : [statement.name]), ...statement.axes];
  printBody(lines, statement, head, parts, statement.doc, () => {
    for (const member of statement.members) lines.item(member.span, memberText(member), member.doc);
  }, tail);
}

function statementText(statement: Exclude<Statement, { kind: 'experts' }>): string {
  switch (statement.kind) {
    case 'axis':
      return `axis ${statement.axes.map(printAxisDecl).join(', ')}`;
    case 'param': {
      const shares = statement.shares === undefined ? '' : ` shares ${printExpr(statement.shares, 1)}`;
      const condition = statement.condition === undefined ? '' : ` if ${printExpr(statement.condition, 1)}`;
      return `param ${statement.name.name}${printOptionalAxes(statement.axes)} ~ ${printExpr(statement.init, 1)}${unitText(statement)}${shares}${condition}`;
    }
    case 'let':
      return `let ${statement.name.name}${statement.axes === undefined ? '' : printAxes(statement.axes)} = ${printExpr(statement.value)}`;
    case 'return':
      return `return ${printExpr(statement.value)}`;
    case 'state':
      return `state ${statement.name.name}${printOptionalAxes(statement.axes)} = ${printExpr(statement.initial)}`;
    case 'update':
      return `update ${statement.name.name} <- ${printExpr(statement.value)}`;
  }
}

const unitText = ({ unit }: Pick<ExpertMember, 'unit'>): string => (unit === undefined ? '' : ` unit(${unit.map(({ name }) => name).join(', ')})`);

function memberText({ role, name, axes, init, unit, shares }: ExpertMember): string {
  return `${role} ${name.name}${printOptionalAxes(axes)} ~ ${printExpr(init, 1)}${unitText({ unit })}${shares === undefined ? '' : ` shares ${printExpr(shares, 1)}`}`;
}

function printItem(lines: Lines, item: SpecItem): void {
  if (item.kind !== 'block') return lines.item(item.span, inlineItem(item), item.doc);
  if (isBare(item)) return lines.item(item.span, inlineItem(item), item.doc);
  printItems(lines, item, blockHead(item), [item.head, ...item.args], item.doc, item.items);
}

/** A spec body: on one line where it was on one line and still fits, else an item a line. */
function printItems(lines: Lines, node: { span: Span }, head: string, parts: readonly { span: Span }[], doc: string | undefined, items: readonly SpecItem[]): void {
  const oneLine = inlineBody(head, items);
  if (lines.wasOneLine(node.span) && oneLine.length <= lines.room) return lines.item(node.span, oneLine, doc);
  printBody(lines, node, head, parts, doc, () => {
    for (const item of items) printItem(lines, item);
  });
}

function inlineBody(head: string, items: readonly SpecItem[]): string {
  return items.length === 0 ? `${head} {}` : `${head} { ${items.map(inlineItem).join('; ')} }`;
}

function inlineItem(item: SpecItem): string {
  switch (item.kind) {
    case 'assign':
      return `${printPath(item.path)} = ${printExpr(item.value)}`;
    case 'loss':
      return `loss ${item.name.name} = ${printExpr(item.value)}`;
    case 'clause':
      return clauseText(item);
    case 'block':
      return isBare(item) ? blockHead(item) : inlineBody(blockHead(item), item.items);
  }
}

/** `gate: softmax` */
function isBare(block: SpecBlock): boolean {
  return block.label !== undefined && block.args.length === 0 && block.items.length === 0;
}

function blockHead({ label, head, args }: SpecBlock): string {
  const first = label === undefined ? head.name : `${label.name}: ${head.name}`;
  return [first, ...args.map((arg) => printExpr(arg))].join(' ');
}

function clauseText({ name, bound }: Extract<SpecItem, { kind: 'clause' }>): string {
  if (bound === undefined) return name.name;
  const [first, ...rest] = bound.unit;
  const unit = first === undefined ? '' : first === '%' ? `% ${rest.join(' ')}` : ` ${bound.unit.join(' ')}`;
  return `${name.name} <= ${bound.value}${unit}`;
}
