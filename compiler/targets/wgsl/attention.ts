/**
 * @file Causal attention and its gradients without a score matrix: online softmax over tiles of keys (Milakov and Gimelshein 2018, arXiv 1805.02867;
 * Dao et al. 2022, arXiv 2205.14135). One invocation owns a query row (forward, grad_q) or a key row (grad_kv) and adds everything that
 * reaches it in a fixed order, so results are deterministic.
 */
import type { Attention } from '../../kernels/kernel.js';
import {
  addRow, declareOne, dotRow, fillTile, float, geometry, type Geometry, indent, type Operand, loadRow, rowStart, storeRow, zeroRow,
} from './attention_rows.js';
import { grid } from './grid.js';
import { type EmitContext, Module, type Step } from './module.js';

export function emitAttention(kernel: Attention, context: EmitContext): readonly Step[] {
  const module = new Module(kernel, context, [], localNames);
  const shape = geometry(kernel);
  const byKey = kernel.variant === 'grad_kv';
  const places = grid([Math.ceil(kernel.time / shape.lanes), byKey ? kernel.groups : kernel.heads, kernel.batch]);
  const perGroup = kernel.heads / kernel.groups;
  module.body.line(
    'let lane = i32(lane_index);',
    ...declareOne,
    `let block_start = ${places.coordinates[0]} * ${shape.lanes};`,
    `let batch = ${places.coordinates[2]};`,
  );
  if (byKey) module.body.line(`let key_group = ${places.coordinates[1]};`);
  else module.body.line(`let head = ${places.coordinates[1]};`, `let key_group = head${perGroup === 1 ? '' : ` / ${perGroup}`};`);
  const lines = byKey ? gradKeys(module, kernel, shape) : queries(module, kernel, shape);
  module.body.line(...lines);
  return [module.finish(shape.lanes, places)];
}

/** What the statements below declare. */
const localNames = [
  'batch', 'block_start', 'key_group', 'head', 'query', 'key', 'row', 'first', 'start', 'element', 't', 'j', 'e', 'f', 'sum', 'sum_end', 'one', ...['q', 'k', 'v', 'out', 'dout', 'dq', 'dk', 'dv'].flatMap((name) => [`${name}_row`, `${name}_row_start`, `${name}_row_end`]),
  'product', 'dweight', 'score', 'dscore',
  'weight', 'delta', 'row_lse', 'highest', 'total', 'shrink', 'scaling',
];

interface Operands {
  readonly q: Operand;
  readonly k: Operand;
  readonly v: Operand;
  /** out and dout have this layout. */
  readonly head: (slot: number) => Operand;
}

function operands(kernel: Attention): Operands {
  return {
    q: { slot: 0, width: kernel.keyWidth, units: kernel.heads },
    k: { slot: 1, width: kernel.keyWidth, units: kernel.groups },
    v: { slot: 2, width: kernel.valueWidth, units: kernel.groups },
    head: (slot) => ({ slot, width: kernel.valueWidth, units: kernel.heads }),
  };
}

/** Forward and grad_q: a query row per invocation, tiles of keys and values. */
function queries(module: Module, kernel: Attention, shape: Geometry): string[] {
  const { q, k, v, head } = operands(kernel);
  const { keyParts, valueParts, tile, lanes } = shape;
  const forward = kernel.variant === 'forward';
  const keys = module.shared('key_tile', `array<vec4f, ${tile * keyParts}>`);
  const values = module.shared('value_tile', `array<vec4f, ${tile * valueParts}>`);
  const rowOf = (operand: Operand): string => rowStart(kernel, operand, 'row', 'head');
  const scale = float(kernel.scale);
  const lseAt = `(batch * ${kernel.time} + row) * ${kernel.heads} + head`;

  const state = forward
    ? [zeroRow('sum', valueParts), 'var highest = -3.4028234663852886e38;', 'var total = 0.0;']
    : [
        ...loadRow(module, 'dout_row', head(5), valueParts, rowOf(head(5))),
        ...loadRow(module, 'out_row', head(3), valueParts, rowOf(head(3))),
        'var delta = 0.0;',
        `for (var e = 0; e < ${valueParts}; e++) { delta += dot(dout_row[e], out_row[e]); }`,
        `let row_lse = ${module.slots.load(4, lseAt)};`,
        zeroRow('dq_row', keyParts),
      ];
  const visit = forward
    ? [
        ...dotRow('product', 'q_row', keys, keyParts),
        `let score = product * ${scale};`,
        'if (score > highest) {',
        '  let shrink = exp(highest - score);',
        '  total *= shrink;',
        `  for (var e = 0; e < ${valueParts}; e++) { sum[e] *= shrink; }`,
        '  highest = score;',
        '}',
        'let weight = exp(score - highest);',
        'total += weight;',
        addRow('sum', 'weight', values, valueParts),
      ]
    : [
        ...dotRow('product', 'q_row', keys, keyParts),
        ...dotRow('dweight', 'dout_row', values, valueParts),
        `let dscore = exp(product * ${scale} - row_lse) * (dweight - delta) * ${scale};`,
        addRow('dq_row', 'dscore', keys, keyParts),
      ];
  const finish = forward
    ? [
        'let scaling = 1.0 / total;',
        ...storeRow(module, 'sum', head(3), rowOf(head(3)), 'scaling'),
        module.slots.store(4, lseAt, 'highest + log(total)'),
      ]
    : storeRow(module, 'dq_row', { ...q, slot: 6 }, rowOf(q));

  return [
    'let query = block_start + lane;',
    `let row = min(query, ${kernel.time - 1});`,
    ...loadRow(module, 'q_row', q, keyParts, rowOf(q)),
    ...state,
    `for (var first = 0; first < min(block_start + ${lanes}, ${kernel.time}); first += ${tile}) {`,
    ...indent([
      'workgroupBarrier();',
      ...fillTile(module, kernel, keys, k, shape, keyParts, 'key_group'),
      ...fillTile(module, kernel, values, v, shape, valueParts, 'key_group'),
      'workgroupBarrier();',
      `for (var j = 0; j < min(${tile}, row + 1 - first); j++) {`,
      ...indent(visit),
      '}',
    ]),
    '}',
    `if (query < ${kernel.time}) {`,
    ...indent(finish),
    '}',
  ];
}

