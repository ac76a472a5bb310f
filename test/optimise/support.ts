/**
 * @file Compares lowered procedures, run kernel by kernel, with the float64 interpreter of the graph.
 */
import { expect } from 'vitest';
import type { Node, Param, Procedure, State, Update } from '../../compiler/graph/graph.js';
import { topological } from '../../compiler/graph/walk.js';
import { lower, type Lowered, type LowerOptions } from '../../compiler/optimise/lower.js';
import { evaluate, scalarValue } from '../reference/interpret.js';
import { Machine } from '../reference/run-kernels.js';

export const options: LowerOptions = {
  limits: { maxBindingBytes: 2 ** 27, maxBufferBytes: 2 ** 30, maxSlots: 8 },
  scratchSize: ({ entries, rows }) => 2 * Math.min(entries, rows) + 16,
};

/** Numbers that look random and are the same every time. */
export function numbers(size: number, seed: number): number[] {
  let state = (seed * 2654435761 + 12345) >>> 0;
  return Array.from({ length: size }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state / 2 ** 32) * 2 - 1;
  });
}

export interface Case {
  readonly outputs: Readonly<Record<string, Node>>;
  readonly updates?: readonly Update[];
  /** Values of i32 inputs, by name; other leaves get numbers. */
  readonly inputs?: Readonly<Record<string, readonly number[]>>;
  readonly positive?: readonly string[];
  /** Leaves that are zero. */
  readonly zero?: readonly string[];
  readonly step?: number;
  readonly maxSlots?: number;
  readonly tolerance?: number;
}

/** Lowers, runs and compares outputs and updates; gives the lowered form for further questions. */
export function check(given: Case): Lowered {
  const procedure: Procedure = {
    name: 'train',
    outputs: Object.entries(given.outputs).map(([name, node]) => ({ name, node })),
    updates: given.updates ?? [],
  };
  const roots = [...procedure.outputs.map((output) => output.node), ...procedure.updates.map((update) => update.value)];
  const params = new Map<string, number[]>();
  const states = new Map<string, number[]>();
  const inputs = new Map<string, readonly number[]>();
  const size = (axes: readonly { readonly size: number }[]): number => axes.reduce((n, axis) => n * axis.size, 1);
  let seed = 1;
  const fresh = (name: string, n: number): number[] => {
    const values = given.zero?.includes(name) ? new Array<number>(n).fill(0) : numbers(n, seed++);
    return given.positive?.includes(name) ? values.map(Math.abs) : values;
  };
  const addTarget = (target: Param | State): void => {
    const into = 'init' in target ? params : states;
    if (!into.has(target.path)) into.set(target.path, fresh(target.path, size(target.axes)));
  };
  for (const { op, axes } of topological(roots)) {
    if (op.kind === 'param') addTarget(op.param);
    else if (op.kind === 'state') addTarget(op.state);
    else if (op.kind === 'input') inputs.set(op.name, given.inputs?.[op.name] ?? fresh(op.name, size(axes)));
  }
  for (const update of procedure.updates) addTarget(update.target);
  const step = given.step ?? 3;
  const expected = evaluate(roots, { params, states, inputs, step });

  const lowered = lower([procedure], given.maxSlots ? { ...options, limits: { ...options.limits, maxSlots: given.maxSlots } } : options);
  const [program] = lowered.programs;
  if (!program) throw new Error('no program');
  const machine = new Machine(lowered.programs);
  for (const [name, values] of [...params, ...states, ...inputs]) machine.write(name, values);
  for (const target of procedure.updates.map((update) => update.target)) {
    if ('initial' in target && target.moment) machine.write(`${target.moment.param}.${target.moment.name}`, states.get(target.path) ?? []);
  }
  machine.write('scalars', lowered.scalars.map((spec) => scalarValue(spec, step)));
  machine.run(program);

  roots.forEach((node, i) => {
    const output = procedure.outputs[i];
    const update = procedure.updates[i - procedure.outputs.length];
    const target = update?.target;
    const name = output?.name ?? (target && 'initial' in target && target.moment ? `${target.moment.param}.${target.moment.name}` : (target?.path ?? ''));
    const found = machine.read(program, name);
    const wanted = expected[i] ?? new Float64Array();
    const before = target ? ((target && 'init' in target ? params : states).get(target.path) ?? []) : [];
    if (update) compareUpdate(name, update, node, found, wanted, before, given.tolerance);
    else compare(name, found, wanted, given.tolerance);
  });
  for (const { kernel } of program.launches) expect(kernel.slots.length).toBeLessThanOrEqual(given.maxSlots ?? 8);
  return lowered;
}

function compare(name: string, found: Float64Array, wanted: Float64Array, tolerance = 1e-9): void {
  expect(found.length, `${name}: size`).toBe(wanted.length);
  for (const [i, value] of wanted.entries()) {
    const got = found[i] ?? NaN;
    if (!(Math.abs(got - value) <= tolerance * (1 + Math.abs(value)))) expect.fail(`${name}[${i}] is ${got}, should be ${value}`);
  }
}

/** Rows that no entry touches keep their old value. */
function compareUpdate(name: string, update: Update, value: Node, found: Float64Array, wanted: Float64Array, before: readonly number[], tolerance?: number): void {
  const size = found.length;
  const order = update.target.axes;
  // the value's storage order may differ from the target's
  const strides = new Map<number, number>();
  let stride = 1;
  for (const axis of [...value.axes].reverse()) {
    strides.set(axis.id, stride);
    stride *= axis.size;
  }
  const arranged = new Float64Array(size);
  for (let i = 0; i < size; i++) {
    let rest = i;
    let place = 0;
    for (const axis of [...order].reverse()) {
      place += (rest % axis.size) * (strides.get(axis.id) ?? 0);
      rest = Math.floor(rest / axis.size);
    }
    arranged[i] = wanted[place] ?? NaN;
  }
  if (!update.touched) return compare(name, found, arranged, tolerance);
  const row = size / (order[0]?.size ?? 1);
  let kept = 0;
  for (let r = 0; r < size / row; r++) {
    const same = Array.from({ length: row }, (_, i) => found[r * row + i] === before[r * row + i]).every(Boolean);
    if (same) {
      kept++;
      arranged.set(before.slice(r * row, (r + 1) * row), r * row);
    }
  }
  expect(kept, `${name}: rows left alone`).toBeLessThan(size / row);
  compare(name, found, arranged, tolerance);
}
