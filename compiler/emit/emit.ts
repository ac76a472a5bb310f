/**
 * @file What `archc build` writes, by file name: the kernels, the program they make up, the resolved spec, and the model's types.
 */
import type { Compiled } from '../compiled.js';
import { analyseContract } from '../contract/contract.js';
import { modelText } from './model.js';
import { programFiles } from './program.js';
import { resolvedJson } from './resolved.js';

/**
 * File name (with `/`) -> text, or bytes of a WebAssembly module. The same compilation gives the same bytes.
 * @throws Error when the pipeline did not reach a program
 */
export async function emit(compiled: Compiled): Promise<Map<string, string | Uint8Array>> {
  const { model, graph, program, sources } = compiled;
  if (!model || !graph || !program) throw new Error('emit needs a model, its graph and its program');
  const report = analyseContract(graph);
  return new Map<string, string | Uint8Array>([
    ['model.ts', await modelText(model, graph, report)],
    ['resolved.json', resolvedJson(model, graph, report, sources)],
    ...programFiles(program),
  ]);
}
