import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../../sdk/base/errors.ts';
import { readSafeTensors, type Tensor, writeSafeTensors } from '../../../sdk/learn/ledger/safetensors.ts';

const tensor: fc.Arbitrary<Tensor> = fc
  .tuple(fc.nat(4), fc.nat(5), fc.constantFrom(Int8Array, Int32Array, Float32Array, Float64Array))
  .map(([rows, columns, Type]) => ({
    shape: [rows, columns],
    data: Type.from(Array.from({ length: rows * columns }, (_, i) => i - 3)),
  }));
const name = fc
  .string({ minLength: 1, maxLength: 8 })
  .filter((text) => text !== '__metadata__' && text !== '__proto__');
const files = fc.record({ metadata: fc.dictionary(name, fc.string()), tensors: fc.dictionary(name, tensor) });

/** A file with this header and so many bytes after it. */
function file(header: unknown, bytes = 0, length?: bigint): Buffer {
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(length ?? BigInt(text.length));
  return Buffer.concat([size, text, Buffer.alloc(bytes)]);
}
const i8 = (from: number, to: number, shape: unknown = [to - from]) => ({
  dtype: 'I8',
  shape,
  data_offsets: [from, to],
});

describe('safetensors', () => {
  it('gives back what was written, whatever the order it was given in', () => {
    fc.assert(
      fc.property(files, (content) => {
        const bytes = writeSafeTensors(content);
        const read = readSafeTensors(bytes);
        expect({ ...read.metadata }).toEqual({ ...content.metadata });
        expect({ ...read.tensors }).toEqual({ ...content.tensors });
        const turned = (record: object) => Object.fromEntries(Object.entries(record).reverse());
        const again = writeSafeTensors({ metadata: turned(content.metadata), tensors: turned(content.tensors) });
        expect(again.equals(bytes)).toBe(true);
      }),
    );
  });

  it('reads from any place in memory', () => {
    const bytes = writeSafeTensors({ metadata: {}, tensors: { a: { shape: [2], data: Float64Array.of(1, 2) } } });
    const shifted = Buffer.concat([Buffer.alloc(3), bytes]).subarray(3);
    expect(readSafeTensors(shifted).tensors.a!.data).toEqual(Float64Array.of(1, 2));
  });

  it.each<[string, Buffer, RegExp]>([
    ['nothing', Buffer.alloc(0), /at least 10 bytes, got 0/],
    ['a header longer than the file', file('{}', 0, 3n), /a header within its 10 bytes, got one of 3/],
    ['an absurd header length', file('{}', 0, 2n ** 64n - 1n), /got one of 18446744073709551615/],
    ['no JSON', file('no'), /a header in JSON/],
    ['bytes that are no text', Buffer.concat([file('', 0, 2n), Buffer.of(0xff, 0xfe)]), /a header in JSON/],
    ['a list', file('[]'), /a JSON object/],
    ['metadata of numbers', file({ __metadata__: { a: 1 } }), /names and texts/],
    ['a type there is not', file({ a: { ...i8(0, 1), dtype: 'F8' } }, 1), /one of I8, I32, F32, F64, got "F8"/],
    ['a type that objects have', file({ a: { ...i8(0, 1), dtype: 'toString' } }, 1), /one of I8/],
    ['sizes below 0', file({ a: i8(0, 1, [-1, -1]) }, 1), /up to 4 sizes/],
    ['huge sizes', file({ a: i8(0, 1, [2 ** 50, 2 ** 50]) }, 1), /bytes as its shape says, got 1/],
    ['offsets that are none', file({ a: { ...i8(0, 1), data_offsets: 3 } }, 1), /two offsets/],
    ['offsets that turn back', file({ a: i8(1, 0, []) }, 1), /bytes as its shape says/],
    ['overlapping tensors', file({ a: i8(0, 4), b: i8(2, 6) }, 6), /b to begin at byte 4.*got 2/],
    ['a gap', file({ a: i8(0, 2), b: i8(3, 4) }, 4), /b to begin at byte 2.*got 3/],
    ['too few bytes', file({ a: i8(0, 4) }, 3), /4 bytes of tensors as its header says, got 3/],
    ['too many bytes', file({ a: i8(0, 4) }, 5), /4 bytes of tensors as its header says, got 5/],
    ['too many tensors', file(Object.fromEntries(Array.from({ length: 65 }, (_, i) => [i, i8(0, 0)]))), /at most 64/],
    ['too large a file', Buffer.alloc((64 << 20) + 1), /at most 67108864 bytes/],
  ])('refuses %s', (_, bytes, message) => {
    expect(() => readSafeTensors(bytes)).toThrow(InputError);
    expect(() => readSafeTensors(bytes)).toThrow(message);
  });

  it('of damaged files it reads some and refuses the others, and throws nothing else', () => {
    const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(files, damage, fc.option(fc.nat()), (content, changes, cut) => {
        let bytes = writeSafeTensors(content);
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        if (cut !== null) bytes = bytes.subarray(0, cut % bytes.length);
        try {
          readSafeTensors(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(InputError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
