/**
 * @file Running a program: everything is allocated and compiled once, by `Session.create`; a run is one submit, and nothing is read back unless asked.
 */
import { compileModules, prepareDispatches, type PreparedDispatch } from './device/pipelines.js';
import { USAGE, type Device } from './device/device.js';
import { checkNeeds, largestOf } from './device/limits.js';
import { Readback, type Range } from './device/readback.js';
import { initialValues } from './init.js';
import { scalarValues } from './scalars.js';
import { hasTimestamps, timeDispatches } from './device/timestamps.js';
import type { DispatchTime, Executor } from './executor.js';
import type { EntryInfo, Program, TensorInfo } from './program.js';

export type Values = Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer>;

/** A tensor by name (spec path) or id. */
export type TensorRef = string | number;

/** Elements written at once. Staging memory is this and no more. */
const CHUNK = 1 << 20;
/** Chunks between waits for the device. */
const CHUNKS_IN_FLIGHT = 8;

export class Session implements Executor {
  private readonly byName = new Map<string, TensorInfo>();
  private readonly byId = new Map<number, TensorInfo>();
  /** Of the run: what random numbers depend on. */
  private seed = 0;

  private constructor(
    readonly device: Device,
    readonly program: Program,
    private readonly buffers: readonly GPUBuffer[],
    private readonly prepared: ReadonlyMap<string, readonly PreparedDispatch[]>,
    private readonly readback: Readback,
    private readonly ownsDevice: boolean,
  ) {
    for (const tensor of program.tensors) {
      this.byName.set(tensor.name, tensor);
      this.byId.set(tensor.id, tensor);
    }
  }

  /**
   * Allocates the program's buffers and compiles its kernels. With `ownsDevice`, the device is closed with the session.
   * @throws LimitError when it does not fit the device, KernelError when the device refuses a kernel
   */
  static async create(device: Device, program: Program, options: { readonly ownsDevice?: boolean } = {}): Promise<Session> {
    checkNeeds(program.needs, device.adapter.limits, device.adapter.name, largestOf(program));
    const buffers: GPUBuffer[] = [];
    try {
      for (const { name, bytes } of program.allocations) buffers.push(await device.createBuffer(name, bytes, USAGE.STORAGE | USAGE.COPY_SRC | USAGE.COPY_DST));
      const allocationOf = new Map(program.tensors.map((tensor) => [tensor.id, tensor.allocation]));
      const bufferOf = (tensor: number): GPUBuffer => bufferAt(buffers, allocationOf.get(tensor), `tensor ${tensor}`);
      const modules = await compileModules(device, program.modules);
      const bindGroups = new Map<string, GPUBindGroup>();
      const prepared = new Map<string, readonly PreparedDispatch[]>();
      for (const entry of Object.values(program.entries)) {
        prepared.set(entry.name, await prepareDispatches(device, entry.dispatches, modules, bufferOf, bindGroups));
      }
      device.throwIfFailed();
      return new Session(device, program, buffers, prepared, new Readback(device), options.ownsDevice ?? false);
    } catch (error) {
      for (const buffer of buffers) buffer.destroy();
      throw error;
    }
  }

  get deviceName(): string {
    return this.device.adapter.name;
  }

  peak(): undefined {
    return undefined;
  }

  get profiledBy(): string {
    return hasTimestamps(this.device) ? 'timestamp queries' : 'wall clock, one submit per launch: short kernels look longer than they are';
  }

  /** @throws RangeError for a name or id the program lacks */
  tensor(ref: TensorRef): TensorInfo {
    const found = typeof ref === 'string' ? this.byName.get(ref) : this.byId.get(ref);
    if (!found) throw new RangeError(`${this.program.arch} has no tensor ${JSON.stringify(ref)}`);
    return found;
  }

  /** @throws RangeError for an entry the program lacks */
  entry(name: string): EntryInfo {
    const found = Object.values(this.program.entries).find((entry) => entry.name === name);
    if (!found) throw new RangeError(`${this.program.arch} has no entry ${name}; it has ${Object.keys(this.program.entries).join(', ')}`);
    return found;
  }

  /** The tensor behind an entry's output. @throws RangeError when it has none of that name */
  output(entry: string, name: string): TensorInfo {
    const id = this.entry(entry).outputs[name];
    if (id === undefined) throw new RangeError(`entry ${entry} of ${this.program.arch} has no output ${name}`);
    return this.tensor(id);
  }

  /** The tensor behind an entry's input. @throws RangeError when it has none of that name */
  input(entry: string, name: string): TensorInfo {
    const id = this.entry(entry).inputs[name];
    if (id === undefined) throw new RangeError(`entry ${entry} of ${this.program.arch} has no input ${name}`);
    return this.tensor(id);
  }

  /** Tensors a checkpoint holds: params, moments, states. */
  persistent(): TensorInfo[] {
    return this.program.tensors.filter((tensor) => tensor.role === 'param' || tensor.role === 'moment' || tensor.role === 'state');
  }

