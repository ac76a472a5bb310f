/**
 * @file What a graph costs, read off its operations: parameters, FLOPs per token and bytes, per block and in total.
 *
 * Conventions. What an operation costs is its row in ops.ts (2 FLOPs per multiply-add, 1 per element and elementwise function, causal
 * attention reads (T + 1) / 2 positions on average). Work that no token enters (a normalised weight) is done once per program run and is
 * divided by the run's tokens. *Forward* is what the blocks compute: for the logits, and for the losses what stands beside the model (a
 * dictionary of its activations); the losses' own formulas are left out. *Training* counts three times the forward work of every operation on
 * a differentiable path from a parameter that learns to an objective (one forward, and one of the same size for each of the two operands of a
 * product: Kaplan et al. 2020, arXiv 2001.08361, section 2.1), once every other; the optimiser is left out. Frozen parameters have no moments.
 */
import type { Axis, Graph, Node, Op, Param } from './graph.js';
import { flops, sizeOf } from './ops.js';

export interface Cost {
  /** Numbers learned; a shared parameter counts where it is declared. */
  readonly parameters: number;
  /** Of those, how many one token reads: of a table that is only gathered from, the rows gathered. */
  readonly activeParameters: number;
  /** Per token, forward. */
  readonly flops: number;
  /** Per token, forward and backward. */
  readonly trainingFlops: number;
  readonly weightBytes: number;
  /** The optimiser's two moments; gradients are not stored. */
  readonly optimizerBytes: number;
  /** Estimate: results of contractions, reductions, attention and choices, and of the block itself, for the whole batch. The memory plan is exact. */
  readonly activationBytes: number;
}

export interface BlockCost extends Cost {
  /** `embed`, `layers.0.attention`, `lm_head` */
  readonly path: string;
}

export interface GraphCost {
  /** In the order in which the forward pass reaches them. */
  readonly blocks: readonly BlockCost[];
  readonly total: Cost;
}

/** The cost of `graph`'s forward and training work, per block and in total. `frozen`: whether a parameter does not learn. */
export function costOf(graph: Graph, frozen: (path: string) => boolean = () => false): GraphCost {
  const blockOf = blocksOf(graph);
  const forward = forwardNodes(graph, blockOf);
  const tokens = graph.batch.size * graph.time.size;
  const differentiable = differentiableNodes(graph, forward, frozen);
  const outputs = new Set(graph.residual.flatMap((add) => [add.write, add.after]));
  const blocks = new Map<string, Sums>();
  const at = (path: string): Sums => {
    const key = blockOf(path);
    const sums = blocks.get(key) ?? { ...nothing };
    blocks.set(key, sums);
    return sums;
  };
  const active = activeParameters(forward);
  const counted = new Set<Param>();
  const count = (param: Param): void => {
    if (counted.has(param)) return;
    counted.add(param);
    const sums = at(param.path);
    sums.parameters += sizeOf(param.axes);
    if (!frozen(param.path)) sums.learned += sizeOf(param.axes);
    sums.activeParameters += active.get(param) ?? 0;
  };
  for (const node of forward) {
    if (node.op.kind === 'param') count(node.op.param);
    const sums = at(node.path);
    const work = flops(node) / tokens;
    sums.flops += work;
    sums.trainingFlops += differentiable.has(node) ? 3 * work : work;
    if (outputs.has(node) || MATERIALISED.has(node.op.kind)) sums.activations += elements(node);
  }
  for (const param of graph.params) count(param);
  const costs = [...blocks].map(([path, sums]): BlockCost => ({ path, ...finish(sums) }));
  const total: Sums = { ...nothing };
  for (const sums of blocks.values()) {
    total.parameters += sums.parameters;
    total.learned += sums.learned;
    total.activeParameters += sums.activeParameters;
    total.flops += sums.flops;
    total.trainingFlops += sums.trainingFlops;
    total.activations += sums.activations;
  }
  return { blocks: costs.filter((cost) => cost.parameters > 0 || cost.flops > 0 || cost.activationBytes > 0), total: finish(total) };
}

/** What the blocks compute: all that is behind the logits, and behind the losses but for the losses' own operations. */
function forwardNodes(graph: Graph, blockOf: (path: string) => string): Node[] {
  const needed = new Set(nodesBehind([graph.logits]));
  const blocks = new Set([...graph.params, ...graph.residual].map(({ path }) => blockOf(path)));
  return nodesBehind([graph.logits, ...graph.losses.map((loss) => loss.node)]).filter((node) => needed.has(node) || blocks.has(blockOf(node.path)));
}

/** Every node the values of `roots` are computed from, roots included, operands before results. Nothing behind a node of `cut` is followed. */
export function nodesBehind(roots: Iterable<Node>, cut: ReadonlySet<Node> = new Set()): Node[] {
  const seen = new Set<Node>();
  const stack = [...roots];
  for (let node = stack.pop(); node; node = stack.pop()) {
    if (seen.has(node)) continue;
    seen.add(node);
    if (!cut.has(node)) stack.push(...valueInputs(node));
  }
  return [...seen].sort((a, b) => a.id - b.id);
}

/** The operands a node's value depends on: of a surrogate the first alone (the rest serve its gradient). */
export function valueInputs(node: Node): readonly Node[] {
  return node.op.kind === 'surrogate' ? node.inputs.slice(0, 1) : node.inputs;
}

