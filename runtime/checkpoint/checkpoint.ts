/**
 * @file Checkpoints: a safetensors file with all parameters, moments and states by path, and in its metadata everything needed to go on
 * to the same bits: step (which is also the data position), seed, spec, training settings, data.
 */
import { CheckpointError } from '../errors.js';
import type { Executor } from '../executor.js';
import { writeAtomically, type Write } from './atomic.js';
import { FORMAT, FORMAT_VERSION, firstNaN, shapeOf, type CheckpointInfo } from './read.js';
import { encodeHeader } from './safetensors.js';

export { Checkpoint, loadCheckpoint, type CheckpointInfo } from './read.js';

/**
 * Saves a session's params, moments and states, atomically. The file is streamed: memory does not grow with the model.
 * @throws CheckpointError when it cannot be written or a tensor holds a NaN; the file that was there is untouched then
 */
export async function saveCheckpoint(path: string, session: Executor, info: CheckpointInfo, write?: Write): Promise<void> {
  const tensors = session.persistent();
  const metadata: Record<string, string> = {
    format: FORMAT,
    format_version: FORMAT_VERSION,
    arch: info.arch,
    fingerprint: info.fingerprint,
    step: String(info.step),
    seed: String(info.seed),
    resolved: info.resolved,
    source: info.source,
    train: info.train,
    data: info.data,
  };
  await writeAtomically(
    path,
    async (put) => {
      await put(encodeHeader(tensors.map((tensor) => ({ name: tensor.name, dtype: tensor.dtype, shape: shapeOf(tensor) })), metadata));
      for (const tensor of tensors) {
        const values = await session.read(tensor.id);
        const bad = firstNaN(values);
        if (bad !== undefined) throw new CheckpointError(`${path} was not saved: ${tensor.name} holds a NaN at element ${bad}\n  What was there before is untouched.`);
        await put(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
      }
    },
    write,
  );
}
