import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../sdk/base/errors.ts';
import { readPicture } from '../../sdk/picture/picture.ts';
import { mostBytesAtOnce, prepareForSharp } from '../../sdk/picture/sharp-input.ts';
import { ffmpeg } from '../devices/clip.ts';
import { temporaryFolder } from '../support/folders.ts';
import { hasProgram } from '../support/needs.ts';

/** A page of 4x2 pixels: its tags, and its bytes. */
interface PageParts {
  readonly tags: Readonly<Record<number, readonly number[]>>;
  readonly pixels: Buffer;
}

const [width, height] = [4, 2];
/** Whose value is a place in the file. */
const subIfds = 330;

/** A TIFF without compression. Values of more than 16 bits are LONG, others SHORT. */
function tiffOf(pages: readonly PageParts[], { isLittle = true, isBig = false } = {}): Buffer {
  const parts: Buffer[] = [];
  let length = 0;
  const place = (bytes: Buffer) => {
    parts.push(bytes);
    length += bytes.length;
    return length - bytes.length;
  };
  const number = (value: number, size: number) => {
    const bytes = Buffer.alloc(size);
    if (size === 8) {
      if (isLittle) bytes.writeBigUInt64LE(BigInt(value));
      else bytes.writeBigUInt64BE(BigInt(value));
    } else if (isLittle) bytes.writeUIntLE(value, 0, size);
    else bytes.writeUIntBE(value, 0, size);
    return bytes;
  };
  const wide = isBig ? 8 : 4;
  const pad = (bytes: Buffer) => Buffer.concat([bytes, Buffer.alloc(Math.max(0, wide - bytes.length))]);
  place(Buffer.concat([Buffer.from(isLittle ? 'II' : 'MM'), number(isBig ? 43 : 42, 2)]));
  if (isBig) place(Buffer.concat([number(8, 2), number(0, 2)]));
  let link = number(length + wide, wide);
  place(link);
  for (const { tags, pixels } of pages) {
    const at = place(pixels);
    const all = { 256: [width], 257: [height], 259: [1], 273: [at], 278: [height], 279: [pixels.length], ...tags };
    const entries = Object.entries(all).map(([name, values]) => {
      const size = Math.max(...values) > 0xffff || Number(name) === subIfds ? 4 : 2;
      const content = Buffer.concat(values.map((value) => number(value, size)));
      const inside = content.length <= wide ? pad(content) : number(place(content), wide);
      return Buffer.concat([
        number(Number(name), 2),
        number(size === 4 ? 4 : 3, 2),
        number(values.length, wide),
        inside,
      ]);
    });
    number(length, wide).copy(link);
    place(Buffer.concat([number(entries.length, isBig ? 8 : 2), ...entries]));
    link = number(0, wide);
    place(link);
  }
  return Buffer.concat(parts);
}

/** Eight pixels, each of these values. */
const filled = (bits: number, ...values: number[]) => {
  const one = values.map((value) => {
    const bytes = Buffer.alloc(bits / 8);
    bytes.writeUIntLE(value, 0, bytes.length);
    return bytes;
  });
  return Buffer.concat(Array.from({ length: width * height }, () => one).flat());
};
const rgb = { 258: [8, 8, 8], 262: [2], 277: [3] };
const grey = { 258: [8], 262: [1], 277: [1] };
const at = async (input: string | Uint8Array) => [...(await readPicture(input)).planes[0]!.data.subarray(0, 3)];

