/**
 * @file The state of lowering one procedure: which nodes are stored where, which kernel computes what, what has been launched.
 */
import type { Axis, Node } from '../graph/graph.js';
import type { Buffer, Invert, Kernel } from '../kernels/kernel.js';
import { Reader, i32Range, type Coordinates, type Home, type Source } from './access.js';
import type { Buffers } from './buffers.js';
import type { Patterns } from './dedupe.js';
import type { Decomposed } from './decompose.js';
import { isKind, isSameLookup, viewKind } from './facts.js';
import { LimitError } from './limits.js';
import { isPassing, isReduction } from './kinds.js';
import type { Schedule } from './schedule.js';
import { NodeMap } from './node-map.js';
import type { Segments } from './segments.js';
import type { Finished, NestUnit, Unit } from './units.js';
import type { Value } from './value.js';

export type ScratchSize = (kernel: Pick<Invert, 'entries' | 'rows'>) => number;

/** What computing some nodes in one kernel reads. */
export interface Scan {
  /** Buffers, and nodes that will have one. */
  readonly slots: ReadonlySet<Buffer | Node>;
  /** Nodes other kernels compute; true if only ever read at the same place of every axis. */
  readonly boundary: ReadonlyMap<Node, boolean>;
  /** Leaves read at another place. */
  readonly shifted: ReadonlySet<Node>;
  /** False if a member is read at another place than its own. */
  readonly fits: boolean;
}

/** `compute`: by its own operation, whether or not it is stored. Otherwise: as any kernel would read it. */
export interface Start {
  readonly node: Node;
  readonly compute: boolean;
}

const nothing: ReadonlySet<Node> = new Set();

export class Lowering {
  /** Units with a place, and finished kernels. */
  readonly units: Unit[] = [];
  readonly segments = new Map<string, Segments>();
  /** The unit that computes a node. */
  readonly producer = new NodeMap<NestUnit | number>();
  private readonly homes = new NodeMap<Home>();
  private readonly outputs = new NodeMap<Home>();
  private places = 0;
  private readonly ranges = new NodeMap<readonly [number, number]>();
  /** Set by the walk: launches what computes a node nothing has computed yet. */
  computeNow: (node: Node) => void = (node) => {
    throw new Error(`nothing computes ${node.op.kind} ${node.path}`);
  };

  constructor(readonly whole: Decomposed, readonly schedule: Schedule, readonly buffers: Buffers, readonly scratchSize: ScratchSize, readonly maxSlots: number, readonly patterns: Patterns) {}

  // ---- where nodes are

  /** Computed in passing rather than loaded. */
  isInline(node: Node): boolean {
    return (isPassing(node) && !this.schedule.stored.has(node)) || node.op.kind === 'const' || node.op.kind === 'iota';
  }
  isReduction(node: Node): boolean {
    return isReduction(node, this.whole.contractions);
  }
  isLeaf(node: Node): boolean {
    return node.op.kind === 'param' || node.op.kind === 'state' || node.op.kind === 'input' || node.op.kind === 'scalar';
  }

  /** The buffer of a stored node, made when first asked for. */
  home(node: Node): Home {
    const known = this.buffers.leaf(node) ?? this.homes.get(node);
    if (known) return known;
    const home = this.outputs.get(node) ?? this.buffers.temp(node, this.schedule.layout(node));
    this.homes.set(node, home);
    return home;
  }
  /** Says where a node already is. */
  adopt(node: Node, home: Home): void {
    this.homes.set(node, home);
  }
  /** Stores `node` straight into an output buffer. */
  storeAs(node: Node, home: Home): void {
    this.outputs.set(node, home);
  }
  isOutput(node: Node): boolean {
    return this.outputs.has(node);
  }

  /** Reads nodes for a kernel that computes `members` itself; those in `locals` are stages of it. */
  reader(members: ReadonlySet<Node> = new Set(), locals: ReadonlyMap<Node, Value> = new Map()): Reader {
    const resolve = (node: Node): Source => {
      const value = locals.get(node);
      if (value) return { kind: 'local', value };
      if (members.has(node) || this.isInline(node)) return { kind: 'compute' };
      return { kind: 'home', home: this.home(node) };
    };
    return new Reader(resolve, (node) => this.range(node));
  }

  range(node: Node): readonly [number, number] {
    let range = this.ranges.get(node);
    if (!range) this.ranges.set(node, (range = i32Range(node, (x) => this.range(x))));
    return range;
  }

  // ---- what computing needs

