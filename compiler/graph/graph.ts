/**
 * @file The tensor graph: SSA over tensors with named axes, every operation primitive.
 *
 * An axis is an object; two axes are the same axis when they are the same object, whatever they are called, so blocks can
 * use any names they like without colliding. A tensor has each axis at most once, and the order of `axes` is its storage
 * order (row-major, last axis fastest). Elementwise operations match operands by axis and broadcast the rest.
 *
 * `ops.ts` documents every primitive: shape rule, gradient, causality class and cost. `build.ts` makes nodes (and checks
 * shapes); nothing else calls `new`.
 */
import type { Span } from '../../grammar/ast.js';

export interface Axis {
  readonly id: number;
  /** As the spec calls it; not unique. */
  readonly name: string;
  readonly size: number;
  /** The two axes that tell tokens apart. Everything that mixes along them is visible to the causality analysis. */
  readonly token?: 'batch' | 'time';
}

/** `i32` holds token ids and chosen indices only; everything else is `f32`. Truth values are 0 and 1 in `f32`. */
export type DType = 'f32' | 'i32';

export type UnaryFn =
  | 'neg' | 'exp' | 'log' | 'sqrt' | 'rsqrt' | 'tanh' | 'erf' | 'sin' | 'cos' | 'abs' | 'sign' | 'floor' | 'reciprocal'
  | 'to_f32' | 'to_i32'
  /** 1 for finite, 0 for NaN and infinities; must survive a target's fast-math (tests the bits). */
  | 'is_finite';
export type BinaryFn = 'add' | 'sub' | 'mul' | 'div' | 'pow' | 'max' | 'min' | 'lt' | 'le' | 'eq' | 'mod';
/** `select(condition, a, b)`: a where condition is not 0. `gt`, `ge`, `ne`, `and`, ... are built from these. `mod` is i32 only; `div` of i32 truncates. */
export type ScalarFn = UnaryFn | BinaryFn | 'select';

