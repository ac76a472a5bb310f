/**
 * @file The archs of `specs/`: which there are, each compiled as far as one wants, and what kind of model each is.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Compiled } from '../compiler/compiled.js';
import { analyseContract, type ContractReport } from '../compiler/contract/contract.js';
import { type Cost, costOf } from '../compiler/graph/cost.js';
import { isFrozen } from '../compiler/optimizer/groups.js';
import type { Model } from '../compiler/model/model.js';
import { compile, type CompileInput } from '../compiler/pipeline.js';

export const specsFolder = fileURLToPath(new URL('../specs/', import.meta.url));

export interface SpecArch {
  /** In `specs/`: `pools.arch`. */
  readonly file: string;
  readonly arch: string;
}

/** Every arch of every spec: files by name, the archs of a file as they stand in it. */
export function specArchs(): readonly SpecArch[] {
  const files = readdirSync(specsFolder).filter((file) => file.endsWith('.arch')).sort();
  return files.flatMap((file) => [...readFileSync(specsFolder + file, 'utf8').matchAll(/^arch (\w+)/gm)].map((match) => ({ file, arch: match[1] ?? '' })));
}

/** Reads a file as the specs in `specs/` name it; `std/` is beside them. */
export function readSpecFile(file: string): string | undefined {
  try {
    return readFileSync(specsFolder + file, 'utf8');
  } catch {
    return undefined;
  }
}

/** @throws Error with the messages, when the spec (with `set`) has errors */
export function compileArch({ file, arch }: SpecArch, options: Pick<CompileInput, 'set' | 'upTo' | 'target'>): Compiled {
  const compiled = compile({ entry: file, arch, read: readSpecFile, ...options });
  if (compiled.diagnostics.failed) throw new Error(`${file} ${arch}: ${compiled.diagnostics.all.map((d) => `${d.code} ${d.message}`).join('; ')}`);
  return compiled;
}

/** What an arch is, as far as its size and costs tell. */
export interface ArchFacts extends SpecArch {
  readonly model: Model;
  /** Sequences at once, and their length. */
  readonly batch: number;
  readonly time: number;
  readonly cost: Cost;
  readonly contract: ContractReport;
  readonly kind: 'model' | 'dictionary' | 'paper';
}

/** More parameters than this do not train on a laptop: a variant with a paper's published sizes. */
const PAPER = 16e6;

/** Compiled to its graph: nothing is allocated. A *dictionary* has units, none of which writes to the model's residual stream. */
export function archFacts(named: SpecArch, set: readonly string[] = []): ArchFacts {
  const { model, graph } = compileArch(named, { upTo: 'graph', set });
  if (!model || !graph) throw new Error(`${named.file} ${named.arch}: not compiled`);
  const [cost, contract] = [costOf(graph, (path) => isFrozen(model.train.groups, path)).total, analyseContract(graph)];
  const beside = contract.families.length > 0 && contract.families.every(({ bypass }) => bypass.value === undefined);
  return { ...named, model, batch: graph.batch.size, time: graph.time.size, cost, contract, kind: cost.parameters > PAPER ? 'paper' : beside ? 'dictionary' : 'model' };
}
