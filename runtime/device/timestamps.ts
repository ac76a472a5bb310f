/**
 * @file Times of dispatches by the device's own clock: a pass per dispatch, with a timestamp at its beginning and its end.
 */
import { USAGE, type Device } from './device.js';
import type { Readback } from './readback.js';

/** WebGPU allows 4,096 queries in a set: two per dispatch. */
const DISPATCHES = 2048;

/** Whether the device was opened with timestamps. */
export function hasTimestamps(device: Device): boolean {
  return device.gpu.features.has('timestamp-query');
}

/**
 * Encodes each dispatch in a pass of its own and submits them.
 * @returns milliseconds by dispatch; 0 where the device's clock did not advance
 */
export async function timeDispatches(device: Device, readback: Readback, dispatches: readonly ((pass: GPUComputePassEncoder) => void)[]): Promise<number[]> {
  const times: number[] = [];
  for (let from = 0; from < dispatches.length; from += DISPATCHES) {
    const some = dispatches.slice(from, from + DISPATCHES);
    const querySet = device.gpu.createQuerySet({ type: 'timestamp', count: 2 * some.length });
    const resolved = await device.createBuffer('timestamps', 16 * some.length, USAGE.QUERY_RESOLVE | USAGE.COPY_SRC);
    try {
      const encoder = device.gpu.createCommandEncoder({ label: 'profile' });
      for (const [i, encode] of some.entries()) {
        const pass = encoder.beginComputePass({ timestampWrites: { querySet, beginningOfPassWriteIndex: 2 * i, endOfPassWriteIndex: 2 * i + 1 } });
        encode(pass);
        pass.end();
      }
      encoder.resolveQuerySet(querySet, 0, 2 * some.length, resolved, 0);
      device.queue.submit([encoder.finish()]);
      const [bytes] = await readback.read([{ buffer: resolved, offset: 0, bytes: 16 * some.length }]);
      const nanoseconds = new BigUint64Array((bytes ?? new Uint8Array(0)).buffer);
      for (const i of some.keys()) times.push(Number((nanoseconds[2 * i + 1] ?? 0n) - (nanoseconds[2 * i] ?? 0n)) / 1e6);
    } finally {
      resolved.destroy();
      querySet.destroy();
    }
  }
  return times;
}
