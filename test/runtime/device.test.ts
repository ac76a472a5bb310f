import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { DeviceLostError, NoAdapterError, Session, checkNeeds, describeAdapter, openDevice } from '../../runtime/index.js';
import { bigram } from './bigram.js';
import { describeGpu, tryOpenDevice } from './gpu.js';

const opened = await tryOpenDevice();
afterAll(() => opened?.destroy());
const none = { requestAdapter: () => Promise.resolve(null) };

describe('without an adapter', () => {
  it('says what to install', async () => {
    await expect(openDevice({ source: none })).rejects.toThrow(NoAdapterError);
    await expect(describeAdapter(none)).rejects.toThrow(/libvulkan1` and `mesa-vulkan-drivers` 25 or newer \(on Debian 12 the latter from bookworm-backports/);
  });
});

describe('checkNeeds', () => {
  const limits = {
    maxStorageBuffersPerShaderStage: 8,
    maxStorageBufferBindingSize: 128 * 1024 * 1024,
    maxBufferSize: 256 * 1024 * 1024,
    maxComputeWorkgroupStorageSize: 16384,
    maxComputeInvocationsPerWorkgroup: 256,
    maxComputeWorkgroupSizeX: 256,
    maxComputeWorkgroupSizeY: 256,
    maxComputeWorkgroupSizeZ: 64,
    maxComputeWorkgroupsPerDimension: 65535,
  };
  const fits = { storageBuffers: 8, bindingBytes: 128 * 1024 * 1024, bufferBytes: 256 * 1024 * 1024 };

  it('accepts what just fits', () => {
    expect(() => checkNeeds(fits, limits, 'this adapter')).not.toThrow();
  });

  it.each([
    [{ ...fits, storageBuffers: 9 }, 'the program needs storage buffers per kernel of 9, but this adapter offers maxStorageBuffersPerShaderStage = 8.'],
    [{ ...fits, bindingBytes: 128 * 1024 * 1024 + 4 }, 'the program needs a tensor binding of 128 MiB, but this adapter offers maxStorageBufferBindingSize = 128 MiB.'],
    [{ ...fits, bufferBytes: 2 ** 30 }, 'the program needs a buffer of 1 GiB, but this adapter offers maxBufferSize = 256 MiB.'],
  ])('names the need and the limit', (needs, message) => {
    expect(() => checkNeeds(needs, limits, 'this adapter')).toThrow(message);
  });
});

describeGpu(opened, 'a device', (device) => {
  it('describes itself', async () => {
    const description = await describeAdapter();
    expect(description).toEqual(device.adapter);
    expect(description.name).not.toBe('');
    expect(description.limits.maxStorageBuffersPerShaderStage).toBeGreaterThanOrEqual(8);
  });

  it('gets the limits of its adapter', () => {
    expect(device.gpu.limits.maxBufferSize).toBe(device.adapter.limits.maxBufferSize);
    expect(device.gpu.limits.maxStorageBuffersPerShaderStage).toBe(device.adapter.limits.maxStorageBuffersPerShaderStage);
  });

  it('that is lost says so at the next use', async () => {
    const lost = await openDevice();
    const session = await Session.create(lost, bigram());
    lost.gpu.destroy();
    await lost.gpu.lost;
    expect(() => session.run('forward', { tokens: new Int32Array(32) })).toThrow(DeviceLostError);
    await expect(session.read('table')).rejects.toThrow(/was lost \(destroyed\)/);
    lost.destroy();
  });

  it('prints nothing on stdout when a command is refused, and raises it instead', async () => {
    const script = `
      import { openDevice } from '${new URL('../../runtime/index.ts', import.meta.url).href}';
      const device = await openDevice();
      device.gpu.createBuffer({ size: 3, usage: 0x80, mappedAtCreation: false });
      device.gpu.createBindGroupLayout({ entries: [{ binding: 0, visibility: 4, buffer: {} }, { binding: 0, visibility: 4, buffer: {} }] });
      let message = 'nothing was raised';
      try { await device.settle(); await device.settle(); } catch (error) { message = error.name; }
      device.destroy();
      console.log('raised ' + message);
    `;
    const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script]);
    expect(stdout).toBe('raised KernelError\n');
  });
});
