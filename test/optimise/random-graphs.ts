/**
 * @file Random graphs of every operation, the same for the same seed.
 */
import type { Axis, Node, Param, State, Update } from '../../compiler/graph/graph.js';
import { differentiate } from '../../compiler/autodiff/differentiate.js';
import { GraphBuilder } from '../../compiler/graph/build.js';

/** A small generator of choices, the same for the same seed. */
class Chance {
  private state: number;
  constructor(seed: number) {
    this.state = (seed * 2654435761 + 97) >>> 0;
  }
  below(n: number): number {
    this.state = (Math.imul(this.state, 1664525) + 1013904223) >>> 0;
    return Math.floor((this.state / 2 ** 32) * n);
  }
  of<T>(list: readonly T[]): T {
    const found = list[this.below(list.length)];
    if (found === undefined) throw new Error('nothing to choose from');
    return found;
  }
  some<T>(list: readonly T[]): T[] {
    return list.filter(() => this.below(2) === 0);
  }
}

/** Outputs, updates and values of i32 inputs, made in `size` random steps. */
export function randomGraph(seed: number, size: number) {
  const chance = new Chance(seed);
  const b = new GraphBuilder();
  b.strictNames = false;
  const axes = [b.axis('batch', 1 + chance.below(3), 'batch'), b.axis('time', 1 + chance.below(6), 'time'), b.axis('d', 4 + chance.below(3)), b.axis('n', 1 + chance.below(9)), b.axis('k', 2)];
  const limit = 900;
  const points = (list: readonly Axis[]): number => list.reduce((n, axis) => n * axis.size, 1);
  const values: Node[] = [0, 1, 2, 3].map((i) => b.input(`x${i}`, chance.some(axes), 'f32'));
  const inputs: Record<string, number[]> = {};
  const indices: { node: Node; axis: Axis }[] = [0, 1].map((i) => {
    const axis = chance.of(axes);
    const node = b.input(`i${i}`, chance.some(axes).filter((a) => a !== axis), 'i32');
    inputs[`i${i}`] = Array.from({ length: points(node.axes) }, () => chance.below(axis.size + 2) - 1);
    return { node, axis };
  });
  const params: Param[] = [0, 1].map((i) => ({ path: `p${i}`, axes: chance.some(axes), init: { kind: 'zeros' } }));
  const states: State[] = [0, 1].map((i) => ({ path: `s${i}`, axes: chance.some(axes), initial: 0 }));
  values.push(...params.map((p) => b.param(p)), ...states.map((s) => b.state(s)), b.scalar({ kind: 'step' }));

  const steps: (() => Node | undefined)[] = [
    () => b.map(chance.of(['add', 'sub', 'mul', 'max', 'min', 'lt', 'le'] as const), chance.of(values), chance.of(values)),
    () => b.map(chance.of(['add', 'mul', 'sub'] as const), chance.of(values), chance.of(values)),
    () => b.map(chance.of(['tanh', 'sin', 'cos', 'erf', 'abs', 'neg', 'sign'] as const), chance.of(values)),
    () => b.exp(b.tanh(chance.of(values))),
    () => b.div(chance.of(values), b.add(b.abs(chance.of(values)), 1)),
    () => b.select(b.lt(chance.of(values), 0), chance.of(values), chance.of(values)),
    () => { const x = chance.of(values); return b.reduce(chance.of(['sum', 'max', 'min'] as const), x, chance.some(x.axes)); },
    () => { const x = chance.of(values); return b.tanh(b.sum(x, chance.some(x.axes))); },
    () => { const x = chance.of(values); const over = chance.some(x.axes); return over.length > 0 ? b.softmax(x, over) : undefined; },
    () => { const x = chance.of(values); const over = chance.some(x.axes); return over.length > 0 ? b.logsumexp(x, over) : undefined; },
    () => { const [x, y] = [chance.of(values), chance.of(values)]; return b.tanh(b.contract(x, y, chance.some(x.axes.filter((axis) => y.axes.includes(axis))))); },
    () => { const [x, y] = [chance.of(values), chance.of(values)]; return b.contract(x, y, chance.some(x.axes.filter((axis) => y.axes.includes(axis)))); },
    () => { const x = chance.of(values); return b.order(x, [...x.axes].reverse()); },
    () => { const x = chance.of(values); return b.expand(x, axes.filter((axis) => !x.axes.includes(axis)).slice(0, 1)); },
    () => { const x = chance.of(values); const axis = x.axes[0]; return axis ? b.shift(x, axis, chance.below(3) - 1) : undefined; },
    () => {
      const x = chance.of(values);
      const [first, second] = chance.some(x.axes);
      if (!first || !second) return undefined;
      const merged = b.axis('merged', first.size * second.size);
      const turned = b.mul(b.merge(x, [first, second], merged), 2);
      return b.split(turned, merged, chance.below(2) === 0 || x.axes.length < 2 ? [first, second] : [second, first]);
    },
    () => {
      const x = chance.of(values);
      const axis = x.axes.at(-1);
      if (!axis || axis.size < 2) return undefined;
      const start = chance.below(axis.size - 1);
      const part = b.axis('part', axis.size - start - 1 || 1);
      const piece = b.slice(x, axis, start, part);
      return b.pad(b.tanh(piece), part, start, axis);
    },
    () => {
      const x = chance.of(values);
      const axis = x.axes.at(-1);
      if (!axis || axis.size < 2) return undefined;
      const [left, right] = [b.axis('left', 1), b.axis('right', axis.size - 1)];
      return b.concat([b.slice(x, axis, axis.size - 1, left), b.slice(x, axis, 0, right)], [left, right], axis);
    },
    () => { const { node, axis } = chance.of(indices); const x = chance.of(values.filter((v) => v.axes.includes(axis))); return b.gather(x, [axis], [node]); },
    () => {
      const { node, axis } = chance.of(indices);
      const x = chance.of(values);
      if (x.axes.includes(axis)) return undefined;
      const rest = x.axes.filter((a) => !node.axes.includes(a));
      return b.scatter(x, [axis], [node], [...chance.some(node.axes), axis, ...rest]);
    },
    () => {
      const x = chance.of(values);
      const axis = x.axes.find((a) => a.size > 1);
      if (!axis) return undefined;
      const pick = b.top(x, axis, b.axis('take', 2));
      const take = pick.axes.at(-1);
      indices.push({ node: pick, axis });
      const chosen = b.gather(x, [axis], [pick]);
      return take ? b.sum(chosen, [take]) : undefined;
    },
    () => {
      const { node, axis } = chance.of(indices);
      const along = chance.some(node.axes);
      if (chance.below(2) === 0) along.reverse();
      const by = chance.of(values);
      return b.position(node, axis.size, along, chance.below(2) === 0 && by.axes.every((a) => node.axes.includes(a)) ? by : undefined);
    },
    () => { const { node, axis } = chance.of(indices); indices.push({ node: b.select(b.lt(chance.of(values), 0), node, -1), axis }); return undefined; },
    () => { const x = chance.of(values); return b.mul(b.iota(chance.of(axes)), x); },
    () => { const x = chance.of(values); return b.sum(b.mul(x, x), x.axes); },
  ];
  for (let i = 0; i < size; i++) {
    try {
      const node = chance.of(steps)();
      if (node && points(node.axes) <= limit && node.axes.every((axis) => axes.includes(axis))) values.push(b.mul(node, 0.7));
    } catch (error) {
      // a choice that has no shape is no choice
      if (!(error instanceof Error) || !/ShapeError|nothing to choose/.test(`${error.name} ${error.message}`)) throw error;
    }
  }
  const outputs: Record<string, Node> = {};
  values.slice(-8).filter(() => chance.below(2) === 0).forEach((node, i) => { outputs[`out${i}`] = node; });
  outputs['last'] = values.at(-1) ?? b.constant(1);
  // gradients bring the adjoints of everything above
  if (chance.below(2) === 0) {
    const end = b.tanh(outputs['last'] ?? b.constant(1));
    const wrt = values.slice(0, 8);
    differentiate(b, b.sum(end, end.axes), wrt).forEach((gradient, i) => {
      if (gradient && points(gradient.axes) <= limit) {
        outputs[`grad${i}`] = gradient;
        values.push(gradient);
      }
    });
  }
  const updates: Update[] = [...params, ...states].flatMap((target) => {
    const fits = values.filter((node) => node.axes.every((axis) => target.axes.includes(axis)));
    return fits.length > 0 ? [{ target, value: b.expand(chance.of(fits.slice(-4)), []) }] : [];
  }).filter(({ target, value }) => value.axes.length === target.axes.length);
  return { outputs, updates, inputs };
}

