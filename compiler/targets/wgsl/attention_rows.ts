/**
 * @file What the attention kernels share. Rows of q, k, v and their gradients are held as vec4s, padded with zeros: one row per invocation in
 * registers, and a tile of the other side's rows in workgroup memory, which all invocations read in step (a broadcast).
 */
import type { Attention } from '../../kernels/kernel.js';
import { internalError, workgroupBytes } from './limits.js';
import type { Module } from './module.js';

export interface Geometry {
  /** Invocations of a workgroup, one row each. */
  readonly lanes: number;
  /** Rows of a tile. */
  readonly tile: number;
  /** vec4s of a key row and of a value row. */
  readonly keyParts: number;
  readonly valueParts: number;
}

export function geometry(kernel: Attention): Geometry {
  const keyParts = Math.ceil(kernel.keyWidth / 4);
  const valueParts = Math.ceil(kernel.valueWidth / 4);
  // Two rows of vec4s, and up to two numbers per row.
  const tile = Math.min(32, kernel.time, Math.floor(workgroupBytes / ((keyParts + valueParts) * 16 + 8)));
  if (tile < 1) throw internalError(`rows of ${kernel.keyWidth} and ${kernel.valueWidth} do not fit workgroup memory in ${kernel.name}`);
  const lanes = kernel.time >= 48 ? 64 : kernel.time >= 16 ? 32 : 8;
  return { lanes, tile, keyParts, valueParts };
}

/** A row-major operand [batch, time, heads or groups, width]. */
export interface Operand {
  readonly slot: number;
  readonly width: number;
  /** `heads` or `groups`. */
  readonly units: number;
}

/** i32 expression: where the row of (batch, time, unit) starts. */
export function rowStart(kernel: Attention, operand: Operand, time: string, unit: string): string {
  return `((batch * ${kernel.time} + ${time}) * ${operand.units} + ${unit}) * ${operand.width}`;
}

/** The vec4 at `element` of the row that starts at `start`, zero beyond the row's end. */
function loadPart(module: Module, operand: Operand, start: string, element: string): string {
  const parts = [0, 1, 2, 3].map((i) => {
    const load = module.slots.load(operand.slot, i === 0 ? `${start} + ${element}` : `${start} + ${element} + ${i}`);
    return operand.width % 4 === 0 || i === 0 ? load : `select(0.0, ${load}, ${element} + ${i} < ${operand.width})`;
  });
  return `vec4f(${parts.join(', ')})`;
}

/** Declares `one`. Loops that move memory run to `count * one`, so that no compiler knows the count and unrolls them: each copy of a load or store is
 *  large on the software adapter, and with all of them written out it compiles for many seconds. */
export const declareOne = [
  '// 1, but not a constant: keeps the loops that move memory rolled, which compiles many times faster.',
  'let one = 1 + i32(group.z >> 31u);',
];

/** `var name: array<vec4f, parts>`, loaded. */
export function loadRow(module: Module, name: string, operand: Operand, parts: number, start: string): string[] {
  return [
    `let ${name}_start = ${start};`,
    `var ${name}: array<vec4f, ${parts}>;`,
    `for (var e = 0; e < ${parts} * one; e++) { ${name}[e] = ${loadPart(module, operand, `${name}_start`, 'e * 4')}; }`,
  ];
}

/** The count of a loop that computes: known, so that compilers unroll it and keep rows in registers, unless the row is too wide for that. */
const computed = (parts: number): string => (parts > 16 ? `${parts} * one` : String(parts));

/** A row of zeros. */
export const zeroRow = (name: string, parts: number): string => `var ${name}: array<vec4f, ${parts}>;`;

/** `var result`: the dot product of a row with row `j` of a tile. */
export const dotRow = (result: string, name: string, tile: string, parts: number): string[] => [
  `var ${result} = 0.0;`,
  `for (var e = 0; e < ${computed(parts)}; e++) { ${result} += dot(${name}[e], ${tile}[j * ${parts} + e]); }`,
];

/** name += weight * row `j` of a tile. */
export const addRow = (name: string, weight: string, tile: string, parts: number): string =>
  `for (var e = 0; e < ${computed(parts)}; e++) { ${name}[e] += ${weight} * ${tile}[j * ${parts} + e]; }`;

/** Statements that write a row, times `factor`. */
export function storeRow(module: Module, name: string, operand: Operand, start: string, factor?: string): string[] {
  const value = `${name}[e >> 2u][e & 3]${factor === undefined ? '' : ` * ${factor}`}`;
  return [`let ${name}_end = ${start};`, `for (var e = 0; e < ${operand.width} * one; e++) { ${module.slots.store(operand.slot, `${name}_end + e`, value)} }`];
}

/** The loop that fills a tile with rows `first`, `first + 1`, ...; rows beyond the last repeat it, and are not used. */
export function fillTile(module: Module, kernel: Attention, tile: string, operand: Operand, shape: Geometry, parts: number, unit: string): string[] {
  return [
    `for (var t = lane; t < ${shape.tile * parts} * one; t += ${shape.lanes}) {`,
    `  let start = ${rowStart(kernel, operand, `min(first + t / ${parts}, ${kernel.time - 1})`, unit)};`,
    `  let element = t % ${parts} * 4;`,
    `  ${tile}[t] = ${loadPart(module, operand, 'start', 'element')};`,
    '}',
  ];
}

export const indent = (lines: readonly string[]): string[] => lines.map((line) => `  ${line}`);

/** Number literal of the kernel's scale. */
export const float = (value: number): string => {
  const text = String(value);
  return /[.e]/.test(text) ? text : `${text}.0`;
};
