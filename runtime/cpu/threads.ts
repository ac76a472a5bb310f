/**
 * @file The threads of a program: workers that share its memory, and the calling thread, which takes part as thread 0. They are told what to run through a word of
 * that memory, not by messages; between phases they meet in the module's barrier.
 */
import { BARRIER, COUNTERS, ENTRY, FIRST, IDLE, LAST, ORDER, type Schedule, SPINS } from './control.js';
import { mayWait } from './features.js';
import { type Address, addressOf, type Bits } from './memory.js';
import { workerSource } from './worker-source.js';
import { inNode } from '../environment.js';
import { KernelError, messageOf } from '../errors.js';

export interface TeamOptions {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly schedules: readonly Schedule[];
  readonly threads: number;
  /** Address of thread 0's own memory, and bytes from one thread's to the next. */
  readonly own: number;
  readonly ownBytes: number;
  /** Bits of an address. */
  readonly bits: Bits;
}

type Exported = (...args: readonly Address[]) => unknown;
interface PreparedCall {
  readonly fn: Exported;
  readonly args: readonly Address[];
}
interface Helper {
  stop(): void;
}

export class Team {
  private readonly words: Int32Array;
  private failure: string | undefined;

  private constructor(
    private readonly options: TeamOptions,
    private readonly plans: readonly (readonly (readonly PreparedCall[])[])[],
    private readonly barrier: Exported,
    private helpers: readonly Helper[],
    private readonly counters: number,
  ) {
    this.words = new Int32Array(options.memory.buffer, 0, 128);
  }

  /** Starts the threads and waits until they are ready. @throws KernelError when one cannot start */
  static async start(options: TeamOptions): Promise<Team> {
    const { module, memory, schedules } = options;
    const own = addressOf(options.bits, options.own);
    // Not `new WebAssembly.Instance`: the main thread of a browser refuses large modules that way.
    const { exports } = await WebAssembly.instantiate(module, { env: { memory } });
    const exported = (name: string): Exported => {
      const found = exports[name];
      if (typeof found !== 'function') throw new KernelError(`the program's module has no function ${name}`);
      return (...args) => found(...args);
    };
    const plans = schedules.map((launches) => launches.map((phases) => phases.map(({ name, args }) => ({ fn: exported(name), args: [own, ...args] }))));
    const counters = Math.max(0, ...schedules.map((launches) => launches.reduce((sum, phases) => sum + phases.length, 0)));
    const team = new Team(options, plans, exported('barrier'), [], counters);
    const starting: Promise<Helper>[] = [];
    for (let thread = 1; thread < options.threads; thread++) starting.push(team.startHelper(thread));
    const started = await Promise.allSettled(starting);
    team.helpers = started.flatMap((helper) => (helper.status === 'fulfilled' ? [helper.value] : []));
    const failed = started.find((helper) => helper.status === 'rejected');
    if (failed) {
      team.stop();
      throw failed.reason;
    }
    return team;
  }

  private async startHelper(thread: number): Promise<Helper> {
    const { module, memory, schedules, threads, own, ownBytes, bits } = this.options;
    const data = { module, memory, schedules, thread, threads, own: addressOf(bits, own + thread * ownBytes), meeting: addressOf(bits, BARRIER), spins: SPINS };
    const failed = (text: string): void => {
      this.failure ??= text;
    };
    if (inNode()) {
      const { Worker } = await import('node:worker_threads');
      const worker = new Worker(workerSource, { eval: true, workerData: data, execArgv: [] });
      return new Promise((resolve, reject) => {
        worker.on('error', (error) => reject(new KernelError(`a thread did not start: ${messageOf(error)}`)));
        worker.on('message', (text: unknown) => {
          if (text === 'ready') {
            // An idle thread does not keep the process alive.
            worker.unref();
            resolve({ stop: () => void worker.terminate() });
          } else failed(String(text));
        });
      });
    }
    const url = URL.createObjectURL(new Blob([workerSource], { type: 'text/javascript' }));
    const worker = new Worker(url);
    return new Promise<Helper>((resolve, reject) => {
      worker.onerror = (event) => reject(new KernelError(`a thread did not start: ${event.message || 'the page\'s content security policy must allow `worker-src blob:`'}`));
      worker.onmessage = (event: MessageEvent<unknown>) => {
        if (event.data === 'ready') resolve({ stop: () => worker.terminate() });
        else failed(String(event.data));
      };
      worker.postMessage(data);
    }).finally(() => URL.revokeObjectURL(url));
  }

  /** Runs launches [first, last) of an entry on all threads; returns when all are done. @throws KernelError when one fails */
  run(entry: number, first: number, last: number): void {
    const { threads, memory, bits } = this.options;
    new Int32Array(memory.buffer, COUNTERS, this.counters).fill(0);
    if (threads > 1) {
      this.words[ENTRY] = entry;
      this.words[FIRST] = first;
      this.words[LAST] = last;
      this.tell();
    }
    const meeting = addressOf(bits, BARRIER);
    const spins = mayWait() ? SPINS : -1;
    try {
      for (const phases of (this.plans[entry] ?? []).slice(first, last)) {
        for (const { fn, args } of phases) {
          fn(...args);
          if (threads > 1 && this.barrier(meeting, threads, spins) !== 0) throw new KernelError(this.failure ?? 'a thread failed');
        }
      }
    } catch (error) {
      Atomics.store(this.words, (BARRIER + 192) / 4, 1);
      throw error instanceof KernelError ? error : new KernelError(messageOf(error));
    }
  }

  private tell(): void {
    Atomics.add(this.words, ORDER, 1);
    if (Atomics.load(this.words, IDLE) > 0) Atomics.notify(this.words, ORDER);
  }

  /** Ends the threads. */
  stop(): void {
    this.words[ENTRY] = -1;
    this.tell();
    for (const helper of this.helpers) helper.stop();
    this.helpers = [];
  }
}