  /** `segments`: the scatter whose rows the kernel goes through, one after the other. */
  scan(starts: readonly Start[], members: ReadonlySet<Node> = new Set(), segments?: Node): Scan {
    const slots = new Set<Buffer | Node>();
    const boundary = new Map<Node, boolean>();
    let shifted: Set<Node> | undefined;
    let fits = true;
    /** Nodes met: true if only at the same place. */
    const met = new Map<Node, boolean>();
    const enter = (node: Node, same: boolean): void => {
      const stays = same && (node.op.kind === 'map' || viewKind(node) === 'identity' || !isPassing(node) || node.op.kind === 'scatter');
      const inputs = segments && isSameLookup(node, segments) ? node.inputs.slice(0, 1) : node.inputs;
      for (let i = 0; i < inputs.length; i++) {
        const x = inputs[i];
        if (x) see(x, stays || (same && i > 0 && node.op.kind === 'gather'));
      }
    };
    const see = (node: Node, same: boolean): void => {
      const before = met.get(node);
      if (before === false || (before === true && same)) return;
      met.set(node, same);
      if (members.has(node)) {
        if (!same) fits = false;
        return;
      }
      if (this.isInline(node)) return enter(node, same);
      const leaf = this.buffers.leaf(node);
      slots.add(leaf ? leaf.buffer : node);
      if (!this.isLeaf(node)) boundary.set(node, (boundary.get(node) ?? true) && same);
      else if (!same) (shifted ??= new Set()).add(node);
    };
    for (const { node, compute } of starts) {
      if (compute) enter(node, true);
      else see(node, true);
    }
    return { slots, boundary, shifted: shifted ?? nothing, fits };
  }

  // ---- launches

  /** The place after everything launched so far. */
  nextPlace(): number {
    return this.places++;
  }

  place(unit: NestUnit): void {
    if (unit.place !== undefined) return;
    unit.place = this.nextPlace();
    this.units.push(unit);
  }

  finish(kernel: Kernel, buffers: readonly Buffer[], paths: readonly string[], place = this.nextPlace()): number {
    if (buffers.length > this.maxSlots) throw new LimitError(paths[0] ?? kernel.name, 'slots', buffers.length, this.maxSlots);
    const unit: Finished = { kind: 'finished', place, kernel, buffers, paths };
    this.units.push(unit);
    return place;
  }

  /** Makes sure every node a kernel reads has been stored by an earlier launch. */
  requireAll(scan: Scan): void {
    for (const node of scan.boundary.keys()) this.require(node);
  }

  require(node: Node): void {
    if (this.isLeaf(node) || this.isInline(node)) return;
    const unit = this.producer.get(node);
    if (unit === undefined) return this.computeNow(node);
    if (typeof unit === 'number') return;
    if (!unit.steps.some((step) => step.kind === 'store' && step.store.node === node)) {
      if (unit.slots.size >= this.maxSlots) {
        this.place(unit);
        this.producer.delete(node);
        return this.computeNow(node);
      }
      const after = unit.steps.findIndex((step) => step.kind === 'reduce' && step.node === node);
      unit.steps.splice(after + 1, 0, { kind: 'store', store: { node, home: this.home(node) } });
      unit.slots.add(this.home(node).buffer);
    }
    this.place(unit);
  }

  /** Where the launch that stores `node` stands; undefined while its unit still grows. */
  placeOf(node: Node): number | undefined {
    const unit = this.producer.get(node);
    return typeof unit === 'number' ? unit : unit?.place;
  }

  /** Spec paths of some nodes, each once. */
  pathsOf(nodes: Iterable<Node>): string[] {
    return [...new Set([...nodes].map((node) => node.path).filter((path) => path !== ''))];
  }

  /** The nodes from a contraction to the end of its epilogue, without the contraction. */
  between(contract: Node, root: Node): Node[] {
    const found: Node[] = [];
    for (let node = contract; node !== root; ) {
      const next = this.schedule.users.get(node)?.[0];
      if (!next) break;
      found.push(next);
      node = next;
    }
    return found;
  }

  /** Whether reading `node` over `layout` walks a buffer from its start, element by element: then the buffer serves as it is. */
  contiguous(node: Node, layout: readonly Axis[], places: Coordinates, key: string): Buffer | undefined {
    if (this.isLeaf(node) && !isKind(node, 'param') && !isKind(node, 'input') && !isKind(node, 'state')) return undefined;
    const value = this.reader().at(node, places);
    if (value.kind !== 'load' || value.index.key !== key) return undefined;
    return value.buffer.size === layout.reduce((n, axis) => n * axis.size, 1) ? value.buffer : undefined;
  }
}
