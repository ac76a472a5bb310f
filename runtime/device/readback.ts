/**
 * @file Reading buffers back through a small pool of staging buffers, in pieces, so that reading never grows memory with what is read.
 */
import { DeviceLostError, messageOf } from '../errors.js';
import { MAP_READ, USAGE, type Device } from './device.js';

export interface Range {
  readonly buffer: GPUBuffer;
  /** Bytes, multiples of 4. */
  readonly offset: number;
  readonly bytes: number;
}

const SMALL_BYTES = 64 * 1024;
const LARGE_BYTES = 16 * 1024 * 1024;

interface Piece {
  readonly range: Range;
  readonly from: number;
  readonly bytes: number;
  readonly into: Uint8Array;
  /** Where it stands in the staging buffer. */
  readonly at: number;
}

export class Readback {
  private readonly free = new Map<number, GPUBuffer[]>();

  constructor(private readonly device: Device) {}

  /** The bytes of each range. Waits for all work submitted before. @throws DeviceLostError, KernelError */
  async read(ranges: readonly Range[]): Promise<Uint8Array<ArrayBuffer>[]> {
    const results = ranges.map((range) => new Uint8Array(range.bytes));
    const total = ranges.reduce((sum, range) => sum + range.bytes, 0);
    const size = total <= SMALL_BYTES ? SMALL_BYTES : LARGE_BYTES;
    let pieces: Piece[] = [];
    let filled = 0;
    for (const [i, range] of ranges.entries()) {
      const into = results[i];
      if (!into) continue;
      for (let from = 0; from < range.bytes; ) {
        const bytes = Math.min(range.bytes - from, size - filled);
        pieces.push({ range, from, bytes, into, at: filled });
        filled += bytes;
        from += bytes;
        if (filled === size) {
          await this.fetch(pieces, size, filled);
          pieces = [];
          filled = 0;
        }
      }
    }
    if (pieces.length > 0) await this.fetch(pieces, size, filled);
    return results;
  }

  /** Frees the staging buffers. */
  destroy(): void {
    for (const buffers of this.free.values()) for (const buffer of buffers) buffer.destroy();
    this.free.clear();
  }

  private async fetch(pieces: readonly Piece[], size: number, filled: number): Promise<void> {
    const staging = this.free.get(size)?.pop() ?? (await this.device.createBuffer('readback', size, USAGE.MAP_READ | USAGE.COPY_DST));
    const encoder = this.device.gpu.createCommandEncoder({ label: 'readback' });
    for (const piece of pieces) encoder.copyBufferToBuffer(piece.range.buffer, piece.range.offset + piece.from, staging, piece.at, piece.bytes);
    this.device.queue.submit([encoder.finish()]);
    try {
      await staging.mapAsync(MAP_READ, 0, filled);
    } catch (error) {
      this.device.throwIfFailed();
      throw new DeviceLostError(`reading from ${this.device.adapter.name} failed: ${messageOf(error)}`);
    }
    const mapped = new Uint8Array(staging.getMappedRange(0, filled));
    for (const piece of pieces) piece.into.set(mapped.subarray(piece.at, piece.at + piece.bytes), piece.from);
    staging.unmap();
    const list = this.free.get(size) ?? [];
    list.push(staging);
    this.free.set(size, list);
    this.device.throwIfFailed();
  }
}
