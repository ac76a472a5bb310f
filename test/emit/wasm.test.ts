/**
 * What `build --target wasm` writes, for a spec of the repository: complete, the same each time, and what runs from the files is what was compiled.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Compiled } from '../../compiler/compiled.js';
import { emit } from '../../compiler/emit/emit.js';
import { compile } from '../../compiler/pipeline.js';
import type { TargetName } from '../../compiler/targets/targets.js';
import { createModel, describeCpu, loadProgram, type RuntimeModel } from '../../runtime/index.js';
import { reader } from '../support/spec.js';

const compiled = (target: TargetName): Compiled => compile({ entry: 'specs/pools.arch', read: reader({}), set: ['layers.count=1'], batch: 1, time: 16, target });
let built: Compiled;
let files: Map<string, string | Uint8Array>;
let folder: string;

beforeAll(async () => {
  await describeCpu();
  built = compiled('wasm');
  files = await emit(built);
  folder = mkdtempSync(join(tmpdir(), 'archc-wasm-'));
  for (const [name, content] of files) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('both modules hold every function the program calls, and each kernel can be read', async () => {
  const names = (built.program?.wasm?.phases ?? []).flat();
  expect(names.length).toBeGreaterThan(20);
  for (const file of ['kernels.wasm', 'kernels.relaxed.wasm']) {
    const code = files.get(file);
    if (!(code instanceof Uint8Array)) throw new Error(`no ${file}`);
    const exported = new Set(WebAssembly.Module.exports(await WebAssembly.compile(Uint8Array.from(code))).map(({ name }) => name));
    expect([...names, 'barrier'].filter((name) => !exported.has(name))).toEqual([]);
  }
  const kernels = [...files].filter(([name]) => name.startsWith('kernels/'));
  expect(kernels.map(([name]) => name)).toEqual((built.program?.modules ?? []).map(({ name }) => `kernels/${name}.wat`).sort());
  for (const [i, { name }] of (built.program?.modules ?? []).entries()) {
    const text = files.get(`kernels/${name}.wat`);
    for (const phase of built.program?.wasm?.phases[i] ?? []) expect(text, name).toContain(`(func $${phase}`);
  }
  // the header says which lines of the spec it implements
  expect(files.get(kernels.map(([name]) => name).find((name) => name.includes('top_product')) ?? '')).toContain('layers.0.ffn.');
});

test('the same compilation gives the same bytes, and model.ts does not depend on the target', async () => {
  const again = await emit(compiled('wasm'));
  expect([...again.keys()]).toEqual([...files.keys()]);
  for (const [name, content] of again) expect(typeof content === 'string' ? content : Buffer.from(content).equals(files.get(name) as Uint8Array), name).toEqual(typeof content === 'string' ? files.get(name) : true);
  const gpu = await emit(compiled('wgsl'));
  expect(gpu.get('model.ts')).toBe(files.get('model.ts'));
  expect([...gpu.keys()].filter((name) => name.endsWith('.wasm'))).toEqual([]);
});

test('is read back as the program it was', async () => {
  const back = await loadProgram(pathToFileURL(join(folder, 'program.json')));
  expect(back).toEqual({ ...built.program, modules: built.program?.modules.map((module) => ({ ...module, source: '' })) });
});

test('model.ts loads it and computes what the compiled program computes', async () => {
  const source = files.get('model.ts');
  if (typeof source !== 'string' || !built.program) throw new Error('no model');
  const path = join(folder, 'model.ts');
  writeFileSync(path, source.replace("'archc/runtime'", JSON.stringify(resolve(import.meta.dirname, '../../runtime/index.ts'))));
  const { loadModel } = (await import(path)) as { loadModel: (device: undefined, options: { seed: number }) => Promise<{ runtime: RuntimeModel }> };
  const { runtime } = await loadModel(undefined, { seed: 5 });
  const other = await createModel(built.program, undefined, { seed: 5, threads: 1 });
  const tokens = Int32Array.from({ length: 16 }, (_, i) => i * 13);
  const logits = await runtime.forward(tokens);
  expect(logits).toHaveLength(16 * 256);
  expect(logits).toEqual(await other.forward(tokens));
  runtime.destroy();
  other.destroy();
});