export const isToken = (axis: Axis): boolean => axis.token !== undefined;

const elements = (node: Node): number => (node.results ?? [node]).reduce((sum, { axes }) => sum + sizeOf(axes), 0);

const VIEWS: ReadonlySet<Op['kind']> = new Set(['rename', 'split', 'merge', 'slice', 'pad', 'concat', 'shift', 'expand', 'order', 'stop_gradient']);

/** Moves numbers and computes none. */
export const isView = (node: Node): boolean => VIEWS.has(node.op.kind);

const MATERIALISED: ReadonlySet<Op['kind']> = new Set(['contract', 'reduce', 'softmax', 'logsumexp', 'attention', 'top', 'top_product', 'position', 'scatter']);

// ------------------------------------------------------------------------------------------------- blocks

interface Sums {
  parameters: number;
  /** Of those, not frozen. */
  learned: number;
  activeParameters: number;
  flops: number;
  trainingFlops: number;
  activations: number;
}

const nothing: Readonly<Sums> = { parameters: 0, learned: 0, activeParameters: 0, flops: 0, trainingFlops: 0, activations: 0 };

function finish(sums: Sums): Cost {
  return {
    parameters: sums.parameters,
    activeParameters: sums.activeParameters,
    flops: sums.flops,
    trainingFlops: sums.trainingFlops,
    weightBytes: 4 * sums.parameters,
    optimizerBytes: 8 * sums.learned,
    activationBytes: 4 * sums.activations,
  };
}

/** Path of a node or parameter -> path of its block: the residual write it is part of, else `layers.0.norm`, else its first name. */
export function blocksOf(graph: Graph): (path: string) => string {
  const writers = new Set(graph.residual.map((add) => add.path));
  return (path) => {
    const parts = path.replace(/~grad$/, '').split('.');
    for (let length = parts.length; length > 0; length--) {
      const prefix = parts.slice(0, length).join('.');
      if (writers.has(prefix)) return prefix;
    }
    const inLayer = /^\d+$/.test(parts[1] ?? '');
    return parts.slice(0, inLayer ? 3 : 1).join('.');
  };
}

// ------------------------------------------------------------------------------------------------- active parameters

function activeParameters(forward: readonly Node[]): Map<Param, number> {
  /** What of which parameters a node is a view of. */
  const views = new Map<Node, readonly Param[]>();
  const rows = new Map<Param, Map<string, number>>();
  const whole = new Set<Param>();
  for (const node of forward) {
    if (node.op.kind === 'param') {
      views.set(node, [node.op.param]);
      continue;
    }
    const read = valueInputs(node).flatMap((input) => views.get(input) ?? []);
    if (read.length === 0) continue;
    if (isView(node)) {
      views.set(node, read);
    } else if (node.op.kind === 'gather' && views.has(node.inputs[0] ?? node)) {
      const key = [node.op.axes, node.inputs.slice(1)].map((list) => list.map(({ id }) => id).join()).join('|');
      for (const param of read) {
        const reads = rows.get(param) ?? new Map<string, number>();
        rows.set(param, reads.set(key, sizeOf(node.axes.filter((axis) => !isToken(axis)))));
      }
    } else {
      for (const param of read) whole.add(param);
    }
  }
  const active = new Map<Param, number>();
  for (const [param, reads] of rows) {
    const sum = [...reads.values()].reduce((a, b) => a + b, 0);
    active.set(param, Math.min(sum, sizeOf(param.axes)));
  }
  for (const param of whole) active.set(param, sizeOf(param.axes));
  return active;
}

// ------------------------------------------------------------------------------------------------- differentiable paths

function differentiableNodes(graph: Graph, forward: readonly Node[], frozen: (path: string) => boolean): Set<Node> {
  const roots = graph.losses.length > 0 ? graph.losses.map((loss) => loss.node) : [graph.logits];
  const reached = new Set<Node>();
  const stack = [...roots];
  for (let node = stack.pop(); node; node = stack.pop()) {
    if (reached.has(node)) continue;
    reached.add(node);
    stack.push(...gradientInputs(node));
  }
  const trained = new Set<Node>();
  for (const node of forward) {
    if ((node.op.kind === 'param' && !frozen(node.op.param.path)) || gradientInputs(node).some((input) => trained.has(input))) trained.add(node);
  }
  return new Set(forward.filter((node) => trained.has(node) && reached.has(node)));
}

const FLAT: ReadonlySet<string> = new Set(['lt', 'le', 'eq', 'sign', 'floor', 'is_finite', 'to_i32', 'mod']);

function gradientInputs(node: Node): readonly Node[] {
  const { op, inputs } = node;
  if (node.dtype === 'i32') return [];
  switch (op.kind) {
    case 'map':
      return FLAT.has(op.fn) ? [] : op.fn === 'select' ? inputs.slice(1) : inputs;
    case 'gather':
    case 'scatter':
      return inputs.slice(0, 1);
    case 'stop_gradient':
    case 'top':
    case 'top_product':
    case 'position':
      return [];
    case 'surrogate':
      return inputs.slice(1, 1 + op.wrt);
    default:
      return inputs;
  }
}
