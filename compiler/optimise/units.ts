/**
 * @file What is launched: a loop nest that still grows while the graph is walked, or a finished draft of any kernel.
 */
import type { Axis, Node } from '../graph/graph.js';
import type { Buffer, Kernel } from '../kernels/kernel.js';
import type { Home } from './access.js';
import type { Segments } from './segments.js';

export interface Store {
  readonly node: Node;
  readonly home: Home;
}

/** A loop nest in the making: reductions and stores, each done by every point of `rows`. */
export interface NestUnit {
  readonly kind: 'nest';
  readonly rows: readonly Axis[];
  /** In order; reductions come before what uses them. */
  readonly steps: NestStep[];
  /** Reductions and stored values it computes. */
  readonly members: Set<Node>;
  /** Buffers it reads and writes. */
  readonly slots: Set<Buffer | Node>;
  /** Its place among the launches, once it has one. */
  place: number | undefined;
  /** Position in the schedule after which nothing more can join. */
  until?: number;
  /** Its rows are those a scatter touches, one segment of entries each. */
  readonly segments?: { readonly scatter: Node; readonly of: Segments };
  readonly update?: boolean;
}

export type NestStep = { readonly kind: 'reduce'; readonly node: Node } | { readonly kind: 'store'; readonly store: Store };

export interface Finished {
  readonly place: number;
  readonly kind: 'finished';
  readonly kernel: Kernel;
  readonly buffers: readonly Buffer[];
  readonly paths: readonly string[];
}

export type Unit = NestUnit | Finished;
