import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeHeader, encodeHeader, headerLength } from '../../runtime/checkpoint/safetensors.js';
import { CheckpointError } from '../../runtime/errors.js';

const encode = (header: unknown, data = 0): Uint8Array => {
  const json = typeof header === 'string' ? header : JSON.stringify(header);
  const bytes = new TextEncoder().encode(json);
  const file = new Uint8Array(8 + bytes.length + data);
  new DataView(file.buffer).setBigUint64(0, BigInt(bytes.length), true);
  file.set(bytes, 8);
  return file;
};
const decode = (file: Uint8Array): ReturnType<typeof decodeHeader> => {
  const length = headerLength(file, file.length);
  return decodeHeader(file.subarray(8, 8 + length), file.length);
};
const f32 = (shape: readonly number[], begin: number, end: number): unknown => ({ dtype: 'F32', shape, data_offsets: [begin, end] });

describe('safetensors', () => {
  it('writes the published format', () => {
    const header = encodeHeader([{ name: 'a.w', dtype: 'f32', shape: [2, 3] }, { name: 'n', dtype: 'i32', shape: [] }], { step: '3' });
    expect(header.length % 8).toBe(0);
    expect(Number(new DataView(header.buffer).getBigUint64(0, true))).toBe(header.length - 8);
    expect(JSON.parse(new TextDecoder().decode(header.subarray(8)))).toEqual({
      __metadata__: { step: '3' },
      'a.w': { dtype: 'F32', shape: [2, 3], data_offsets: [0, 24] },
      n: { dtype: 'I32', shape: [], data_offsets: [24, 28] },
    });
  });

  it('reads what it writes', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.record({ name: fc.string().filter((name) => name !== '__metadata__'), dtype: fc.constantFrom('f32' as const, 'i32' as const), shape: fc.array(fc.nat(5), { maxLength: 3 }) }), { selector: (tensor) => tensor.name, maxLength: 6 }),
        fc.dictionary(fc.string(), fc.string()),
        (tensors, metadata) => {
          const header = encodeHeader(tensors, metadata);
          const bytes = tensors.reduce((sum, { shape }) => sum + shape.reduce((p, n) => p * n, 4), 0);
          const file = new Uint8Array(header.length + bytes);
          file.set(header);
          const decoded = decode(file);
          expect([...decoded.metadata].sort()).toEqual(Object.entries(metadata).sort());
          expect(decoded.tensors.size).toBe(tensors.length);
          for (const { name, dtype, shape } of tensors) expect(decoded.tensors.get(name)).toMatchObject({ name, dtype, shape });
        },
      ),
      { numRuns: 200 },
    );
  });

  it.each([
    ['too short', new Uint8Array(5), /truncated: a safetensors file has at least 8 bytes/],
    ['an absurd header', Uint8Array.of(255, 255, 255, 255, 255, 0, 0, 0), /header claims 1099511627775 bytes/],
    ['a header past the end', encode({ a: f32([2], 0, 8) }, 8).subarray(0, 20), /truncated: its header needs/],
    ['no JSON', encode('{"a":'), /header is not JSON/],
    ['an array', encode([]), /the header is not a JSON object/],
    ['unknown dtype', encode({ a: { dtype: 'F16', shape: [2], data_offsets: [0, 4] } }, 4), /tensor a has dtype "F16"/],
    ['negative size', encode({ a: f32([-2], 0, 8) }, 8), /tensor a has no valid shape/],
    ['fractional offsets', encode({ a: f32([2], 0.5, 8.5) }, 9), /tensor a has no valid data_offsets/],
    ['shape and data differ', encode({ a: f32([3], 0, 8) }, 8), /tensor a has shape \[3\], which is 12 bytes, but 8 bytes of data/],
    ['overflowing shape', encode({ a: f32([2 ** 40, 2 ** 40], 0, 8) }, 8), /tensor a has shape/],
    ['overlap', encode({ a: f32([2], 0, 8), b: f32([2], 4, 12) }, 12), /tensor b overlaps/],
    ['a gap', encode({ a: f32([2], 0, 8), b: f32([1], 12, 16) }, 16), /gap before tensor b/],
    ['data cut short', encode({ a: f32([2], 0, 8) }, 7), /truncated: its tensors need/],
    ['data left over', encode({ a: f32([2], 0, 8) }, 9), /1 bytes more/],
    ['metadata that is no text', encode({ __metadata__: { step: 3 } }), /metadata step is not text/],
  ])('refuses %s', (_, file, message) => {
    expect(() => decode(file)).toThrow(CheckpointError);
    expect(() => decode(file)).toThrow(message);
  });

  it('never fails otherwise than with a CheckpointError, whatever the bytes', () => {
    const header = encodeHeader([{ name: 'a.w', dtype: 'f32', shape: [2, 3] }, { name: 'b', dtype: 'i32', shape: [4] }], { step: '3' });
    const file = new Uint8Array(header.length + 40);
    file.set(header);
    const guarded = (bytes: Uint8Array): void => {
      try {
        decode(bytes);
      } catch (error) {
        if (!(error instanceof CheckpointError)) throw error;
      }
    };
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(file.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }), fc.nat(file.length), (edits, cut) => {
        const mutated = file.slice();
        for (const [at, value] of edits) mutated[at] = value;
        guarded(mutated);
        guarded(mutated.subarray(0, cut));
      }),
      { numRuns: 2000 },
    );
    fc.assert(fc.property(fc.json(), fc.nat(64), (json, data) => guarded(encode(json, data))), { numRuns: 500 });
  });
});
