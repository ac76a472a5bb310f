/**
 * @file Runs kernel programs in plain TypeScript and float64, straight from the meaning of `kernel.ts`, inside the memory plan's allocations.
 *
 * It is strict: an index outside its slot, a quotient of negative numbers, a read of a temporary that nothing has written (temporaries start each
 * life as NaN) and a write to a slot declared `read` are errors or NaN.
 */
import { lifetimes } from '../../compiler/optimise/memory.js';
import type { Attention, Buffer, Expr, GroupedContraction, GroupedOuter, Invert, Kernel, KernelProgram, Launch, Let, Loop, Nest, Stage } from '../../compiler/kernels/kernel.js';
import { erf } from './erf.js';

type Env = Map<string, number>;

/** A device: allocations, and programs run on them. */
export class Machine {
  private readonly memory: Float64Array[];

  constructor(private readonly programs: readonly KernelProgram[]) {
    this.memory = (programs[0]?.allocations ?? []).map((allocation) => new Float64Array(allocation.bytes / 4).fill(NaN));
  }

  private find(program: KernelProgram, name: string): Buffer | undefined {
    return program.buffers.find((buffer) => buffer.role !== 'temp' && buffer.name === name);
  }

  /** The elements of a buffer, live. */
  view(program: KernelProgram, buffer: Buffer): Float64Array {
    const at = program.placement.get(buffer.id);
    const space = at === undefined ? undefined : this.memory[at];
    if (!space || space.length < buffer.size) throw new Error(`no room for ${buffer.name}`);
    return space.subarray(0, buffer.size);
  }

  /** Sets a parameter, state, input or the scalars, by name, wherever it is used. */
  write(name: string, values: ArrayLike<number>): void {
    for (const program of this.programs) {
      const buffer = this.find(program, name);
      if (!buffer) continue;
      const view = this.view(program, buffer);
      if (name !== 'scalars' && values.length !== buffer.size) throw new Error(`${name} has ${buffer.size} elements, not ${values.length}`);
      view.set(values);
    }
  }

  read(program: KernelProgram, name: string): Float64Array {
    const buffer = this.find(program, name);
    if (!buffer) throw new Error(`no buffer ${name}`);
    return Float64Array.from(this.view(program, buffer));
  }

  run(program: KernelProgram): void {
    const lives = lifetimes(program.launches);
    program.launches.forEach((launch, i) => {
      for (const buffer of new Set(launch.buffers)) if (lives.get(buffer)?.first === i) this.view(program, buffer).fill(NaN);
      runLaunch(launch, launch.buffers.map((buffer) => this.view(program, buffer)));
    });
  }
}

class Runner {
  constructor(readonly kernel: Kernel, readonly data: readonly Float64Array[]) {}

  load(slot: number, index: number): number {
    const access = this.kernel.slots[slot]?.access;
    if (access === 'write') throw new Error(`${this.kernel.name} reads slot ${slot}, which it only writes`);
    const value = this.data[slot]?.[index];
    if (value === undefined) throw new Error(`${this.kernel.name} reads ${this.kernel.slots[slot]?.name ?? ''}[${index}] of ${this.data[slot]?.length ?? 0}`);
    return value;
  }
  store(slot: number, index: number, value: number): void {
    const data = this.data[slot];
    if (this.kernel.slots[slot]?.access === 'read') throw new Error(`${this.kernel.name} writes slot ${slot}, which it only reads`);
    if (!data || !Number.isInteger(index) || index < 0 || index >= data.length) throw new Error(`${this.kernel.name} writes ${this.kernel.slots[slot]?.name ?? ''}[${index}] of ${data?.length ?? 0}`);
    data[index] = value;
  }

  value(expr: Expr, env: Env): number {
    switch (expr.kind) {
      case 'number': return expr.value;
      case 'var': case 'local': {
        const value = env.get(expr.name);
        if (value === undefined) throw new Error(`${this.kernel.name}: ${expr.name} has no value`);
        return value;
      }
      case 'load': return this.load(expr.slot, this.value(expr.index, env));
      case 'call': {
        const args = expr.args.map((arg) => this.value(arg, env));
        return apply(expr.fn, expr.args[0]?.dtype === 'i32', args);
      }
    }
  }

