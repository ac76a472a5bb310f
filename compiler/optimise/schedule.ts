/**
 * @file Decides which nodes are stored. The rest is computed where it is used.
 *
 * Stored are the results of kernels that reduce, and elementwise values that are used by several kernels and cost more to compute again than to
 * read, that a contraction or attention reads, or that would be computed again for each of many broadcast uses. Never stored: table rows looked up by
 * anything finer than a token, and the products that feed sums and scatters.
 */
import type { Axis, Node, Update } from '../graph/graph.js';
import { callCost, input, isKind, isLocalScatter, isRowScatter, product, sameSet, scatterAxes, viewKind } from './facts.js';
import type { Decomposed } from './decompose.js';

export interface UpdateGroup {
  /** Updates of one parameter and its moments, or of one state. */
  readonly updates: readonly Update[];
  readonly touched: Node | undefined;
}

export interface Schedule {
  /** Everything the procedure needs, operands first. */
  readonly order: readonly Node[];
  readonly position: ReadonlyMap<Node, number>;
  readonly users: ReadonlyMap<Node, readonly Node[]>;
  /** Elementwise values, views and small lookups that get a buffer. */
  readonly stored: ReadonlySet<Node>;
  /** Elementwise value -> the contraction whose epilogue it is. */
  readonly epilogues: ReadonlyMap<Node, Node>;
  /** Storage order: tokens first, and otherwise the node's own, unless something asks for another. */
  readonly layout: (node: Node) => readonly Axis[];
  /** Results that several kernels use. */
  readonly many: ReadonlySet<Node>;
  /** Position after which nothing reads a node from within its own kernel: when that kernel can be launched. */
  readonly last: ReadonlyMap<Node, number>;
  /** Scalars that the updates of several parameters read. */
  readonly kept: ReadonlySet<Node>;
  /** Row scatters some kernel reads as a whole. */
  readonly dense: ReadonlySet<Node>;
  readonly groups: readonly UpdateGroup[];
}

/** Axes a reduction in a loop nest sums over. */
export function reducedAxes(node: Node): readonly Axis[] {
  if (isKind(node, 'reduce') || isKind(node, 'contract')) return node.op.over;
  return isKind(node, 'scatter') ? scatterAxes(node).summed : [];
}

/** Nodes computed by a reduce stage of a loop nest. */
export function isReduction(node: Node, contractions: ReadonlySet<Node>): boolean {
  if (isKind(node, 'scatter')) return isLocalScatter(node) && scatterAxes(node).summed.length > 0;
  return node.op.kind === 'reduce' || (node.op.kind === 'contract' && !contractions.has(node));
}

/** Nodes computed in passing, at one point. */
export function isPassing(node: Node): boolean {
  if (isKind(node, 'scatter')) return isLocalScatter(node) && scatterAxes(node).summed.length === 0;
  return node.op.kind === 'map' || node.op.kind === 'gather' || viewKind(node) !== undefined;
}

/** Whether a nest parallel over `rows` may hold a store over `axes`: enough rows, or short ones. */
export function rowsSuit(rows: readonly Axis[], axes: readonly Axis[]): boolean {
  if (axes.length < rows.length || !rows.every((axis) => axes.includes(axis))) return false;
  return product(rows) >= 32 || product(axes) / product(rows) <= 256;
}

const CHEAP = 3;
const SATURATED = 1000;
const none: readonly Node[] = [];

interface Use {
  /** The kernel that uses it, or `many`. */
  group: number | undefined;
  many: boolean;
  /** How many points it is evaluated at. */
  points: number;
  /** Used by a product over many points: anything worth an operation is stored. */
  heavy: boolean;
  last: number;
}

export function schedule(whole: Decomposed, procedure: Decomposed['procedures'][number], maxSlots: number): Schedule {
  return new Scheduler(whole, procedure, maxSlots).run();
}

