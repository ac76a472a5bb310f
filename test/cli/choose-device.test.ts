/**
 * `--device auto` against lists of adapters that stand in for machines: hardware is chosen, software refused.
 */
import { join } from 'node:path';
import { existsSync } from 'node:fs';
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { chooseTarget } from '../../compiler/cli/device.js';
import { findGpu, type AdapterSource } from '../../runtime/index.js';
import { describeGpu, tryOpenDevice } from '../runtime/gpu.js';
import { archc, Folder, SMALL } from './harness.js';

/** What the runtime meets instead of the machine's, where set. */
const machine: { adapters?: AdapterSource; files?: readonly string[] } = {};

vi.mock(import('../../runtime/device/source.js'), async (original) => {
  const real = await original();
  return { ...real, requestAdapter: (source?: AdapterSource) => real.requestAdapter(source ?? machine.adapters) };
});
vi.mock(import('node:fs'), async (original) => {
  const real = await original();
  const faked = (path: unknown): path is string => machine.files !== undefined && typeof path === 'string' && path.startsWith('/dev/');
  return {
    ...real,
    existsSync: (path) => (faked(path) ? machine.files?.some((file) => file === path || file.startsWith(`${path}/`)) === true : real.existsSync(path)),
    readdirSync: ((path: string, ...rest: []) =>
      faked(path) ? (machine.files ?? []).flatMap((file) => (file.startsWith(`${path}/`) ? [file.slice(path.length + 1)] : [])) : real.readdirSync(path, ...rest)) as typeof real.readdirSync,
  };
});

const opened = await tryOpenDevice();
opened?.destroy();
const folder = new Folder({ 'small.arch': SMALL.replace('layers 2', 'layers 1'), 'text.txt': 'the quick brown fox jumps over the lazy dog. '.repeat(40) });
afterAll(() => { folder.dispose(); });
beforeEach(() => {
  delete machine.adapters;
  machine.files = ['/dev/dri/card0', '/dev/dri/renderD128'];
});

interface Info {
  readonly vendor: string;
  readonly architecture: string;
  readonly device: string;
  readonly description: string;
  readonly isFallbackAdapter?: boolean;
}

const RTX: Info = { vendor: 'nvidia', architecture: 'ampere', device: 'nvidia-geforce-rtx-3090', description: 'NVIDIA: 550.54.14' };
const H100: Info = { vendor: 'nvidia', architecture: 'hopper', device: 'nvidia-h100-80gb-hbm3', description: 'NVIDIA: 560.35.03' };
const RADEON: Info = { vendor: 'amd', architecture: 'rdna-3', device: 'amd-radeon-rx-7900-xtx-(radv-navi31)', description: 'radv: Mesa 25.0.7' };
const INTEL: Info = { vendor: 'intel', architecture: 'xe', device: 'intel(r)-uhd-graphics-770', description: 'Intel open-source Mesa driver: Mesa 25.0.7' };
const APPLE: Info = { vendor: 'apple', architecture: 'metal-3', device: 'apple-m2', description: 'Metal driver on macOS' };
const LAVAPIPE: Info = { vendor: 'mesa', architecture: 'software', device: 'llvmpipe-llvm-15-0-6-256-bits', description: 'llvmpipe: Mesa 25.0.7', isFallbackAdapter: true };
/** The same from a Dawn that does not say that it is a fallback. */
const UNSAID: Info = { vendor: 'mesa', architecture: '', device: '', description: 'llvmpipe: Mesa 25.0.7 (LLVM 15.0.6)' };
const SWIFTSHADER: Info = { vendor: 'google', architecture: 'swiftshader', device: 'swiftshader-device-(subzero)', description: 'SwiftShader driver-5.0.0' };
const WARP: Info = { vendor: 'microsoft', architecture: '', device: 'microsoft-basic-render-driver', description: 'D3D12 driver version 10.0', isFallbackAdapter: true };

/** Asks made of the fake machine. */
let asked: (GPURequestAdapterOptions | undefined)[] = [];

/** A machine with these adapters: as Dawn does it, hardware comes before software for who asks for performance, in the order of the list otherwise. */
function machineWith(...infos: readonly Info[]): AdapterSource {
  asked = [];
  return {
    requestAdapter: (options) => {
      asked.push(options);
      const software = ({ isFallbackAdapter }: Info): number => (isFallbackAdapter === true ? 1 : 0);
      const order = options?.powerPreference === 'high-performance' ? [...infos].sort((a, b) => software(a) - software(b)) : infos;
      const chosen = options?.forceFallbackAdapter === true ? order.find((info) => info.isFallbackAdapter === true) : order[0];
      return Promise.resolve(chosen === undefined ? null : adapter(chosen));
    },
  };
}

