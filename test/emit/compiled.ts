/**
 * @file A compilation put together by hand: the contract tests' model as a spec would give it, with a two-kernel program.
 */
import type { BlockDecl, Span } from '../../grammar/ast.js';
import type { Compiled } from '../../compiler/compiled.js';
import { Diagnostics } from '../../compiler/diagnostics/diagnostic.js';
import type { Graph } from '../../compiler/graph/graph.js';
import type { Entry, Model, Origin, Setting, SettingValue } from '../../compiler/model/model.js';
import type { Program, TensorInfo } from '../../runtime/program.js';
import { model as build } from '../contract/models.js';

const TEXT = 'loss ce = next_token(\n    lm_head.logits)';
const span: Span = { file: 'tiny.arch', start: 0, end: 4 };
const origin: Origin = { kind: 'spec', text: 'tiny.arch:1', span };
const setting = (name: string, value: SettingValue): Setting => ({ name, value, origin });
const settings = (values: Record<string, SettingValue>): ReadonlyMap<string, Setting> =>
  new Map(Object.entries(values).map(([name, value]) => [name, setting(name, value)]));

function entry(path: string, values: Record<string, SettingValue>, doc?: string, perLayer: Entry['perLayer'] = new Map()): Entry {
  const name = path.split('.').at(-1) ?? path;
  const block: BlockDecl = { kind: 'block', name: { name, span }, params: [], settings: [], results: [], body: [], span };
  return { kind: 'entry', path, name, block, settings: settings(values), perLayer, ...(doc !== undefined && { doc }), span };
}

function modelOf(layers: number): Model {
  return {
    name: 'Tiny',
    file: 'tiny.arch',
    doc: 'A model for tests.\nNothing closes a comment: */ does not.',
    dims: settings({ d: { kind: 'number', value: 4 }, vocab: { kind: 'number', value: 7 } }),
    entries: [
      entry('embed', { tokens: { kind: 'word', value: 'bytes' } }, 'Bytes to vectors.'),
      {
        kind: 'layers', path: 'layers', name: 'layers', count: setting('count', { kind: 'number', value: layers }), norm: setting('norm', { kind: 'none' }),
        entries: [
          entry('layers.attention', { heads: { kind: 'number', value: 2 } }),
          entry('layers.ffn', { act: { kind: 'function', name: 'gelu', declaration: undefined }, list: { kind: 'list', items: [{ kind: 'bool', value: true }] } }, 'Experts.',
            new Map([[1, settings({ act: { kind: 'function', name: 'tanh', declaration: undefined } })]])),
        ],
        span,
      },
      entry('lm_head', {}),
    ],
    losses: [{ name: 'ce', value: { kind: 'none', span: { file: 'tiny.arch', start: 10, end: TEXT.length } }, origin }],
    contract: [{ name: 'active', bound: 6, origin, span }],
    train: {
      steps: 10, batch: 2, seed: 1, logEvery: 1, evalEvery: 5, saveEvery: 5, clip: 1,
      schedule: { shape: 'cosine', warmup: 2, floor: 0 },
      groups: [{ path: '', optimizer: 'adamw', lr: 0.001, betas: [0.9, 0.95], eps: 1e-8, weightDecay: 0.1 }],
    },
    resolved: [{ path: 'dims.d', value: '4', origin }],
    scopes: new Map(),
  };
}

function programOf(graph: Graph): Program {
  const tensors: TensorInfo[] = graph.params.map((param, id) => ({
    id, name: param.path, role: 'param', dtype: 'f32', axes: param.axes.map(({ name, size }) => ({ name, size })), allocation: id, init: param.init,
    ...(param.expert && { expert: param.expert }),
  }));
  return {
    formatVersion: '1.0', target: 'wgsl', arch: 'Tiny', fingerprint: 'f00d', batch: 2, time: 5, vocab: 7,
    tensors,
    allocations: tensors.map(({ name, axes }) => ({ name, bytes: axes.reduce((bytes, { size }) => bytes * size, 4) })),
    modules: [
      { name: 'scale', source: '@compute @workgroup_size(1) fn main() {}', bindings: [{ access: 'read_write', minBytes: 16 }] },
      { name: 'add', source: '// adds\n', bindings: [{ access: 'read', minBytes: 4 }] },
    ],
    entries: {
      forward: {
        name: 'forward', inputs: { tokens: 0 }, outputs: { logits: 1 },
        dispatches: [{ module: 0, groups: [1, 2, 3], bindings: [{ tensor: 0, offset: 0, size: 112 }], writes: [0], flops: 10, bytes: 224 }],
      },
    },
    scalars: { values: [{ kind: 'step' }, { kind: 'ramp', name: 'w', from: 0, to: 1, over: 10 }, { kind: 'bias_correction', beta: 0.9 }, { kind: 'schedule', name: 'lr', base: 1, warmup: 2, steps: 10, shape: 'cosine', floor: 0 }] },
    needs: { storageBuffers: 2, bindingBytes: 112, bufferBytes: 112 },
  };
}

/** @param narrowed a layer whose router is left out, so that layers differ */
export function compiled(layers = 3, narrowed?: number): Compiled {
  const { graph } = build({ layers });
  const dropped = narrowed === undefined ? graph : { ...graph, params: graph.params.filter((param) => param.path !== `layers.${narrowed}.ffn.router`) };
  return {
    diagnostics: new Diagnostics(),
    sources: new Map([['tiny.arch', { file: 'tiny.arch', text: TEXT }]]),
    files: [],
    model: modelOf(layers),
    graph: dropped,
    program: programOf(dropped),
    timings: [],
  };
}
