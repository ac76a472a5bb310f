/**
 * @file What can go wrong at run time, as types. Each message says what failed, where, and how to mend it; it is meant to be shown as it is.
 */

/** All errors the runtime raises on purpose. Anything else is a defect of archc. */
export abstract class RuntimeFailure extends Error {
  /** Stable, for programs: `no_adapter`, `checkpoint`, ... */
  abstract readonly code: string;
}

/** There is no GPU (hardware or software) to run on. */
export class NoAdapterError extends RuntimeFailure {
  readonly code = 'no_adapter';
  override readonly name = 'NoAdapterError';
}

/** The program needs more of something than the adapter offers. */
export class LimitError extends RuntimeFailure {
  readonly code = 'limit';
  override readonly name = 'LimitError';
}

/** The GPU went away (driver reset, device removed, out of memory). */
export class DeviceLostError extends RuntimeFailure {
  readonly code = 'device_lost';
  override readonly name = 'DeviceLostError';
}

/** The device refused generated code or a command: a defect of the compiler, reported with the module's name. */
export class KernelError extends RuntimeFailure {
  readonly code = 'kernel';
  override readonly name = 'KernelError';
}

/** No usable text where the data should be. */
export class DataError extends RuntimeFailure {
  readonly code = 'data';
  override readonly name = 'DataError';
}

/** A checkpoint cannot be read, written, or does not fit the program. */
export class CheckpointError extends RuntimeFailure {
  readonly code = 'checkpoint';
  override readonly name = 'CheckpointError';
}

/** A run folder cannot be used as asked. */
export class RunError extends RuntimeFailure {
  readonly code = 'run';
  override readonly name = 'RunError';
}

/** Training met a NaN or an infinity. */
export class NaNError extends RuntimeFailure {
  readonly code = 'nan';
  override readonly name = 'NaNError';

  constructor(
    message: string,
    readonly step: number,
    /** The first tensor of the step that held one, if the trace found it. */
    readonly tensor: string | undefined,
  ) {
    super(message);
  }
}

/** The text of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The `code` of a Node system error (`ENOENT`, `ENOSPC`), if it is one. */
export function systemCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** `1.5 GiB`, `640 bytes`. */
export function formatBytes(bytes: number): string {
  const units = ['KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 'bytes';
  for (const next of units) {
    if (value < 1024) break;
    value /= 1024;
    unit = next;
  }
  return unit === 'bytes' ? `${bytes} bytes` : `${value.toFixed(1).replace(/\.0$/, '')} ${unit}`;
}
