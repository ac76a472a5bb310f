/**
 * @file The compiled program as files: `program.json`, the readable form of each kernel in `kernels/`, and, for the CPU, the module that runs, once without and once
 * with relaxed SIMD.
 */
import type { Program } from '../../runtime/program.js';
import { layout } from './json.js';

const EXTENSION: Readonly<Record<Program['target'], string>> = { wgsl: 'wgsl', wasm: 'wat' };
const PLAIN = 'kernels.wasm';
const RELAXED = 'kernels.relaxed.wasm';

/** `program.json`: the program with each module's code replaced by the file it is in. `runtime/load.ts` reads it back. */
export function programFiles(program: Program): Map<string, string | Uint8Array> {
  const { wasm } = program;
  const files = new Map<string, string | Uint8Array>();
  const modules = program.modules.map(({ name, source, bindings }) => {
    const file = `kernels/${name}.${EXTENSION[program.target]}`;
    if (files.has(file)) throw new Error(`two kernels are called ${name}`);
    files.set(file, source.endsWith('\n') ? source : `${source}\n`);
    return { name, file, bindings: bindings.map(({ access, minBytes }) => ({ access, minBytes })) };
  });
  const entries = Object.fromEntries(
    Object.entries(program.entries).map(([key, { name, inputs, outputs, dispatches }]) => [
      key,
      {
        name,
        inputs,
        outputs,
        dispatches: dispatches.map(({ module, groups, bindings, writes, flops, bytes }) => ({
          module,
          groups,
          bindings: bindings.map(({ tensor, offset, size }) => ({ tensor, offset, size })),
          writes,
          flops,
          bytes,
        })),
      },
    ]),
  );
  const text = layout({
    formatVersion: program.formatVersion,
    target: program.target,
    arch: program.arch,
    fingerprint: program.fingerprint,
    batch: program.batch,
    time: program.time,
    vocab: program.vocab,
    needs: { ...program.needs },
    choices: program.choices?.map(({ path, members }) => ({ path, members })),
    scalars: { tensor: program.scalars.tensor, values: program.scalars.values.map((value) => ({ ...value })) },
    tensors: program.tensors.map((tensor) => ({
      id: tensor.id,
      name: tensor.name,
      role: tensor.role,
      dtype: tensor.dtype,
      axes: tensor.axes.map(({ name, size }) => ({ name, size })),
      allocation: tensor.allocation,
      init: tensor.init && { ...tensor.init },
      expert: tensor.expert && { ...tensor.expert },
    })),
    allocations: program.allocations.map(({ name, bytes }) => ({ name, bytes })),
    modules,
    entries,
    wasm: wasm && {
      memory: wasm.memory,
      plain: PLAIN,
      relaxed: RELAXED,
      addresses: wasm.addresses,
      end: wasm.end,
      sharedBytes: wasm.sharedBytes,
      ownBytes: wasm.ownBytes,
      phases: wasm.phases.map((names) => [...names]),
      peakFlops: wasm.peakFlops,
    },
  });
  const code: [string, string | Uint8Array][] = wasm === undefined ? [] : [[PLAIN, wasm.plain], [RELAXED, wasm.relaxed]];
  return new Map<string, string | Uint8Array>([['program.json', text], ...code, ...[...files].sort(([a], [b]) => (a < b ? -1 : 1))]);
}
