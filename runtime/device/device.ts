/**
 * @file An open device. Everything the device says on its own (validation errors, loss) is caught here and raised by the next
 * `throwIfFailed`, because Dawn prints what nobody listens to on stdout, where it would corrupt machine output.
 */
import { DeviceLostError, KernelError, LimitError, formatBytes, messageOf } from '../errors.js';
import type { Program } from '../program.js';
import { describe, type AdapterDescription } from './describe.js';
import { LIMIT_NAMES, OPTIONAL_FEATURES, checkNeeds, largestOf } from './limits.js';
import { requestAdapter, type AdapterSource } from './source.js';

/** `GPUBufferUsage` and `GPUMapMode`, which Node has no globals for. */
export const USAGE = { MAP_READ: 0x1, COPY_SRC: 0x4, COPY_DST: 0x8, STORAGE: 0x80, QUERY_RESOLVE: 0x200 } as const;
export const MAP_READ = 0x1;
export const STAGE_COMPUTE = 0x4;

export interface OpenOptions {
  /** Checked against the adapter before a device is made. */
  readonly needs?: Program['needs'];
  /** The same, and errors name the tensor that does not fit. */
  readonly program?: Program;
  /** Where adapters come from; default `navigator.gpu`, else the `webgpu` package. */
  readonly source?: AdapterSource;
}

/** A GPU ready for work. Call `destroy` in a `finally`. */
export class Device {
  private failure: Error | undefined;
  private destroyed = false;

  constructor(
    readonly gpu: GPUDevice,
    readonly adapter: AdapterDescription,
    /** Kept: Dawn's instance must outlive its devices. */
    readonly source: AdapterSource,
  ) {
    gpu.addEventListener('uncapturederror', (event) => {
      const { error } = event;
      this.failure ??= new KernelError(`the device refused a command: ${error.message.trim()}`);
      event.preventDefault();
    });
    void gpu.lost.then((info) => {
      if (this.destroyed) return;
      this.failure = new DeviceLostError(`the device ${adapter.name} was lost (${info.reason}): ${info.message.trim()}\n  The last checkpoint is intact; start again with --resume.`);
    });
  }

  get queue(): GPUQueue {
    return this.gpu.queue;
  }

  /** @throws DeviceLostError, KernelError: what the device reported since it was opened */
  throwIfFailed(): void {
    if (this.failure) throw this.failure;
  }

  /** Waits until all submitted work is done. @throws what the device reported */
  async settle(): Promise<void> {
    try {
      await this.queue.onSubmittedWorkDone();
    } catch (error) {
      this.failure ??= new DeviceLostError(`the device ${this.adapter.name} stopped: ${messageOf(error)}`);
    }
    this.throwIfFailed();
  }

  /** A zero-filled buffer. @throws LimitError when the device is out of memory */
  async createBuffer(label: string, bytes: number, usage: number): Promise<GPUBuffer> {
    const size = Math.max(16, Math.ceil(bytes / 16) * 16);
    this.gpu.pushErrorScope('out-of-memory');
    this.gpu.pushErrorScope('validation');
    let buffer: GPUBuffer | undefined;
    let thrown: unknown;
    try {
      buffer = this.gpu.createBuffer({ label, size, usage });
    } catch (error) {
      thrown = error;
    }
    const [invalid, memory] = await Promise.all([this.gpu.popErrorScope(), this.gpu.popErrorScope()]);
    const reason = invalid?.message ?? memory?.message ?? (thrown === undefined ? undefined : messageOf(thrown));
    if (reason !== undefined || buffer === undefined) {
      throw new LimitError(`${this.adapter.name} could not allocate ${formatBytes(size)} for ${label}: ${reason ?? 'no buffer'}\n  \`archc show --memory\` lists what the program allocates; lower the batch or the context.`);
    }
    return buffer;
  }

  /** Frees everything on the device. May be called twice. */
  destroy(): void {
    this.destroyed = true;
    this.gpu.destroy();
  }
}

/**
 * Opens the best adapter with all the limits it offers.
 * @throws NoAdapterError (what to install), LimitError (what `needs` exceeds), DeviceLostError
 */
export async function openDevice(options: OpenOptions = {}): Promise<Device> {
  const { source, adapter } = await requestAdapter(options.source);
  const description = describe(adapter);
  const { program, needs = program?.needs } = options;
  if (needs) checkNeeds(needs, description.limits, description.name, program && largestOf(program));
  const requiredLimits: Record<string, number> = {};
  for (const name of LIMIT_NAMES) requiredLimits[name] = description.limits[name];
  const requiredFeatures = OPTIONAL_FEATURES.filter((feature) => adapter.features.has(feature));
  try {
    return new Device(await adapter.requestDevice({ label: 'archc', requiredFeatures, requiredLimits }), description, source);
  } catch (error) {
    throw new DeviceLostError(`${description.name} did not open: ${messageOf(error)}`);
  }
}