  /** Sets every tensor to zero, then params and states to their initial values, which depend on (seed, path) alone. */
  async initialise(seed: number): Promise<void> {
    this.seed = seed;
    const encoder = this.device.gpu.createCommandEncoder({ label: 'initialise' });
    for (const buffer of this.buffers) encoder.clearBuffer(buffer);
    this.device.queue.submit([encoder.finish()]);
    for (const tensor of this.persistent()) {
      const { init } = tensor;
      if (!init || init.kind === 'zeros') continue;
      await this.writeChunks(tensor, elements(tensor), (start, count) => {
        const values = new Float32Array(count);
        initialValues(init, tensor.name, seed, start, values);
        return values;
      });
    }
    await this.device.settle();
  }

  /** Sets a whole tensor. @throws RangeError when the length or the type differs from the tensor's */
  async write(ref: TensorRef, values: Values): Promise<void> {
    const tensor = this.tensor(ref);
    checkValues(tensor, values);
    await this.writeChunks(tensor, values.length, (start, count) => values.subarray(start, start + count));
  }

  /** Reads a tensor, or `count` elements of it from `start`. Waits for the device. */
  async read(ref: TensorRef, start = 0, count?: number): Promise<Values> {
    const tensor = this.tensor(ref);
    const [bytes] = await this.readback.read([this.range(tensor, start, count)]);
    return viewAs(tensor, bytes ?? new Uint8Array(0));
  }

  /** Reads f32 elements. @throws RangeError when the tensor holds integers */
  async readFloats(ref: TensorRef, start = 0, count?: number): Promise<Float32Array<ArrayBuffer>> {
    const values = await this.read(ref, start, count);
    if (values instanceof Int32Array) throw new RangeError(`${this.tensor(ref).name} holds i32, not f32`);
    return values;
  }

  /** The first element of each of an entry's outputs, in one trip to the device. Missing outputs are left out. */
  async readOutputs(entry: string, names: readonly string[]): Promise<Map<string, number>> {
    const outputs = this.entry(entry).outputs;
    const known = names.flatMap((name) => {
      const id = outputs[name];
      return id === undefined ? [] : [{ name, tensor: this.tensor(id) }];
    });
    const read = await this.readback.read(known.map(({ tensor }) => this.range(tensor, 0, 1)));
    return new Map(known.map(({ name, tensor }, i) => [name, viewAs(tensor, read[i] ?? new Uint8Array(0))[0] ?? NaN]));
  }

  /**
   * Runs an entry: one submit; returns before the device is done.
   * @param inputs every input of the entry, whole
   * @param step counts from 1; the scalars (learning rate, ...) are set for it. Left out, they stay as they are.
   * @throws DeviceLostError, KernelError: what the device reported of earlier work
   */
  run(entry: string, inputs: Readonly<Record<string, Values>>, step?: number): void {
    this.device.throwIfFailed();
    this.writeInputs(this.entry(entry), inputs, step);
    const encoder = this.device.gpu.createCommandEncoder({ label: entry });
    const pass = encoder.beginComputePass({ label: entry });
    for (const dispatch of this.dispatches(entry)) encode(pass, dispatch);
    pass.end();
    this.device.queue.submit([encoder.finish()]);
  }

  /**
   * Runs an entry one submit per dispatch and calls `after` between them (and `before` each); for finding where a NaN is born, and for reading
   * activations whose memory later dispatches reuse. Slow. Stops when `after` returns false.
   */
  async runStepwise(
    entry: string,
    inputs: Readonly<Record<string, Values>>,
    step: number | undefined,
    hooks: {
      readonly before?: (dispatch: PreparedDispatch['info'], index: number) => Promise<void>;
      readonly after: (dispatch: PreparedDispatch['info'], index: number) => Promise<boolean>;
    },
  ): Promise<void> {
    this.device.throwIfFailed();
    this.writeInputs(this.entry(entry), inputs, step);
    this.device.queue.submit([]);
    for (const [index, dispatch] of this.dispatches(entry).entries()) {
      await hooks.before?.(dispatch.info, index);
      const encoder = this.device.gpu.createCommandEncoder({ label: entry });
      const pass = encoder.beginComputePass({ label: entry });
      encode(pass, dispatch);
      pass.end();
      this.device.queue.submit([encoder.finish()]);
      if (!(await hooks.after(dispatch.info, index))) return;
    }
  }

