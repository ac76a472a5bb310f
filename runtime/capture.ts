/**
 * @file Reading activations: temporaries share memory, so a value is read right after the dispatch that writes it last.
 */
import type { TensorRef, Values } from './execute.js';
import type { Executor } from './executor.js';

/**
 * Runs an entry and returns the values the named tensors had when they were complete.
 * @throws RangeError when the entry does not write one of them
 */
export async function capture(session: Executor, entry: string, inputs: Readonly<Record<string, Values>>, tensors: readonly TensorRef[], step?: number): Promise<Map<string, Values>> {
  const lastWrite = new Map<number, number>();
  for (const [index, dispatch] of session.entry(entry).dispatches.entries()) for (const id of dispatch.writes) lastWrite.set(id, index);
  const wanted = tensors.map((ref) => {
    const info = session.tensor(ref);
    const at = lastWrite.get(info.id);
    if (at === undefined) throw new RangeError(`entry ${entry} of ${session.program.arch} does not compute ${info.name}`);
    return { info, at };
  });
  const values = new Map<string, Values>();
  await session.runStepwise(entry, inputs, step, {
    after: async (_, index) => {
      for (const { info, at } of wanted) if (at === index) values.set(info.name, await session.read(info.id));
      return true;
    },
  });
  return values;
}
