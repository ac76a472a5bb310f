/**
 * @file Which names of a block are read, and for what: a setting that only gives the size of an axis matters where a value has that axis, one that is
 * never read matters nowhere.
 */
import type { Axis } from '../graph/graph.js';

export class Readings {
  private readonly read_ = new Set<string>();
  private readonly sizes = new Map<Axis, ReadonlySet<string>>();
  private sizing: Set<string> | undefined;

  read(name: string): void {
    (this.sizing ?? this.read_).add(name);
  }

  readSize(axis: Axis): void {
    for (const name of this.sizes.get(axis) ?? []) this.read(name);
  }

  /** Makes an axis: what `make` reads is read for its size. */
  forSize(make: () => Axis): Axis {
    const outer = this.sizing;
    const own = new Set<string>();
    this.sizing = own;
    try {
      const axis = make();
      this.sizes.set(axis, new Set([...(this.sizes.get(axis) ?? []), ...own]));
      return axis;
    } finally {
      this.sizing = outer;
    }
  }

  /** Whether `name` was read, other than for the size of an axis that is not among `axes`. */
  matters(name: string, axes: ReadonlySet<Axis>): boolean {
    return this.read_.has(name) || [...this.sizes].some(([axis, names]) => names.has(name) && axes.has(axis));
  }
}