  loop(loops: readonly Loop[], env: Env, body: (env: Env) => void): void {
    const [loop, ...rest] = loops;
    if (!loop) return body(env);
    const from = loop.from ? this.value(loop.from, env) : 0;
    const to = loop.to ? this.value(loop.to, env) : loop.extent;
    if (!Number.isInteger(from) || !Number.isInteger(to) || to - from > loop.extent) throw new Error(`${this.kernel.name}: ${loop.name} from ${from} to ${to}, at most ${loop.extent}`);
    for (let i = from; i < to; i++) {
      env.set(loop.name, i);
      this.loop(rest, env, body);
    }
    env.delete(loop.name);
  }

  lets(lets: readonly Let[], env: Env): void {
    for (const { name, value } of lets) env.set(name, this.value(value, env));
  }

  stage(stage: Stage, env: Env): void {
    if (stage.kind === 'let') {
      env.set(stage.name, this.value(stage.value, env));
      return;
    }
    if (stage.kind === 'store') {
      return this.loop(stage.loops, env, (at) => {
        this.lets(stage.lets ?? [], at);
        this.store(stage.slot, this.value(stage.index, at), this.value(stage.value, at));
      });
    }
    let result = stage.fn === 'sum' ? 0 : stage.fn === 'max' ? -Infinity : Infinity;
    this.loop(stage.loops, env, (at) => {
      this.lets(stage.lets, at);
      if (stage.inner) this.stage({ kind: 'reduce', ...stage.inner }, at);
      const value = this.value(stage.value, at);
      result = stage.fn === 'sum' ? result + value : stage.fn === 'max' ? Math.max(result, value) : Math.min(result, value);
    });
    env.set(stage.name, result);
  }
}

function runLaunch(launch: Launch, data: readonly Float64Array[]): void {
  const { kernel } = launch;
  if (launch.buffers.length !== kernel.slots.length) throw new Error(`${kernel.name}: ${launch.buffers.length} buffers for ${kernel.slots.length} slots`);
  launch.buffers.forEach((buffer, i) => {
    const slot = kernel.slots[i];
    if (slot?.size !== buffer.size || slot.dtype !== buffer.dtype) throw new Error(`${kernel.name}: ${buffer.name} does not fit slot ${slot?.name ?? i}`);
  });
  const run = new Runner(kernel, data);
  switch (kernel.kind) {
    case 'nest': return runNest(kernel, run);
    case 'contraction': {
      const { store } = kernel;
      for (let batch = 0; batch < kernel.batch; batch++) for (let m = 0; m < kernel.m; m++) for (let n = 0; n < kernel.n; n++) {
        let acc = 0;
        const env: Env = new Map([['batch', batch], ['m', m], ['n', n]]);
        for (let k = 0; k < kernel.k; k++) {
          env.set('k', k);
          acc += run.value(kernel.a, env) * run.value(kernel.b, env);
        }
        env.delete('k');
        env.set('acc', acc);
        run.store(store.slot, run.value(store.index, env), run.value(store.value, env));
      }
      return;
    }
    case 'grouped_contraction': case 'grouped_outer': return runGrouped(kernel, run);
    case 'attention': return runAttention(kernel, data);
    case 'top': {
      for (let row = 0; row < kernel.rows; row++) {
        const values = Array.from({ length: kernel.extent }, (_, n) => run.value(kernel.value, new Map([['row', row], ['n', n]])));
        best(values, kernel.take).forEach((index, rank) => run.store(kernel.slot, row * kernel.take + rank, index));
      }
      return;
    }
    case 'top_product': {
      for (let row = 0; row < kernel.rows; row++) {
        const half = (expr: Expr): number[] => Array.from({ length: kernel.extent }, (_, n) => run.value(expr, new Map([['row', row], ['n', n]])));
        const [first, second] = [half(kernel.first), half(kernel.second)];
        best(first.flatMap((a) => second.map((b) => a + b)), kernel.take).forEach((index, rank) => run.store(kernel.slot, row * kernel.take + rank, index));
      }
      return;
    }
    case 'invert': return runInvert(kernel, run);
    case 'fill': data[0]?.fill(kernel.value);
  }
}