/** An adapter as far as it is described. */
function adapter(info: Info): GPUAdapter {
  const described: Partial<GPUAdapter> = { info: { __brand: 'GPUAdapterInfo', subgroupMinSize: 32, subgroupMaxSize: 32, isFallbackAdapter: false, ...info }, features: new Set<GPUFeatureName>() };
  const limits = new Proxy({}, { get: () => 2 ** 20 });
  return Object.assign(Object.create(null) as GPUAdapter, described, { limits });
}

describe('auto', () => {
  it.each([
    ['a discrete NVIDIA', [RTX], 'wgsl', 'nvidia-geforce-rtx-3090 (NVIDIA: 550.54.14)'],
    ['an H100', [H100], 'wgsl', 'nvidia-h100-80gb-hbm3 (NVIDIA: 560.35.03)'],
    ['a Radeon on Mesa', [RADEON], 'wgsl', 'amd-radeon-rx-7900-xtx-(radv-navi31) (radv: Mesa 25.0.7)'],
    ['an integrated Intel on Mesa', [INTEL], 'wgsl', 'intel(r)-uhd-graphics-770 (Intel open-source Mesa driver: Mesa 25.0.7)'],
    ['an Apple M2', [APPLE], 'wgsl', 'apple-m2 (Metal driver on macOS)'],
    ['hardware beside software', [LAVAPIPE, RTX], 'wgsl', 'nvidia-geforce-rtx-3090 (NVIDIA: 550.54.14)'],
    ['lavapipe', [LAVAPIPE], 'wasm', undefined],
    ['lavapipe that does not call itself a fallback', [UNSAID], 'wasm', undefined],
    ['SwiftShader', [SWIFTSHADER], 'wasm', undefined],
    ['WARP', [WARP], 'wasm', undefined],
    ['two software adapters', [SWIFTSHADER, LAVAPIPE], 'wasm', undefined],
    ['a driver and no adapter', [], 'wasm', undefined],
  ] as const)('%s', async (_, infos, target, name) => {
    machine.adapters = machineWith(...infos);
    expect(await chooseTarget({ device: 'auto' })).toBe(target);
    expect((await findGpu())?.name).toBe(name);
    expect(asked).toEqual([{ powerPreference: 'high-performance' }, { powerPreference: 'high-performance' }]);
  });

  it.runIf(process.platform === 'linux').each([
    ['no device file of a graphics driver', [], 0],
    ['a display without a renderer', ['/dev/dri/card0'], 0],
    ['the file of a renderer', ['/dev/dri/renderD128'], 1],
    ['the file of an NVIDIA driver', ['/dev/nvidiactl'], 1],
    ['the file of WSL', ['/dev/dxg'], 1],
  ] as const)('with %s', async (_, files, times) => {
    machine.files = files;
    machine.adapters = machineWith(RTX);
    expect(await chooseTarget({ device: 'auto' })).toBe(times === 0 ? 'wasm' : 'wgsl');
    expect(asked).toHaveLength(times);
  });

  it('does not take a driver that breaks for one that is not there', async () => {
    machine.adapters = { requestAdapter: () => Promise.reject(new Error('the driver crashed')) };
    await expect(chooseTarget({ device: 'auto' })).rejects.toThrow('the driver crashed');
  });
});

it('cpu and gpu are taken at their word, and no adapter is asked', async () => {
  machine.adapters = machineWith(LAVAPIPE);
  expect(await chooseTarget({ device: 'cpu' })).toBe('wasm');
  expect(await chooseTarget({ device: 'gpu' })).toBe('wgsl');
  expect(asked).toEqual([]);
});

describeGpu(opened, 'auto, from the choice to the session', () => {
  /** Dawn's instances must outlive their devices. */
  const kept: AdapterSource[] = [];
  /** The machine's own adapter under another name. */
  const calledBy = (info: Info): AdapterSource => ({
    requestAdapter: async (options) => {
      const { adapterSource } = await import('../../runtime/device/source.js');
      const source = await adapterSource();
      kept.push(source);
      const real = await source.requestAdapter(options);
      if (real) Object.defineProperty(real, 'info', { value: { subgroupMinSize: 4, subgroupMaxSize: 128, isFallbackAdapter: false, ...info } });
      return real;
    },
  });

  it.each([['a real one', RTX, /^Small on nvidia-geforce-rtx-3090 \(NVIDIA: 550\.54\.14\)\n/], ['a software one', LAVAPIPE, /^Small on CPU, \d+ threads?, (relaxed )?SIMD\n/]])('trains on what it chose beside %s', async (_, info, first) => {
    machine.adapters = calledBy(info);
    const { code, stderr } = await archc(['train', 'small.arch', '--data', 'text.txt', '--run', `runs/${info.vendor}`, '--steps', '1'], { cwd: folder.path });
    expect([code, existsSync(join(folder.path, `runs/${info.vendor}/checkpoint.safetensors`))], stderr).toEqual([0, true]);
    expect(stderr).toMatch(first);
  });
});
