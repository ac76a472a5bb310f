/**
 * @file Where a GPU comes from: the browser's `navigator.gpu`, or in Node the optional package `webgpu` (Dawn), imported only when asked for.
 */
import { inNode } from '../environment.js';
import { NoAdapterError, messageOf, systemCode } from '../errors.js';

/** The part of `GPU` the runtime uses. */
export interface AdapterSource {
  requestAdapter(options?: GPURequestAdapterOptions): Promise<GPUAdapter | null>;
}

/** What to install when there is no adapter. */
export const NO_ADAPTER_HELP = [
  'no GPU adapter: WebGPU found neither a graphics driver nor a software one.',
  '  On a machine with a GPU, install its Vulkan driver.',
  '  Without a GPU, install software Vulkan: `libvulkan1` and `mesa-vulkan-drivers` 25 or newer (on Debian 12 the latter from bookworm-backports; its own 22.3 is too old).',
  '  `archc doctor` shows what is found.',
].join('\n');

/** The same in a browser. */
const NO_WEBGPU = [
  'no GPU adapter: this browser gives this page no WebGPU.',
  '  WebGPU needs a browser and a GPU driver that have it, and a page served by https or from localhost.',
  '  Without it, build for the CPU: `archc build --target wasm`.',
].join('\n');

/** `navigator.gpu` where it exists, else Dawn. @throws NoAdapterError when the `webgpu` package is missing or does not load */
export async function adapterSource(): Promise<AdapterSource> {
  const inBrowser: GPU | undefined = typeof navigator === 'undefined' ? undefined : navigator.gpu;
  if (inBrowser) return inBrowser;
  if (!inNode()) throw new NoAdapterError(NO_WEBGPU);
  try {
    const { create } = await import('webgpu');
    // By default timestamps are rounded to 65 microseconds, too coarse to profile by.
    return create(['disable-dawn-features=timestamp_quantization']);
  } catch (error) {
    if (systemCode(error) === 'ERR_MODULE_NOT_FOUND') {
      throw new NoAdapterError('no GPU adapter: the optional package `webgpu` is not installed.\n  Install it beside archc: npm install webgpu');
    }
    throw new NoAdapterError(`no GPU adapter: the package \`webgpu\` does not load here: ${messageOf(error)}\n  It needs Linux, macOS or Windows on x64 or arm64; try npm install webgpu again.`);
  }
}

/** @throws NoAdapterError with what to install */
export async function requestAdapter(source?: AdapterSource): Promise<{ readonly source: AdapterSource; readonly adapter: GPUAdapter }> {
  const from = source ?? (await adapterSource());
  // A plain request: `forceFallbackAdapter` hides lavapipe, which calls itself a fallback.
  const adapter = await from.requestAdapter({ powerPreference: 'high-performance' });
  if (!adapter) throw new NoAdapterError(inNode() ? NO_ADAPTER_HELP : NO_WEBGPU);
  return { source: from, adapter };
}