function runGrouped(kernel: GroupedContraction | GroupedOuter, run: Runner): void {
  const { of, store } = kernel;
  const count = run.value(of.count, new Map());
  if (count > of.groups) throw new Error(`${kernel.name}: ${count} groups, at most ${of.groups}`);
  const product = (env: Env): number => run.value(kernel.a, env) * run.value(kernel.b, env);
  const finish = (env: Env, acc: number): void => {
    env.set('acc', acc);
    run.store(store.slot, run.value(store.index, env), run.value(store.value, env));
  };
  let done = 0;
  for (let g = 0; g < count; g++) {
    const group: Env = new Map([['g', g]]);
    const [row, from, to] = [of.row, of.from, of.to].map((expr) => run.value(expr, group));
    if (row === undefined || from === undefined || to === undefined || !(from < to)) throw new Error(`${kernel.name}: group ${g} from ${from} to ${to}`);
    const entries = Array.from({ length: to - from }, (_, i) => run.value(of.entry, new Map([['p', from + i]])));
    done += entries.length;
    if (kernel.kind === 'grouped_contraction') {
      for (const entry of entries) for (let n = 0; n < kernel.n; n++) {
        let acc = 0;
        for (let k = 0; k < kernel.k; k++) acc += product(new Map([['entry', entry], ['row', row], ['n', n], ['k', k]]));
        finish(new Map([['entry', entry], ['row', row], ['n', n]]), acc);
      }
    } else {
      for (let m = 0; m < kernel.m; m++) for (let n = 0; n < kernel.n; n++) {
        const acc = entries.reduce((sum, entry) => sum + product(new Map([['entry', entry], ['row', row], ['m', m], ['n', n]])), 0);
        finish(new Map([['row', row], ['m', m], ['n', n]]), acc);
      }
    }
  }
  if (done > of.entries) throw new Error(`${kernel.name}: ${done} entries, at most ${of.entries}`);
}

function runNest(kernel: Nest, run: Runner): void {
  // parallel points must not see each other's writes: run them in both orders' spirit by collecting writes first
  run.loop(kernel.grid, new Map(), (env) => {
    const inner: Env = new Map(env);
    for (const stage of kernel.stages) run.stage(stage, inner);
  });
}

function best(values: readonly number[], take: number): number[] {
  return values.map((value, index) => ({ value, index })).sort((a, b) => b.value - a.value || a.index - b.index).slice(0, take).map((x) => x.index);
}

function runInvert(kernel: Invert, run: Runner): void {
  const rows = new Map<number, number[]>();
  for (let entry = 0; entry < kernel.entries; entry++) {
    const row = run.value(kernel.index, new Map([['entry', entry]]));
    if (row < -1 || row >= kernel.rows || !Number.isInteger(row)) throw new Error(`row ${row} of ${kernel.rows}`);
    if (row < 0) continue;
    const list = rows.get(row);
    if (list) list.push(entry);
    else rows.set(row, [entry]);
  }
  const touched = [...rows.keys()].sort((a, b) => a - b);
  let at = 0;
  touched.forEach((row, i) => {
    run.store(kernel.touched, i, row);
    run.store(kernel.offsets, i, at);
    for (const entry of rows.get(row) ?? []) run.store(kernel.order, at++, entry);
  });
  run.store(kernel.offsets, touched.length, at);
  run.store(kernel.count, 0, touched.length);
}

