/**
 * @file A hand-written program: a bigram model (logits = table[token]) trained by clipped momentum; small enough to check by hand, with every
 * part the runtime relies on: scalars, guarded updates, moments, the three entries.
 */
import type { AllocationInfo, DispatchInfo, ModuleInfo, Program, TensorInfo } from '../../runtime/program.js';

export interface BigramOptions {
  readonly batch?: number;
  readonly time?: number;
  readonly steps?: number;
  readonly lr?: number;
  /** The logits of this step become NaN at one place. */
  readonly breakAt?: number;
  readonly arch?: string;
}

const VOCAB = 256;

export function bigram(options: BigramOptions = {}): Program {
  const { batch = 2, time = 16, steps = 20, lr = 0.5, breakAt = -1 } = options;
  const places = batch * time;
  const tensors: TensorInfo[] = [];
  const allocations: AllocationInfo[] = [];
  const add = (name: string, role: TensorInfo['role'], dtype: 'f32' | 'i32', axes: TensorInfo['axes'], init?: TensorInfo['init']): number => {
    const id = tensors.length;
    tensors.push({ id, name, role, dtype, axes, allocation: allocations.length, ...(init ? { init } : {}) });
    allocations.push({ name, bytes: 4 * axes.reduce((product, axis) => product * axis.size, 1) });
    return id;
  };
  const token = [{ name: 'batch', size: batch }, { name: 'time', size: time }];
  const square = [{ name: 'from', size: VOCAB }, { name: 'vocab', size: VOCAB }];
  const tokens = add('tokens', 'input', 'i32', token);
  const targets = add('targets', 'input', 'i32', token);
  const scalars = add('scalars', 'scalar', 'f32', [{ name: 'scalar', size: 2 }]);
  const table = add('table', 'param', 'f32', square, { kind: 'normal', mean: 0, std: 0.1 });
  const moment = add('table.m', 'moment', 'f32', square);
  const seen = add('seen', 'state', 'f32', [], { kind: 'ones' });
  const logits = add('logits', 'output', 'f32', [...token, { name: 'vocab', size: VOCAB }]);
  const nll = add('nll', 'output', 'f32', token);
  const lse = add('lse', 'temp', 'f32', token);
  const grad = add('table~grad', 'temp', 'f32', square);
  const loss = add('loss', 'output', 'f32', []);
  const norm = add('grad_norm', 'output', 'f32', []);
  const bad = add('bad_step', 'output', 'f32', []);

  const modules: ModuleInfo[] = [];
  const modulesByName = new Map<string, number>();
  const kernel = (name: string, uses: readonly { readonly tensor: number; readonly write?: boolean }[], body: string, threads: number): DispatchInfo => {
    let module = modulesByName.get(name);
    const bytesOf = (id: number): number => Math.max(allocations[id]?.bytes ?? 0, 4);
    if (module === undefined) {
      const declarations = uses.map(({ tensor, write }, i) => `@group(0) @binding(${i}) var<storage, ${write ? 'read_write' : 'read'}> s${i}: array<${tensors[tensor]?.dtype ?? 'f32'}>;`);
      const source = `${declarations.join('\n')}\n@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) {\n  let i = id.x;\n  if (i >= ${threads}u) { return; }\n${body}\n}\n`;
      module = modules.length;
      modules.push({ name, source, bindings: uses.map(({ tensor, write }) => ({ access: write ? 'read_write' : 'read', minBytes: bytesOf(tensor) })) });
      modulesByName.set(name, module);
    }
    return {
      module,
      groups: [Math.ceil(threads / 64), 1, 1],
      bindings: uses.map(({ tensor }) => ({ tensor, offset: 0, size: bytesOf(tensor) })),
      writes: uses.flatMap(({ tensor, write }) => (write ? [tensor] : [])),
      flops: threads,
      bytes: threads * 4,
    };
  };

  const lookup = kernel('lookup', [{ tensor: tokens }, { tensor: table }, { tensor: scalars }, { tensor: logits, write: true }],
    `  let value = s1[s0[i / ${VOCAB}u] * ${VOCAB} + i32(i % ${VOCAB}u)];
  let broken = i32(s2[0]) == ${breakAt} && i == 300u;
  s3[i] = bitcast<f32>(select(bitcast<u32>(value), 0x7fc00000u, broken));`, places * VOCAB);
  const likelihood = kernel('likelihood', [{ tensor: logits }, { tensor: targets }, { tensor: nll, write: true }, { tensor: lse, write: true }],
    `  var top = s0[i * ${VOCAB}u];
  for (var v = 1u; v < ${VOCAB}u; v++) { top = max(top, s0[i * ${VOCAB}u + v]); }
  var sum = 0.0;
  for (var v = 0u; v < ${VOCAB}u; v++) { sum += exp(s0[i * ${VOCAB}u + v] - top); }
  s3[i] = top + log(sum);
  s2[i] = 0.0;
  if (s1[i] >= 0) { s2[i] = s3[i] - s0[i * ${VOCAB}u + u32(s1[i])]; }`, places);
  const mean = kernel('mean', [{ tensor: nll }, { tensor: loss, write: true }],
    `  var sum = 0.0;
  for (var t = 0u; t < ${places}u; t++) { sum += s0[t]; }
  s1[0] = sum / ${places}.0;`, 1);
  const gradient = kernel('gradient', [{ tensor: tokens }, { tensor: targets }, { tensor: logits }, { tensor: lse }, { tensor: grad, write: true }],
    `  let row = i32(i / ${VOCAB}u);
  let v = i % ${VOCAB}u;
  var sum = 0.0;
  for (var t = 0u; t < ${places}u; t++) {
    if (s0[t] == row) { sum += exp(s2[t * ${VOCAB}u + v] - s3[t]) - select(0.0, 1.0, s1[t] == i32(v)); }
  }
  s4[i] = sum / ${places}.0;`, VOCAB * VOCAB);
  const measure = kernel('measure', [{ tensor: grad }, { tensor: scalars }, { tensor: norm, write: true }, { tensor: bad, write: true }],
    `  var sum = 0.0;
  for (var j = 0u; j < ${VOCAB * VOCAB}u; j++) { sum += s0[j] * s0[j]; }
  s2[0] = sqrt(sum);
  if (s3[0] == 0.0 && (bitcast<u32>(sum) & 0x7f800000u) == 0x7f800000u) { s3[0] = s1[0]; }`, 1);
  const update = kernel('update', [{ tensor: grad }, { tensor: scalars }, { tensor: bad }, { tensor: moment, write: true }, { tensor: table, write: true }, { tensor: seen, write: true }],
    `  if (s2[0] != 0.0) { return; }
  s3[i] = 0.9 * s3[i] + s0[i];
  s4[i] -= s1[1] * s3[i];
  if (i == 0u) { s5[0] += 1.0; }`, VOCAB * VOCAB);

  return {
    formatVersion: '1.0',
    target: 'wgsl',
    arch: options.arch ?? 'Bigram',
    fingerprint: `bigram-${VOCAB}`,
    batch,
    time,
    vocab: VOCAB,
    tensors,
    allocations,
    modules,
    entries: {
      train: { name: 'train', inputs: { tokens, targets }, outputs: { loss, 'loss.ce': loss, grad_norm: norm, bad_step: bad }, dispatches: [lookup, likelihood, mean, gradient, measure, update] },
      eval: { name: 'eval', inputs: { tokens, targets }, outputs: { nll }, dispatches: [lookup, likelihood] },
      forward: { name: 'forward', inputs: { tokens }, outputs: { logits }, dispatches: [lookup] },
    },
    scalars: { tensor: scalars, values: [{ kind: 'step' }, { kind: 'schedule', name: 'lr', base: lr, warmup: 4, steps, shape: 'cosine', floor: 0.1 }] },
    needs: { storageBuffers: 6, bindingBytes: VOCAB * VOCAB * 4, bufferBytes: VOCAB * VOCAB * 4 },
  };
}
