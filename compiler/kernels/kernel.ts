/**
 * @file The kernels form: loop nests over concrete sizes, the only form a target sees.
 *
 * A kernel is closed: it names no tensor, only *slots* (numbered buffer bindings), so that the same kernel serves every
 * layer and is generated once. A `Launch` says which buffers fill the slots. All indices are element offsets.
 *
 * `nest` is the general kernel: parallel loops, then stages run in order by each parallel point. An elementwise chain is a nest
 * with one store; softmax or a norm is a nest with reduce stages and a store that loops over the row; a gathered dot or a
 * gathered weighted sum is a nest whose reduce loads through an index; a segment reduction with touched-rows Adam is a nest whose
 * parallel loop runs over the touched rows and whose reduce loop runs over a row's segment.
 */
import type { ScalarFn } from '../graph/graph.js';

export type DType = 'f32' | 'i32';

/** Scalar expressions. i32 arithmetic is exact; `div` and `mod` of i32 have non-negative operands. */
export type Expr =
  | { readonly kind: 'number'; readonly value: number; readonly dtype: DType }
  /** A loop variable (i32). */
  | { readonly kind: 'var'; readonly name: string; readonly dtype: 'i32' }
  /** The result of an earlier `let` or `reduce` stage, or the accumulator of a contraction (`acc`). */
  | { readonly kind: 'local'; readonly name: string; readonly dtype: DType }
  | { readonly kind: 'load'; readonly slot: number; readonly index: Expr; readonly dtype: DType }
  | { readonly kind: 'call'; readonly fn: ScalarFn; readonly args: readonly Expr[]; readonly dtype: DType };

/** `for (name = from; name < to; name++)`. `extent` bounds to - from at compile time (for parallel loops: what is dispatched). */
export interface Loop {
  readonly name: string;
  readonly extent: number;
  /** Default 0. May load from slots and use outer loop variables. */
  readonly from?: Expr;
  /** Default `extent`. */
  readonly to?: Expr;
}

export type Stage =
  | { readonly kind: 'let'; readonly name: string; readonly value: Expr }
  /** name = fn over all points of `loops` of value; `lets` are evaluated inside, before it (e.g. the entry a segment position holds).
   *  The order of accumulation is that of the loops (a target may use a fixed tree instead, the same each time). `inner`, if given, is a reduction
   *  computed anew at each point of `loops`, after `lets` and before `value`, which may use its name. */
  | { readonly kind: 'reduce'; readonly name: string; readonly fn: 'sum' | 'max' | 'min'; readonly loops: readonly Loop[]; readonly lets: readonly Let[]; readonly inner?: Inner; readonly value: Expr }
  /** For all points of `loops` (often none): slot[index] = value. `lets`, if given, are evaluated inside the loops, before it. */
  | { readonly kind: 'store'; readonly loops: readonly Loop[]; readonly lets?: readonly Let[]; readonly slot: number; readonly index: Expr; readonly value: Expr };

export interface Let {
  readonly name: string;
  readonly value: Expr;
}

/** A reduction inside another: the sum of a row's segment, of which the outer one sums the squares. */
export interface Inner {
  readonly name: string;
  readonly fn: 'sum' | 'max' | 'min';
  readonly loops: readonly Loop[];
  readonly lets: readonly Let[];
  readonly value: Expr;
}

export interface Slot {
  readonly name: string;
  readonly dtype: DType;
  readonly access: 'read' | 'write' | 'read_write';
  /** Elements. */
  readonly size: number;
}

interface Base {
  /** What it computes, as an identifier: `rms_norm`, `gathered_dot_gelu`, `touched_rows_adam`. Unique within a program. */
  readonly name: string;
  readonly slots: readonly Slot[];
  /** What the header comment says: shapes, e.g. `x[batch 8, time 128, d 128] -> y[batch 8, time 128, d 128]`. */
  readonly about: readonly string[];
  /** Floating-point operations and bytes moved by one launch, estimated. */
  readonly flops: number;
  readonly bytes: number;
}

export interface Nest extends Base {
  readonly kind: 'nest';
  /** Parallel; outermost first. Only the outermost may have `to` (a dynamic count). */
  readonly grid: readonly Loop[];
  readonly stages: readonly Stage[];
}

/** out(batch, m, n) = value(acc), acc = sum over k of a(batch, m, k) * b(batch, k, n). `a`, `b`, `index` and `value` are expressions of the loop
 *  variables `batch`, `m`, `n`, `k` (each flattened to one) and, in `value`, of the local `acc`. */
export interface Contraction extends Base {
  readonly kind: 'contraction';
  readonly batch: number;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly a: Expr;
  readonly b: Expr;
  readonly store: { readonly slot: number; readonly index: Expr; readonly value: Expr };
}

/** Entries sorted by the row they choose (see `Invert`): group g < count is row `row` and has the entries `entry`, from <= p < to. `row`, `from` and `to` are
 *  expressions of the variable `g`, `entry` of the variable `p`. */
export interface Groups {
  /** The most there can be. */
  readonly groups: number;
  /** Of all groups together, at most. */
  readonly entries: number;
  readonly count: Expr;
  readonly row: Expr;
  readonly from: Expr;
  readonly to: Expr;
  readonly entry: Expr;
}