export type Op =
  // ---- leaves
  | { readonly kind: 'param'; readonly param: Param }
  | { readonly kind: 'state'; readonly state: State }
  /** Given by the caller of the program each step: `tokens`, `targets` (i32 [batch, time]); tests add their own. */
  | { readonly kind: 'input'; readonly name: string }
  /** A number the host computes for each step (learning rate, loss weight, step); see `ScalarSpec`. */
  | { readonly kind: 'scalar'; readonly scalar: ScalarSpec }
  | { readonly kind: 'const'; readonly value: number }
  /** 0, 1, 2, ... along `axis`, as f32. */
  | { readonly kind: 'iota'; readonly axis: Axis }
  // ---- elementwise
  | { readonly kind: 'map'; readonly fn: ScalarFn }
  // ---- reductions over axes
  | { readonly kind: 'reduce'; readonly fn: 'sum' | 'max' | 'min'; readonly over: readonly Axis[] }
  /** sum over `over` of a * b; axes of both that are not summed are kept (batched). */
  | { readonly kind: 'contract'; readonly over: readonly Axis[] }
  | { readonly kind: 'softmax'; readonly over: readonly Axis[] }
  | { readonly kind: 'logsumexp'; readonly over: readonly Axis[] }
  // ---- views: no arithmetic, no memory
  | { readonly kind: 'rename'; readonly from: Axis; readonly to: Axis }
  /** `axis` becomes `into` (sizes multiply to it), in its place. */
  | { readonly kind: 'split'; readonly axis: Axis; readonly into: readonly Axis[] }
  /** `axes` (in the given order) become `into`, placed where the first of them stood. */
  | { readonly kind: 'merge'; readonly axes: readonly Axis[]; readonly into: Axis }
  /** start <= axis < start + into.size; without `into` the one element at `start`, and the axis is gone. */
  | { readonly kind: 'slice'; readonly axis: Axis; readonly start: number; readonly into?: Axis }
  /** The adjoint of slice: zeros along `into`, the operand from `start` on. `axis` absent: the operand has no such axis, and stands at `start`. */
  | { readonly kind: 'pad'; readonly axis?: Axis; readonly start: number; readonly into: Axis }
  /** Operand i has `parts[i]` where the result has `into`. */
  | { readonly kind: 'concat'; readonly parts: readonly Axis[]; readonly into: Axis }
  /** out[i] = in[i - by], zero outside. A positive `by` along time looks at the past only. */
  | { readonly kind: 'shift'; readonly axis: Axis; readonly by: number }
  /** Repeats along axes the operand lacks. */
  | { readonly kind: 'expand'; readonly axes: readonly Axis[] }
  /** Same tensor, other order of axes. */
  | { readonly kind: 'order'; readonly axes: readonly Axis[] }
  // ---- choices: i32 indices; their scores are gathered by them, so the gradient goes through `gather`
  /** Indices of the `take.size` largest along `axis`, best first, ties to the lowest index. i32, `axis` replaced by `take` (last). */
  | { readonly kind: 'top'; readonly axis: Axis; readonly take: Axis }
  /** Operand score[.., half = 2, n]: indices i * n + j of the `take.size` largest of score[0, i] + score[1, j], exactly, best
   *  first, ties to the lowest index. i32 [.., take]. Lample et al. 2019, arXiv 1907.05242. */
  | { readonly kind: 'top_product'; readonly half: Axis; readonly axis: Axis; readonly take: Axis }
  /** inputs [index, by?]: for each entry of an i32 index, how many entries before it hold the same index, among those at its place of the axes not in
   *  `along`; f32, the index's axes. Entries come in row-major order of `along`. With `by` (f32, axes of the index): first by the axes of `along` that
   *  `by` lacks, then the larger `by` first, then in that order. 0 for an index outside [0, members). */
  | { readonly kind: 'position'; readonly members: number; readonly along: readonly Axis[] }
  // ---- lookup
  /** inputs [table, ...index], one i32 index for each of `axes` of the table. Axes of the table that an index also has are shared;
   *  result axes: (shared and index axes) then the rest of the table's. Sizes must be met: an index outside reads row 0 x 0 (zeros). */
  | { readonly kind: 'gather'; readonly axes: readonly Axis[] }
  /** The adjoint: inputs [value, ...index]; result has `axes` and the axes of `table`'s rest; sums values of equal index in entry order. */
  | { readonly kind: 'scatter'; readonly axes: readonly Axis[]; readonly result: readonly Axis[] }
  // ---- attention: the one primitive that reads the past. Tuple results, read with `part`.
  /** q[batch, time, h, e], k[batch, time, g, e], v[batch, time, g, f] -> (out[batch, time, h, f], lse[batch, time, h]); head h reads group
   *  floor(h * |g| / |h|); weights softmax_{s <= t}(scale * q.k). */
  | { readonly kind: 'attention'; readonly heads: Axis; readonly groups: Axis; readonly key: Axis; readonly value: Axis; readonly scale: number }
  /** inputs [q, k, v, out, lse, dout] -> (dq, dk, dv). */
  | { readonly kind: 'attention_grad'; readonly heads: Axis; readonly groups: Axis; readonly key: Axis; readonly value: Axis; readonly scale: number }
  | { readonly kind: 'part'; readonly index: number }
  // ---- gradient control, chance
  | { readonly kind: 'stop_gradient' }
  /** inputs [value, x1.., partial1..]: reads as `value`; its gradient with respect to xi is partiali times the incoming one. */
  | { readonly kind: 'surrogate'; readonly wrt: number }
  /** Counter-based, from the run's seed, the step and `stream`. */
  | { readonly kind: 'random'; readonly stream: number; readonly distribution: 'uniform' | 'normal' };

export interface TensorType {
  readonly axes: readonly Axis[];
  readonly dtype: DType;
}

export interface Node extends TensorType {
  readonly id: number;
  readonly op: Op;
  readonly inputs: readonly Node[];
  /** The results of a tuple operation (`attention`, `attention_grad`); its own `axes` are those of the first. */
  readonly results?: readonly TensorType[];
  /** The spec path it comes from (`layers.2.ffn.activation`), for names, errors and kernels' headers. `~grad` is appended in the backward pass. */
  readonly path: string;
  readonly span?: Span;
}

// ------------------------------------------------------------------------------------------------- leaves

export type Init =
  | { readonly kind: 'zeros' | 'ones' }
  | { readonly kind: 'constant'; readonly value: number }
  | { readonly kind: 'normal'; readonly mean: number; readonly std: number }
  | { readonly kind: 'uniform'; readonly low: number; readonly high: number }
  /** As `of`, then each `row` consecutive numbers scaled to norm 1. */
  | { readonly kind: 'unit'; readonly row: number; readonly of: Init };

export interface Param {
  /** Stable and unique: `layers.2.ffn.experts.read`. */
  readonly path: string;
  readonly axes: readonly Axis[];
  readonly init: Init;
  readonly span?: Span;
  /** Set for members of an expert family. */
  readonly expert?: { readonly family: string; readonly role: 'read' | 'write' | 'param' };
  /** Its last axes, along which it starts and stays at norm 1: each row of the others is a unit vector. */
  readonly unit?: readonly Axis[];
}

