/**
 * @file Every name in every block, function and loss, whether or not a spec uses it: a library is checked before anything calls it, and so is the branch
 * that today's settings do not take. What a name stands for is elaboration's business; here it only has to exist.
 */
import type { BlockDecl, Expr, File, FunctionDecl, LossDecl, SettingDecl, Statement } from '../../grammar/ast.js';
import { diagnose } from '../diagnostics/catalogue.js';
import type { Diagnostic } from '../diagnostics/diagnostic.js';
import type { Loaded } from '../model/load.js';
import { Reach } from './reach.js';
import { ExpressionNames } from './expression-names.js';

/** What is wrong with the names of the loaded files' declarations, in the order of the files. */
export function checkNames(loaded: Loaded): Diagnostic[] {
  const foreign = new Set([...loaded.files.values()].flatMap(axesDeclared));
  const found: Diagnostic[] = [];
  for (const [name, file] of loaded.files) {
    const scope = loaded.scopes.get(name);
    if (!scope) continue;
    for (const declaration of file.declarations) {
      if (declaration.kind === 'arch' || declaration.kind === 'train') continue;
      const names = new ExpressionNames(new Reach(scope, foreign), declaration.name.name, found);
      if (declaration.kind === 'function') checkFunction(names, declaration);
      else checkBlock(names, declaration);
    }
  }
  return found;
}

function checkFunction(names: ExpressionNames, declaration: FunctionDecl): void {
  for (const param of declaration.params) names.reach.bind(param.name);
  bindSettings(names, declaration.settings);
  names.value(declaration.value);
  for (const gradient of declaration.gradients) {
    const among = declaration.params.map((param) => param.name);
    if (!among.includes(gradient.param.name)) names.report(diagnose('ARCH2001', { kind: 'parameter', name: gradient.param.name, among }, gradient.param.span));
    names.value(gradient.value);
  }
}

function checkBlock(names: ExpressionNames, declaration: BlockDecl | LossDecl): void {
  const { reach } = names;
  const results = declaration.kind === 'block' ? declaration.results : [];
  for (const param of declaration.params) reach.bindTensor(param);
  for (const result of results) reach.bindAxes([...result.axes, ...result.of]);
  bindSettings(names, declaration.settings);
  for (const pattern of [...declaration.params, ...results]) names.sizes([...pattern.axes, ...pattern.of]);
  for (const statement of declaration.body) checkStatement(names, statement);
}

/** Binds the settings, and checks defaults that are names. Sizes among them may be dims of the spec that uses the block: not known here. */
function bindSettings(names: ExpressionNames, settings: readonly SettingDecl[]): void {
  const { reach } = names;
  for (const setting of settings) {
    const { default: otherwise } = setting;
    if (otherwise?.kind === 'path') names.held(setting, otherwise);
    reach.bindSetting(setting);
  }
}

function checkStatement(names: ExpressionNames, statement: Statement): void {
  const { reach } = names;
  switch (statement.kind) {
    case 'axis':
      names.sizes(statement.axes);
      return reach.bindAxes(statement.axes);
    case 'param':
      if (statement.condition) names.value(statement.condition);
      if (statement.shares) names.value(statement.shares);
      names.pattern(statement.axes);
      initialiser(names, statement.init);
      return reach.bind(statement.name.name);
    case 'experts':
      if (statement.condition) names.value(statement.condition);
      names.pattern(statement.axes);
      for (const member of statement.members) {
        if (member.shares) names.value(member.shares);
        names.pattern(member.axes);
        initialiser(names, member.init);
        reach.bind(member.name.name);
      }
      return;
    case 'let':
      names.sizes(statement.axes ?? []);
      reach.bindAxes(statement.axes ?? []);
      names.value(statement.value);
      return reach.bind(statement.name.name);
    case 'return':
      return names.value(statement.value);
    case 'state':
      names.pattern(statement.axes);
      names.value(statement.initial);
      return reach.bindState(statement.name.name);
    case 'update':
      names.state(statement.name);
      return names.value(statement.value);
  }
}

/** The numbers of `normal(0, d ^ -0.5)`. Which initialisers there are is said where one is used. */
function initialiser(names: ExpressionNames, init: Expr): void {
  if (init.kind === 'call') init.args.forEach((arg) => names.value(arg));
}

function axesDeclared(file: File): string[] {
  return file.declarations.flatMap((declaration) => {
    if (declaration.kind !== 'block' && declaration.kind !== 'lossdecl') return [];
    const patterns = [...declaration.params, ...(declaration.kind === 'block' ? declaration.results : [])].flatMap((pattern) => [...pattern.axes, ...pattern.of]);
    const within = declaration.body.flatMap((statement) => (statement.kind === 'axis' || statement.kind === 'let' ? (statement.axes ?? []) : []));
    return [...patterns, ...within].map((axis) => axis.name.name);
  });
}
