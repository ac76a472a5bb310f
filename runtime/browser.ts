/**
 * @file The runtime's library for web pages: what needs no files. `archc build` output runs as it is served, on `navigator.gpu` (WGSL) or as WebAssembly, and can be
 * trained there. It is bundled without any module of Node (`scripts/browser.js`), so a page can import the one file `dist/browser/runtime.js`.
 *
 *     const program = await loadProgram(new URL('out/program.json', location.href));
 *     const model = await createModel(program, undefined, { checkpoint: new Uint8Array(await (await fetch('checkpoint.safetensors')).arrayBuffer()) });
 */
export type * from './program.js';
export { openDevice, Device, type OpenOptions } from './device/device.js';
export { describeAdapter, type AdapterDescription } from './device/describe.js';
export { checkNeeds, type Limits } from './device/limits.js';
export type { AdapterSource } from './device/source.js';
export { Session, elements, type TensorRef, type Values } from './execute.js';
export type { DispatchTime, Executor } from './executor.js';
export { CpuSession, type CpuOptions } from './cpu/session.js';
export { describeCpu, type CpuDescription } from './cpu/features.js';
export { openSession, type OpenSessionOptions } from './open.js';
export { runTraced, type NonFinite } from './trace.js';
export { capture } from './capture.js';
export { loadProgram, parseProgram, type ProgramFiles } from './load.js';
export { createModel, RuntimeModel, type ModelOptions, type ParameterHandle } from './model.js';
export { initialValues } from './init.js';
export { scalarValue, scalarValues } from './scalars.js';
export { RandomStream, philox4x32 } from './rng.js';
export { Checkpoint, loadCheckpoint, type CheckpointInfo } from './checkpoint/read.js';
export { choiceUsage, membersUsed, preferences, shares, type ChoiceUsage, type Preference, type UsageOptions } from './usage.js';
export { sampleBytes, sampleText, decodeUtf8, type SampleOptions } from './sample/sample.js';
export { chooseToken, type ChooseOptions } from './sample/choose.js';
export { CheckpointError, DeviceLostError, KernelError, LimitError, NaNError, NoAdapterError, RunError, RuntimeFailure } from './errors.js';
