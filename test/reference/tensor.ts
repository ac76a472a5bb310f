/**
 * @file Dense float64 tensors over named axes, addressed by points: a point says where it stands on each axis it knows.
 */
import type { Axis } from '../../compiler/graph/graph.js';

/** Positions by axis; immutable: a chain of what was said, the latest first. */
export class Point {
  private constructor(private readonly axis?: Axis, private readonly position = 0, private readonly before?: Point) {}
  static readonly origin = new Point();
  get(axis: Axis): number {
    for (let at: Point | undefined = this; at; at = at.before) if (at.axis === axis) return at.position;
    throw new Error(`no position on ${axis.name}`);
  }
  with(axis: Axis, position: number): Point {
    return new Point(axis, position, this);
  }
}

/** All points of `axes`, the last fastest, on top of what `base` says. */
export function* points(axes: readonly Axis[], base: Point = Point.origin): Generator<Point> {
  const [axis, ...rest] = axes;
  if (!axis) {
    yield base;
    return;
  }
  for (let i = 0; i < axis.size; i++) yield* points(rest, base.with(axis, i));
}

export class Tensor {
  private constructor(readonly axes: readonly Axis[], readonly data: Float64Array) {}

  static size(axes: readonly Axis[]): number {
    return axes.reduce((n, axis) => n * axis.size, 1);
  }
  static of(axes: readonly Axis[], data: ArrayLike<number>, what: string): Tensor {
    if (data.length !== Tensor.size(axes)) throw new Error(`${what} has ${data.length} numbers, not ${Tensor.size(axes)}`);
    return new Tensor(axes, Float64Array.from(data));
  }
  static fill(axes: readonly Axis[], value: (at: Point) => number): Tensor {
    const data = new Float64Array(Tensor.size(axes));
    let i = 0;
    for (const at of points(axes)) data[i++] = value(at);
    return new Tensor(axes, data);
  }
  private offset(at: Point): number {
    let offset = 0;
    for (const axis of this.axes) {
      const position = at.get(axis);
      if (position < 0 || position >= axis.size) throw new Error(`${position} is outside ${axis.name} ${axis.size}`);
      offset = offset * axis.size + position;
    }
    return offset;
  }
  /** Axes the tensor lacks are ignored: that is broadcasting. */
  at(at: Point): number {
    return this.data[this.offset(at)] ?? NaN;
  }
  add(at: Point, value: number): void {
    const i = this.offset(at);
    this.data[i] = (this.data[i] ?? NaN) + value;
  }
}
