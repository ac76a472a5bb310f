/**
 * @file Setting every element of a slot.
 */
import type { Fill } from '../../kernels/kernel.js';
import type { EmitOptions, KernelFunctions } from './kernel-function.js';
import type { WasmModule } from './module.js';
import { emitNest } from './nest.js';

export function emitFill(module: WasmModule, kernel: Fill, options: EmitOptions): KernelFunctions {
  const size = kernel.slots[0]?.size ?? 0;
  const dtype = kernel.slots[0]?.dtype ?? 'f32';
  return emitNest(module, {
    ...kernel,
    kind: 'nest',
    grid: [{ name: 'i', extent: size }],
    stages: [{ kind: 'store', loops: [], slot: 0, index: { kind: 'var', name: 'i', dtype: 'i32' }, value: { kind: 'number', value: kernel.value, dtype } }],
  }, options);
}
