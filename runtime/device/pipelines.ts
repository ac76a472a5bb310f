/**
 * @file From a program's modules and dispatches to pipelines and bind groups, once, with explicit layouts (an `auto` layout drops bindings a
 * kernel happens not to use).
 */
import { KernelError, messageOf } from '../errors.js';
import type { DispatchInfo, ModuleInfo } from '../program.js';
import { STAGE_COMPUTE, type Device } from './device.js';

/** One dispatch, ready to encode. */
export interface PreparedDispatch {
  readonly info: DispatchInfo;
  readonly pipeline: GPUComputePipeline;
  readonly bindGroup: GPUBindGroup;
}

export interface CompiledModule {
  readonly info: ModuleInfo;
  readonly layout: GPUBindGroupLayout;
  readonly pipeline: GPUComputePipeline;
}

/** Compiles all modules, in parallel. @throws KernelError with the module's name, WGSL's message and the line it points at */
export async function compileModules(device: Device, modules: readonly ModuleInfo[]): Promise<CompiledModule[]> {
  const layouts = new Map<string, GPUBindGroupLayout>();
  return Promise.all(modules.map((info) => compileModule(device, info, bindGroupLayout(device, info, layouts))));
}

/** A bind group per distinct use of a module. @throws KernelError when a binding does not fit its module */
export async function prepareDispatches(
  device: Device,
  dispatches: readonly DispatchInfo[],
  modules: readonly CompiledModule[],
  bufferOf: (tensor: number) => GPUBuffer,
  known: Map<string, GPUBindGroup>,
): Promise<PreparedDispatch[]> {
  device.gpu.pushErrorScope('validation');
  let prepared: PreparedDispatch[] = [];
  let thrown: unknown;
  try {
    prepared = dispatches.map((info) => {
      const module = modules[info.module];
      if (!module) throw new KernelError(`a dispatch names module ${info.module}, but the program has ${modules.length}`);
      const key = `${info.module}:${info.bindings.map((b) => `${b.tensor}+${b.offset}x${b.size}`).join(',')}`;
      let bindGroup = known.get(key);
      if (!bindGroup) {
        bindGroup = device.gpu.createBindGroup({
          label: module.info.name,
          layout: module.layout,
          entries: info.bindings.map((b, binding) => ({ binding, resource: { buffer: bufferOf(b.tensor), offset: b.offset, size: b.size } })),
        });
        known.set(key, bindGroup);
      }
      return { info, pipeline: module.pipeline, bindGroup };
    });
  } catch (error) {
    thrown = error;
  }
  const invalid = await device.gpu.popErrorScope();
  if (thrown !== undefined) throw thrown instanceof KernelError ? thrown : new KernelError(`a bind group was refused: ${messageOf(thrown)}`);
  if (invalid) throw new KernelError(`a bind group was refused: ${invalid.message.trim()}`);
  return prepared;
}

function bindGroupLayout(device: Device, info: ModuleInfo, known: Map<string, GPUBindGroupLayout>): GPUBindGroupLayout {
  const key = info.bindings.map((b) => b.access).join(',');
  let layout = known.get(key);
  if (!layout) {
    layout = device.gpu.createBindGroupLayout({
      label: key,
      entries: info.bindings.map((b, binding) => ({ binding, visibility: STAGE_COMPUTE, buffer: { type: b.access === 'read' ? 'read-only-storage' : 'storage' } })),
    });
    known.set(key, layout);
  }
  return layout;
}

async function compileModule(device: Device, info: ModuleInfo, layout: GPUBindGroupLayout): Promise<CompiledModule> {
  device.gpu.pushErrorScope('validation');
  const module = device.gpu.createShaderModule({ label: info.name, code: info.source });
  const invalid = await device.gpu.popErrorScope();
  const problems = (await module.getCompilationInfo()).messages.filter((message) => message.type === 'error');
  if (invalid || problems.length > 0) throw new KernelError(describeProblems(info, problems, invalid?.message));
  try {
    const pipeline = await device.gpu.createComputePipelineAsync({
      label: info.name,
      layout: device.gpu.createPipelineLayout({ label: info.name, bindGroupLayouts: [layout] }),
      compute: { module, entryPoint: 'main' },
    });
    return { info, layout, pipeline };
  } catch (error) {
    device.throwIfFailed();
    throw new KernelError(`kernel ${info.name} was refused: ${messageOf(error).trim()}\n  This is a defect of archc; please report it with the spec.`);
  }
}

function describeProblems(info: ModuleInfo, problems: readonly GPUCompilationMessage[], fallback: string | undefined): string {
  const lines = info.source.split('\n');
  const details = problems.map((problem) => `  ${info.name}:${problem.lineNum}:${problem.linePos}: ${problem.message}\n    ${lines[problem.lineNum - 1]?.trim() ?? ''}`);
  const text = details.length > 0 ? details.join('\n') : `  ${fallback ?? 'unknown error'}`;
  return `kernel ${info.name} does not compile:\n${text}\n  This is a defect of archc; please report it with the spec.`;
}