/** A matrix product for each group, of its entries with its row's matrix: out(entry, n) = value(acc), acc = sum over k of a(entry, k) * b(row, k, n), the
 *  sum in the order of k. Expressions are of the locals `entry` and `row`, the variables `k` and `n`, and, in `value`, the local `acc`. */
export interface GroupedContraction extends Base {
  readonly kind: 'grouped_contraction';
  readonly of: Groups;
  readonly n: number;
  readonly k: number;
  readonly a: Expr;
  readonly b: Expr;
  readonly store: { readonly slot: number; readonly index: Expr; readonly value: Expr };
}

/** The adjoint, a matrix for each group: out(row, m, n) = value(acc), acc = sum over its entries of a(entry, m) * b(entry, n), the sum in the order of the
 *  entries. Rows without entries keep what they hold. */
export interface GroupedOuter extends Base {
  readonly kind: 'grouped_outer';
  readonly of: Groups;
  readonly m: number;
  readonly n: number;
  readonly a: Expr;
  readonly b: Expr;
  readonly store: { readonly slot: number; readonly index: Expr; readonly value: Expr };
}

/** Causal attention and its gradients; see the graph op. Operands are row-major: q, out, dq, dout [batch, time, heads, width], k, v, dk, dv
 *  [batch, time, groups, width], lse [batch, time, heads]. Slots by variant:
 *  forward: q, k, v -> out, lse; grad_q: q, k, v, out, lse, dout -> dq; grad_kv: q, k, v, out, lse, dout -> dk, dv. */
export interface Attention extends Base {
  readonly kind: 'attention';
  readonly variant: 'forward' | 'grad_q' | 'grad_kv';
  readonly batch: number;
  readonly time: number;
  readonly heads: number;
  readonly groups: number;
  readonly keyWidth: number;
  readonly valueWidth: number;
  readonly scale: number;
}

/** For each of `rows`: indices of the `take` largest of value(row, n), n < extent, best first, ties to the lowest index,
 *  stored at slot[row * take + rank]. Variables: `row`, `n`. */
export interface Top extends Base {
  readonly kind: 'top';
  readonly rows: number;
  readonly extent: number;
  readonly take: number;
  readonly value: Expr;
  readonly slot: number;
}

/** For each of `rows`: indices i * extent + j of the `take` largest of first(row, i) + second(row, j), exactly: the best `take` of each
 *  half, then the best `take` of their sums; ties to the lowest combined index. Variables: `row`, `n`. */
export interface TopProduct extends Base {
  readonly kind: 'top_product';
  readonly rows: number;
  readonly extent: number;
  readonly take: number;
  readonly first: Expr;
  readonly second: Expr;
  readonly slot: number;
}

/** The inverted index: which entries chose which row. index(entry), variable `entry`, gives a row in [0, rows) or -1 (skipped).
 *  Outputs, by slot: `order` [entries]: entries sorted by row, then by entry; `touched` [limit]: the distinct rows, ascending;
 *  `offsets` [limit + 1]: where each touched row's segment starts in `order`; `count` [1]: how many rows are touched.
 *  limit = min(entries, rows). Work grows with entries, not rows. `scratch` is sized by the target's `scratchSize`. */
export interface Invert extends Base {
  readonly kind: 'invert';
  readonly entries: number;
  readonly rows: number;
  readonly index: Expr;
  readonly order: number;
  readonly touched: number;
  readonly offsets: number;
  readonly count: number;
  readonly scratch: number;
}

/** Sets every element of slot 0 to `value`. */
export interface Fill extends Base {
  readonly kind: 'fill';
  readonly value: number;
}

export type Kernel = Nest | Contraction | GroupedContraction | GroupedOuter | Attention | Top | TopProduct | Invert | Fill;

// ------------------------------------------------------------------------------------------------- buffers and launches

export type BufferRole = 'param' | 'moment' | 'state' | 'input' | 'scalar' | 'output' | 'temp';

/** A tensor in memory. A view never has one. */
export interface Buffer {
  readonly id: number;
  /** `layers.2.ffn.experts.read`, `layers.2.ffn.activation`, `layers.2.ffn.experts.read.m` (moment) ... */
  readonly name: string;
  readonly role: BufferRole;
  readonly dtype: DType;
  readonly axes: readonly { readonly name: string; readonly size: number }[];
  /** Elements. */
  readonly size: number;
}

/** One use of a kernel: `buffers[i]` fills slot i. */
export interface Launch {
  readonly kernel: Kernel;
  readonly buffers: readonly Buffer[];
  /** Spec paths it implements. */
  readonly paths: readonly string[];
}

/** A memory plan's unit: what the device really allocates. */
export interface Allocation {
  readonly name: string;
  readonly bytes: number;
}

/** The lowered form of one entry (training step, evaluation, logits): launches in order, and where each buffer lives. */
export interface KernelProgram {
  readonly name: string;
  readonly launches: readonly Launch[];
  readonly buffers: readonly Buffer[];
  readonly allocations: readonly Allocation[];
  /** buffer id -> index in `allocations`. A buffer owns its allocation from its first to its last launch; params, moments, states, inputs, scalars
   *  and outputs own theirs always. */
  readonly placement: ReadonlyMap<number, number>;
}

/** What a target allows; lowering and fusion stay within it and say which tensor does not. */
export interface TargetLimits {
  /** Bytes one slot may bind. */
  readonly maxBindingBytes: number;
  readonly maxBufferBytes: number;
  /** Slots a kernel may have. */
  readonly maxSlots: number;
}
