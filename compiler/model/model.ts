/**
 * @file The resolved model: every name bound, every setting filled, every value with its origin; `extends` and `--set` applied.
 * `show`, `diff` and `resolved.json` read this form; `elaborate` turns it into a graph.
 */
import type { BlockDecl, Expr, FunctionDecl, LossDecl, Span } from '../../grammar/ast.js';
import type { Placement } from './placement.js';

/** Where a value came from. */
export interface Origin {
  /** `spec`: written in this arch; `base`: in an arch it extends; `default`: the block's default; `dims`: the dim of the same name;
   *  `set`: `--set` on the command line. */
  readonly kind: 'spec' | 'base' | 'default' | 'dims' | 'set';
  /** `pools.arch:12`, `specs/std/pools.arch:30`, `--set`. */
  readonly text: string;
  readonly span?: Span;
}

export type SettingValue =
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'bool'; readonly value: boolean }
  /** One of the words a setting allows. */
  | { readonly kind: 'word'; readonly value: string }
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'none' }
  | { readonly kind: 'list'; readonly items: readonly SettingValue[] }
  /** A function or block given as a setting: `act = gelu`, `norm = rms_norm`. A primitive function (`tanh`) has no declaration. */
  | { readonly kind: 'function'; readonly name: string; readonly declaration: FunctionDecl | undefined }
  | { readonly kind: 'block'; readonly name: string; readonly declaration: BlockDecl }
  /** A tensor of another entry, by path: `tied = embed.table`. */
  | { readonly kind: 'tensor'; readonly path: string };

export interface Setting {
  /** Relative to its entry: `count`. */
  readonly name: string;
  readonly value: SettingValue;
  readonly origin: Origin;
}

/** A block placed in the arch: `ffn: pools { count = 8 }`. */
export interface Entry {
  readonly kind: 'entry';
  /** `embed`, `layers.ffn`, `lm_head`. */
  readonly path: string;
  readonly name: string;
  readonly block: BlockDecl;
  /** By name, every setting the block declares, and the path of every tensor it takes beside the stream. */
  readonly settings: ReadonlyMap<string, Setting>;
  /** Only in layers: settings that differ in one layer (`layers.2.ffn.count = 64`). */
  readonly perLayer: ReadonlyMap<number, ReadonlyMap<string, Setting>>;
  /** Only in layers: which of them, where not all. */
  readonly placement?: Placement;
  readonly doc?: string;
  readonly span: Span;
}

/** `layers 4 { ... }`: each entry reads the normed residual stream and adds to it: x = x + entry(norm(x)), in order, in each layer. */
export interface Layers {
  readonly kind: 'layers';
  readonly path: string;
  readonly name: string;
  readonly count: Setting;
  /** The block put before every entry; `none` leaves it out. */
  readonly norm: Setting;
  readonly entries: readonly Entry[];
  readonly doc?: string;
  readonly span: Span;
}

export interface ModelLoss {
  readonly name: string;
  readonly value: Expr;
  readonly doc?: string;
  readonly origin: Origin;
}

export interface Clause {
  readonly name: 'additive' | 'causal' | 'private' | 'active' | 'bypass';
  /** `active <= bound per token`; `bypass <= bound` (a fraction, 0.4 for 40% flops). */
  readonly bound?: number;
  readonly origin: Origin;
  readonly span: Span;
}

export interface OptimizerGroup {
  /** A path prefix of parameters (layer numbers may be left out: `layers.ffn.experts`); `''` is everything not in a group. */
  readonly path: string;
  /** `adamw`, or `touched_adam` (rows that fired only; for tables that are only gathered from). */
  readonly optimizer: 'adamw' | 'touched_adam';
  readonly lr: number;
  readonly betas: readonly [number, number];
  readonly eps: number;
  readonly weightDecay: number;
  /** Its gradients are clipped by a norm of their own (0: not at all); absent: with all that have no clip of their own, by the optimiser's. */
  readonly clip?: number;
  /** Its parameters and states keep their values: no gradient, no moments, no update. Entries it owns take the form used outside training. */
  readonly frozen?: boolean;
}

export interface TrainSettings {
  readonly steps: number;
  readonly batch: number;
  readonly seed: number;
  readonly logEvery: number;
  readonly evalEvery: number;
  readonly saveEvery: number;
  /** Largest gradient norm of the groups without a clip of their own, all together; 0 for no clipping. */
  readonly clip: number;
  readonly schedule: { readonly shape: 'constant' | 'linear' | 'cosine'; readonly warmup: number; readonly floor: number };
  /** First the default group (path ''), then the others; the last group whose path matches a parameter owns it. */
  readonly groups: readonly OptimizerGroup[];
}

/** One line of `show --resolved`. */
export interface ResolvedLine {
  readonly path: string;
  readonly value: string;
  readonly origin: Origin;
}

export interface Model {
  readonly name: string;
  readonly file: string;
  readonly base?: string;
  readonly doc?: string;
  readonly dims: ReadonlyMap<string, Setting>;
  readonly entries: readonly (Entry | Layers)[];
  readonly losses: readonly ModelLoss[];
  readonly contract: readonly Clause[];
  readonly train: TrainSettings;
  /** Everything above, flat, sorted by path. */
  readonly resolved: readonly ResolvedLine[];
  /** By file: the names each file's declarations may use. A block's body is read in the scope of `block.span.file`. */
  readonly scopes: ReadonlyMap<string, Scope>;
}

/** What a file's declarations can refer to: its own and those it `use`s. */
export interface Scope {
  readonly file: string;
  readonly blocks: ReadonlyMap<string, BlockDecl>;
  readonly functions: ReadonlyMap<string, FunctionDecl>;
  readonly losses: ReadonlyMap<string, LossDecl>;
}
