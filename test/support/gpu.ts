/**
 * @file One WebGPU device for a test file, and a function that runs a single kernel on it. Where there is no adapter, `gpu()` says why.
 */
import { emitWgsl } from '../../compiler/targets/wgsl/index.js';
import type { Kernel, TargetLimits } from '../../compiler/kernels/kernel.js';

export interface Gpu {
  readonly device: GPUDevice;
  readonly description: string;
  /** Validation messages since the last call. */
  errors(): string[];
}

export type Data = Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer>;

/** The `webgpu` package ends its instance when the object is collected: keep it. */
const alive: unknown[] = [];
let opened: Promise<Gpu | string> | undefined;

/** The device, or why there is none. Opened once per process. */
export function gpu(): Promise<Gpu | string> {
  opened ??= open();
  return opened;
}

async function open(): Promise<Gpu | string> {
  let webgpu: typeof import('webgpu');
  try {
    webgpu = await import('webgpu');
  } catch (error) {
    return `the webgpu package does not load: ${String(error)}`;
  }
  Object.assign(globalThis, webgpu.globals);
  const instance = webgpu.create([]);
  alive.push(instance);
  const adapter = await instance.requestAdapter();
  if (adapter === null) return 'WebGPU offers no adapter here (on Linux, Mesa lavapipe is enough: libvulkan1 and mesa-vulkan-drivers)';
  const device = await adapter.requestDevice({
    requiredLimits: { maxStorageBuffersPerShaderStage: Math.min(10, adapter.limits.maxStorageBuffersPerShaderStage) },
  });
  const messages: string[] = [];
  device.addEventListener('uncapturederror', (event) => messages.push(event.error.message));
  alive.push(adapter, device);
  return { device, description: adapter.info.description, errors: () => messages.splice(0) };
}

export const testLimits: TargetLimits = { maxBindingBytes: 128 * 1024 * 1024, maxBufferBytes: 256 * 1024 * 1024, maxSlots: 8 };

/** A kernel with its pipelines and buffers ready. */
export interface Prepared {
  /** Submits every dispatch of one launch. */
  submit(): void;
  /** What slot `i` holds. */
  read(slot: number): Promise<Data>;
  close(): void;
}

/** Compiles `kernel` and fills its slots. Slots without data start as NaN or -1, so that what is not written shows. */
export function prepare({ device }: Gpu, kernel: Kernel, data: readonly (Data | undefined)[], limits: TargetLimits = testLimits): Prepared {
  const buffers = kernel.slots.map((slot, i) => {
    const values = data[i] ?? (slot.dtype === 'f32' ? new Float32Array(slot.size).fill(NaN) : new Int32Array(slot.size).fill(-1));
    if (values.length !== slot.size) throw new Error(`slot ${slot.name} has ${slot.size} elements, not ${values.length}`);
    const buffer = device.createBuffer({ size: slot.size * 4, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST });
    device.queue.writeBuffer(buffer, 0, values);
    return buffer;
  });
  const emitted = emitWgsl(kernel, limits);
  const pipelines = emitted.modules.map((module) => {
    const layout = device.createBindGroupLayout({
      entries: module.bindings.map((binding, i) => ({
        binding: i,
        visibility: GPUShaderStage.COMPUTE,
        buffer: { type: binding.access === 'read' ? 'read-only-storage' : 'storage', minBindingSize: binding.minBytes },
      })),
    });
    const pipeline = device.createComputePipeline({
      layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
      compute: { module: device.createShaderModule({ code: module.source }), entryPoint: 'main' },
    });
    return { layout, pipeline };
  });
  const dispatches = emitted.dispatches(kernel.slots.map((slot, i) => ({ id: i, name: slot.name, allocation: i }))).map((dispatch) => {
    const made = pipelines[dispatch.module];
    if (made === undefined) throw new Error('a dispatch of no module');
    const entries = dispatch.bindings.map((binding, i) => {
      const buffer = buffers[binding.tensor];
      if (buffer === undefined) throw new Error('a binding of no buffer');
      return { binding: i, resource: { buffer, offset: binding.offset, size: binding.size } };
    });
    return { ...made, groups: dispatch.groups, bindGroup: device.createBindGroup({ layout: made.layout, entries }) };
  });
  return {
    submit: () => {
      const encoder = device.createCommandEncoder();
      const pass = encoder.beginComputePass();
      for (const { pipeline, bindGroup, groups } of dispatches) {
        pass.setPipeline(pipeline);
        pass.setBindGroup(0, bindGroup);
        pass.dispatchWorkgroups(...groups);
      }
      pass.end();
      device.queue.submit([encoder.finish()]);
    },
    read: async (index) => {
      const slot = kernel.slots[index];
      const buffer = buffers[index];
      if (slot === undefined || buffer === undefined) throw new Error(`no slot ${index}`);
      const staging = device.createBuffer({ size: slot.size * 4, usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ });
      const encoder = device.createCommandEncoder();
      encoder.copyBufferToBuffer(buffer, 0, staging, 0, slot.size * 4);
      device.queue.submit([encoder.finish()]);
      await staging.mapAsync(GPUMapMode.READ);
      const bytes = staging.getMappedRange().slice(0);
      staging.destroy();
      return slot.dtype === 'f32' ? new Float32Array(bytes) : new Int32Array(bytes);
    },
    close: () => {
      for (const buffer of buffers) buffer.destroy();
    },
  };
}

/** Runs `kernel` once and returns what every slot holds afterwards; throws Dawn's messages. */
export async function runKernel(on: Gpu, kernel: Kernel, data: readonly (Data | undefined)[], limits: TargetLimits = testLimits): Promise<Data[]> {
  on.device.pushErrorScope('validation');
  const prepared = prepare(on, kernel, data, limits);
  prepared.submit();
  const results = await Promise.all(kernel.slots.map((_, i) => prepared.read(i)));
  prepared.close();
  const scoped = await on.device.popErrorScope();
  const messages = [...(scoped === null ? [] : [scoped.message]), ...on.errors()];
  if (messages.length > 0) throw new Error(messages.join('\n'));
  return results;
}
