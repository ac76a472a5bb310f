/**
 * @file Running a program on the CPU: one WebAssembly module, one shared memory, one thread for each processor. The calling thread works too: `run` returns when the
 * entry is done.
 */
import { COUNTERS, type PhaseCall, RESERVED, type Schedule } from './control.js';
import { chooseThreads, cpuName, prepareEngine } from './features.js';
import { addressOf, createMemory } from './memory.js';
import { Team } from './threads.js';
import { keepAlive } from '../environment.js';
import { KernelError, messageOf } from '../errors.js';
import { elements, type TensorRef, type Values } from '../execute.js';
import type { DispatchTime, Executor } from '../executor.js';
import { initialValues } from '../init.js';
import type { EntryInfo, Program, TensorInfo, WasmInfo } from '../program.js';
import { scalarValues } from '../scalars.js';

export interface CpuOptions {
  /** Default: one for each processor, at most 8. */
  readonly threads?: number;
  /** False: run the form without fused multiply-add even where the engine has it. */
  readonly relaxed?: boolean;
}

const PEAK: Schedule = [[{ name: 'peak', args: [] }]];
const PEAK_RUNS = 7;
/** Elements of an initial value made at once. */
const CHUNK = 1 << 20;

export class CpuSession implements Executor {
  readonly profiledBy = 'wall clock';
  private readonly byName = new Map<string, TensorInfo>();
  private readonly byId = new Map<number, TensorInfo>();
  private readonly entryNumbers: ReadonlyMap<string, number>;
  /** Of the run: what random numbers depend on. */
  private seed = 0;

  private constructor(
    readonly program: Program,
    private readonly wasm: WasmInfo,
    private readonly memory: WebAssembly.Memory,
    private readonly team: Team,
    readonly threads: number,
    /** Whether sums of products are fused. */
    readonly relaxed: boolean,
  ) {
    for (const tensor of program.tensors) {
      this.byName.set(tensor.name, tensor);
      this.byId.set(tensor.id, tensor);
    }
    this.entryNumbers = new Map(Object.values(program.entries).map((entry, i) => [entry.name, i]));
  }

  /**
   * Allocates the program's memory, compiles its module and starts its threads.
   * @throws LimitError when memory does not suffice or threads cannot share it, KernelError when the engine refuses the module
   */
  static async create(program: Program, options: CpuOptions = {}): Promise<CpuSession> {
    const { wasm } = program;
    if (!wasm) throw new KernelError(`${program.arch} was built for ${program.target}, not for the CPU`);
    const engine = await prepareEngine();
    const relaxed = engine.relaxed && options.relaxed !== false;
    const threads = await chooseThreads(options.threads);
    const shared = wasm.end;
    const own = shared + wasm.sharedBytes;
    const bytes = own + threads * wasm.ownBytes + 64;
    const bits = wasm.memory ?? 32;
    const memory = createMemory(program.arch, bits, bytes, threads);
    let module: WebAssembly.Module;
    try {
      module = await keepAlive(WebAssembly.compile(relaxed ? wasm.relaxed : wasm.plain));
    } catch (error) {
      throw new KernelError(`the engine refused the program's module: ${messageOf(error)}`);
    }
    const entries = Object.values(program.entries).map((entry) => scheduleOf(program, wasm, entry, shared));
    const schedules = wasm.peakFlops === undefined ? entries : [...entries, PEAK];
    const team = await keepAlive(Team.start({ module, memory, schedules, threads, own, ownBytes: wasm.ownBytes, bits }));
    return new CpuSession(program, wasm, memory, team, threads, relaxed);
  }

  get deviceName(): string {
    return cpuName(this);
  }

  tensor(ref: TensorRef): TensorInfo {
    const found = typeof ref === 'string' ? this.byName.get(ref) : this.byId.get(ref);
    if (!found) throw new RangeError(`${this.program.arch} has no tensor ${JSON.stringify(ref)}`);
    return found;
  }

