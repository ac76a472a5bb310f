/**
 * @file What the pipeline hands on: every form it reached, as far as it got. Commands read what they need.
 */
import type { File, Source } from '../grammar/ast.js';
import type { Diagnostics } from './diagnostics/diagnostic.js';
import type { Graph, Procedure } from './graph/graph.js';
import type { KernelProgram } from './kernels/kernel.js';
import type { Model } from './model/model.js';
import type { Program } from '../runtime/program.js';

export interface Compiled {
  readonly diagnostics: Diagnostics;
  /** Every source read, std files included, for code frames. */
  readonly sources: ReadonlyMap<string, Source>;
  readonly files: readonly File[];
  readonly model?: Model;
  /** The forward graph with losses. */
  readonly graph?: Graph;
  /** `train`, `eval`, `forward`, differentiated and with the optimiser. */
  readonly procedures?: readonly Procedure[];
  readonly kernels?: readonly KernelProgram[];
  readonly program?: Program;
  /** Milliseconds per pass, in order. */
  readonly timings: readonly { readonly pass: string; readonly ms: number }[];
}