describe('a TIFF', () => {
  const near = { tags: { ...rgb, 258: [8, 8, 8, 8], 277: [4], 338: [0] }, pixels: filled(8, 10, 120, 200, 30) };

  it.each([
    ['of 32 bits', {}],
    ['of 32 bits in the other order', { isLittle: false }],
    ['of 64 bits', { isBig: true }],
    ['of 64 bits in the other order', { isBig: true, isLittle: false }],
  ])('%s has its colours whatever its fourth channel is, unless that is opacity', async (_, kind) => {
    const opacity = { ...near, tags: { ...near.tags, 338: [2] } };
    expect(await at(tiffOf([near], kind))).toEqual([10, 120, 200]);
    // On white.
    expect((await at(tiffOf([opacity], kind)))[0]).toBeGreaterThan(220);
    const path = join(temporaryFolder(), 'near.tif');
    await writeFile(path, tiffOf([near], kind));
    expect(await at(path)).toEqual([10, 120, 200]);
  });

  /** What 8 bits make of a value between black and white; sRGB from 0 to 255, as of 16 bits that use their whole range. */
  const shown = (value: number, [black, white] = [0, 4095]) => ((value - black!) / (white! - black!)) * 255;
  const grey16 = { 258: [16], 262: [1], 277: [1] };
  const rgb16 = { 258: [16, 16, 16], 262: [2], 277: [3] };

  it.each<[string, PageParts, number[]]>([
    ['12 bits', { tags: { ...grey16, 341: [4095] }, pixels: filled(16, 1000) }, Array(3).fill(shown(1000))],
    [
      'a black of their own',
      { tags: { ...grey16, 340: [256], 341: [4095] }, pixels: filled(16, 1000) },
      Array(3).fill(shown(1000, [256, 4095])),
    ],
    ['values beyond it', { tags: { ...grey16, 340: [2000], 341: [4095] }, pixels: filled(16, 1000) }, Array(3).fill(0)],
    [
      'three colours',
      { tags: { ...rgb16, 341: [4095, 4095, 4095] }, pixels: filled(16, 400, 2000, 5000) },
      [shown(400), shown(2000), 255],
    ],
    [
      'colours and opacity',
      {
        tags: { ...rgb16, 258: [16, 16, 16, 16], 277: [4], 338: [2], 341: [4095, 4095, 4095, 65_535] },
        pixels: filled(16, 400, 2000, 4000, 65_535),
      },
      [shown(400), shown(2000), shown(4000)],
    ],
    [
      'grey that counts from white',
      { tags: { ...grey16, 262: [0], 341: [4095] }, pixels: filled(16, 1000) },
      Array(3).fill(255 - shown(1000)),
    ],
    ['no range', { tags: grey16, pixels: filled(16, 1000) }, Array(3).fill((1000 / 65_535) * 255)],
    [
      'only what was counted',
      { tags: { ...grey16, 280: [3], 281: [4095] }, pixels: filled(16, 1000) },
      Array(3).fill((1000 / 65_535) * 255),
    ],
    [
      'a range that is none',
      { tags: { ...grey16, 340: [5000], 341: [4095] }, pixels: filled(16, 1000) },
      Array(3).fill((1000 / 65_535) * 255),
    ],
  ])('of 16 bits with %s is as bright as it says', async (_, page, expected) => {
    for (const kind of [{}, { isBig: true }]) {
      const pixels = await at(tiffOf([page], kind));
      const errors = pixels.map((value, i) => Math.abs(value - expected[i]!));
      expect(Math.max(...errors)).toBeLessThanOrEqual(1);
    }
  });

  it('in grey with a second channel is that grey', async () => {
    const page = { tags: { ...grey, 258: [8, 8], 277: [2], 338: [0] }, pixels: filled(8, 90, 10) };
    expect(await at(tiffOf([page]))).toEqual([90, 90, 90]);
  });

  it('is its first page that is no thumbnail', async () => {
    const thumbnail = { tags: { ...rgb, 254: [1] }, pixels: filled(8, 1, 2, 3) };
    const pages = [thumbnail, { tags: { ...rgb, 254: [0] }, pixels: filled(8, 10, 120, 200) }];
    expect(await at(tiffOf(pages))).toEqual([10, 120, 200]);
    // What has nothing else is shown.
    expect(await at(tiffOf([thumbnail]))).toEqual([1, 2, 3]);
  });

  it.each<[string, PageParts, RegExp]>([
    [
      'numbers of 32 bits',
      { tags: { ...grey, 258: [32] }, pixels: filled(32, 1e9) },
      /8 or 16 bits a channel, got 32 bits:/,
    ],
    [
      'floating point',
      { tags: { ...grey, 258: [32], 339: [3] }, pixels: filled(32, 0x3f000000) },
      /got 32 bits of floating point/,
    ],
    [
      'colours in floating point',
      { tags: { ...rgb, 258: [32, 32, 32], 339: [3, 3, 3] }, pixels: filled(32, 0x3f000000, 0, 0) },
      /got 32 bits of floating point/,
    ],
    [
      'signed numbers',
      { tags: { ...grey, 258: [16], 339: [2] }, pixels: filled(16, 9000) },
      /got 16 bits of signed integers/,
    ],
    [
      'stored YCbCr',
      { tags: { ...rgb, 262: [6], 530: [1, 1] }, pixels: filled(8, 90, 100, 110) },
      /got YCbCr without JPEG compression/,
    ],
    [
      'bands of no colour',
      { tags: { ...grey, 258: [8, 8, 8, 8, 8], 277: [5], 338: [0, 0, 0, 0] }, pixels: filled(8, 1, 2, 3, 4, 5) },
      /got 5 channels of no colour/,
    ],
    [
      'a raw picture',
      { tags: { ...grey, 262: [32_803] }, pixels: filled(8, 1) },
      /it is a camera's raw picture \(DNG\); develop it/,
    ],
    [
      'a DNG',
      { tags: { ...rgb, 254: [1], 50706: [1, 4, 0, 0] }, pixels: filled(8, 1, 2, 3) },
      /it is a camera's raw picture/,
    ],
    [
      'another raw picture',
      { tags: { ...rgb, 254: [1], [subIfds]: [8] }, pixels: filled(8, 1, 2, 3) },
      /thumbnail of a camera's raw/,
    ],
  ])('is refused with %s', async (_, page, message) => {
    const reading = readPicture(tiffOf([page]));
    await expect(reading).rejects.toThrow(InputError);
    await expect(reading).rejects.toThrow(message);
  });

  // Node 22 and newer throw where no file can end.
  it.each([2n ** 64n - 1n, 2n ** 63n, 2n ** 53n])(
    'whose first page is said to be at %d is the decoder’s matter',
    async (at) => {
      const bytes = tiffOf([{ tags: grey, pixels: Buffer.alloc(8) }], { isBig: true });
      bytes.writeBigUInt64LE(at, 8);
      const path = join(temporaryFolder(), 'a.tif');
      await writeFile(path, bytes);
      for (const input of [bytes, path]) await expect(prepareForSharp(input)).resolves.toEqual({ input });
    },
  );

  it('ends on any bytes', async () => {
    const whole = tiffOf([near]);
    for (let end = 0; end < whole.length; end += 3) await readPicture(whole.subarray(0, end)).catch(() => {});
    for (let i = 0; i < whole.length; i++) {
      const broken = Buffer.from(whole);
      broken[i]! ^= 0xff;
      await readPicture(broken).catch((error) => expect(error).toBeInstanceOf(InputError));
    }
    // A page that follows itself.
    const circle = Buffer.from(whole);
    circle.writeUInt32LE(circle.readUInt32LE(4), circle.length - 4);
    await readPicture(circle).catch((error) => expect(error).toBeInstanceOf(InputError));
  });
});

