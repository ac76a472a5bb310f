/**
 * @file Kernel programs as text: what each launch computes, as loops a person can read.
 */
import type { Expr, Groups, Kernel, KernelProgram, Launch, Loop, Stage } from '../kernels/kernel.js';

/** A program's launches in order; a kernel's code is shown at its first launch. */
export function printKernels(program: KernelProgram): string {
  const shown = new Set<Kernel>();
  const lines = [`program ${program.name}: ${program.launches.length} launches, ${new Set(program.launches.map((x) => x.kernel)).size} kernels`];
  for (const launch of program.launches) {
    lines.push('', header(launch));
    if (!shown.has(launch.kernel)) lines.push(...printKernel(launch.kernel).map((line) => `  ${line}`));
    shown.add(launch.kernel);
  }
  return `${lines.join('\n')}\n`;
}

function header(launch: Launch): string {
  const slots = launch.kernel.slots.map((slot, i) => `${slot.name} = ${launch.buffers[i]?.name ?? '?'}`).join(', ');
  return `${launch.kernel.name}(${slots})`;
}

/** One kernel as lines of pseudo-code. */
export function printKernel(kernel: Kernel): string[] {
  const text = (expr: Expr): string => show(expr, kernel);
  const name = (slot: number): string => kernel.slots[slot]?.name ?? `slot${slot}`;
  const about = kernel.about.map((line) => `// ${line}`);
  switch (kernel.kind) {
    case 'nest': {
      const lines = kernel.grid.map((loop, i) => `${'  '.repeat(i)}parallel ${loopText(loop, text)}`);
      const indent = '  '.repeat(kernel.grid.length);
      return [...about, ...lines, ...kernel.stages.flatMap((stage) => stageLines(stage, text, name).map((line) => indent + line))];
    }
    case 'contraction': return [
      ...about,
      `contract batch ${kernel.batch}, m ${kernel.m}, n ${kernel.n}, k ${kernel.k}: acc = sum(k) ${text(kernel.a)} * ${text(kernel.b)}`,
      `${name(kernel.store.slot)}[${text(kernel.store.index)}] = ${text(kernel.store.value)}`,
    ];
    case 'grouped_contraction': return [
      ...about,
      ...groupLines(kernel.of, text),
      `contract n ${kernel.n}, k ${kernel.k}: acc = sum(k) ${text(kernel.a)} * ${text(kernel.b)}`,
      `${name(kernel.store.slot)}[${text(kernel.store.index)}] = ${text(kernel.store.value)}`,
    ];
    case 'grouped_outer': return [
      ...about,
      ...groupLines(kernel.of, text),
      `contract m ${kernel.m}, n ${kernel.n}: acc = sum(entry) ${text(kernel.a)} * ${text(kernel.b)}`,
      `${name(kernel.store.slot)}[${text(kernel.store.index)}] = ${text(kernel.store.value)}`,
    ];
    case 'attention': return [...about, `attention ${kernel.variant}, scale ${kernel.scale}`];
    case 'top': return [...about, `for row < ${kernel.rows}: ${name(kernel.slot)}[row * ${kernel.take} + rank] = top(n < ${kernel.extent}) ${text(kernel.value)}`];
    case 'top_product': return [...about, `for row < ${kernel.rows}: ${name(kernel.slot)}[row * ${kernel.take} + rank] = top(i, j < ${kernel.extent}) ${text(kernel.first)} + ${text(kernel.second)}`];
    case 'invert': return [...about, `for entry < ${kernel.entries}: row = ${text(kernel.index)}, of ${kernel.rows}; entries sorted by row`];
    case 'fill': return [...about, `${name(0)}[..] = ${kernel.value}`];
  }
}

type Text = (expr: Expr) => string;

function groupLines(of: Groups, text: Text): string[] {
  return [
    `groups g in 0 .. ${text(of.count)} (at most ${of.groups}): row = ${text(of.row)}`,
    `entries p in ${text(of.from)} .. ${text(of.to)} (at most ${of.entries} in all): entry = ${text(of.entry)}`,
  ];
}

function stageLines(stage: Stage, text: Text, name: (slot: number) => string): string[] {
  if (stage.kind === 'let') return [`let ${stage.name} = ${text(stage.value)}`];
  const loops = stage.loops.map((loop, i) => `${'  '.repeat(i)}${loopText(loop, text)}`);
  const indent = '  '.repeat(stage.loops.length);
  const lets = (stage.lets ?? []).map((x) => `${indent}let ${x.name} = ${text(x.value)}`);
  if (stage.kind === 'store') return [...loops, ...lets, `${indent}${name(stage.slot)}[${text(stage.index)}] = ${text(stage.value)}`];
  const inner = stage.inner ? stageLines({ ...stage.inner, kind: 'reduce' }, text, name).map((line) => indent + line) : [];
  return [...loops, ...lets, ...inner, `${indent}${stage.name} ${stage.fn}= ${text(stage.value)}`];
}

function loopText(loop: Loop, text: Text): string {
  const from = loop.from ? text(loop.from) : '0';
  return `for ${loop.name} in ${from} .. ${loop.to ? `${text(loop.to)} (at most ${loop.extent})` : String(loop.extent)}`;
}

const infix: Readonly<Record<string, string>> = { add: '+', sub: '-', mul: '*', div: '/', mod: '%', lt: '<', le: '<=', eq: '==' };

function show(expr: Expr, kernel: Kernel): string {
  switch (expr.kind) {
    case 'number': return expr.dtype === 'f32' && Number.isInteger(expr.value) ? `${expr.value}.0` : String(expr.value);
    case 'var': case 'local': return expr.name;
    case 'load': return `${kernel.slots[expr.slot]?.name ?? `slot${expr.slot}`}[${unwrapped(show(expr.index, kernel))}]`;
    case 'call': {
      const args = expr.args.map((arg) => show(arg, kernel));
      const operator = infix[expr.fn];
      return operator !== undefined && args.length === 2 ? `(${args[0] ?? ''} ${operator} ${args[1] ?? ''})` : `${expr.fn}(${args.map(unwrapped).join(', ')})`;
    }
  }
}

/** Without the outermost parentheses, where they enclose all. */
function unwrapped(text: string): string {
  if (!text.startsWith('(') || !text.endsWith(')')) return text;
  let depth = 0;
  for (let i = 0; i < text.length - 1; i++) {
    depth += text[i] === '(' ? 1 : text[i] === ')' ? -1 : 0;
    if (depth === 0) return text;
  }
  return text.slice(1, -1);
}
