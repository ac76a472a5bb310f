/**
 * @file The runtime's public library: what `archc train`, `eval` and `sample` are thin shells over, and what generated `model.ts` files import.
 *
 *     const session = await openSession(program);
 *     try {
 *       const corpus = await openCorpus('data', { time: program.time });
 *       await train({ session, corpus, runDir: 'runs/a', settings, spec });
 *     } finally {
 *       session.destroy();
 *     }
 */
export type * from './program.js';
export { openDevice, Device, type OpenOptions } from './device/device.js';
export { describeAdapter, type AdapterDescription } from './device/describe.js';
export { findGpu } from './device/hardware.js';
export { checkNeeds, type Limits } from './device/limits.js';
export type { AdapterSource } from './device/source.js';
export { Session, elements, type TensorRef, type Values } from './execute.js';
export type { DispatchTime, Executor } from './executor.js';
export { CpuSession, type CpuOptions } from './cpu/session.js';
export { describeCpu, type CpuDescription } from './cpu/features.js';
export { openSession, type OpenSessionOptions } from './open.js';
export { profileEntry, profileTraining, type KernelTime } from './profile.js';
export { runTraced, type NonFinite } from './trace.js';
export { capture } from './capture.js';
export { loadProgram, parseProgram, type ProgramFiles } from './load.js';
export { createModel, RuntimeModel, type ModelOptions, type ParameterHandle } from './model.js';
export { initialValues } from './init.js';
export { scalarValue, scalarValues } from './scalars.js';
export { RandomStream, philox4x32 } from './rng.js';
export { openCorpus, Corpus, type Batch, type CorpusDescription, type Domain, type Window } from './data/corpus.js';
export { Checkpoint, loadCheckpoint, saveCheckpoint, type CheckpointInfo } from './checkpoint/checkpoint.js';
export { planTaking, take, takingText, type Taking } from './checkpoint/take.js';
export { train, CHECKPOINT_FILE, type TrainEvent, type TrainOptions, type TrainResult } from './train/train.js';
export { METRICS_FILE, type EvalMetrics, type Metrics, type TrainMetrics } from './train/metrics.js';
export { LiveView, type Output } from './train/live.js';
export { choiceUsage, membersUsed, preferences, shares, type ChoiceUsage, type Preference, type UsageOptions } from './usage.js';
export { evaluate, type EvaluateOptions, type Evaluation, type Score } from './evaluate.js';
export { sampleBytes, sampleText, decodeUtf8, type SampleOptions } from './sample/sample.js';
export { chooseToken, type ChooseOptions } from './sample/choose.js';
export { CheckpointError, DataError, DeviceLostError, KernelError, LimitError, NaNError, NoAdapterError, RunError, RuntimeFailure } from './errors.js';