  /** Runs an entry, each dispatch in a pass of its own, and says how long each took: by the device's clock where it has one, else by waiting for each. */
  async profile(entry: string, inputs: Readonly<Record<string, Values>>, step?: number): Promise<DispatchTime[]> {
    const times: number[] = [];
    if (hasTimestamps(this.device)) {
      this.device.throwIfFailed();
      this.writeInputs(this.entry(entry), inputs, step);
      const passes = this.dispatches(entry).map((dispatch) => (pass: GPUComputePassEncoder) => encode(pass, dispatch));
      times.push(...(await timeDispatches(this.device, this.readback, passes)));
    } else {
      let start = 0;
      await this.runStepwise(entry, inputs, step, {
        before: async () => {
          await this.settle();
          start = performance.now();
        },
        after: async () => {
          await this.settle();
          times.push(performance.now() - start);
          return true;
        },
      });
    }
    return this.dispatches(entry).map(({ info }, i) => ({ dispatch: info, milliseconds: times[i] ?? NaN }));
  }

  /** Sets to zero every allocation that holds only tensors of these roles. */
  clear(roles: readonly TensorInfo['role'][]): void {
    const kept = new Set(this.program.tensors.filter((tensor) => !roles.includes(tensor.role)).map((tensor) => tensor.allocation));
    const encoder = this.device.gpu.createCommandEncoder({ label: 'clear' });
    for (const [i, buffer] of this.buffers.entries()) if (!kept.has(i)) encoder.clearBuffer(buffer);
    this.device.queue.submit([encoder.finish()]);
  }

  /** Resolves when the device has done all work so far. */
  settle(): Promise<void> {
    return this.device.settle();
  }

  /** Frees the session's buffers; the device stays open unless it is the session's own. */
  destroy(): void {
    this.readback.destroy();
    for (const buffer of this.buffers) buffer.destroy();
    if (this.ownsDevice) this.device.destroy();
  }

  private dispatches(entry: string): readonly PreparedDispatch[] {
    return this.prepared.get(entry) ?? [];
  }

  private writeInputs(entry: EntryInfo, inputs: Readonly<Record<string, Values>>, step: number | undefined): void {
    const { tensor, values } = this.program.scalars;
    if (step !== undefined && tensor !== undefined && values.length > 0) this.put(this.tensor(tensor), 0, scalarValues(values, step, this.seed));
    for (const [name, id] of Object.entries(entry.inputs)) {
      const given = inputs[name];
      if (!given) throw new RangeError(`entry ${entry.name} of ${this.program.arch} needs the input ${name}`);
      const info = this.tensor(id);
      checkValues(info, given);
      this.put(info, 0, given);
    }
  }

  /** Dawn frees what `writeBuffer` stages at the next submit: every caller submits soon after. */
  private put(tensor: TensorInfo, start: number, values: Values): void {
    this.device.queue.writeBuffer(this.bufferOf(tensor), start * 4, values);
  }

  private async writeChunks(tensor: TensorInfo, count: number, chunk: (start: number, count: number) => Values): Promise<void> {
    let inFlight = 0;
    for (let start = 0; start < count; start += CHUNK) {
      this.put(tensor, start, chunk(start, Math.min(CHUNK, count - start)));
      this.device.queue.submit([]);
      if (++inFlight % CHUNKS_IN_FLIGHT === 0) await this.device.settle();
    }
    this.device.throwIfFailed();
  }

  private bufferOf(tensor: TensorInfo): GPUBuffer {
    return bufferAt(this.buffers, tensor.allocation, tensor.name);
  }

  private range(tensor: TensorInfo, start: number, count?: number): Range {
    const size = elements(tensor);
    const length = count ?? size - start;
    if (start < 0 || length < 0 || start + length > size) throw new RangeError(`elements ${start}..${start + length} are outside ${tensor.name}, which has ${size}`);
    return { buffer: this.bufferOf(tensor), offset: start * 4, bytes: length * 4 };
  }
}

/** How many elements a tensor has; 1 when it has no axes. */
export function elements(tensor: TensorInfo): number {
  return tensor.axes.reduce((product, axis) => product * axis.size, 1);
}

function encode(pass: GPUComputePassEncoder, dispatch: PreparedDispatch): void {
  pass.setPipeline(dispatch.pipeline);
  pass.setBindGroup(0, dispatch.bindGroup);
  pass.dispatchWorkgroups(...dispatch.info.groups);
}

function bufferAt(buffers: readonly GPUBuffer[], index: number | undefined, what: string): GPUBuffer {
  const buffer = index === undefined ? undefined : buffers[index];
  if (!buffer) throw new RangeError(`${what} has no allocation in the program`);
  return buffer;
}

function viewAs(tensor: TensorInfo, bytes: Uint8Array<ArrayBuffer>): Values {
  return tensor.dtype === 'i32' ? new Int32Array(bytes.buffer) : new Float32Array(bytes.buffer);
}

function checkValues(tensor: TensorInfo, values: Values): void {
  if ((tensor.dtype === 'i32') !== values instanceof Int32Array) throw new RangeError(`${tensor.name} holds ${tensor.dtype}`);
  if (values.length !== elements(tensor)) {
    const shape = tensor.axes.map((axis) => `${axis.name} ${axis.size}`).join(', ');
    throw new RangeError(`${tensor.name}[${shape}] has ${elements(tensor)} elements, not ${values.length}`);
  }
}
