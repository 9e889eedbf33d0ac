import fc from 'fast-check';
import sharp, { type Sharp } from 'sharp';
import { describe, expect, it } from 'vitest';
import { readJpegHeader } from '../../sdk/picture/jpeg-header.ts';
import { srgbProfile, withProfile, withSegment } from './profiles.ts';

const plain = (): Sharp => sharp({ create: { width: 31, height: 20, channels: 3, background: '#c08040' } });

/** One entry: a tag with a SHORT. */
function exif(value: number, { isLittle = true, tag = 0x0112 } = {}): Buffer {
  const tiff = Buffer.alloc(26);
  tiff.write(isLittle ? 'II*\0' : 'MM\0*', 'latin1');
  const [u16, u32] = isLittle
    ? (['writeUInt16LE', 'writeUInt32LE'] as const)
    : (['writeUInt16BE', 'writeUInt32BE'] as const);
  tiff[u32](8, 4);
  tiff[u16](1, 8);
  tiff[u16](tag, 10);
  tiff[u16](3, 12);
  tiff[u32](1, 14);
  tiff[u16](value, 18);
  return Buffer.concat([Buffer.from('Exif\0\0'), tiff]);
}

describe('readJpegHeader', () => {
  it('tells the size of an ordinary picture', async () => {
    const [width, height] = [31, 20];
    const jpeg = await plain().jpeg().toBuffer();
    expect(readJpegHeader(jpeg)).toEqual({ width, height, isOrdinary: true });
    const grey = await plain().greyscale().jpeg().toBuffer();
    expect(readJpegHeader(grey)).toEqual({ width, height, isOrdinary: true });
    // A view of a larger buffer.
    const within = Buffer.concat([Buffer.alloc(7), jpeg, Buffer.alloc(9)]);
    expect(readJpegHeader(new Uint8Array(within.buffer, within.byteOffset + 7, jpeg.length))?.width).toBe(31);
  });

  it.each<[string, (jpeg: Buffer) => Buffer | Promise<Buffer>]>([
    ['progressive', () => plain().jpeg({ progressive: true }).toBuffer()],
    ['CMYK', () => plain().toColourspace('cmyk').jpeg().toBuffer()],
    ['turned, as sharp writes it', () => plain().withMetadata({ orientation: 6 }).jpeg().toBuffer()],
    ['turned, little end first', (jpeg) => withSegment(jpeg, 0xe1, exif(8))],
    ['turned, big end first', (jpeg) => withSegment(jpeg, 0xe1, exif(3, { isLittle: false }))],
    ['of an orientation that is none', (jpeg) => withSegment(jpeg, 0xe1, exif(9))],
    ['with two EXIF segments', (jpeg) => withSegment(withSegment(jpeg, 0xe1, exif(1)), 0xe1, exif(1))],
    ['with EXIF that is cut', (jpeg) => withSegment(jpeg, 0xe1, exif(1).subarray(0, 24))],
    ['with EXIF of another order', (jpeg) => withSegment(jpeg, 0xe1, Buffer.from(`Exif\0\0XX*\0${'\0'.repeat(20)}`))],
    [
      'of colours that only tables tell',
      (jpeg) => withProfile(jpeg, srgbProfile({ extra: ['A2B0', Buffer.alloc(32)] })),
    ],
    ['with a profile that is none', (jpeg) => withProfile(jpeg, Buffer.from('no profile'))],
    ['with a part of a profile', (jpeg) => withProfile(jpeg, srgbProfile(), 2, 2)],
    ['with a second picture or a map', (jpeg) => withSegment(jpeg, 0xe2, Buffer.from('MPF\0MM\0*'))],
  ])('says of one that is %s that more is to be done', async (_, make) => {
    const jpeg = await make(await plain().jpeg().toBuffer());
    expect(readJpegHeader(jpeg)).toMatchObject({ width: 31, height: 20, isOrdinary: false });
  });

  it('takes for ordinary what is upright, and a profile of sRGB', async () => {
    const jpeg = await plain().jpeg().toBuffer();
    for (const segment of [exif(1), exif(1, { isLittle: false }), exif(6, { tag: 0x0128 })]) {
      expect(readJpegHeader(withSegment(jpeg, 0xe1, segment))).toEqual({ width: 31, height: 20, isOrdinary: true });
    }
    expect(readJpegHeader(withProfile(jpeg, srgbProfile()))).toMatchObject({ isOrdinary: true, profile: 'nothing' });
    // In two pieces, the first one first.
    const profile = srgbProfile();
    const second = withProfile(jpeg, profile.subarray(200), 2, 2);
    expect(readJpegHeader(withProfile(second, profile.subarray(0, 200), 1, 2))).toMatchObject({
      isOrdinary: true,
      profile: 'nothing',
    });
    // Of other colours, which become sRGB.
    const { profile: tables, ...rest } = readJpegHeader(await plain().withIccProfile('p3').jpeg().toBuffer())!;
    expect(rest).toEqual({ width: 31, height: 20, isOrdinary: true });
    expect(tables).toHaveLength(3);
    // Progressive too: sharp need not convert it.
    const progressive = await plain().jpeg({ progressive: true }).toBuffer();
    expect(readJpegHeader(withProfile(progressive, srgbProfile()))).toMatchObject({
      isOrdinary: false,
      profile: 'nothing',
    });
  });

  it('tells nothing of what is not as the standard has it', async () => {
    const jpeg = await plain().jpeg().toBuffer();
    for (const bytes of [
      Buffer.alloc(0),
      Buffer.from('no JPEG'),
      jpeg.subarray(0, 30),
      Buffer.concat([jpeg.subarray(0, 2), Buffer.from([1, 2, 3]), jpeg.subarray(2)]),
      await plain().png().toBuffer(),
    ]) {
      expect(readJpegHeader(bytes)).toBeUndefined();
    }
  });

  it('ends on any bytes', async () => {
    const jpeg = withSegment(withProfile(await plain().jpeg().toBuffer(), srgbProfile()), 0xe1, exif(1));
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(700), fc.nat(255)), { maxLength: 6 }),
        fc.nat(jpeg.length),
        (changes, end) => {
          const bytes = Buffer.from(jpeg.subarray(0, end));
          for (const [at, value] of changes) if (at < end) bytes[at] = value;
          readJpegHeader(bytes);
        },
      ),
      { numRuns: 500 },
    );
  });
});