/** grad_kv: a key row per invocation, tiles of queries, over the heads that read this group. */
function gradKeys(module: Module, kernel: Attention, shape: Geometry): string[] {
  const { q, k, v, head } = operands(kernel);
  const { keyParts, valueParts, tile } = shape;
  const queryTile = module.shared('query_tile', `array<vec4f, ${tile * keyParts}>`);
  const doutTile = module.shared('dout_tile', `array<vec4f, ${tile * valueParts}>`);
  const lseTile = module.shared('lse_tile', `array<f32, ${tile}>`);
  const deltaTile = module.shared('delta_tile', `array<f32, ${tile}>`);
  const perGroup = kernel.heads / kernel.groups;
  const scale = float(kernel.scale);
  const rowOf = (operand: Operand): string => rowStart(kernel, operand, 'row', 'key_group');
  const numbers = [
    `for (var t = lane; t < ${tile} * one; t += ${shape.lanes}) {`,
    `  let query = min(first + t, ${kernel.time - 1});`,
    `  let start = ${rowStart(kernel, head(3), 'query', 'head')};`,
    '  var delta = 0.0;',
    `  for (var f = 0; f < ${kernel.valueWidth} * one; f++) { delta += ${module.slots.load(3, 'start + f')} * ${module.slots.load(5, 'start + f')}; }`,
    '  delta_tile[t] = delta;',
    `  lse_tile[t] = ${module.slots.load(4, `(batch * ${kernel.time} + query) * ${kernel.heads} + head`)};`,
    '}',
  ].map((line) => line.replace('delta_tile', deltaTile).replace('lse_tile', lseTile));
  return [
    'let key = block_start + lane;',
    `let row = min(key, ${kernel.time - 1});`,
    ...loadRow(module, 'k_row', k, keyParts, rowOf(k)),
    ...loadRow(module, 'v_row', v, valueParts, rowOf(v)),
    zeroRow('dk_row', keyParts),
    zeroRow('dv_row', valueParts),
    `for (var head = key_group * ${perGroup}; head < (key_group + 1) * ${perGroup}; head++) {`,
    `  for (var first = block_start; first < ${kernel.time}; first += ${tile}) {`,
    ...indent(
      indent([
        'workgroupBarrier();',
        ...fillTile(module, kernel, queryTile, q, shape, keyParts, 'head'),
        ...fillTile(module, kernel, doutTile, head(5), shape, valueParts, 'head'),
        ...numbers,
        'workgroupBarrier();',
        `for (var j = 0; j < min(${tile}, ${kernel.time} - first); j++) {`,
        '  if (first + j >= key) {',
        ...indent(
          indent([
            ...dotRow('product', 'k_row', queryTile, keyParts),
            ...dotRow('dweight', 'v_row', doutTile, valueParts),
            `let weight = exp(product * ${scale} - ${lseTile}[j]);`,
            `let dscore = weight * (dweight - ${deltaTile}[j]) * ${scale};`,
            addRow('dk_row', 'dscore', queryTile, keyParts),
            addRow('dv_row', 'weight', doutTile, valueParts),
          ]),
        ),
        '  }',
        '}',
      ]),
    ),
    '  }',
    '}',
    `if (key < ${kernel.time}) {`,
    ...indent([...storeRow(module, 'dk_row', { ...k, slot: 6 }, rowOf(k)), ...storeRow(module, 'dv_row', { ...v, slot: 7 }, rowOf(v))]),
    '}',
  ];
}
