import fc from 'fast-check';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { withoutHeaderFaults } from '../../sdk/picture/jpeg-faults.ts';
import { readPicture } from '../../sdk/picture/picture.ts';

let whole: Buffer;
let progressive: Buffer;
beforeAll(async () => {
  const noise = Buffer.from(Uint8Array.from({ length: 96 * 64 * 3 }, (_, i) => (i * 7919 + (i >> 5) * 31) & 255));
  const picture = sharp(noise, { raw: { width: 96, height: 64, channels: 3 } });
  whole = await picture.clone().jpeg({ quality: 90 }).toBuffer();
  progressive = await picture.jpeg({ progressive: true }).toBuffer();
});

/** Where the segment with this marker begins, and where it ends. */
function segment(jpeg: Buffer, code: number): [number, number] {
  for (let at = 2; at < jpeg.length; ) {
    const end = at + 2 + jpeg.readUInt16BE(at + 2);
    if (jpeg[at + 1] === code) return [at, end];
    at = end;
  }
  throw new Error(`no segment ${code.toString(16)}`);
}

function changed(jpeg: Buffer, change: (copy: Buffer) => void): Buffer {
  const copy = Buffer.from(jpeg);
  change(copy);
  return copy;
}

function put(jpeg: Buffer, at: number, bytes: readonly number[] | Buffer): Buffer {
  return Buffer.concat([jpeg.subarray(0, at), Buffer.from(bytes), jpeg.subarray(at)]);
}

const sos = (jpeg: Buffer) => segment(jpeg, 0xda);
const adobe = [0xff, 0xee, 0, 14, ...Buffer.from('Adobe'), 0, 100, 0, 0, 0, 0, 9];

describe('a JPEG with faults in its headers alone', () => {
  it.each<[string, () => Buffer]>([
    [
      'the parameters of a scan that is sequential are others',
      () => changed(whole, (b) => b.fill(0, sos(b)[1] - 3, sos(b)[1])),
    ],
    ['its bits are of a progressive one', () => changed(whole, (b) => (b[sos(b)[1] - 1] = 0x21))],
    ['bytes stand before a marker', () => put(whole, sos(whole)[0], [1, 2, 3])],
    [
      'bytes stand before two markers',
      () => put(put(whole, sos(whole)[0], [1, 2, 3]), segment(whole, 0xc0)[0], [9, 0]),
    ],
    [
      'bytes stand before a marker, and the scan is wrong',
      () =>
        put(
          changed(whole, (b) => b.fill(0, sos(b)[1] - 3, sos(b)[1])),
          sos(whole)[0],
          [7, 7],
        ),
    ],
    ['the colours are of a kind that nobody knows', () => put(whole, 2, adobe)],
    ['another picture follows', () => Buffer.concat([whole, whole])],
    ['bytes follow', () => Buffer.concat([whole, Buffer.alloc(999, 1)])],
    ['progressive, and bytes stand before a marker', () => put(progressive, sos(progressive)[0], [5])],
  ])('is read, pixel by pixel as without: %s', async (name, faulty) => {
    const expected = await readPicture(name.startsWith('progressive') ? progressive : whole);
    const { width, height, planes } = await readPicture(faulty());
    expect([width, height]).toEqual([96, 64]);
    expect(Buffer.from(planes[0]!.data).equals(Buffer.from(expected.planes[0]!.data))).toBe(true);
  });

  const middle = () => (sos(whole)[1] + whole.length) >> 1;
  it.each<[string, () => Buffer]>([
    ['half of it is there', () => whole.subarray(0, middle())],
    ['its last bytes are missing', () => whole.subarray(0, whole.length - 20)],
    ['bytes in its middle are others', () => changed(whole, (b) => b.fill(0xff, middle(), middle() + 60))],
    [
      'it is cut, and the scan is wrong',
      () => changed(whole, (b) => b.fill(0, sos(b)[1] - 3, sos(b)[1])).subarray(0, middle()),
    ],
    ['it is cut, and bytes stand before a marker', () => put(whole, sos(whole)[0], [1, 2, 3]).subarray(0, middle())],
  ])('is refused when pixels are missing or damaged: %s', async (_, damaged) => {
    await expect(readPicture(damaged())).rejects.toThrow('cannot be read as a picture');
  });
});

describe('withoutHeaderFaults', () => {
  it('leaves what is right as it is', () => {
    expect(withoutHeaderFaults(whole)).toBeUndefined();
    expect(withoutHeaderFaults(progressive)).toBeUndefined();
    expect(withoutHeaderFaults(Buffer.from('no JPEG'))).toBeUndefined();
  });

  it('ends on any bytes, and changes none it is given', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(whole.length), (noise, at) => {
        for (const bytes of [Buffer.concat([Buffer.from([0xff, 0xd8]), noise]), put(whole, at, Buffer.from(noise))]) {
          const before = Buffer.from(bytes);
          withoutHeaderFaults(bytes);
          expect(bytes.equals(before)).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });
});
