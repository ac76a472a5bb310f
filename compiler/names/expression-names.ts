/**
 * @file The names in one expression, held against what is in reach: values, axes, functions, the settings of what is called, and the words of a choice
 * of words (`weight == product`).
 */
import type { AxisDecl, AxisPattern, Call, Expr, Ident, NamedExpr, SettingDecl } from '../../grammar/ast.js';
import { printExpr } from '../../grammar/print-expressions.js';
import { diagnose } from '../diagnostics/catalogue.js';
import type { Diagnostic } from '../diagnostics/diagnostic.js';
import { settingsOfBuiltin } from '../elaborate/builtins.js';
import type { Reach } from './reach.js';

type PathExpr = Extract<Expr, { kind: 'path' }>;

export class ExpressionNames {
  /** `owner`: the block, function or loss whose names these are. */
  constructor(readonly reach: Reach, private readonly owner: string, private readonly found: Diagnostic[]) {}

  report(diagnostic: Diagnostic): void {
    this.found.push(diagnostic);
  }

  /** An expression that stands for a value. */
  value(expr: Expr): void {
    switch (expr.kind) {
      case 'path': return this.path(expr);
      case 'unary': return this.value(expr.operand);
      case 'binary': return this.binary(expr);
      case 'if':
        this.value(expr.condition);
        this.value(expr.then);
        return this.value(expr.otherwise);
      case 'call': return this.call(expr);
      case 'index':
        this.value(expr.base);
        for (const entry of expr.entries) {
          if (entry.axis) this.axis(entry.axis.name, entry.axis.span);
          this.value(entry.value);
        }
        return;
      case 'member': return this.value(expr.base);
      case 'list': case 'spread': return this.axes(expr);
      default: return;
    }
  }

  /** An expression that stands for axes: `d`, `[h, e]`, `...from`. */
  axes(expr: Expr): void {
    if (expr.kind === 'list') expr.items.forEach((item) => this.axes(item));
    else if (expr.kind === 'spread') this.axis(expr.name.name, expr.name.span);
    else if (expr.kind === 'path' && expr.segments.length === 1) this.axis(printExpr(expr), expr.span);
    else this.report(diagnose('ARCH2003', { name: printExpr(expr), among: this.reach.axisNames() }, expr.span));
  }

  /** Axes of a parameter or a state: each is bound, or has its size here. */
  pattern(patterns: readonly AxisPattern[]): void {
    this.sizes(patterns);
    for (const pattern of patterns) {
      if (pattern.size) this.reach.bindAxes([pattern]);
      else this.axis(pattern.name.name, pattern.span);
    }
  }

  sizes(patterns: readonly (AxisDecl | AxisPattern)[]): void {
    for (const { size } of patterns) if (size) this.value(size);
  }

  /** What `update` changes. */
  state({ name, span }: Ident): void {
    const among = this.reach.stateNames();
    if (!among.includes(name)) this.report(diagnose('ARCH2001', { kind: 'state', name, among }, span));
  }

  /** A name given for a setting: a word of its choice, a function, a block; else any value. */
  held(setting: SettingDecl, given: PathExpr, owner = this.owner): void {
    const { type } = setting;
    const name = printExpr(given);
    if (type.name === 'one of') {
      const words = type.options.map((option) => option.name);
      if (!words.includes(name) && !this.reach.wordsOf(name)) this.word(owner, setting.name.name, words, given);
    } else if (type.name === 'fn' || type.name === 'block') this.path(given);
  }

  private path(expr: PathExpr): void {
    const [first] = expr.segments;
    if (first && !this.reach.hasValue(first.name)) this.report(diagnose('ARCH2001', { kind: 'name', name: first.name, among: this.reach.valueNames() }, first.span));
  }

  private axis(name: string, span: Expr['span']): void {
    if (!this.reach.hasAxis(name)) this.report(diagnose('ARCH2003', { name, among: this.reach.axisNames() }, span));
  }

  private binary(expr: Extract<Expr, { kind: 'binary' }>): void {
    const words = expr.left.kind === 'path' && (expr.operator === '==' || expr.operator === '!=') ? this.reach.wordsOf(printExpr(expr.left)) : undefined;
    if (words && expr.right.kind === 'path') {
      if (!words.includes(printExpr(expr.right))) this.word(this.owner, printExpr(expr.left), words, expr.right);
      return;
    }
    this.value(expr.left);
    this.value(expr.right);
  }

  private word(owner: string, name: string, words: readonly string[], given: PathExpr): void {
    this.report(diagnose('ARCH2012', { owner, name, expected: `one of ${words.join(' | ')}`, got: `\`${printExpr(given)}\`` }, given.span));
  }

  private call(call: Call): void {
    if (call.callee.kind === 'call') {
      const inner = call.callee;
      this.callee(inner.callee, true);
      inner.args.forEach((arg) => this.axes(arg));
      call.args.forEach((arg) => this.value(arg));
      return;
    }
    this.callee(call.callee, false);
    call.args.forEach((arg) => this.value(arg));
    this.settings(printExpr(call.callee), call);
  }

  private callee(callee: Expr, over: boolean): void {
    const name = printExpr(callee);
    if (!this.reach.hasFunction(name, over)) this.report(diagnose('ARCH2014', { name, among: this.reach.functionNames() }, callee.span));
  }

  private settings(name: string, call: Call): void {
    const { blocks, functions } = this.reach.scope;
    const block = blocks.get(name);
    const declared = block?.settings ?? functions.get(name)?.settings;
    const packs = (block?.params ?? []).flatMap((param) => param.axes.filter((axis) => axis.spread).map((axis) => axis.name.name));
    const known = declared ? [...declared.map((setting) => setting.name.name), ...packs] : settingsOfBuiltin(name);
    for (const given of call.settings) {
      if (known && !known.includes(given.name.name)) this.report(diagnose('ARCH2002', { owner: name, name: given.name.name, among: known }, given.span));
      else this.setting(name, declared?.find((setting) => setting.name.name === given.name.name), given);
    }
  }

  /** Settings of axes take axes; those of the primitives take axes or numbers. */
  private setting(owner: string, declared: SettingDecl | undefined, given: NamedExpr): void {
    const expr: Expr = given.value ?? { kind: 'path', segments: [given.name], span: given.span };
    const type = declared?.type.name;
    if (type === 'axis' || type === 'axes') return this.axes(expr);
    if (declared && type === 'one of' && expr.kind === 'path') return this.held(declared, expr, owner);
    if (!declared && expr.kind === 'path' && this.reach.hasAxis(printExpr(expr))) return;
    this.value(expr);
  }
}
