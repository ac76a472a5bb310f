/**
 * @file Decides which nodes are stored. The rest is computed where it is used.
 *
 * Stored are the results of kernels that reduce, and elementwise values that are used by several kernels and cost more to compute again than to
 * read, that a contraction or attention reads, or that would be computed again for each of many broadcast uses. Never stored: table rows looked up by
 * anything finer than a token, and the products that feed sums and scatters.
 */
import type { Axis, Node } from '../graph/graph.js';
import type { Decomposed } from './decompose.js';
import { CHEAP, Estimates, largeSources, none } from './estimates.js';
import { input, isKind, isRowScatter, isUnitSlice, product, sameSet, scatterAxes, viewKind } from './facts.js';
import { isPassing, isReduction, reducedAxes } from './kinds.js';
import { NodeMap, NodeSet, type ReadonlyNodeMap, type ReadonlyNodeSet } from './node-map.js';
import { withinSlots } from './slot-budget.js';
import { groupUpdates, sharedScalars, type UpdateGroup } from './update-groups.js';

export interface Schedule {
  /** Everything the procedure needs, operands first. */
  readonly order: readonly Node[];
  readonly position: ReadonlyNodeMap<number>;
  readonly users: ReadonlyNodeMap<readonly Node[]>;
  /** Elementwise values, views and small lookups that get a buffer. */
  readonly stored: ReadonlyNodeSet;
  /** Elementwise value -> the contraction whose epilogue it is. */
  readonly epilogues: ReadonlyMap<Node, Node>;
  /** Storage order: tokens first, and otherwise the node's own, unless something asks for another. */
  readonly layout: (node: Node) => readonly Axis[];
  /** Results that several kernels use. */
  readonly many: ReadonlyNodeSet;
  /** Position after which nothing reads a node from within its own kernel: when that kernel can be launched. */
  readonly last: ReadonlyNodeMap<number>;
  /** Scalars that the updates of several parameters read. */
  readonly kept: ReadonlySet<Node>;
  /** Row scatters some kernel reads as a whole. */
  readonly dense: ReadonlyNodeSet;
  readonly groups: readonly UpdateGroup[];
}

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
  private readonly position = new NodeMap<number>();
  private readonly users = new NodeMap<Node[]>();
  private readonly stored = new NodeSet();
  private readonly epilogues = new Map<Node, Node>();
  private readonly layouts = new NodeMap<readonly Axis[]>();
  private readonly uses = new NodeMap<Use>();
  private readonly estimates: Estimates;
  private readonly wanted: Set<Node>;
  private readonly groups: readonly UpdateGroup[];
  private readonly groupOf = new NodeMap<number>();
  /** Scatters whose rows an update takes as they come, and elementwise values of them: to store one would be to store a whole table. */
  private readonly sparse = new NodeSet();

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
    this.estimates = new Estimates(whole, this.users, this.position, maxSlots);
    this.groups.forEach((group, i) => {
      for (const update of group.updates) this.groupOf.set(update.value, this.order.length + i);
    });
  }

  run(): Schedule {
    for (const group of this.groups) if (group.touched) this.sparse.add(group.touched);
    for (const node of this.order) {
      this.estimates.add(node);
      if (node.op.kind === 'map' && node.inputs.some((x) => this.sparse.has(x))) this.sparse.add(node);
    }
    for (let i = this.order.length - 1; i >= 0; i--) {
      const node = this.order[i];
      if (node) this.decide(node);
    }
    const kept = sharedScalars(this.groups, this.stored);
    const { whole, order, estimates, maxSlots, sparse } = this;
    withinSlots({ whole, order, estimates, maxSlots, kept, sparse }, this.stored);
    const many = new NodeSet();
    const last = new NodeMap<number>();
    const dense = new NodeSet();
    for (const node of order) {
      const use = this.uses.get(node);
      if (!use) continue;
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

  // ---- backward: who uses it, and so whether it is stored

  private decide(node: Node): void {
    const use = this.use(node);
    this.uses.set(node, use);
    if (isKind(node, 'contract') && this.whole.contractions.has(node)) {
      const grouped = this.whole.grouped.get(node);
      this.operands(grouped ? [grouped.x, grouped.table] : node.inputs);
      this.epilogue(node);
    }
    const outer = this.whole.outers.get(node);
    if (outer) this.operands([outer.a, outer.b]);
    if (node.op.kind === 'attention' || node.op.kind === 'attention_grad') node.inputs.forEach((x) => this.exactly(x));
    if (isRowScatter(node)) this.sides(node);
    if (isPassing(node) && this.worthStoring(node, use)) this.stored.add(node);
  }

  /** What a row scatter's entries read side by side is stored so: else each entry would read every part. */
  private sides(scatter: Node): void {
    const seen = new Set<Node>();
    const walk = (node: Node): void => {
      if (seen.has(node)) return;
      seen.add(node);
      if (node.op.kind === 'concat') this.stored.add(node);
      if (node.op.kind === 'concat') node.inputs.filter(({ op }) => op.kind === 'concat').forEach(walk);
      else if (node.op.kind === 'map' || node.op.kind === 'order' || node.op.kind === 'expand' || node.op.kind === 'slice') node.inputs.forEach(walk);
    };
    scatter.inputs.forEach(walk);
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
        if (this.stored.has(user)) join(this.estimates.kernelOf(user), product(user.axes), false, at);
        else if (outer?.group !== undefined) {
          join(outer.group, outer.points, outer.heavy, outer.last);
          if (outer.many) use.many = true;
        }
      } else if (isReduction(user, this.whole.contractions)) {
        const points = product(user.axes) * product(reducedAxes(user));
        join(this.estimates.kernelOf(user), points, user.op.kind === 'contract', at);
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
    if (this.estimates.costly.has(node) && use.many) return true;
    const cost = this.estimates.cost.get(node) ?? 0;
    const sources = largeSources(node, this.estimates.sources.get(node) ?? none);
    // an update of touched rows binds a table, its moments and an index: its scalars come from beside the host's
    if (size === 1 && node.axes.length === 0 && sources > 1 && this.groups[(use.group ?? -1) - this.order.length]?.touched) return true;
    if (size === 1) return use.many && (sources > 1 || (cost >= CHEAP && (this.users.get(node) ?? []).some((user) => user.axes.length > 0)));
    const own = this.estimates.kernelOf(node);
    if (use.many) return cost > CHEAP || sources > 1;
    const again = use.points / size;
    const reader = this.order[use.group ?? -1];
    const lifted = reader !== undefined && this.estimates.cluster.has(reader) && node.axes.every((axis) => reader.axes.includes(axis));
    if (use.group !== own && !lifted && (use.heavy ? again >= 2 && cost >= 1 : again >= 8 && cost > CHEAP)) return true;
    const row = this.estimates.direct.get(node)?.at(-1);
    return row !== undefined && use.group !== own && node.axes.length > row.axes.length && cost > CHEAP;
  }

  /** Operands of a product are views of stored tensors, without holes. */
  private operands(nodes: readonly Node[]): void {
    for (const x of nodes) {
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
      if (!elementwise && kind !== 'bijection' && user.op.kind !== 'order' && !isUnitSlice(user)) break;
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
}