class Scheduler {
  private readonly order: Node[];
  private readonly position = new Map<Node, number>();
  private readonly users = new Map<Node, Node[]>();
  private readonly stored = new Set<Node>();
  private readonly epilogues = new Map<Node, Node>();
  private readonly layouts = new Map<Node, readonly Axis[]>();
  private readonly uses = new Map<Node, Use>();
  private readonly cost = new Map<Node, number>();
  private readonly sources = new Map<Node, readonly Node[]>();
  /** Values with several users that are probably stored, so that what reads them is cheap. */
  private readonly costly = new Set<Node>();
  /** Reductions whose rows a node could be computed in, latest last. */
  private readonly reach = new Map<Node, readonly Node[]>();
  /** The same, without those behind values that are probably stored. */
  private readonly direct = new Map<Node, readonly Node[]>();
  private readonly cluster = new Map<Node, Node>();
  private readonly wanted: Set<Node>;
  private readonly groups: readonly UpdateGroup[];
  private readonly groupOf = new Map<Node, number>();
  /** Scatters whose rows an update takes as they come, and elementwise values of them: to store one would be to store a whole table. */
  private readonly sparse = new Set<Node>();

  constructor(private readonly whole: Decomposed, private readonly procedure: Decomposed['procedures'][number], private readonly maxSlots: number) {
    this.groups = groupUpdates(procedure.updates);
    this.wanted = new Set(procedure.outputs.map((output) => output.node));
    this.order = this.live();
    this.order.forEach((node, i) => this.position.set(node, i));
    for (const node of this.order) {
      this.users.set(node, []);
      node.inputs.forEach((x, i) => {
        if (node.inputs.indexOf(x) === i) this.users.get(x)?.push(node);
      });
    }
    this.groups.forEach((group, i) => {
      for (const update of group.updates) this.groupOf.set(update.value, this.order.length + i);
    });
  }

  run(): Schedule {
    for (const group of this.groups) if (group.touched) this.sparse.add(group.touched);
    for (const node of this.order) {
      this.estimate(node);
      if (node.op.kind === 'map' && node.inputs.some((x) => this.sparse.has(x))) this.sparse.add(node);
    }
    for (let i = this.order.length - 1; i >= 0; i--) {
      const node = this.order[i];
      if (node) this.decide(node);
    }
    const kept = this.keptScalars();
    this.withinSlots(kept);
    const many = new Set<Node>();
    const last = new Map<Node, number>();
    const dense = new Set<Node>();
    for (const [node, use] of this.uses) {
      if (use.many) many.add(node);
      last.set(node, use.last);
      if (isRowScatter(node) && this.isDense(node)) dense.add(node);
    }
    return { order: this.order, position: this.position, users: this.users, stored: this.stored, epilogues: this.epilogues, layout: (node) => this.layout(node), many, last, kept, dense, groups: this.groups };
  }

  private layout(node: Node): readonly Axis[] {
    const known = this.layouts.get(node);
    if (known) return known;
    const { axes } = node;
    const inner = axes.findIndex((axis) => !axis.token);
    const tokensFirst = inner < 0 || this.wanted.has(node) || !axes.some((axis, i) => axis.token && i > inner);
    const layout = tokensFirst ? axes : [...axes.filter((axis) => axis.token === 'batch'), ...axes.filter((axis) => axis.token === 'time'), ...axes.filter((axis) => !axis.token)];
    this.layouts.set(node, layout);
    return layout;
  }

  private live(): Node[] {
    const seen = new Set<Node>([...this.wanted, ...this.procedure.updates.map((update) => update.value)]);
    for (const node of seen) for (const x of node.inputs) seen.add(x);
    return this.whole.order.filter((node) => seen.has(node));
  }

  // ---- forward: what each node would cost and read if nothing between were stored

