import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { emit } from '../../compiler/emit/emit.js';
import { type ProgramFiles, parseProgram } from '../../runtime/load.js';
import { compiled } from './compiled.js';

const root = resolve(import.meta.dirname, '../..');
let files: Map<string, string | Uint8Array>;
let folder: string;

beforeAll(async () => {
  files = await emit(compiled(3, 1));
  folder = mkdtempSync(join(tmpdir(), 'archc-emit-'));
  for (const [name, text] of files) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const textOf = (from: ReadonlyMap<string, string | Uint8Array>, name: string): string => {
  const found = from.get(name);
  return typeof found === 'string' ? found : '';
};
const file = (name: string): string => textOf(files, name);

test('writes the model, the resolved spec, the program and its kernels', () => {
  expect([...files.keys()]).toEqual(['model.ts', 'resolved.json', 'program.json', 'kernels/add.wgsl', 'kernels/scale.wgsl']);
  expect(file('kernels/scale.wgsl')).toBe('@compute @workgroup_size(1) fn main() {}\n');
});

test('the same compilation gives the same bytes', async () => {
  expect([...(await emit(compiled(3, 1)))]).toEqual([...files]);
});

test('more layers of the same shape cost one name each in model.ts', async () => {
  const [few, many] = [await emit(compiled(3)), await emit(compiled(24))];
  const lines = (text: string): number => text.split('\n').length;
  expect(lines(textOf(many, 'model.ts')) - lines(textOf(few, 'model.ts'))).toBeLessThan(80);
  expect(textOf(many, 'model.ts').match(/interface Layer\b/g)).toHaveLength(1);
});

test('refuses a compilation that did not reach a program', async () => {
  await expect(emit({ ...compiled(), program: undefined })).rejects.toThrow('emit needs a model, its graph and its program');
});

describe('program.json', () => {
  const source: ProgramFiles = { text: (name) => Promise.resolve(file(name)), bytes: () => Promise.reject(new Error('a WGSL program has no bytes')) };

  test('is read back as the program it was', async () => {
    const { program } = compiled(3, 1);
    const back = await parseProgram(JSON.parse(file('program.json')), source);
    expect(back).toEqual({ ...program, modules: program?.modules.map((module) => ({ ...module, source: file(`kernels/${module.name}.wgsl`) })) });
  });

  test('names the field that is wrong', async () => {
    const edited = file('program.json').replace('"groups": [1, 2, 3]', '"groups": [1, "2", 3]');
    await expect(parseProgram(JSON.parse(edited), source)).rejects.toThrow('program.json: entries: forward: dispatches[0]: groups[1] should be a number');
    await expect(parseProgram(JSON.parse(file('program.json').replace('"1.0"', '"0.9"')), source)).rejects.toThrow('program.json has format 0.9, this runtime reads 1.0');
    await expect(parseProgram([], source)).rejects.toThrow('program.json should be an object');
  });
});

test('resolved.json holds settings, overrides, parameters, losses and the contract', () => {
  expect(JSON.parse(file('resolved.json'))).toMatchObject({
    formatVersion: '1.0',
    arch: 'Tiny',
    dims: { d: 4, vocab: 7 },
    entries: [{ path: 'embed' }, { path: 'layers', count: 3, norm: null, entries: [{ path: 'layers.attention' }, { settings: { act: 'gelu' }, perLayer: { 1: { act: 'tanh' } } }] }, { path: 'lm_head' }],
    resolved: [{ path: 'dims.d', value: '4', from: 'spec', at: 'tiny.arch:1' }],
    losses: [{ name: 'ce', formula: 'next_token( lm_head.logits)' }],
    contract: { declared: [{ name: 'active', bound: 6 }], causal: { holds: true }, families: [{ path: 'layers.0.ffn.experts', active: { value: 6 } }, {}, {}] },
    train: { steps: 10, groups: [{ optimizer: 'adamw', betas: [0.9, 0.95] }] },
  });
});

describe('model.ts', () => {
  /** Messages of the type checker under the repository's options, by file, for files beside model.ts in an ES module package. */
  function check(users: Record<string, string>): Map<string, string[]> {
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
    for (const [name, text] of Object.entries(users)) writeFileSync(join(folder, name), text);
    const { options } = ts.parseJsonConfigFileContent(ts.readConfigFile(join(root, 'tsconfig.json'), (name) => ts.sys.readFile(name)).config, ts.sys, root);
    const program = ts.createProgram(Object.keys(users).map((name) => join(folder, name)), {
      ...options, noEmit: true, rootDir: '/', typeRoots: [join(root, 'node_modules/@types'), join(root, 'node_modules')],
      paths: { 'archc/runtime': [join(root, 'runtime/index.ts')] },
    });
    const found = (name: string): string[] => {
      const source = program.getSourceFile(join(folder, name));
      return ts.getPreEmitDiagnostics(program, source).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
    };
    return new Map(['model.ts', ...Object.keys(users)].map((name) => [name, found(name)]));
  }

  test('type-checks under strict, knows paths, shapes, experts and settings, and refuses what the spec does not have', () => {
    const found = check({
      'right.ts': `
        import { openDevice } from 'archc/runtime';
        import { experts, loadModel, settings, type ActivationPath, type Layer, type Params } from './model.js';
        const model = await loadModel(await openDevice());
        export const onItsOwn = await loadModel(undefined, { threads: 2 });
        const shape: readonly [6, 4] = model.layers[2].ffn.experts.read.shape;
        const router: readonly [4, 2, 6] = model.layers[0].ffn.router.shape;
        const layer: Layer = model.layers[2];
        const table: Float32Array = await model.embed.table.read();
        const act: 'gelu' = settings.layers.ffn.act;
        const overridden: 'tanh' = settings.layers[1].ffn.act;
        const count: 6 = experts['layers.ffn.experts'].count;
        const path: ActivationPath = 'layers.2.ffn';
        export const all: readonly unknown[] = [shape, router, layer, table, act, overridden, count, path, model satisfies Params];
      `,
      'wrong.ts': `
        import { type ActivationPath, type Model } from './model.js';
        export const path: ActivationPath = 'layers.3.ffn';
        export const missing = (model: Model): unknown => model.layers[3];
        export const narrowed = (model: Model): unknown => model.layers[1].ffn.router;
        export const wrong = (model: Model): readonly [4, 6] => model.layers[0].ffn.experts.read.shape;
      `,
    });
    expect(found.get('model.ts')).toEqual([]);
    expect(found.get('right.ts')).toEqual([]);
    const wrong = found.get('wrong.ts') ?? [];
    expect(wrong).toHaveLength(4);
    expect(wrong[0]).toContain('"layers.3.ffn"');
    expect(wrong[1]).toContain("of length '3' has no element at index '3'");
    expect(wrong[2]).toContain("Property 'router' does not exist");
    expect(wrong[3]).toContain("is not assignable to type 'readonly [4, 6]'");
  });

  test('carries the documentation of the spec', () => {
    expect(file('model.ts')).toContain(' * A model for tests.\n * Nothing closes a comment: *\\/ does not.\n */');
    expect(file('model.ts')).toContain('  /** Bytes to vectors. */\n  readonly embed: {');
  });
});
