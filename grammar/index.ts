/** @file The grammar of `.arch` files: text to AST and back. */
export type * from './ast.js';
export { languageVersion } from './build-ast.js';
export { parse, type Parsed } from './parse.js';
export { print } from './print.js';
export { nearest, type SyntaxProblem, type SyntaxProblemKind } from './problems.js';
