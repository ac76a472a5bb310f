/**
 * @file Kernels as readable pseudo-code, for `--print-ir lower`.
 */
import type { Expr, Kernel, KernelProgram, Loop, Stage } from '../kernels/kernel.js';

/** The launches of a program in order, each distinct kernel written out where it is first used. */
export function printKernels(program: KernelProgram): string {
  const seen = new Set<Kernel>();
  const lines = [`program ${program.name}: ${program.launches.length} launches`];
  for (const { kernel, buffers, paths } of program.launches) {
    lines.push(`launch ${kernel.name}(${buffers.map((buffer) => buffer.name).join(', ')})  // ${paths.join(', ')}`);
    if (seen.has(kernel)) continue;
    seen.add(kernel);
    lines.push(...kernelLines(kernel).map((line) => `    ${line}`));
  }
  return `${lines.join('\n')}\n`;
}

function kernelLines(kernel: Kernel): string[] {
  const slot = (i: number): string => kernel.slots[i]?.name ?? `slot${i}`;
  const expr = (e: Expr): string => printScalar(e, slot);
  switch (kernel.kind) {
    case 'nest':
      return [...kernel.grid.map((loop) => `parallel ${loopText(loop, expr)}`), ...kernel.stages.flatMap((stage) => stageLines(stage, expr, slot))];
    case 'contraction':
      return [
        `contraction batch ${kernel.batch}, m ${kernel.m}, n ${kernel.n}, k ${kernel.k}`,
        `acc = sum over k of ${expr(kernel.a)} * ${expr(kernel.b)}`,
        `${slot(kernel.store.slot)}[${expr(kernel.store.index)}] = ${expr(kernel.store.value)}`,
      ];
    case 'top':
      return [`top ${kernel.take} of ${kernel.extent}, ${kernel.rows} rows: ${expr(kernel.value)} -> ${slot(kernel.slot)}`];
    case 'top_product':
      return [`top ${kernel.take} of ${kernel.extent} x ${kernel.extent}, ${kernel.rows} rows: ${expr(kernel.first)} + ${expr(kernel.second)} -> ${slot(kernel.slot)}`];
    case 'invert':
      return [`invert ${kernel.entries} entries over ${kernel.rows} rows: ${expr(kernel.index)}`];
    case 'attention':
      return [`attention ${kernel.variant}: batch ${kernel.batch}, time ${kernel.time}, heads ${kernel.heads}, groups ${kernel.groups}`];
    case 'fill':
      return [`${slot(0)}[..] = ${kernel.value}`];
  }
}

function loopText(loop: Loop, expr: (e: Expr) => string): string {
  return `${loop.name} in ${loop.from ? expr(loop.from) : 0}..${loop.to ? expr(loop.to) : loop.extent}`;
}

function stageLines(stage: Stage, expr: (e: Expr) => string, slot: (i: number) => string): string[] {
  const over = (loops: readonly Loop[]): string => loops.map((loop) => loopText(loop, expr)).join(', ');
  switch (stage.kind) {
    case 'let':
      return [`let ${stage.name} = ${expr(stage.value)}`];
    case 'reduce':
      return [`let ${stage.name} = ${stage.fn} over ${over(stage.loops)} of${stage.lets.map(({ name, value }) => ` let ${name} = ${expr(value)};`).join('')} ${expr(stage.value)}`];
    case 'store':
      return [`${stage.loops.length > 0 ? `for ${over(stage.loops)}: ` : ''}${slot(stage.slot)}[${expr(stage.index)}] = ${expr(stage.value)}`];
  }
}

const infix: Readonly<Record<string, string>> = { add: '+', sub: '-', mul: '*', div: '/', mod: '%', lt: '<', le: '<=', eq: '==' };

function printScalar(e: Expr, slot: (i: number) => string): string {
  switch (e.kind) {
    case 'number': return String(e.value);
    case 'var': case 'local': return e.name;
    case 'load': return `${slot(e.slot)}[${printScalar(e.index, slot)}]`;
    case 'call': {
      const args = e.args.map((arg) => printScalar(arg, slot));
      const operator = infix[e.fn];
      return operator !== undefined && args.length === 2 ? `(${args.join(` ${operator} `)})` : `${e.fn}(${args.join(', ')})`;
    }
  }
}