describe('a PNG of 16 bits', () => {
  it('uses all of them, however many its camera had (sBIT)', async () => {
    const grey = Buffer.alloc(2 * width * height);
    // 12 bits, in the upper ones, as the standard has it.
    for (let i = 0; i < grey.length; i += 2) grey.writeUInt16LE((1000 << 4) | (1000 >> 8), i);
    const png = await sharp(new Uint16Array(grey.buffer, grey.byteOffset, grey.length / 2), {
      raw: { width, height, channels: 1 },
    })
      .toColourspace('grey16')
      .png()
      .toBuffer();
    const content = Buffer.concat([Buffer.alloc(4), Buffer.from('sBIT'), Buffer.from([12]), Buffer.alloc(4)]);
    content.writeUInt32BE(1);
    content.writeUInt32BE(crc32(content.subarray(4, -4)), content.length - 4);
    const marked = Buffer.concat([png.subarray(0, 33), content, png.subarray(33)]);
    expect(png[24]).toBe(16);
    const [value] = await at(marked);
    expect(Math.abs(value! - (1000 / 4095) * 255)).toBeLessThanOrEqual(1);
    expect(await at(marked)).toEqual(await at(png));
  });
});

describe('a PNG', () => {
  const chunk = (name: string, content: Buffer) => {
    const bytes = Buffer.concat([Buffer.alloc(4), Buffer.from(name), content, Buffer.alloc(4)]);
    bytes.writeUInt32BE(content.length);
    bytes.writeUInt32BE(crc32(bytes.subarray(4, -4)), bytes.length - 4);
    return bytes;
  };
  /** To be turned by 90 degrees clockwise. */
  const exif = Buffer.from('49492a0008000000010012010300010000000600000000000000', 'hex');

  it.each<[string, (png: Buffer) => Buffer]>([
    ['in front of its pixels', (png) => Buffer.concat([png.subarray(0, 33), chunk('eXIf', exif), png.subarray(33)])],
    [
      'behind its pixels, as ImageMagick writes it',
      (png) => Buffer.concat([png.subarray(0, -12), chunk('eXIf', exif), png.subarray(-12)]),
    ],
    [
      'as a JPEG has it',
      (png) =>
        Buffer.concat([
          png.subarray(0, 33),
          chunk('eXIf', Buffer.concat([Buffer.from('Exif\0\0'), exif])),
          png.subarray(33),
        ]),
    ],
  ])('is turned as its EXIF data says, %s', async (_, put) => {
    const left = Buffer.from([200, 0, 0, 200, 0, 0, 0, 0, 200, 0, 0, 200]);
    const png = await sharp(left, { raw: { width: 4, height: 1, channels: 3 } })
      .png()
      .toBuffer();
    const path = join(temporaryFolder(), 'turned.png');
    await writeFile(path, put(png));
    for (const input of [path, put(png)]) {
      const frame = await readPicture(input);
      expect([frame.width, frame.height]).toEqual([1, 4]);
      expect([...frame.planes[0]!.data.subarray(0, 3)]).toEqual([200, 0, 0]);
    }
  });

  it('is turned in each way where it is too large to be read at once', async () => {
    const pixels = Buffer.from(Array.from({ length: 6 * 3 }, (_, i) => i * 13));
    const png = await sharp(pixels, { raw: { width: 3, height: 2, channels: 3 } })
      .png()
      .toBuffer();
    const [large, small] = ['large.png', 'small.png'].map((name) => join(temporaryFolder(), name)) as [string, string];
    // Beside the pixels, since those of 64 MB would take seconds.
    const filling = chunk('ocLs', Buffer.alloc(1 << 20));
    for (let orientation = 1; orientation <= 8; orientation++) {
      const turn = Buffer.from(exif);
      turn[18] = orientation;
      const end = [chunk('eXIf', turn), png.subarray(-12)];
      await writeFile(small, Buffer.concat([png.subarray(0, -12), ...end]));
      await writeFile(large, Buffer.concat([png.subarray(0, -12), ...Array<Buffer>(65).fill(filling), ...end]));
      expect((await stat(large)).size).toBeGreaterThan(mostBytesAtOnce);
      const [one, other] = [await readPicture(large), await readPicture(small)];
      expect([one.width, one.height, ...one.planes[0]!.data]).toEqual([
        ...[other.width, other.height],
        ...other.planes[0]!.data,
      ]);
    }
  });

  it('that is cut off anywhere is refused', async () => {
    const png = await sharp({ create: { width: 9, height: 9, channels: 3, background: '#123456' } })
      .png()
      .toBuffer();
    const whole = Buffer.concat([png.subarray(0, -12), chunk('eXIf', exif), png.subarray(-12)]);
    for (let end = 0; end < png.length - 16; end++) {
      await expect(readPicture(whole.subarray(0, end))).rejects.toThrow(InputError);
    }
  });
});