function runAttention(kernel: Attention, data: readonly Float64Array[]): void {
  const { batch, time, heads, groups, keyWidth: e, valueWidth: f, scale } = kernel;
  const [q, k, v, out, lse, dout] = data;
  if (!q || !k || !v || !out || !lse) throw new Error('attention lacks operands');
  const at = (x: Float64Array | undefined, b: number, t: number, h: number, n: number, width: number, i: number): number => x?.[((b * time + t) * n + h) * width + i] ?? NaN;
  const write = (x: Float64Array | undefined, b: number, t: number, h: number, n: number, width: number, i: number, value: number, add = false): void => {
    const place = ((b * time + t) * n + h) * width + i;
    if (!x || place >= x.length) throw new Error('attention writes outside');
    x[place] = add ? (x[place] ?? NaN) + value : value;
  };
  const [dk, dv] = kernel.variant === 'grad_kv' ? [data[6], data[7]] : [];
  dk?.fill(0);
  dv?.fill(0);
  for (let b = 0; b < batch; b++) for (let h = 0; h < heads; h++) for (let t = 0; t < time; t++) {
    const g = Math.floor((h * groups) / heads);
    const scores = Array.from({ length: t + 1 }, (_, s) => {
      let dot = 0;
      for (let i = 0; i < e; i++) dot += at(q, b, t, h, heads, e, i) * at(k, b, s, g, groups, e, i);
      return dot * scale;
    });
    if (kernel.variant === 'forward') {
      const max = Math.max(...scores);
      const total = scores.reduce((sum, x) => sum + Math.exp(x - max), 0);
      const log = max + Math.log(total);
      write(lse, b, t, h, heads, 1, 0, log);
      for (let i = 0; i < f; i++) write(out, b, t, h, heads, f, i, scores.reduce((sum, x, s) => sum + Math.exp(x - log) * at(v, b, s, g, groups, f, i), 0));
      continue;
    }
    const weights = scores.map((x) => Math.exp(x - at(lse, b, t, h, heads, 1, 0)));
    let delta = 0;
    for (let i = 0; i < f; i++) delta += at(dout, b, t, h, heads, f, i) * at(out, b, t, h, heads, f, i);
    const dscores = weights.map((p, s) => {
      let dp = 0;
      for (let i = 0; i < f; i++) dp += at(dout, b, t, h, heads, f, i) * at(v, b, s, g, groups, f, i);
      return p * (dp - delta) * scale;
    });
    if (kernel.variant === 'grad_q') {
      for (let i = 0; i < e; i++) write(data[6], b, t, h, heads, e, i, dscores.reduce((sum, x, s) => sum + x * at(k, b, s, g, groups, e, i), 0));
      continue;
    }
    weights.forEach((p, s) => {
      for (let i = 0; i < e; i++) write(dk, b, s, g, groups, e, i, (dscores[s] ?? NaN) * at(q, b, t, h, heads, e, i), true);
      for (let i = 0; i < f; i++) write(dv, b, s, g, groups, f, i, p * at(dout, b, t, h, heads, f, i), true);
    });
  }
}

function apply(fn: string, i32: boolean, args: readonly number[]): number {
  const [a = NaN, b = NaN, c = NaN] = args;
  switch (fn) {
    case 'neg': return -a;
    case 'exp': return Math.exp(a);
    case 'log': return Math.log(a);
    case 'sqrt': return Math.sqrt(a);
    case 'rsqrt': return 1 / Math.sqrt(a);
    case 'tanh': return Math.tanh(a);
    case 'erf': return erf(a);
    case 'sin': return Math.sin(a);
    case 'cos': return Math.cos(a);
    case 'abs': return Math.abs(a);
    case 'sign': return Math.sign(a);
    case 'floor': return Math.floor(a);
    case 'reciprocal': return 1 / a;
    case 'to_f32': return a;
    case 'to_i32': return Math.trunc(a);
    case 'is_finite': return Number.isFinite(a) ? 1 : 0;
    case 'add': return a + b;
    case 'sub': return a - b;
    case 'mul': return a * b;
    case 'div': case 'mod':
      if (!i32) return a / b;
      if (a < 0 || b <= 0) throw new Error(`${fn} of ${a} and ${b}`);
      return fn === 'div' ? Math.trunc(a / b) : a % b;
    case 'pow': return a ** b;
    case 'max': return Math.max(a, b);
    case 'min': return Math.min(a, b);
    case 'lt': return a < b ? 1 : 0;
    case 'le': return a <= b ? 1 : 0;
    case 'eq': return a === b ? 1 : 0;
    case 'select': return a !== 0 ? b : c;
    default: throw new Error(`no function ${fn}`);
  }
}