  private estimate(node: Node): void {
    const { op, inputs } = node;
    const reduction = isReduction(node, this.whole.contractions);
    if (isPassing(node)) {
      let cost = op.kind === 'map' ? callCost(op.fn) : op.kind === 'gather' ? 2 : op.kind === 'scatter' ? 3 : 0;
      const size = product(node.axes);
      // what is smaller is computed less often: outside the loop over the rest
      for (const x of inputs) cost += (this.cost.get(x) ?? 0) * Math.min(1, product(x.axes) / size);
      const sources = this.union(inputs.map((x) => this.sources.get(x) ?? none));
      const inRow = inputs.some((x) => (this.reach.get(x) ?? none).some((r) => r.axes.length < node.axes.length));
      const users = this.users.get(node) ?? none;
      const worthwhile = cost > CHEAP || largeSources(node, sources) > 1;
      const operand = users.some((user) => user.op.kind === 'contract' || user.op.kind === 'attention_grad');
      const likely = op.kind === 'map' && users.length > 1 && !this.whole.lookups.has(node) && worthwhile && (!inRow || operand);
      this.cost.set(node, likely ? 0 : Math.min(cost, SATURATED));
      this.sources.set(node, likely ? [node] : sources);
      if (likely) this.costly.add(node);
    } else {
      this.cost.set(node, 0);
      this.sources.set(node, op.kind === 'const' || op.kind === 'iota' || op.kind === 'scalar' ? none : [node]);
    }
    if (reduction) {
      const inner = inputs.flatMap((x) => this.reach.get(x) ?? none).filter((r) => sameSet(r.axes, node.axes)).at(-1);
      this.cluster.set(node, inner ? (this.cluster.get(inner) ?? inner) : node);
      this.reach.set(node, [node]);
      this.direct.set(node, [node]);
    } else if (op.kind === 'map' || viewKind(node) === 'identity') {
      const direct = this.union(inputs.map((x) => (this.costly.has(x) ? none : this.direct.get(x)) ?? none));
      if (direct.length > 0) this.direct.set(node, direct);
      const all = this.union(inputs.map((x) => this.reach.get(x) ?? none));
      if (all.length > 0) this.reach.set(node, all.filter((r) => rowsSuit(r.axes, node.axes)).sort((a, b) => (this.position.get(a) ?? 0) - (this.position.get(b) ?? 0)).slice(-3));
    }
  }

  /** Short lists of nodes joined, each node once. */
  private union(lists: readonly (readonly Node[])[]): readonly Node[] {
    let all: Node[] | undefined;
    let first: readonly Node[] = none;
    for (const list of lists) {
      if (list.length === 0 || list === first) continue;
      if (first.length === 0) {
        first = list;
        continue;
      }
      all ??= [...first];
      for (const node of list) if (all.length < this.maxSlots + 2 && !all.includes(node)) all.push(node);
    }
    return all ?? first;
  }

  /** The kernel a stored node would be computed in. */
  private kernelOf(node: Node): number {
    const reduction = this.reach.get(node)?.at(-1);
    const first = reduction ? (this.cluster.get(reduction) ?? reduction) : node;
    return this.position.get(first) ?? -1;
  }

  // ---- backward: who uses it, and so whether it is stored

  private decide(node: Node): void {
    const use = this.use(node);
    this.uses.set(node, use);
    if (isKind(node, 'contract') && this.whole.contractions.has(node)) {
      this.operands(node);
      this.epilogue(node);
    }
    if (node.op.kind === 'attention' || node.op.kind === 'attention_grad') node.inputs.forEach((x) => this.exactly(x));
    if (isPassing(node) && this.worthStoring(node, use)) this.stored.add(node);
  }

