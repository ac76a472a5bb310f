/**
 * @file A module under construction: functions are built one after another and may call those built before. Statements go into blocks (`Block`), so that
 * a loop's invariant parts can be added before it while its body is being built.
 */
import { encodeModule, type FunctionForm } from './encode.js';
import { get, type Callee, i32, type Instr, type Label, type Local, op, set, typeOf, type ValueType } from './instructions.js';
import type { AddressType } from './opcodes.js';
import { moduleText } from './text.js';

/** Instructions beyond the core and SIMD that the engine has. */
export interface Features {
  /** Relaxed SIMD: fused multiply-add. */
  readonly relaxed: boolean;
  /** Bits of an address; 32 unless said. */
  readonly memory?: 32 | 64;
}

export class WasmModule {
  private readonly functions: FunctionForm[] = [];
  private readonly shared = new Map<string, Callee>();
  private readonly names = new Set<string>();

  constructor(readonly features: Features) {}

  /** The type of addresses in this module. */
  get address(): AddressType {
    return this.features.memory === 64 ? 'i64' : 'i32';
  }

  /** Adds a function. `build` adds its statements to `fn.body` and returns its value, if it has one. */
  fn(
    name: string,
    params: readonly (readonly [name: string, type: ValueType])[],
    result: ValueType | undefined,
    build: (fn: FunctionBuilder, ...params: Local[]) => Instr | undefined,
    options: { readonly exported?: boolean; readonly about?: readonly string[] } = {},
  ): Callee {
    let unique = name;
    for (let n = 2; this.names.has(unique); n++) unique = `${name}_${n}`;
    this.names.add(unique);
    const fn = new FunctionBuilder(this, params);
    const value = build(fn, ...fn.params);
    const form: FunctionForm = {
      name: unique,
      signature: { params: params.map(([, type]) => type), result },
      index: this.functions.length,
      params: fn.params,
      locals: fn.locals,
      body: fn.body.list,
      ...(value && { value }),
      exported: options.exported ?? false,
      about: options.about ?? [],
    };
    this.functions.push(form);
    return form;
  }

  /** A function that several kernels use: built when first asked for. */
  once(key: string, build: () => Callee): Callee {
    const known = this.shared.get(key);
    if (known) return known;
    const made = build();
    this.shared.set(key, made);
    return made;
  }

  bytes(maxPages: number): Uint8Array<ArrayBuffer> {
    return encodeModule(this.functions, { address: this.address, maxPages });
  }

  /** The module as text; with `names`, only those functions and what they call. */
  text(maxPages: number, names?: readonly string[]): string {
    const memory = { address: this.address, maxPages };
    if (!names) return moduleText(this.functions, memory);
    const wanted = new Set(this.functions.filter((fn) => names.includes(fn.name)));
    for (const fn of wanted) for (const index of calleesOf(fn)) {
      const callee = this.functions[index];
      if (callee) wanted.add(callee);
    }
    return moduleText(this.functions.filter((fn) => wanted.has(fn)), memory);
  }
}

/** Numbers of the functions that a function calls. */
function calleesOf(fn: FunctionForm): ReadonlySet<number> {
  const found = new Set<number>();
  const walk = (instr: Instr): void => {
    if (instr.kind === 'call') found.add(instr.callee.index);
    childrenOf(instr).forEach(walk);
  };
  [...fn.body, ...(fn.value ? [fn.value] : [])].forEach(walk);
  return found;
}

function childrenOf(instr: Instr): readonly Instr[] {
  switch (instr.kind) {
    case 'plain': case 'memory': case 'lane': case 'shuffle': case 'call': return instr.args;
    case 'set': return [instr.value];
    case 'select': return [instr.yes, instr.no, instr.condition];
    case 'block': case 'loop': return instr.body;
    case 'if': return [instr.condition, ...instr.then, ...instr.otherwise];
    case 'br': return instr.condition ? [instr.condition] : [];
    default: return [];
  }
}

export class FunctionBuilder {
  readonly params: Local[] = [];
  readonly locals: Local[] = [];
  readonly body: Block;
  private readonly used = new Map<string, number>();

  constructor(
    readonly module: WasmModule,
    params: readonly (readonly [name: string, type: ValueType])[],
  ) {
    for (const [name, type] of params) this.params.push({ name: this.unique(name), type, index: this.params.length });
    this.body = new Block(this);
  }

  local(name: string, type: ValueType): Local {
    const made: Local = { name: this.unique(name), type, index: this.params.length + this.locals.length };
    this.locals.push(made);
    return made;
  }

  label(name: string): Label {
    return { name: this.unique(name) };
  }

  private unique(name: string): string {
    const clean = name.replace(/[^A-Za-z0-9_]/g, '_');
    const count = this.used.get(clean) ?? 0;
    this.used.set(clean, count + 1);
    return count === 0 ? clean : this.used.has(`${clean}_${count + 1}`) ? this.unique(`${clean}_`) : `${clean}_${count + 1}`;
  }
}

/** A list of statements. */
export class Block {
  readonly list: Instr[] = [];

  constructor(readonly fn: FunctionBuilder) {}

  add(...instrs: readonly Instr[]): void {
    this.list.push(...instrs);
  }

  /** A new local holding `value`; constants and locals are returned as they are unless `always`. */
  bind(name: string, value: Instr, always = false): Instr {
    if (!always && (value.kind === 'get' || value.kind === 'const' || value.kind === 'vector')) return value;
    return get(this.variable(name, value));
  }

  /** A new mutable local that starts as `value`. */
  variable(name: string, value: Instr): Local {
    const type = typeOf(value);
    if (type === undefined) throw new Error(`internal error (wasm target): ${name} has no value`);
    const local = this.fn.local(name, type);
    this.add(set(local, value));
    return local;
  }

  /** `for (name = from; name < to; name += step)`, signed. `build` gets the block and the variable. */
  loop(name: string, from: Instr, to: Instr, step: number | Instr, build: (inner: Block, variable: Instr) => void): void {
    const counter = this.variable(name, from);
    const limit = this.bind(`${name}_end`, to);
    this.while(name, op('i32.lt_s', get(counter), limit), (inner) => {
      build(inner, get(counter));
      inner.add(set(counter, op('i32.add', get(counter), typeof step === 'number' ? i32(step) : step)));
    });
  }

  /** Repeats while `condition` holds; tested before each round. */
  while(name: string, condition: Instr, build: (inner: Block) => void): void {
    const label = this.fn.label(name);
    const inner = new Block(this.fn);
    build(inner);
    inner.add({ kind: 'br', label, condition });
    this.add({ kind: 'if', condition, then: [{ kind: 'loop', label, body: inner.list }], otherwise: [] });
  }

  /** A list of statements of the same function, for the caller to place. */
  nested(): Block {
    return new Block(this.fn);
  }

  if(condition: Instr, then: (inner: Block) => void, otherwise?: (inner: Block) => void): void {
    const yes = new Block(this.fn);
    then(yes);
    const no = new Block(this.fn);
    otherwise?.(no);
    this.add({ kind: 'if', condition, then: yes.list, otherwise: no.list });
  }
}
