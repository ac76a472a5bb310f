/**
 * @file Reading a built program back: `program.json` and the kernels it names, from a folder (Node) or a server (browser). Every field is checked: the
 * files may have been edited, or written by another version.
 */
import { RunError, messageOf } from './errors.js';
import type { AxisInfo, DispatchInfo, EntryInfo, InitInfo, ModuleInfo, Program, ScalarInfo, TensorInfo, WasmInfo } from './program.js';

/** Reads the files that `program.json` names. */
export interface ProgramFiles {
  text(file: string): Promise<string>;
  bytes(file: string): Promise<Uint8Array<ArrayBuffer>>;
}

/**
 * The program at `url` (of `program.json`); kernels are read beside it.
 * @throws RunError when a file is missing or does not say what a program says
 */
export async function loadProgram(url: URL): Promise<Program> {
  const text = decode(await readBytes(url));
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw new RunError(`${url.href} is not JSON: ${messageOf(error)}\n  Build it again with \`archc build\`.`);
  }
  const bytes = (file: string): Promise<Uint8Array<ArrayBuffer>> => readBytes(new URL(file, url));
  return parseProgram(parsed, { bytes, text: async (file) => decode(await bytes(file)) }, url.href);
}

/** @throws RunError naming the field that is wrong */
export async function parseProgram(json: unknown, files: ProgramFiles, name = 'program.json'): Promise<Program> {
  const root = new Field(json, name);
  const version = root.get('formatVersion').text();
  if (version !== '1.0') throw new RunError(`${name} has format ${version}, this runtime reads 1.0\n  Build it again with \`archc build\`.`);
  const scalars = root.get('scalars');
  const tensor = scalars.get('tensor').optional((field) => field.number());
  const needs = root.get('needs');
  const wasm = await root.get('wasm').optional((field) => wasmInfo(field, files));
  const choices = root.get('choices').optional((field) => field.list((choice) => ({ path: choice.get('path').text(), members: choice.get('members').number() })));
  return {
    formatVersion: '1.0',
    target: root.get('target').oneOf(['wgsl', 'wasm']),
    arch: root.get('arch').text(),
    fingerprint: root.get('fingerprint').text(),
    batch: root.get('batch').number(),
    time: root.get('time').number(),
    vocab: root.get('vocab').number(),
    tensors: root.get('tensors').list(tensorInfo),
    allocations: root.get('allocations').list((field) => ({ name: field.get('name').text(), bytes: field.get('bytes').number() })),
    modules: await Promise.all(root.get('modules').list((field) => moduleInfo(field, wasm === undefined ? files : undefined))),
    entries: root.get('entries').record(entryInfo),
    ...(choices !== undefined && { choices }),
    ...(wasm !== undefined && { wasm }),
    scalars: { ...(tensor !== undefined && { tensor }), values: scalars.get('values').list(scalarInfo) },
    needs: {
      storageBuffers: needs.get('storageBuffers').number(),
      bindingBytes: needs.get('bindingBytes').number(),
      bufferBytes: needs.get('bufferBytes').number(),
    },
  };
}

const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

async function readBytes(url: URL): Promise<Uint8Array<ArrayBuffer>> {
  try {
    if (url.protocol === 'file:') {
      const { readFile } = await import('node:fs/promises');
      return new Uint8Array(await readFile(url));
    }
    const response = await fetch(url);
    if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
    return new Uint8Array(await response.arrayBuffer());
  } catch (error) {
    throw new RunError(`${url.href} cannot be read: ${messageOf(error)}\n  Build it again with \`archc build\`.`);
  }
}

// ------------------------------------------------------------------------------------------------- parts

const axisInfo = (field: Field): AxisInfo => ({ name: field.get('name').text(), size: field.get('size').number() });

function tensorInfo(field: Field): TensorInfo {
  const init = field.get('init').optional(initInfo);
  const expert = field.get('expert').optional((given) => ({
    family: given.get('family').text(),
    role: given.get('role').oneOf(['read', 'write', 'param']),
  }));
  return {
    id: field.get('id').number(),
    name: field.get('name').text(),
    role: field.get('role').oneOf(['param', 'moment', 'state', 'input', 'scalar', 'output', 'temp']),
    dtype: field.get('dtype').oneOf(['f32', 'i32']),
    axes: field.get('axes').list(axisInfo),
    allocation: field.get('allocation').number(),
    ...(init && { init }),
    ...(expert && { expert }),
  };
}

function initInfo(field: Field): InitInfo {
  const kind = field.get('kind').oneOf(['zeros', 'ones', 'constant', 'normal', 'uniform', 'unit']);
  switch (kind) {
    case 'constant':
      return { kind, value: field.get('value').number() };
    case 'normal':
      return { kind, mean: field.get('mean').number(), std: field.get('std').number() };
    case 'uniform':
      return { kind, low: field.get('low').number(), high: field.get('high').number() };
    case 'unit':
      return { kind, row: field.get('row').number(), of: initInfo(field.get('of')) };
    default:
      return { kind };
  }
}

