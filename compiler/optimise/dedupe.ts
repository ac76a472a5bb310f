/**
 * @file Equal kernels become one: the layers of a model run the same code. Names of slots and headers do not count; different kernels get
 * different names.
 */
import type { Buffer, Expr, Groups, Kernel, Loop, Stage } from '../kernels/kernel.js';
import { unused } from './close.js';
import type { Signature } from './signature.js';

interface Pattern {
  readonly kernel: Kernel;
  /** For each slot, which of the signature's buffers fills it. */
  readonly slots: readonly number[];
}

/** Kernels by the signature of what they compute. */
export class Patterns {
  private readonly known = new Map<string, Pattern>();

  constructor(private readonly kernels: KernelTable) {}

  find(signature: Signature): { kernel: Kernel; buffers: Buffer[] } | undefined {
    const pattern = this.known.get(signature.key);
    if (!pattern) return undefined;
    const { buffers } = signature;
    return { kernel: pattern.kernel, buffers: pattern.slots.flatMap((slot) => buffers[slot] ?? []) };
  }

  /** Remembers a kernel; gives the shared one equal to it. */
  add(signature: Signature, kernel: Kernel, buffers: readonly Buffer[]): Kernel {
    const shared = this.kernels.share(kernel);
    const numbers = new Map(signature.buffers.map((buffer, i) => [buffer, i]));
    const slots = buffers.map((buffer) => numbers.get(buffer) ?? -1);
    if (!slots.includes(-1)) this.known.set(signature.key, { kernel: shared, slots });
    return shared;
  }
}

export class KernelTable {
  private readonly shared = new Set<Kernel>();
  private readonly known = new Map<string, Kernel>();
  private readonly names = new Set<string>();

  /** The kernel equal to this one met first, or this one under a name of its own. */
  share(kernel: Kernel): Kernel {
    if (this.shared.has(kernel)) return kernel;
    const key = structure(kernel);
    const known = this.known.get(key);
    if (known) return known;
    const named = { ...kernel, name: unused(kernel.name, this.names) };
    this.known.set(key, named);
    this.shared.add(named);
    return named;
  }
}

/** Text that two kernels share if and only if they do the same. */
function structure(kernel: Kernel): string {
  const slots = kernel.slots.map((slot) => `${slot.dtype}${slot.access}${slot.size}`).join(',');
  switch (kernel.kind) {
    case 'nest': return `nest ${slots} ${kernel.grid.map(loop).join('')} ${kernel.stages.map(stage).join('\n')}`;
    case 'contraction': {
      const { batch, m, n, k, a, b, store } = kernel;
      return `contraction ${slots} ${batch} ${m} ${n} ${k} ${expr(a)} ${expr(b)} ${store.slot} ${expr(store.index)} ${expr(store.value)}`;
    }
    case 'grouped_contraction': {
      const { n, k, a, b, store } = kernel;
      return `grouped_contraction ${slots} ${groups(kernel.of)} ${n} ${k} ${expr(a)} ${expr(b)} ${store.slot} ${expr(store.index)} ${expr(store.value)}`;
    }
    case 'grouped_outer': {
      const { m, n, a, b, store } = kernel;
      return `grouped_outer ${slots} ${groups(kernel.of)} ${m} ${n} ${expr(a)} ${expr(b)} ${store.slot} ${expr(store.index)} ${expr(store.value)}`;
    }
    case 'attention': {
      const { variant, batch, time, heads, groups, keyWidth, valueWidth, scale } = kernel;
      return `attention ${slots} ${[variant, batch, time, heads, groups, keyWidth, valueWidth, scale].join(' ')}`;
    }
    case 'top': return `top ${slots} ${kernel.rows} ${kernel.extent} ${kernel.take} ${kernel.slot} ${expr(kernel.value)}`;
    case 'top_product': return `top_product ${slots} ${kernel.rows} ${kernel.extent} ${kernel.take} ${kernel.slot} ${expr(kernel.first)} ${expr(kernel.second)}`;
    case 'invert': return `invert ${slots} ${kernel.entries} ${kernel.rows} ${expr(kernel.index)}`;
    case 'fill': return `fill ${slots} ${kernel.value}`;
  }
}

function groups(of: Groups): string {
  return `${of.groups} ${of.entries} ${[of.count, of.row, of.from, of.to, of.entry].map(expr).join(' ')}`;
}

function stage(at: Stage): string {
  const lets = (list: readonly { readonly name: string; readonly value: Expr }[]): string => list.map((x) => `${x.name}=${expr(x.value)};`).join('');
  switch (at.kind) {
    case 'let': return `let ${at.name} ${expr(at.value)}`;
    case 'store': return `store ${at.loops.map(loop).join('')}${lets(at.lets ?? [])}${at.slot} ${expr(at.index)} ${expr(at.value)}`;
    case 'reduce': {
      const inner = at.inner ? `{${at.inner.name} ${at.inner.fn} ${at.inner.loops.map(loop).join('')}${lets(at.inner.lets)}${expr(at.inner.value)}}` : '';
      return `${at.fn} ${at.name} ${at.loops.map(loop).join('')}${lets(at.lets)}${inner}${expr(at.value)}`;
    }
  }
}

function loop(at: Loop): string {
  return `for ${at.name} ${at.extent}${at.from ? ` ${expr(at.from)}` : ''}${at.to ? ` to ${expr(at.to)}` : ''}:`;
}

function expr(at: Expr): string {
  switch (at.kind) {
    case 'number': return `${at.value}${at.dtype}`;
    case 'var': return at.name;
    case 'local': return `${at.name}`;
    case 'load': return `@${at.slot}[${expr(at.index)}]`;
    case 'call': {
      let text = `${at.fn}(`;
      for (const arg of at.args) text += `${expr(arg)} `;
      return `${text})${at.dtype}`;
    }
  }
}