  private use(node: Node): Use {
    const use: Use = { group: undefined, many: false, points: 0, heavy: false, last: -1 };
    const join = (group: number, points: number, heavy: boolean, last: number): void => {
      if (use.group !== undefined && use.group !== group) use.many = true;
      use.group ??= group;
      use.points = Math.max(use.points, points);
      use.heavy ||= heavy;
      use.last = Math.max(use.last, last);
    };
    const update = this.groupOf.get(node);
    if (update !== undefined) join(update, product(node.axes), false, this.order.length);
    for (const user of this.users.get(node) ?? []) {
      const at = this.position.get(user) ?? 0;
      if (isPassing(user)) {
        const outer = this.uses.get(user);
        if (this.stored.has(user)) join(this.kernelOf(user), product(user.axes), false, at);
        else if (outer?.group !== undefined) {
          join(outer.group, outer.points, outer.heavy, outer.last);
          if (outer.many) use.many = true;
        }
      } else if (isReduction(user, this.whole.contractions)) {
        const points = product(user.axes) * product(reducedAxes(user));
        join(this.kernelOf(user), points, user.op.kind === 'contract', at);
      } else if (isKind(user, 'scatter')) {
        const axes = scatterAxes(user);
        join(at, node === input(user) ? product(axes.entries) * product(axes.rest) : product(axes.entries), node === input(user), at);
      } else {
        join(at, product(node.axes), false, at);
      }
    }
    return use;
  }

  private worthStoring(node: Node, use: Use): boolean {
    if (this.wanted.has(node)) return true;
    if (this.stored.has(node)) return true;
    if (this.whole.lookups.has(node) || this.sparse.has(node)) return false;
    if (node.op.kind !== 'map') return false;
    const size = product(node.axes);
    if (this.costly.has(node) && use.many) return true;
    const cost = this.cost.get(node) ?? 0;
    const sources = largeSources(node, this.sources.get(node) ?? none);
    if (size === 1) return use.many && (sources > 1 || (cost >= CHEAP && (this.users.get(node) ?? []).some((user) => user.axes.length > 0)));
    const own = this.kernelOf(node);
    if (use.many) return cost > CHEAP || sources > 1;
    const again = use.points / size;
    const reader = this.order[use.group ?? -1];
    const lifted = reader !== undefined && this.cluster.has(reader) && node.axes.every((axis) => reader.axes.includes(axis));
    if (use.group !== own && !lifted && (use.heavy ? again >= 2 && cost >= 1 : again >= 8 && cost > CHEAP)) return true;
    const row = this.direct.get(node)?.at(-1);
    return row !== undefined && use.group !== own && node.axes.length > row.axes.length && cost > CHEAP;
  }

  /** Operands of a contraction are views of stored tensors, without holes. */
  private operands(node: Node): void {
    for (const x of node.inputs) {
      let at = x;
      for (let kind = viewKind(at); kind !== undefined && kind !== 'fill'; kind = viewKind(at)) at = input(at);
      if (isPassing(at)) this.stored.add(at);
    }
  }

  /** Operands of attention are stored in the order it reads. */
  private exactly(x: Node): void {
    let at = x;
    while (at.op.kind === 'order') at = input(at);
    let base = at;
    while (viewKind(base) === 'bijection' || base.op.kind === 'order') base = input(base);
    if (!isPassing(base) || this.stored.has(base)) return;
    this.layouts.set(at, x.axes);
    this.stored.add(at);
  }

  /** A contraction used once, by elementwise functions over the same points, computes those too. */
  private epilogue(node: Node): void {
    if (this.wanted.has(node) || this.groupOf.has(node)) return;
    let last: Node | undefined;
    for (let at = node; ; ) {
      const users = this.users.get(at) ?? [];
      const user = users[0];
      if (!user || users.length > 1 || this.groupOf.has(at) || user.axes.length === 0) break;
      const kind = viewKind(user);
      const elementwise = user.op.kind === 'map' && sameSet(user.axes, at.axes);
      if (!elementwise && kind !== 'bijection' && user.op.kind !== 'order') break;
      if (elementwise) last = user;
      at = user;
      if (this.stored.has(at)) break;
    }
    if (!last || this.epilogues.has(last) || this.whole.lookups.has(last)) return;
    this.stored.add(last);
    this.epilogues.set(last, node);
  }

  private isDense(node: Node): boolean {
    if (this.wanted.has(node) || this.groupOf.has(node)) return true;
    for (const user of this.users.get(node) ?? []) {
      if (this.whole.totals.has(user)) continue;
      const use = this.uses.get(user);
      const group = this.groups[(use?.group ?? -1) - this.order.length];
      if (user.op.kind !== 'map' || this.stored.has(user) || !use || use.many || group?.touched !== node) return true;
    }
    return false;
  }

