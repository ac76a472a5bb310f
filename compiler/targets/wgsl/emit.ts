/**
 * @file One kernel to WGSL: a module (several for `invert`) and the dispatches of a launch.
 */
import type { DispatchInfo, ModuleInfo } from '../../../runtime/program.js';
import type { Kernel, TargetLimits } from '../../kernels/kernel.js';
import type { BoundTensor } from '../../kernels/tensors.js';
import { emitAttention } from './attention.js';
import { emitContraction } from './contraction.js';
import { emitFill } from './fill.js';
import { emitGroupedContraction, emitGroupedOuter } from './grouped.js';
import { emitInvert } from './invert.js';
import { internalError } from './limits.js';
import type { EmitContext, Step } from './module.js';
import { emitNest } from './nest.js';
import { emitTop, emitTopProduct } from './top.js';

export interface Emitted {
  /** In the order of their first dispatch. */
  readonly modules: readonly ModuleInfo[];
  /** The dispatches of one launch; `module` counts from 0 in `modules`. Tensors fill the slots, in order. */
  dispatches(tensors: readonly BoundTensor[]): DispatchInfo[];
}

/** Generates the code of `kernel`. `paths` are the spec paths its header names. Throws LimitError, with the slot's name, where it does not fit. */
export function emitWgsl(kernel: Kernel, limits: TargetLimits, paths: readonly string[] = []): Emitted {
  const steps = emitSteps(kernel, { limits, paths });
  const modules: ModuleInfo[] = [];
  const indices = steps.map((step) => {
    const known = modules.findIndex((module) => module.source === step.source && module.name === step.name);
    if (known >= 0) return known;
    modules.push({ name: step.name, source: step.source, bindings: step.bindings.map(({ access, size }) => ({ access, minBytes: size })) });
    return modules.length - 1;
  });
  return {
    modules,
    dispatches: (tensors) => {
      checkSharing(kernel, tensors);
      return steps.map((step, i) => dispatch(kernel, step, indices[i] ?? 0, tensors, steps.length));
    },
  };
}

function emitSteps(kernel: Kernel, context: EmitContext): readonly Step[] {
  switch (kernel.kind) {
    case 'nest':
      return emitNest(kernel, context);
    case 'contraction':
      return emitContraction(kernel, context);
    case 'grouped_contraction':
      return emitGroupedContraction(kernel, context);
    case 'grouped_outer':
      return emitGroupedOuter(kernel, context);
    case 'attention':
      return emitAttention(kernel, context);
    case 'top':
      return emitTop(kernel, context);
    case 'top_product':
      return emitTopProduct(kernel, context);
    case 'invert':
      return emitInvert(kernel, context);
    case 'fill':
      return emitFill(kernel, context);
  }
}

function dispatch(kernel: Kernel, step: Step, module: number, tensors: readonly BoundTensor[], steps: number): DispatchInfo {
  const tensorOf = (slot: number): number => {
    const tensor = tensors[slot];
    if (tensor === undefined) throw internalError(`nothing fills slot ${slot} of kernel ${kernel.name}`);
    return tensor.id;
  };
  const bindings = step.bindings.map(({ slot, offset, size }) => ({ tensor: tensorOf(slot), offset, size }));
  const writes = new Set(step.bindings.filter((binding) => binding.access === 'read_write').map((binding) => tensorOf(binding.slot)));
  return { module, groups: step.groups, bindings, writes: [...writes], flops: kernel.flops / steps, bytes: kernel.bytes / steps };
}

/** WebGPU forbids one buffer as both read-only and writable storage in a dispatch, and two writable bindings that overlap. */
function checkSharing(kernel: Kernel, tensors: readonly BoundTensor[]): void {
  const byAllocation = new Map<number, number[]>();
  kernel.slots.forEach((_, slot) => {
    const tensor = tensors[slot];
    if (tensor !== undefined) byAllocation.set(tensor.allocation, [...(byAllocation.get(tensor.allocation) ?? []), slot]);
  });
  for (const slots of byAllocation.values()) {
    const written = slots.find((slot) => kernel.slots[slot]?.access !== 'read');
    if (slots.length > 1 && written !== undefined) {
      const names = slots.map((slot) => `${kernel.slots[slot]?.name} (${tensors[slot]?.name})`).join(', ');
      throw internalError(`kernel ${kernel.name} writes slot ${kernel.slots[written]?.name}, which shares its memory: ${names}; use one read_write slot`);
    }
  }
}