  entry(name: string): EntryInfo {
    const found = Object.values(this.program.entries).find((entry) => entry.name === name);
    if (!found) throw new RangeError(`${this.program.arch} has no entry ${name}; it has ${Object.keys(this.program.entries).join(', ')}`);
    return found;
  }

  input(entry: string, name: string): TensorInfo {
    const id = this.entry(entry).inputs[name];
    if (id === undefined) throw new RangeError(`entry ${entry} of ${this.program.arch} has no input ${name}`);
    return this.tensor(id);
  }

  output(entry: string, name: string): TensorInfo {
    const id = this.entry(entry).outputs[name];
    if (id === undefined) throw new RangeError(`entry ${entry} of ${this.program.arch} has no output ${name}`);
    return this.tensor(id);
  }

  persistent(): TensorInfo[] {
    return this.program.tensors.filter((tensor) => tensor.role === 'param' || tensor.role === 'moment' || tensor.role === 'state');
  }

  initialise(seed: number): Promise<void> {
    this.seed = seed;
    new Uint8Array(this.memory.buffer, RESERVED, this.wasm.end - RESERVED).fill(0);
    for (const tensor of this.persistent()) {
      const { init } = tensor;
      if (!init || init.kind === 'zeros') continue;
      const view = this.floats(tensor);
      for (let start = 0; start < view.length; start += CHUNK) {
        initialValues(init, tensor.name, seed, start, view.subarray(start, Math.min(view.length, start + CHUNK)));
      }
    }
    return Promise.resolve();
  }

  async write(ref: TensorRef, values: Values): Promise<void> {
    this.put(this.tensor(ref), values);
  }

  async read(ref: TensorRef, start = 0, count?: number): Promise<Values> {
    const tensor = this.tensor(ref);
    const size = elements(tensor);
    const length = count ?? size - start;
    if (start < 0 || length < 0 || start + length > size) throw new RangeError(`elements ${start}..${start + length} are outside ${tensor.name}, which has ${size}`);
    const values = tensor.dtype === 'i32' ? new Int32Array(length) : new Float32Array(length);
    const view = tensor.dtype === 'i32' ? this.integers(tensor) : this.floats(tensor);
    values.set(view.subarray(start, start + length));
    return values;
  }

  async readFloats(ref: TensorRef, start = 0, count?: number): Promise<Float32Array<ArrayBuffer>> {
    const values = await this.read(ref, start, count);
    if (values instanceof Int32Array) throw new RangeError(`${this.tensor(ref).name} holds i32, not f32`);
    return values;
  }

  readOutputs(entry: string, names: readonly string[]): Promise<Map<string, number>> {
    const { outputs } = this.entry(entry);
    const found = new Map<string, number>();
    for (const name of names) {
      const id = outputs[name];
      if (id === undefined) continue;
      const tensor = this.tensor(id);
      found.set(name, (tensor.dtype === 'i32' ? this.integers(tensor) : this.floats(tensor))[0] ?? NaN);
    }
    return Promise.resolve(found);
  }

  run(entry: string, inputs: Readonly<Record<string, Values>>, step?: number): void {
    const info = this.entry(entry);
    this.writeInputs(info, inputs, step);
    this.team.run(this.numberOf(entry), 0, info.dispatches.length);
  }

  async runStepwise(entry: string, inputs: Readonly<Record<string, Values>>, step: number | undefined, hooks: Parameters<Executor['runStepwise']>[3]): Promise<void> {
    const info = this.entry(entry);
    this.writeInputs(info, inputs, step);
    for (const [index, dispatch] of info.dispatches.entries()) {
      await hooks.before?.(dispatch, index);
      this.team.run(this.numberOf(entry), index, index + 1);
      if (!(await hooks.after(dispatch, index))) return;
    }
  }

