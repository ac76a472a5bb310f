/** @file Writes `grammar/cst.d.ts`, the types of the concrete syntax tree: `npx tsx scripts/cst-types.ts`. */
import { generateCstDts } from 'chevrotain';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ArchParser } from '../grammar/parser.js';

export const cstTypesFile = fileURLToPath(new URL('../grammar/cst.d.ts', import.meta.url));

/** The text of `grammar/cst.d.ts` for the parser as it is. */
export function cstTypes(): string {
  const header = '// Generated from the parser by scripts/cst-types.ts. Do not edit.\n';
  return header + generateCstDts(new ArchParser().getGAstProductions(), { includeVisitorInterface: false });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(cstTypesFile, cstTypes());
