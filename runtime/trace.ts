/**
 * @file Finding where a NaN was born: run a step one dispatch at a time and look at what each wrote.
 */
import type { Values } from './execute.js';
import type { Executor } from './executor.js';
import type { TensorInfo } from './program.js';

/** The first tensor, in the order of execution, that holds a NaN or an infinity. */
export interface NonFinite {
  readonly tensor: string;
  /** Element, row-major. */
  readonly element: number;
  readonly value: number;
  /** How many of its elements are not finite. */
  readonly count: number;
  /** The kernel that wrote it; absent when it was there before the step. */
  readonly kernel?: string;
}

/**
 * Runs an entry dispatch by dispatch until something is not finite; later dispatches, and so the updates of the step, do not run then.
 * Temporaries and outputs are cleared first. Reads back everything that is written: slow.
 */
export async function runTraced(session: Executor, entry: string, inputs: Readonly<Record<string, Values>>, step?: number): Promise<NonFinite | undefined> {
  for (const tensor of session.persistent()) {
    const found = firstNonFinite(tensor, await session.read(tensor.id));
    if (found) return found;
  }
  session.clear(['temp', 'output']);
  let result: NonFinite | undefined;
  let before = new Map<number, Values>();
  await session.runStepwise(entry, inputs, step, {
    before: async (dispatch) => {
      before = new Map();
      for (const id of dispatch.writes) before.set(id, await session.read(id));
    },
    after: async (dispatch) => {
      const kernel = session.program.modules[dispatch.module]?.name;
      for (const id of dispatch.writes) {
        const tensor = session.tensor(id);
        const found = firstNonFinite(tensor, await session.read(id), before.get(id));
        if (!found) continue;
        result = kernel === undefined ? found : { ...found, kernel };
        return false;
      }
      return true;
    },
  });
  return result;
}

/** Elements whose bits equal those of `before` do not count: a kernel may write only part of a tensor, and the rest of its memory may hold another's. */
function firstNonFinite(tensor: TensorInfo, values: Values, before?: Values): NonFinite | undefined {
  if (values instanceof Int32Array) return undefined;
  const bits = new Int32Array(values.buffer);
  const old = before ? new Int32Array(before.buffer) : undefined;
  let first: { readonly element: number; readonly value: number } | undefined;
  let count = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? 0;
    if (Number.isFinite(value) || (old && old[i] === bits[i])) continue;
    first ??= { element: i, value };
    count++;
  }
  return first && { tensor: tensor.name, ...first, count };
}
