/**
 * @file Products as contractions: axes sorted into batch, m, n and k, each flattened to one variable; the elementwise values after it fused as the epilogue.
 */
import type { Axis, Node } from '../graph/graph.js';
import type { Contraction } from '../kernels/kernel.js';
import { Closer, SlotTable } from './close.js';
import { input, isKind, product } from './facts.js';
import { constant, rowMajor, unravel, variable, type Index } from './index-form.js';
import type { Lowering } from './lowering.js';
import { contractionName } from './names.js';
import { Signature } from './signature.js';
import type { Value } from './value.js';

/** Launches `contract`, storing `root` (itself, or the elementwise value its epilogue computes). */
export function launchContraction(lowering: Lowering, contract: Node, root: Node): void {
  if (!isKind(contract, 'contract')) throw new Error('not a contraction');
  const covered = root === contract ? [contract] : [contract, ...lowering.between(contract, root)];
  const home = lowering.home(root);
  const signature = new Signature(lowering, new Set(covered));
  signature.word('contraction');
  signature.home(home);
  signature.node(root);
  const known = lowering.patterns.find(signature);
  if (known) return void lowering.finish(known.kernel, known.buffers, lowering.pathsOf(covered));
  const { over } = contract.op;
  let [a, b] = [input(contract), input(contract, 1)];
  const axes = lowering.schedule.layout(contract);
  const last = axes.at(-1);
  // n runs along the result's last axis, so that neighbours are stored together
  if (last && a.axes.includes(last) && !b.axes.includes(last)) [a, b] = [b, a];
  const inBoth = axes.filter((axis) => a.axes.includes(axis) && b.axes.includes(axis));
  const m = axes.filter((axis) => !b.axes.includes(axis));
  const n = axes.filter((axis) => !a.axes.includes(axis));
  const k = a.axes.filter((axis) => over.includes(axis));
  const places = new Map<Axis, Index>();
  const flatten = (name: string, axes: readonly Axis[]): number => {
    const size = product(axes);
    const at = unravel(size === 1 ? constant(0) : variable(name, size), axes.map((axis) => axis.size));
    axes.forEach((axis, i) => places.set(axis, at[i] ?? constant(0)));
    return size;
  };
  const sizes = { batch: flatten('batch', inBoth), m: flatten('m', m), n: flatten('n', n), k: flatten('k', k) };

  const acc: Value = { kind: 'local', name: 'acc', dtype: 'f32' };
  const reader = lowering.reader(new Set([contract, root]), new Map([[contract, acc]]));
  const rootPlaces = forward(contract, root, places, lowering);
  const slots = new SlotTable();
  const closer = new Closer(slots);
  const first = closer.value(reader.at(a, places));
  const second = closer.value(reader.at(b, places));
  const value = closer.value(reader.at(root, rootPlaces));
  const index = closer.index(rowMajor(home.layout.map((axis) => rootPlaces.get(axis) ?? constant(0)), home.layout.map((axis) => axis.size)));
  const store = { slot: slots.write(home.buffer), index, value };
  const flops = 2 * sizes.batch * sizes.m * sizes.n * sizes.k;
  const bytes = 4 * slots.buffers.reduce((sum, buffer) => sum + buffer.size, 0);
  const shape = `batch ${sizes.batch}, m ${sizes.m}, n ${sizes.n}, k ${sizes.k}`;
  const kernel: Contraction = {
    kind: 'contraction', name: contractionName(contract, root), slots: slots.slots(), about: [slots.about(), shape], flops, bytes, ...sizes, a: first, b: second, store,
  };
  lowering.finish(lowering.patterns.add(signature, kernel, slots.buffers), slots.buffers, lowering.pathsOf(covered));
}

/** Where the root stands when the contraction stands at `places`: through the views and functions between them. */
export function forward(contract: Node, root: Node, places: ReadonlyMap<Axis, Index>, lowering: Lowering): Map<Axis, Index> {
  const at = new Map(places);
  for (let node = contract; node !== root; ) {
    const next = lowering.schedule.users.get(node)?.[0];
    if (!next) throw new Error('an epilogue follows its contraction');
    const where = (axis: Axis): Index => at.get(axis) ?? constant(0);
    const { op } = next;
    if (op.kind === 'rename') at.set(op.to, where(op.from));
    else if (op.kind === 'merge') at.set(op.into, rowMajor(op.axes.map(where), op.axes.map((axis) => axis.size)));
    else if (op.kind === 'split') unravel(where(op.axis), op.into.map((axis) => axis.size)).forEach((place, i) => {
      const axis = op.into[i];
      if (axis) at.set(axis, place);
    });
    node = next;
  }
  return at;
}