  /** Runs an entry and says how long each dispatch took. */
  profile(entry: string, inputs: Readonly<Record<string, Values>>, step?: number): DispatchTime[] {
    const info = this.entry(entry);
    this.writeInputs(info, inputs, step);
    return info.dispatches.map((dispatch, index) => {
      const start = performance.now();
      this.team.run(this.numberOf(entry), index, index + 1);
      return { dispatch, milliseconds: performance.now() - start };
    });
  }

  /** The best of a few runs: the first ones wake the threads. */
  peak(): number | undefined {
    const { peakFlops } = this.wasm;
    if (peakFlops === undefined) return undefined;
    const rates = Array.from({ length: PEAK_RUNS }, () => {
      const start = performance.now();
      this.team.run(this.entryNumbers.size, 0, 1);
      return (peakFlops * this.threads) / (performance.now() - start) / 1e6;
    });
    return Math.max(...rates);
  }

  clear(roles: readonly TensorInfo['role'][]): void {
    const kept = new Set(this.program.tensors.filter((tensor) => !roles.includes(tensor.role)).map((tensor) => tensor.allocation));
    for (const [i, { bytes }] of this.program.allocations.entries()) {
      if (!kept.has(i)) new Uint8Array(this.memory.buffer, this.wasm.addresses[i] ?? RESERVED, bytes).fill(0);
    }
  }

  settle(): Promise<void> {
    return Promise.resolve();
  }

  destroy(): void {
    this.team.stop();
  }

  private numberOf(entry: string): number {
    return this.entryNumbers.get(entry) ?? 0;
  }

  private writeInputs(entry: EntryInfo, inputs: Readonly<Record<string, Values>>, step: number | undefined): void {
    const { tensor, values } = this.program.scalars;
    if (step !== undefined && tensor !== undefined && values.length > 0) this.floats(this.tensor(tensor)).set(scalarValues(values, step, this.seed));
    for (const [name, id] of Object.entries(entry.inputs)) {
      const given = inputs[name];
      if (!given) throw new RangeError(`entry ${entry.name} of ${this.program.arch} needs the input ${name}`);
      this.put(this.tensor(id), given);
    }
  }

  private put(tensor: TensorInfo, values: Values): void {
    if ((tensor.dtype === 'i32') !== values instanceof Int32Array) throw new RangeError(`${tensor.name} holds ${tensor.dtype}`);
    if (values.length !== elements(tensor)) {
      const shape = tensor.axes.map((axis) => `${axis.name} ${axis.size}`).join(', ');
      throw new RangeError(`${tensor.name}[${shape}] has ${elements(tensor)} elements, not ${values.length}`);
    }
    (tensor.dtype === 'i32' ? this.integers(tensor) : this.floats(tensor)).set(values);
  }

  private floats(tensor: TensorInfo): Float32Array {
    return new Float32Array(this.memory.buffer, this.wasm.addresses[tensor.allocation], elements(tensor));
  }

  private integers(tensor: TensorInfo): Int32Array {
    return new Int32Array(this.memory.buffer, this.wasm.addresses[tensor.allocation], elements(tensor));
  }
}

/** Every phase of an entry with its addresses; each has a counter of its own. */
function scheduleOf(program: Program, wasm: WasmInfo, entry: EntryInfo, shared: number): Schedule {
  const bits = wasm.memory ?? 32;
  const allocationOf = new Map(program.tensors.map((tensor) => [tensor.id, tensor.allocation]));
  let counters = 0;
  return entry.dispatches.map((dispatch) => {
    const slots = dispatch.bindings.map(({ tensor, offset }) => addressOf(bits, (wasm.addresses[allocationOf.get(tensor) ?? -1] ?? RESERVED) + offset));
    return (wasm.phases[dispatch.module] ?? []).map((name): PhaseCall => {
      const counter = COUNTERS + 4 * counters++;
      if (counter >= RESERVED) throw new KernelError(`entry ${entry.name} of ${program.arch} has too many launches`);
      return { name, args: [addressOf(bits, shared), addressOf(bits, counter), ...slots] };
    });
  });
}
