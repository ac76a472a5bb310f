/**
 * @file A model to use: what the generated `model.ts` wraps in types.
 */
import { capture } from './capture.js';
import { loadCheckpoint } from './checkpoint/read.js';
import type { Device } from './device/device.js';
import type { Values } from './execute.js';
import type { Executor } from './executor.js';
import { openSession } from './open.js';
import type { AxisInfo, Program, TensorInfo } from './program.js';

/** A parameter (or state) by its path. */
export interface ParameterHandle {
  readonly path: string;
  /** Row-major, last axis fastest. */
  readonly axes: readonly AxisInfo[];
  read(): Promise<Float32Array<ArrayBuffer>>;
  write(values: Float32Array<ArrayBuffer>): Promise<void>;
}

export interface ModelOptions {
  /** Path of a checkpoint, or its bytes (in a browser, which has no files); without one the weights are the seed's initial values. */
  readonly checkpoint?: string | Uint8Array;
  /** Default 1. */
  readonly seed?: number;
  /** Of a program for the CPU. Default: one for each processor, at most 8. */
  readonly threads?: number;
}

export class RuntimeModel {
  constructor(readonly session: Executor) {}

  get program(): Program {
    return this.session.program;
  }

  /** Paths of all parameters, in the program's order. */
  parameters(): string[] {
    return this.program.tensors.filter((tensor) => tensor.role === 'param').map((tensor) => tensor.name);
  }

  /** @throws RangeError when there is no parameter or state of that path */
  parameter(path: string): ParameterHandle {
    const tensor: TensorInfo = this.session.tensor(path);
    if (tensor.role !== 'param' && tensor.role !== 'state') throw new RangeError(`${path} is not a parameter`);
    return {
      path,
      axes: tensor.axes,
      read: () => this.session.readFloats(path),
      write: (values) => this.session.write(path, values),
    };
  }

  /**
   * Logits [batch, time, vocab].
   * @param tokens i32 [batch, time], whole: as the `forward` entry takes them
   */
  async forward(tokens: Int32Array<ArrayBuffer>): Promise<Float32Array<ArrayBuffer>> {
    this.session.run('forward', { tokens });
    return this.session.readFloats(this.session.output('forward', 'logits').id);
  }

  /** Activations of a forward pass by path. @throws RangeError for a path that pass does not compute */
  async activations(tokens: Int32Array<ArrayBuffer>, paths: readonly string[]): Promise<Map<string, Values>> {
    return capture(this.session, 'forward', { tokens }, paths);
  }

  /** Frees the model's memory; a device that was given stays open. */
  destroy(): void {
    this.session.destroy();
  }
}

/**
 * Puts a program where it runs, with the weights of a checkpoint or fresh ones.
 * @param device of a program for GPUs; without one, the best adapter is opened. A program for the CPU needs none
 * @throws NoAdapterError, LimitError, KernelError, CheckpointError
 */
export async function createModel(program: Program, device?: Device, options: ModelOptions = {}): Promise<RuntimeModel> {
  const session = await openSession(program, { device, threads: options.threads });
  try {
    await session.initialise(options.seed ?? 1);
    if (options.checkpoint !== undefined) {
      await loadCheckpoint(options.checkpoint, session, ['param', 'state']);
    }
    return new RuntimeModel(session);
  } catch (error) {
    session.destroy();
    throw error;
  }
}