function scalarInfo(field: Field): ScalarInfo {
  const number = (name: string): number => field.get(name).number();
  const kind = field.get('kind').oneOf(['step', 'noise_key', 'schedule', 'ramp', 'bias_correction']);
  switch (kind) {
    case 'step':
      return { kind };
    case 'noise_key':
      return { kind, stream: number('stream'), below: number('below') };
    case 'schedule':
      return {
        kind, name: field.get('name').text(), base: number('base'), warmup: number('warmup'), steps: number('steps'),
        shape: field.get('shape').oneOf(['constant', 'linear', 'cosine']), floor: number('floor'),
      };
    case 'ramp':
      return { kind, name: field.get('name').text(), from: number('from'), to: number('to'), over: number('over') };
    case 'bias_correction':
      return { kind, beta: number('beta') };
  }
}

/** The text beside a WebAssembly module is for people: it is not read. */
async function moduleInfo(field: Field, files: ProgramFiles | undefined): Promise<ModuleInfo> {
  return {
    name: field.get('name').text(),
    source: files === undefined ? '' : await files.text(field.get('file').text()),
    bindings: field.get('bindings').list((binding) => ({
      access: binding.get('access').oneOf(['read', 'read_write']),
      minBytes: binding.get('minBytes').number(),
    })),
  };
}

async function wasmInfo(field: Field, files: ProgramFiles): Promise<WasmInfo> {
  const memory = field.get('memory').optional((bits) => {
    const value = bits.number();
    if (value !== 32 && value !== 64) throw bits.wrong('32 or 64');
    return value;
  });
  const peakFlops = field.get('peakFlops').optional((flops) => flops.number());
  return {
    plain: await files.bytes(field.get('plain').text()),
    relaxed: await files.bytes(field.get('relaxed').text()),
    addresses: field.get('addresses').list((address) => address.number()),
    end: field.get('end').number(),
    sharedBytes: field.get('sharedBytes').number(),
    ownBytes: field.get('ownBytes').number(),
    ...(memory !== undefined && { memory }),
    phases: field.get('phases').list((phases) => phases.list((name) => name.text())),
    ...(peakFlops !== undefined && { peakFlops }),
  };
}

const entryInfo = (field: Field): EntryInfo => ({
  name: field.get('name').text(),
  inputs: field.get('inputs').record((id) => id.number()),
  outputs: field.get('outputs').record((id) => id.number()),
  dispatches: field.get('dispatches').list(dispatchInfo),
});

function dispatchInfo(field: Field): DispatchInfo {
  const [x, y, z] = field.get('groups').list((group) => group.number());
  if (x === undefined || y === undefined || z === undefined) throw field.get('groups').wrong('three numbers');
  return {
    module: field.get('module').number(),
    groups: [x, y, z],
    bindings: field.get('bindings').list((binding) => ({
      tensor: binding.get('tensor').number(),
      offset: binding.get('offset').number(),
      size: binding.get('size').number(),
    })),
    writes: field.get('writes').list((id) => id.number()),
    flops: field.get('flops').number(),
    bytes: field.get('bytes').number(),
  };
}

/** A value of unknown shape and where it stands, for messages. */
class Field {
  constructor(
    private readonly value: unknown,
    private readonly at: string,
  ) {}

  wrong(expected: string): RunError {
    return new RunError(`${this.at} should be ${expected}\n  Build it again with \`archc build\`.`);
  }
  get(name: string): Field {
    return new Field(this.properties().get(name), `${this.at}: ${name}`);
  }
  text(): string {
    if (typeof this.value !== 'string') throw this.wrong('a text');
    return this.value;
  }
  number(): number {
    if (typeof this.value !== 'number') throw this.wrong('a number');
    return this.value;
  }
  oneOf<T extends string>(words: readonly T[]): T {
    const found = words.find((word) => word === this.value);
    if (found === undefined) throw this.wrong(`one of ${words.join(', ')}`);
    return found;
  }
  optional<T>(read: (field: Field) => T): T | undefined {
    return this.value === undefined ? undefined : read(this);
  }
  list<T>(read: (field: Field) => T): T[] {
    if (!Array.isArray(this.value)) throw this.wrong('a list');
    const items: readonly unknown[] = this.value;
    return items.map((item, i) => read(new Field(item, `${this.at}[${i}]`)));
  }
  record<T>(read: (field: Field) => T): Record<string, T> {
    return Object.fromEntries([...this.properties()].map(([name, value]) => [name, read(new Field(value, `${this.at}: ${name}`))]));
  }
  private properties(): ReadonlyMap<string, unknown> {
    if (typeof this.value !== 'object' || this.value === null || Array.isArray(this.value)) throw this.wrong('an object');
    return new Map(Object.entries(this.value));
  }
}
