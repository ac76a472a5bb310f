/**
 * @file Starting from another run: parameters and states of the same path and shape are taken from its checkpoint, the others start as they would.
 * Moments are not taken: the optimiser starts anew.
 */
import { CheckpointError } from '../errors.js';
import type { Executor } from '../executor.js';
import type { TensorInfo } from '../program.js';
import { type Checkpoint, shapeOf } from './read.js';

/** What is to be taken from a checkpoint. */
export interface Taking {
  readonly path: string;
  /** The arch the checkpoint is of, and its steps. */
  readonly arch: string;
  readonly step: number;
  readonly taken: readonly TensorInfo[];
  /** Names of those that start as the spec says: the checkpoint lacks them. */
  readonly fresh: readonly string[];
  /** Names of those that start as the spec says, because the checkpoint's has another shape. */
  readonly reshaped: readonly string[];
}

/** How many tensors an error or a line lists. */
const LISTED = 5;
/** The optimiser's note of a step that went wrong; every run has its own. */
const BAD_STEP = 'bad_step';

/**
 * Decides what of `checkpoint` the session takes; nothing is written yet.
 * @param frozen paths that must be there: they will not be trained
 * @throws CheckpointError when nothing fits, or a frozen parameter does not
 */
export function planTaking(checkpoint: Checkpoint, session: Executor, frozen: readonly string[] = []): Taking {
  const { path, info } = checkpoint;
  const wanted = session.persistent().filter(({ role, name }) => (role === 'param' || role === 'state') && name !== BAD_STEP);
  const fits = ({ name, dtype, axes }: TensorInfo): boolean => {
    const stored = checkpoint.tensors.get(name);
    return stored?.dtype === dtype && stored.shape.join() === axes.map(({ size }) => size).join();
  };
  const taken = wanted.filter(fits);
  const left = wanted.filter((tensor) => !fits(tensor));
  const holds = `${path} holds ${info.arch}`;
  const lacking = left.filter(({ name }) => frozen.includes(name));
  if (lacking.length > 0) {
    const lines = lacking.map((tensor) => {
      const stored = checkpoint.tensors.get(tensor.name);
      const shape = `[${shapeOf(tensor).join(', ')}]`;
      return stored ? `differs: ${tensor.name} is [${stored.shape.join(', ')}] there, ${shape} in the spec` : `missing: ${tensor.name} ${shape}`;
    });
    throw new CheckpointError(`${holds}, which lacks frozen parameters of ${session.program.arch}:\n${listed(lines).map((line) => `    ${line}`).join('\n')}\n  A frozen parameter is not trained: take it from a run that has it, or do not freeze it.`);
  }
  if (!taken.some(({ role }) => role === 'param')) {
    throw new CheckpointError(`${holds}: none of its ${checkpoint.tensors.size} tensors has the path and shape of a parameter of ${session.program.arch}\n  \`archc diff\` between the two specs shows what differs.`);
  }
  const names = (has: boolean): string[] => left.filter(({ name }) => checkpoint.tensors.has(name) === has).map(({ name }) => name);
  return { path, arch: info.arch, step: info.step, taken, fresh: names(false), reshaped: names(true) };
}

/** Writes what was planned to the session, which has been initialised. */
export async function take(checkpoint: Checkpoint, session: Executor, { taken }: Taking): Promise<void> {
  for (const tensor of taken) await session.write(tensor.id, await checkpoint.read(tensor.name));
}

/** `38 tensors of Dense at step 400 (runs/base/checkpoint.safetensors); new: layers.2.sae.centre, ...`, for people. */
export function takingText({ path, arch, step, taken, fresh, reshaped }: Taking): string {
  const list = (what: string, names: readonly string[]): string => (names.length === 0 ? '' : `; ${what}: ${listed(names).join(', ')}`);
  return `starting from ${taken.length} tensors of ${arch} at step ${step} (${path})${list('new', fresh)}${list('new, of another shape there', reshaped)}`;
}

function listed(lines: readonly string[]): string[] {
  return lines.length <= LISTED ? [...lines] : [...lines.slice(0, LISTED), `and ${lines.length - LISTED} more`];
}
