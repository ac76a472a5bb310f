/**
 * @file Modules as readable text: the WebAssembly text format, one statement a line, operands folded.
 */
import type { FunctionForm, MemoryForm } from './encode.js';
import type { Instr } from './instructions.js';
import { memory } from './opcodes.js';

function float(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value < 0 ? '-inf' : 'inf';
  return Object.is(value, -0) ? '-0' : String(value);
}

function expression(instr: Instr): string {
  const list = (args: readonly Instr[]): string => args.map((x) => ` ${expression(x)}`).join('');
  switch (instr.kind) {
    case 'plain': return `(${instr.op}${list(instr.args)})`;
    case 'const': return `(${instr.type}.const ${instr.type === 'f32' ? float(instr.value) : instr.value})`;
    case 'vector': return `(v128.const ${instr.shape} ${instr.values.map(float).join(' ')})`;
    case 'get': return `(local.get $${instr.local.name})`;
    case 'set': return `(local.set $${instr.local.name} ${expression(instr.value)})`;
    case 'memory': {
      const offset = instr.offset === 0 ? '' : ` offset=${instr.offset}`;
      const lane = memory.get(instr.op)?.lane === true ? ` ${instr.lane}` : '';
      const align = instr.op === 'v128.load' || instr.op === 'v128.store' ? ' align=4' : instr.op === 'v128.store64_lane' ? ' align=4' : '';
      return `(${instr.op}${offset}${align}${lane}${list(instr.args)})`;
    }
    case 'lane': return `(${instr.op} ${instr.lane}${list(instr.args)})`;
    case 'shuffle': return `(i8x16.shuffle ${instr.lanes.flatMap((lane) => [0, 1, 2, 3].map((i) => 4 * lane + i)).join(' ')}${list(instr.args)})`;
    case 'select': return `(select${list([instr.yes, instr.no, instr.condition])})`;
    case 'call': return `(call $${instr.callee.name}${list(instr.args)})`;
    case 'br': return instr.condition ? `(br_if $${instr.label.name} ${expression(instr.condition)})` : `(br $${instr.label.name})`;
    default: throw new Error(`internal error (wasm target): ${instr.kind} is no expression`);
  }
}

function statements(body: readonly Instr[], depth: number): string[] {
  const pad = '  '.repeat(depth);
  return body.flatMap((instr) => {
    switch (instr.kind) {
      case 'block':
      case 'loop':
        return [`${pad}(${instr.kind} $${instr.label.name}`, ...statements(instr.body, depth + 1), `${pad})`];
      case 'if':
        return [
          `${pad}(if ${expression(instr.condition)}`,
          `${pad}  (then`, ...statements(instr.then, depth + 2), `${pad}  )`,
          ...(instr.otherwise.length > 0 ? [`${pad}  (else`, ...statements(instr.otherwise, depth + 2), `${pad}  )`] : []),
          `${pad})`,
        ];
      default:
        return [`${pad}${expression(instr)}`];
    }
  });
}

/** One function with its comment. */
export function functionText(fn: FunctionForm): string {
  const header = [
    `(func $${fn.name}`,
    ...(fn.exported ? [`(export "${fn.name}")`] : []),
    ...fn.params.map((x) => `(param $${x.name} ${x.type})`),
    ...(fn.signature.result === undefined ? [] : [`(result ${fn.signature.result})`]),
  ].join(' ');
  return [
    ...fn.about.map((line) => `  ;; ${line}`),
    `  ${header}`,
    ...(fn.locals.length > 0 ? [`    ${fn.locals.map((x) => `(local $${x.name} ${x.type})`).join(' ')}`] : []),
    ...statements(fn.body, 2),
    ...(fn.value ? [`    ${expression(fn.value)}`] : []),
    '  )',
  ].join('\n');
}

export function moduleText(functions: readonly FunctionForm[], { address, maxPages }: MemoryForm): string {
  return ['(module', `  (import "env" "memory" (memory ${address === 'i64' ? 'i64 ' : ''}1 ${maxPages} shared))`, ...functions.map((fn) => `\n${functionText(fn)}`), ')', ''].join('\n');
}