/** Not learned: running statistics, biases that only select, counters. */
export interface State {
  readonly path: string;
  readonly axes: readonly Axis[];
  readonly initial: number;
  /** `moment`: the optimiser's, and of which parameter. */
  readonly moment?: { readonly param: string; readonly name: 'm' | 'v' };
}

/** A number the host evaluates before each step; plain data, so a program can carry it. `step` counts from 1. */
export type ScalarSpec =
  | { readonly kind: 'step' }
  /** A whole number in [0, below), below <= 2^16, drawn for the run's seed, the step and the stream: what a random tensor's elements are hashed with. */
  | { readonly kind: 'noise_key'; readonly stream: number; readonly below: number }
  /** base * min(step / warmup, 1) * decay, decay from 1 to `floor` over `steps` by `shape`. */
  | { readonly kind: 'schedule'; readonly name: string; readonly base: number; readonly warmup: number; readonly steps: number; readonly shape: 'constant' | 'linear' | 'cosine'; readonly floor: number }
  /** from .. to, linearly over the first `over` steps, then constant. */
  | { readonly kind: 'ramp'; readonly name: string; readonly from: number; readonly to: number; readonly over: number }
  /** 1 - beta^step, in float64. */
  | { readonly kind: 'bias_correction'; readonly beta: number };

// ------------------------------------------------------------------------------------------------- the whole

/** A family of experts, as its block declared it. What else is known of it (activation, additivity) the contract derives from the graph. */
export interface ExpertFamily {
  /** `layers.2.ffn.experts` */
  readonly path: string;
  /** `layers.2.ffn`: the block whose output enters the residual stream. */
  readonly block: string;
  /** Axes that number the experts, outermost first. */
  readonly axes: readonly Axis[];
  readonly members: readonly Param[];
  readonly span?: Span;
}

/** One addition to the residual stream. */
export interface ResidualAdd {
  /** `layers.2.ffn` */
  readonly path: string;
  readonly before: Node;
  readonly write: Node;
  readonly after: Node;
}

export interface Loss {
  readonly name: string;
  /** Scalar, weight included: what is added to the objective. */
  readonly node: Node;
  readonly span?: Span;
}

/** A new value for a parameter, moment or state, written at the end of a step. */
export interface Update {
  readonly target: Param | State;
  readonly value: Node;
  /** A `scatter` node: only the rows it touches are read and written (touched-rows Adam); `value` is elementwise over it. */
  readonly touched?: Node;
  /** Of a parameter: once stored, its rows along these axes (the touched ones) are scaled to norm 1. A row whose squares already sum to 1 within
   *  `UNIT_TOLERANCE` stays as it is, to the bit. */
  readonly unit?: readonly Axis[];
}

/** What the squares of a unit row may miss 1 by before it is scaled. */
export const UNIT_TOLERANCE = 1e-5;

/** What one entry of a program computes: outputs the host may read, and updates made after everything has been read. */
export interface Procedure {
  readonly name: 'train' | 'eval' | 'forward' | (string & {});
  /** `members`: of the indices of a choice, how many there are to choose from. */
  readonly outputs: readonly { readonly name: string; readonly node: Node; readonly members?: number }[];
  readonly updates: readonly Update[];
}

/** A choice some block made: its members are counted to see what experts are used for. */
export interface ChoiceTap {
  /** `layers.2.ffn.opened` */
  readonly path: string;
  /** i32; -1 where nothing is chosen. */
  readonly index: Node;
  /** How many there are to choose from. */
  readonly members: number;
}

export interface Graph {
  readonly name: string;
  readonly batch: Axis;
  readonly time: Axis;
  readonly params: readonly Param[];
  readonly states: readonly State[];
  /** Every named activation by path; what losses, `analyze` and `model.ts` refer to. */
  readonly taps: ReadonlyMap<string, Node>;
  readonly families: readonly ExpertFamily[];
  readonly choices?: readonly ChoiceTap[];
  readonly residual: readonly ResidualAdd[];
  readonly losses: readonly Loss[];
  readonly updates: readonly Update[];
  /** The result of the last entry: [batch, time, vocab]. */
  readonly logits: Node;
  /** The form used outside training, where it is another (running statistics for batch statistics): the same parameters and states, no updates.
   *  Causality is judged on it. */
  readonly inference?: Graph;
}
