/**
 * @file Every kind of kernel as functions of a module.
 */
import type { Kernel } from '../../kernels/kernel.js';
import { emitAttention } from './attention.js';
import { emitContraction } from './contraction.js';
import { emitFill } from './fill.js';
import { emitGroupedContraction, emitGroupedOuter } from './grouped.js';
import { emitInvert } from './invert.js';
import type { EmitOptions, KernelFunctions } from './kernel-function.js';
import type { WasmModule } from './module.js';
import { emitNest } from './nest.js';
import { emitTop, emitTopProduct } from './top.js';

/** Adds the kernel's functions to the module. */
export function emitKernel(module: WasmModule, kernel: Kernel, options: EmitOptions = {}): KernelFunctions {
  switch (kernel.kind) {
    case 'nest': return emitNest(module, kernel, options);
    case 'contraction': return emitContraction(module, kernel, options);
    case 'grouped_contraction': return emitGroupedContraction(module, kernel, options);
    case 'grouped_outer': return emitGroupedOuter(module, kernel, options);
    case 'attention': return emitAttention(module, kernel, options);
    case 'top': return emitTop(module, kernel, options);
    case 'top_product': return emitTopProduct(module, kernel, options);
    case 'invert': return emitInvert(module, kernel, options);
    case 'fill': return emitFill(module, kernel, options);
  }
}
