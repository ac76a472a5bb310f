/** @file From the concrete syntax tree to the AST. What did not parse is not in the tree, so it is absent here too. */
import type { Declaration, File, Source, Use } from './ast.js';
import { buildBlock, buildFunction, buildLoss } from './build-blocks.js';
import { collectDocs, identOf, only, spanOfNode, spanOfToken, type BuildContext } from './build-context.js';
import { buildPath } from './build-expressions.js';
import { buildArch, buildTrain } from './build-specs.js';
import type { FileCstNode, TopItemCstNode, UseLineCstNode } from './cst.js';
import type { SyntaxProblem } from './problems.js';
import type { Scan } from './scan.js';

/** The language version this parser reads. */
export const languageVersion = 1;

/** Builds the AST; what only shows here (order of the parts, versions, operators) is added to `problems`. */
export function buildFile(source: Source, scanned: Scan, cst: FileCstNode, problems: SyntaxProblem[]): File {
  const context: BuildContext = { file: source.file, docs: collectDocs(source.text, scanned), problems };
  const uses: Use[] = [];
  const declarations: Declaration[] = [];
  let language: File['language'];
  let declared = false;
  for (const [index, item] of (cst.children.topItem ?? []).entries()) {
    const line = item.children.languageLine?.[0];
    if (line !== undefined) {
      const span = spanOfNode(context, line);
      const version = only(line.children.NumberLiteral);
      if (index > 0) problems.push({ kind: 'misplaced', word: 'language', place: 'on the first line', span });
      else if (version.image !== String(languageVersion)) {
        const at = spanOfToken(context, version);
        problems.push({ kind: 'unsupported_language', version: version.image, supported: languageVersion, span: at });
      }
      language ??= { version: Number(version.image), span };
      continue;
    }
    const use = item.children.useLine?.[0];
    if (use !== undefined) {
      const built = buildUse(context, use);
      if (declared) problems.push({ kind: 'misplaced', word: 'use', place: 'before the declarations', span: built.span });
      uses.push(built);
      continue;
    }
    declared = true;
    const declaration = buildDeclaration(context, item);
    if (declaration !== undefined) declarations.push(declaration);
  }
  return { source, ...(language === undefined ? {} : { language }), uses, declarations, comments: scanned.comments };
}

function buildUse(context: BuildContext, node: UseLineCstNode): Use {
  return {
    path: buildPath(context, only(node.children.path)),
    names: (node.children.usedName ?? []).map(({ children }) => {
      const [alias] = children.alias ?? [];
      const name = identOf(context, only(children.Name));
      return alias === undefined ? { name } : { name, alias: identOf(context, alias) };
    }),
    span: spanOfNode(context, node),
  };
}

function buildDeclaration(context: BuildContext, { children }: TopItemCstNode): Declaration | undefined {
  const [block] = children.blockDeclaration ?? [];
  if (block !== undefined) return buildBlock(context, block);
  const [fn] = children.functionDeclaration ?? [];
  if (fn !== undefined) return buildFunction(context, fn);
  const [loss] = children.lossDeclaration ?? [];
  if (loss !== undefined) return buildLoss(context, loss);
  const [arch] = children.archDeclaration ?? [];
  if (arch !== undefined) return buildArch(context, arch);
  return buildTrain(context, only(children.trainDeclaration));
}
