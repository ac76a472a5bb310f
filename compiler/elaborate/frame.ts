/**
 * @file The names in reach inside one block while it is expanded: its tensors and settings, its axes, its place in the model.
 *
 * Axis names are local to a block. `carried` are the axes a value brings that the block does not mention (batch and time always, and, when a block
 * is applied under more axes than it declares, those): they pass through untouched, so a block says only what it works on.
 */
import type { Call, Path } from '../../grammar/ast.js';
import type { Axis } from '../graph/graph.js';
import type { Scope } from '../model/model.js';
import { Readings } from './readings.js';
import type { Value } from './values.js';

export class Frame {
  readonly names = new Map<string, Value>();
  /** What has been read so far, and for what. */
  readonly readings = new Readings();
  private readonly axes = new Map<string, readonly Axis[]>();
  private readonly places = new Map<string, string>();
  readonly carried = new Set<Axis>();
  /** The path new nodes get: the block's, or that of the `let` being evaluated. */
  here: string;

  constructor(
    /** The block's name, for messages and paths. */
    readonly block: string,
    readonly scope: Scope,
    /** `layers.2.ffn` */
    readonly path: string,
    /** Blocks being expanded, outermost first. */
    readonly chain: readonly string[],
  ) {
    this.here = path;
  }

  /** Binds an axis name (or the name of a pack of axes). `where`: for the note of shape errors. */
  bindAxes(name: string, axes: readonly Axis[], where: string): void {
    this.axes.set(name, axes);
    this.places.set(name, where);
  }

  /** The value of a name, which counts as read. */
  value(name: string): Value | undefined {
    const value = this.names.get(name);
    if (value) this.readings.read(name);
    return value;
  }

  /** The size of an axis, which counts as read: so do the names it was computed from. */
  size(name: string): number | undefined {
    const axis = this.axis(name);
    if (axis) this.readings.readSize(axis);
    return axis?.size;
  }

  /** The one axis of a name. */
  axis(name: string): Axis | undefined {
    const axes = this.axes.get(name);
    return axes?.length === 1 ? axes[0] : undefined;
  }

  /** The axes of a name, a pack's too. */
  pack(name: string): readonly Axis[] | undefined {
    return this.axes.get(name);
  }

  axisNames(): string[] {
    return [...this.axes.keys()];
  }

  *axisPlaces(): Iterable<{ name: string; size: number; where?: string }> {
    for (const [name, axes] of this.axes) {
      const axis = axes[0];
      if (axes.length === 1 && axis && !axis.token) yield { name, size: axis.size, where: this.places.get(name) };
    }
  }

  /** Axes of a value that this block works on. */
  own(axes: readonly Axis[]): Axis[] {
    return axes.filter((axis) => !this.carried.has(axis));
  }

  /** What a dotted path means outside blocks; see `SpecFrame`. */
  lookUpPath(_path: Path): Value | undefined {
    return undefined;
  }

  /** A call of a declared loss; see `SpecFrame`. */
  callLoss(_name: string, _call: Call): Value | undefined {
    return undefined;
  }

  /** `mean(layers)(...)`; see `SpecFrame`. */
  callOver(_name: string, _inner: Call, _call: Call): Value | undefined {
    return undefined;
  }
}
