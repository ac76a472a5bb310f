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

/** The vec4 at element `at` (an identifier or sum) of the row that starts at `start`. `element` is the offset within the row: a number, or an identifier
 *  where the row's padding must be found out at run time. */
export function loadPart(module: Module, operand: Operand, start: string, element: number | string): string {
  const parts = [0, 1, 2, 3].map((i) => {
    if (typeof element === 'number') return element + i < operand.width ? module.slots.load(operand.slot, element + i === 0 ? start : `${start} + ${element + i}`) : '0.0';
    const load = module.slots.load(operand.slot, i === 0 ? `${start} + ${element}` : `${start} + ${element} + ${i}`);
    return operand.width % 4 === 0 || i === 0 ? load : `select(0.0, ${load}, ${element} + ${i} < ${operand.width})`;
  });
  return `vec4f(${parts.join(', ')})`;
}

/** `let name_0 = ...; let name_1 = ...;`: a row in registers. */
export function registerRow(module: Module, name: string, operand: Operand, parts: number, start: string): string[] {
  return [`let ${name}_start = ${start};`, ...range(parts).map((i) => `let ${name}_${i} = ${loadPart(module, operand, `${name}_start`, i * 4)};`)];
}

/** `var name_0 = vec4f(); ...`. */
export const zeroRow = (name: string, parts: number): string[] => range(parts).map((i) => `var ${name}_${i} = vec4f();`);

/** dot of a register row with row `j` of a tile, in order. */
export function dotRow(result: string, name: string, tile: string, parts: number): string[] {
  return [`var ${result} = 0.0;`, ...range(parts).map((i) => `${result} += dot(${name}_${i}, ${tile}[${tilePlace(parts, i)}]);`)];
}

/** name += weight * row `j` of a tile. */
export const addRow = (name: string, weight: string, tile: string, parts: number): string[] =>
  range(parts).map((i) => `${name}_${i} += ${weight} * ${tile}[${tilePlace(parts, i)}];`);

const tilePlace = (parts: number, i: number): string => (i === 0 ? `j * ${parts}` : `j * ${parts} + ${i}`);

/** Statements that write a register row. */
export function storeRow(module: Module, name: string, operand: Operand, start: string): string[] {
  return [
    `let ${name}_start = ${start};`,
    ...range(operand.width).map((i) => module.slots.store(operand.slot, i === 0 ? `${name}_start` : `${name}_start + ${i}`, `${name}_${i >> 2}.${'xyzw'[i & 3]}`)),
  ];
}

/** The loop that fills a tile with rows `first`, `first + 1`, ...; rows beyond the last repeat it, and are not used. */
export function fillTile(module: Module, kernel: Attention, tile: string, operand: Operand, shape: Geometry, parts: number, unit: string): string[] {
  return [
    `for (var t = lane; t < ${shape.tile * parts}; t += ${shape.lanes}) {`,
    `  let start = ${rowStart(kernel, operand, `min(first + t / ${parts}, ${kernel.time - 1})`, unit)};`,
    `  let element = t % ${parts} * 4;`,
    `  ${tile}[t] = ${loadPart(module, operand, 'start', 'element')};`,
    '}',
  ];
}

export const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

export const indent = (lines: readonly string[]): string[] => lines.map((line) => `  ${line}`);

/** Number literal of the kernel's scale. */
export const float = (value: number): string => {
  const text = String(value);
  return /[.e]/.test(text) ? text : `${text}.0`;
};