describe('a picture whose last bytes are missing', () => {
  it.each(['tiff', 'avif'] as const)('is told to be cut off: %s', async (format) => {
    const pixels = Buffer.from(Array.from({ length: 64 * 48 }, (_, i) => (i * 7) % 251));
    const avif = sharp(pixels, { raw: { width: 64, height: 48, channels: 1 } }).avif();
    const whole = format === 'avif' ? await avif.toBuffer() : greyTiff(pixels, 64, 48);
    const path = join(temporaryFolder(), `picture.${format}`);
    await writeFile(path, whole);
    await expect(readPicture(path)).resolves.toMatchObject({ width: 64, height: 48 });
    await writeFile(path, whole.subarray(0, -3));
    const why = 'it is damaged, or was cut off';
    await expect(readPicture(path)).rejects.toThrow(`${path} cannot be read as a picture: ${why}`);
  });
});

/** Its pixels are last. */
function greyTiff(pixels: Buffer, width: number, height: number): Buffer {
  const entries = [
    [256, width],
    [257, height],
    [258, 8],
    [259, 1],
    [262, 1],
    [273, 8 + 2 + 9 * 12 + 4],
    [277, 1],
    [278, height],
    [279, pixels.length],
  ];
  const head = Buffer.alloc(8 + 2 + entries.length * 12 + 4);
  head.write('II*\0', 'latin1');
  head.writeUInt32LE(8, 4);
  head.writeUInt16LE(entries.length, 8);
  for (const [i, [tag, value]] of entries.entries()) {
    const at = 10 + i * 12;
    head.writeUInt16LE(tag!, at);
    head.writeUInt16LE(4, at + 2);
    head.writeUInt32LE(1, at + 4);
    head.writeUInt32LE(value!, at + 8);
  }
  return Buffer.concat([head, pixels]);
}

describe.skipIf(!hasProgram('ffmpeg'))('a moving AVIF (needs ffmpeg)', () => {
  it('is its first picture', async () => {
    const path = join(temporaryFolder(), 'moving.avif');
    const source = 'color=c=0x2060c0:size=64x48:rate=5:duration=1,drawbox=c=0xc02020:t=fill:enable=gt(n\\,0)';
    ffmpeg('-f', 'lavfi', '-i', source, '-c:v', 'libaom-av1', '-cpu-used', '8', '-crf', '10', path);
    const bytes = await readFile(path);
    expect(bytes.toString('latin1', 8, 12)).toBe('avis');
    for (const input of [path, bytes]) {
      const frame = await readPicture(input);
      expect([frame.width, frame.height]).toEqual([64, 48]);
      const errors = [0x20, 0x60, 0xc0].map((value, i) => Math.abs(frame.planes[0]!.data[i]! - value));
      expect(Math.max(...errors)).toBeLessThan(12);
    }
  });
});