  /** Numbers that the updates of several parameters use (a clipping factor) live beside the host's scalars, where they cost no slot. */
  private keptScalars(): Set<Node> {
    const seen = new Map<Node, number>();
    const kept = new Set<Node>();
    this.groups.forEach((group, i) => {
      const visited = new Set<Node>();
      const walk = (node: Node): void => {
        if (visited.has(node)) return;
        visited.add(node);
        const computed = node.op.kind === 'reduce' || node.op.kind === 'contract' || this.stored.has(node);
        if (computed && node.axes.length === 0 && node.dtype === 'f32') {
          if ((seen.get(node) ?? i) !== i) kept.add(node);
          seen.set(node, i);
        } else if (node.op.kind === 'map' && !this.stored.has(node)) node.inputs.forEach(walk);
      };
      for (const update of group.updates) walk(update.value);
    });
    return kept;
  }

  // ---- forward again: no kernel may read more buffers than it can bind

  private withinSlots(kept: ReadonlySet<Node>): void {
    const reads = new Map<Node, readonly Node[]>();
    const scalars = this.order.filter((node) => node.op.kind === 'scalar' || kept.has(node)).slice(0, 1);
    const of = (x: Node): readonly Node[] => {
      if (this.stored.has(x) && !kept.has(x)) return [x];
      return x.op.kind === 'scalar' || kept.has(x) ? scalars : (reads.get(x) ?? [x]);
    };
    for (const node of this.order) {
      if (node.op.kind === 'const' || node.op.kind === 'iota') reads.set(node, none);
      const scatter = isRowScatter(node);
      if (!scatter && !isPassing(node) && !isReduction(node, this.whole.contractions)) continue;
      const budget = scatter ? this.maxSlots - 6 : this.maxSlots - 1;
      let all = this.union(node.inputs.map(of));
      if (all.length > budget) {
        const storable = (x: Node): boolean => isPassing(x) && !this.stored.has(x) && !this.sparse.has(x) && of(x).length > 1 && !(scatter && product(x.axes) >= product(input(node).axes));
        // what may be stored first; then what lookups read; lookups themselves only if nothing else helps
        const inside = (x: Node): void => {
          if (!this.whole.lookups.has(x) || this.stored.has(x) || !isPassing(x)) return;
          for (const y of x.inputs) {
            if (storable(y) && !this.whole.lookups.has(y)) this.stored.add(y);
            else inside(y);
          }
          reads.set(x, this.union(x.inputs.map(of)));
        };
        const attempts: ((x: Node) => void)[] = [(x) => storable(x) && !this.whole.lookups.has(x) && this.stored.add(x), inside, (x) => storable(x) && this.stored.add(x)];
        for (const attempt of attempts) {
          for (const x of [...node.inputs].sort((p, q) => of(q).length - of(p).length)) {
            if (all.length <= budget) break;
            attempt(x);
            all = this.union(node.inputs.map(of));
          }
        }
      }
      if (isPassing(node)) reads.set(node, all);
    }
  }
}

/** How many of the tensors a value is computed from are as large as itself. */
function largeSources(node: Node, sources: readonly Node[]): number {
  const size = product(node.axes);
  let count = 0;
  for (const source of sources) if (2 * product(source.axes) > size) count++;
  return count;
}

/** Updates of a parameter and of its moments belong together; every other update stands alone. */
function groupUpdates(updates: readonly Update[]): UpdateGroup[] {
  const groups = new Map<string, Update[]>();
  for (const update of updates) {
    const { target } = update;
    const key = 'init' in target ? target.path : (target.moment?.param ?? target.path);
    const group = groups.get(key);
    if (group) group.push(update);
    else groups.set(key, [update]);
  }
  return [...groups.values()].map((group) => ({ updates: group, touched: group.find((update) => update.touched)?.touched }));
}
