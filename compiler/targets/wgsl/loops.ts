/**
 * @file Loops as WGSL: nested `for`s, decoding a flat position into loop variables, and how a reduction starts and goes on.
 */
import type { DType, Inner, Loop, Stage } from '../../kernels/kernel.js';
import type { Scope } from './scope.js';

export type Reduce = Extract<Stage, { kind: 'reduce' }>;

/** The value to add at one point of a reduction's loops: its lets, the reduction inside it, then the value. */
export function reduceBody(scope: Scope, stage: Reduce, total: string): void {
  for (const { name, value } of stage.lets) scope.bind(name, scope.value(value));
  if (stage.inner !== undefined) innerReduce(scope, stage.inner);
  scope.line(accumulate(stage.fn, total, scope.value(stage.value)));
}

function innerReduce(scope: Scope, inner: Inner): void {
  const total = scope.fresh(inner.name);
  scope.line(`var ${total} = ${initial(inner.fn, inner.value.dtype)};`);
  nestLoops(scope, inner.loops, new Set(), (innermost) => {
    for (const { name, value } of inner.lets) innermost.bind(name, innermost.value(value));
    innermost.line(accumulate(inner.fn, total, innermost.value(inner.value)));
  });
  scope.define(inner.name, total);
}

export const points = (loops: readonly Loop[]): number => loops.reduce((product, loop) => product * loop.extent, 1);

export const isDynamic = (loops: readonly Loop[]): boolean => loops.some((loop) => loop.from !== undefined || loop.to !== undefined);

/** `for`s around what `build` adds; `writes` are slots stored inside. */
export function nestLoops(scope: Scope, loops: readonly Loop[], writes: ReadonlySet<number>, build: (inner: Scope) => void): void {
  const [loop, ...rest] = loops;
  if (loop === undefined) {
    build(scope);
    return;
  }
  const from = loop.from === undefined ? '0' : scope.value(loop.from);
  const to = loop.to === undefined ? String(loop.extent) : scope.operand(loop.to);
  const name = scope.fresh(loop.name);
  scope.block(
    `for (var ${name} = ${from}; ${name} < ${to}; ${name}++)`,
    (inner) => {
      inner.define(loop.name, name);
      nestLoops(inner, rest, writes, build);
    },
    { writes },
  );
}

/** Defines the variables of `loops` (outermost first) from `position`, an identifier of an i32 in [0, points). */
export function decode(scope: Scope, loops: readonly Loop[], position: string): void {
  let inner = 1;
  for (let i = loops.length - 1; i >= 0; i--) {
    const loop = loops[i];
    if (loop === undefined) continue;
    const quotient = divide(position, inner);
    let text = i === 0 ? quotient : remainder(quotient, loop.extent);
    if (loop.from !== undefined) text = `${scope.operand(loop.from)} + ${text.includes(' ') ? `(${text})` : text}`;
    if (text === position) scope.define(loop.name, position);
    else scope.bind(loop.name, text);
    inner *= loop.extent;
  }
}

const log2 = (value: number): number | undefined => (value > 0 && (value & (value - 1)) === 0 ? Math.log2(value) : undefined);

/** `x / by` for x >= 0. */
export function divide(x: string, by: number): string {
  if (by === 1) return x;
  const shift = log2(by);
  return shift === undefined ? `${x} / ${by}` : `${x} >> ${shift}u`;
}

/** `x % by` for x >= 0. */
export function remainder(x: string, by: number): string {
  if (by === 1) return '0';
  const shift = log2(by);
  const operand = x.includes(' ') ? `(${x})` : x;
  return shift === undefined ? `${operand} % ${by}` : `${operand} & ${by - 1}`;
}

/** What a reduction over nothing gives. Maxima start at the lowest finite number: WGSL has no infinities. */
export function initial(fn: Reduce['fn'], dtype: DType): string {
  if (fn === 'sum') return dtype === 'i32' ? '0' : '0.0';
  const sign = fn === 'max' ? '-' : '';
  if (dtype === 'f32') return `${sign}3.4028234663852886e38`;
  return fn === 'max' ? '-2147483648' : '2147483647';
}

export function accumulate(fn: Reduce['fn'], total: string, value: string): string {
  return fn === 'sum' ? `${total} += ${value};` : `${total} = ${fn}(${total}, ${value});`;
}
