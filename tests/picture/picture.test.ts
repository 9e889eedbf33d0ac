import { execFileSync } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { asset } from '../../sdk/base/assets.ts';
import { InputError } from '../../sdk/base/errors.ts';
import { Frame } from '../../sdk/frame/frame.ts';
import { kernels } from '../../sdk/kernels/kernels.ts';
import { encodeJpeg, readPicture } from '../../sdk/picture/picture.ts';
import { otherProfiles, srgbProfile, withProfile } from './profiles.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ocellus-picture-'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.doUnmock('sharp');
  vi.resetModules();
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A picture of one colour with its left half red. */
function halves(width: number, height: number) {
  const data = Buffer.alloc(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) data.set(x < width / 2 ? [200, 20, 20] : [20, 20, 200], (y * width + x) * 3);
  }
  return sharp(data, { raw: { width, height, channels: 3 } });
}

/** A TIFF whose header says otherwise in one field. @param tag Of a number of 16 bits. */
async function tiffWith(tag: number, value: number): Promise<Buffer> {
  const tiff = await halves(16, 16).tiff({ compression: 'none' }).toBuffer();
  const first = tiff.readUInt32LE(4);
  for (let at = first + 2; at < first + 2 + tiff.readUInt16LE(first) * 12; at += 12) {
    if (tiff.readUInt16LE(at) !== tag) continue;
    tiff.writeUInt16LE(value, at + 8);
    return tiff;
  }
  throw new Error(`expected a TIFF with the tag ${tag}`);
}

const pixel = ({ planes: [plane] }: Frame, x: number, y: number) => {
  const at = y * plane!.stride + x * 3;
  return [...plane!.data.subarray(at, at + 3)];
};

describe('readPicture', () => {
  it.each([
    ['png', (picture: Sharp) => picture.png()],
    ['webp', (picture: Sharp) => picture.webp({ lossless: true })],
    ['tiff', (picture: Sharp) => picture.tiff({ compression: 'lzw' })],
  ])('reads %s exactly', async (_, as) => {
    const frame = await readPicture(await as(halves(33, 17)).toBuffer());
    expect(frame).toMatchObject({ format: 'RGB24', width: 33, height: 17, sequence: 0 });
    expect([pixel(frame, 0, 0), pixel(frame, 32, 16)]).toEqual([
      [200, 20, 20],
      [20, 20, 200],
    ]);
  });

  it('reads JPEG, from a file whose name the frame then has', async () => {
    const path = join(folder, 'a.jpg');
    await writeFile(path, await halves(31, 7).jpeg({ quality: 100 }).toBuffer());
    const frame = await readPicture(path);
    expect(frame).toMatchObject({ width: 31, height: 7, name: path });
    expect(Math.abs(pixel(frame, 2, 3)[0]! - 200)).toBeLessThan(8);
  });

  it('reads an ordinary JPEG to the same pixels whatever decodes it', async () => {
    const paths = await readdir(asset('devices', 'scene', 'photos'));
    const photos = paths
      .filter((name) => name.endsWith('.jpg'))
      .map((name) => asset('devices', 'scene', 'photos', name));
    const jpegs = [
      ...photos,
      await halves(33, 17).jpeg({ quality: 90 }).toBuffer(),
      withProfile(await halves(50, 40).jpeg({ chromaSubsampling: '4:4:4' }).toBuffer(), srgbProfile()),
    ];
    const read = (reader: typeof readPicture) => Promise.all(jpegs.map((jpeg) => reader(jpeg)));
    const frames = await read(readPicture);
    vi.stubEnv('OCELLUS_KERNELS', 'typescript');
    vi.resetModules();
    const { readPicture: bySharp } = await import('../../sdk/picture/picture.ts');
    const { kernels } = await import('../../sdk/kernels/kernels.ts');
    expect(kernels.jpeg).toBeUndefined();
    for (const [i, frame] of (await read(bySharp as typeof readPicture)).entries()) {
      expect([frame.width, frame.height]).toEqual([frames[i]!.width, frames[i]!.height]);
      expect(Buffer.from(frame.planes[0]!.data).equals(Buffer.from(frames[i]!.planes[0]!.data))).toBe(true);
    }
  });

  it.skipIf(!kernels.jpeg)('loads sharp for what is not an ordinary JPEG alone (needs npm run kernels)', async () => {
    const jpeg = await halves(20, 10).jpeg().toBuffer();
    const turned = await halves(20, 10).withMetadata({ orientation: 6 }).jpeg().toBuffer();
    vi.resetModules();
    vi.doMock('sharp', () => ({ default: () => Promise.reject(new Error('sharp was asked')) }));
    const { readPicture: read } = await import('../../sdk/picture/picture.ts');
    expect(await read(jpeg)).toMatchObject({ width: 20, height: 10 });
    await expect(read(jpeg, {}, 199)).rejects.toThrow('cannot be read as a picture');
    await expect(read(turned)).rejects.toThrow('cannot be read as a picture');
  });

  it.skipIf(!kernels.jpeg).each(Object.entries(otherProfiles))(
    'converts colours of %s as libvips does, to the bit (needs npm run kernels)',
    async (_, parts) => {
      // Reds, greens and blues in steps, and all greys, each as large as a block of a JPEG.
      const levels = Array.from({ length: 6 }, (_, i) => i * 51);
      const colours = [
        ...levels.flatMap((red) => levels.flatMap((green) => levels.map((blue) => [red, green, blue]))),
        ...Array.from({ length: 256 }, (_, level) => [level, level, level]),
      ];
      const raw = { width: 8, height: colours.length * 8, channels: 3 as const };
      const flat = Buffer.from(colours.flatMap((colour) => Array.from({ length: 64 }, () => colour).flat()));
      const plain = await sharp(flat, { raw }).jpeg({ quality: 100, chromaSubsampling: '4:4:4' }).toBuffer();
      const jpeg = withProfile(plain, srgbProfile(parts));
      const expected = await sharp(jpeg).toColourspace('srgb').raw().toBuffer();
      const ours = (await readPicture(jpeg)).planes[0]!.data;
      expect(expected.equals(await sharp(plain).raw().toBuffer())).toBe(false);
      expect(expected.equals(Buffer.from(ours))).toBe(true);
    },
  );

  it.each(['p3', 'srgb'] as const)('converts colours of a profile, %s, to sRGB', async (name) => {
    const green = sharp({ create: { width: 16, height: 16, channels: 3, background: { r: 60, g: 170, b: 90 } } });
    const jpeg = await green.withIccProfile(name).jpeg({ quality: 100, chromaSubsampling: '4:4:4' }).toBuffer();
    // Made for the profile, it looks as before.
    const errors = pixel(await readPicture(jpeg), 8, 8).map((value, i) => Math.abs(value - [60, 170, 90][i]!));
    expect(Math.max(...errors)).toBeLessThan(6);
  });

  it('takes what is known of the frame', async () => {
    const info = { sequence: 4, wallTimeMs: 5, captureTimeNs: 6, name: 'b' };
    expect(await readPicture(await halves(2, 2).png().toBuffer(), info)).toMatchObject(info);
  });

  it('turns a picture as its EXIF data says', async () => {
    // 6: the camera was held upright, turn by 90 degrees clockwise. The red left half is then on top.
    const upright = await halves(20, 10).withMetadata({ orientation: 6 }).png().toBuffer();
    const frame = await readPicture(upright);
    expect([frame.width, frame.height]).toEqual([10, 20]);
    expect([pixel(frame, 5, 0)[0], pixel(frame, 5, 19)[0]]).toEqual([200, 20]);
  });

  it('puts transparency on white', async () => {
    const clear = sharp({ create: { width: 3, height: 3, channels: 4, background: { r: 0, g: 0, b: 0, alpha: 0 } } });
    expect(pixel(await readPicture(await clear.png().toBuffer()), 1, 1)).toEqual([255, 255, 255]);
  });

  it('makes grey and 16-bit pictures 8-bit RGB', async () => {
    const grey = sharp(Buffer.alloc(12, 77), { raw: { width: 4, height: 3, channels: 1 } });
    const frame = await readPicture(await grey.toColourspace('b-w').png().toBuffer());
    expect(frame.format).toBe('RGB24');
    expect(pixel(frame, 3, 2)).toEqual([77, 77, 77]);
    const deep = await readPicture(await halves(4, 4).toColourspace('rgb16').png().toBuffer());
    expect(pixel(deep, 0, 0)).toEqual([200, 20, 20]);
  });

  it.each([
    ['CMYK', (picture: Sharp) => picture.toColourspace('cmyk').jpeg({ quality: 95 })],
    ['a palette', (picture: Sharp) => picture.png({ palette: true })],
    ['GIF', (picture: Sharp) => picture.gif()],
    ['AVIF', (picture: Sharp) => picture.avif({ quality: 90 })],
  ])('reads %s as RGB', async (_, as) => {
    const frame = await readPicture(await as(halves(32, 32)).toBuffer());
    expect(frame).toMatchObject({ format: 'RGB24', width: 32, height: 32 });
    const [left, right] = [pixel(frame, 4, 16), pixel(frame, 28, 16)];
    expect(left[0]! - left[2]!).toBeGreaterThan(90);
    expect(right[2]! - right[0]!).toBeGreaterThan(60);
  });

  it('reads 1x1, odd sizes and 20 megapixels', async () => {
    for (const [width, height] of [
      [1, 1],
      [1, 333],
      [5472, 3648],
    ] as const) {
      const picture = sharp({ create: { width, height, channels: 3, background: '#102030' } });
      const frame = await readPicture(await picture.png().toBuffer());
      expect([frame.width, frame.height]).toEqual([width, height]);
      expect(pixel(frame, width - 1, height - 1)).toEqual([0x10, 0x20, 0x30]);
    }
  });

  it.each([
    { name: 'no bytes', bytes: () => Buffer.alloc(0), message: 'the picture cannot be read as a picture: it is empty' },
    { name: 'text', bytes: () => Buffer.from('hello'), message: 'expected JPEG, PNG, WebP' },
    {
      name: 'half a JPEG',
      bytes: async () => {
        const whole = await halves(200, 200).jpeg().toBuffer();
        return whole.subarray(0, whole.length / 2);
      },
      message: 'the picture cannot be read as a picture: ',
    },
    {
      name: 'half a PNG',
      bytes: async () => {
        const whole = await halves(200, 200).png({ compressionLevel: 0 }).toBuffer();
        return whole.subarray(0, whole.length / 2);
      },
      message: 'the picture cannot be read as a picture: ',
    },
    {
      name: 'more than 100 megapixels',
      bytes: () => Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="12000" height="12000"/>'),
      message: 'expected at most 100 megapixels',
    },
    {
      name: 'a side of more than 16384 pixels',
      bytes: () => Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="16385" height="2"/>'),
      message: 'expected at most 16384 pixels a side, got 16385x2',
    },
  ])('refuses $name', async ({ bytes, message }) => {
    const reading = readPicture(await bytes());
    await expect(reading).rejects.toThrow(InputError);
    await expect(reading).rejects.toThrow(message);
  });

  it.each([
    {
      name: 'a TIFF in zstd',
      bytes: () => tiffWith(259, 50000),
      message: 'ZSTD compression support is not configured',
    },
    {
      name: 'a TIFF in LZMA',
      bytes: () => tiffWith(259, 34925),
      message: 'LZMA compression support is not configured',
    },
    {
      name: 'a TIFF in LERC',
      bytes: () => tiffWith(259, 34887),
      message: 'LERC compression support is not configured',
    },
    {
      name: 'a TIFF of JPEG 2000',
      bytes: () => tiffWith(259, 34712),
      message: '34712 strip decoding is not implemented',
    },
    { name: 'a TIFF in Lab', bytes: () => tiffWith(262, 9), message: "no known route from 'multiband' to 'srgb'" },
    {
      name: 'a JPEG of 12 bits',
      bytes: async () => {
        const jpeg = await halves(16, 16).jpeg().toBuffer();
        jpeg[jpeg.indexOf(Buffer.from([0xff, 0xc0])) + 4] = 12;
        return jpeg;
      },
      message: 'Unsupported JPEG data precision 12',
    },
  ])('says what to do with $name', async ({ bytes, message }) => {
    await expect(readPicture(await bytes())).rejects.toThrow(
      `${message}; convert it to a JPEG or PNG of 8 bits a channel`,
    );
  });

  it('names a file that is empty, absent or a folder', async () => {
    const path = join(folder, 'empty.jpg');
    await writeFile(path, '');
    await expect(readPicture(path)).rejects.toThrow(`${path} cannot be read as a picture: it is empty`);
    await expect(readPicture(`${path}.not`)).rejects.toThrow('there is no such file');
    await expect(readPicture(folder)).rejects.toThrow(InputError);
    await expect(readPicture(folder)).rejects.toThrow('it is a folder; name the pictures in it');
  });

  it('waits for no pipe, and reads no device', async () => {
    const pipe = join(folder, 'pipe.jpg');
    execFileSync('mkfifo', [pipe]);
    await expect(readPicture(pipe)).rejects.toThrow(
      `${pipe} cannot be read as a picture: expected a file, got a pipe; write what comes through it to a file first`,
    );
    await expect(readPicture('/dev/zero')).rejects.toThrow('expected a file, got a device of the system');
  });
});

describe('encodeJpeg', () => {
  const info = { sequence: 0, captureTimeNs: 0, wallTimeMs: 0 };
  async function framed(width: number, height: number): Promise<Frame> {
    const data = await halves(width, height).raw().toBuffer();
    return new Frame({ ...info, format: 'RGB24', width, height, planes: [{ data, stride: width * 3 }] });
  }
  const decoded = async (jpeg: Buffer) => readPicture(jpeg);

  it('keeps the size, and the colours within what JPEG costs', async () => {
    const frame = await framed(64, 33);
    const back = await decoded(await encodeJpeg(frame, { quality: 95 }));
    expect([back.width, back.height]).toEqual([64, 33]);
    for (const [x, colour] of [
      [8, [200, 20, 20]],
      [56, [20, 20, 200]],
    ] as const) {
      const errors = pixel(back, x, 16).map((value, i) => Math.abs(value - colour[i]!));
      expect(Math.max(...errors)).toBeLessThan(10);
    }
    expect(frame.references).toBe(1);
  });

  it.each([
    [{ maxHeight: 20 }, [40, 20]],
    [{ maxWidth: 20 }, [20, 10]],
    [{ maxWidth: 20, maxHeight: 5 }, [10, 5]],
    [{ maxWidth: 9999, maxHeight: 9999 }, [80, 40]],
    [{ region: { x: 40, y: 0, width: 20, height: 40 } }, [20, 40]],
    [{ region: { x: 70, y: 30, width: 100, height: 100 }, maxHeight: 5 }, [5, 5]],
  ])('with %o gives %o', async (options, size) => {
    const back = await decoded(await encodeJpeg(await framed(80, 40), options));
    expect([back.width, back.height]).toEqual(size);
  });

  it('shows only the region', async () => {
    const back = await decoded(
      await encodeJpeg(await framed(80, 40), { region: { x: 40, y: 0, width: 40, height: 40 } }),
    );
    for (const x of [1, 20, 38]) expect(pixel(back, x, 20)[2]).toBeGreaterThan(180);
  });

  it('is smaller at a lower quality', async () => {
    const frame = await framed(80, 40);
    const [low, high] = [await encodeJpeg(frame, { quality: 5 }), await encodeJpeg(frame, { quality: 100 })];
    expect(low.length).toBeLessThan(high.length);
  });

  it('lays an SVG of the frame’s size over it, also over a region that is shrunk', async () => {
    const overlaySvg =
      '<svg xmlns="http://www.w3.org/2000/svg" width="80" height="40"><rect x="60" y="0" width="20" height="40" fill="#00ff00"/></svg>';
    const whole = await decoded(await encodeJpeg(await framed(80, 40), { overlaySvg, quality: 95 }));
    expect(pixel(whole, 70, 20)[1]).toBeGreaterThan(230);
    expect(pixel(whole, 50, 20)[1]).toBeLessThan(60);
    const region = { x: 40, y: 0, width: 40, height: 40 };
    const part = await decoded(
      await encodeJpeg(await framed(80, 40), { overlaySvg, region, maxHeight: 20, quality: 95 }),
    );
    expect([part.width, part.height]).toEqual([20, 20]);
    expect(pixel(part, 15, 10)[1]).toBeGreaterThan(230);
    expect(pixel(part, 5, 10)[1]).toBeLessThan(60);
  });

  it.each([
    ['a prolog', '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE svg>\n', 'width="80" height="40"'],
    ['a comment before it', '<!-- boxes -->\n', 'width="80" height="40"'],
    ['half the size', '', 'width="40" height="20" viewBox="0 0 80 40"'],
    ['a view box alone', '', 'viewBox="0 0 80 40"'],
    ['another shape', '', 'width="80" height="80" viewBox="0 0 80 40" preserveAspectRatio="none"'],
  ])('an overlay with %s fills the frame', async (_, before, size) => {
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" ${size}>`;
    const overlaySvg = `${before}${svg}<rect x="60" y="20" width="20" height="20" fill="#00ff00"/></svg>`;
    const region = { x: 40, y: 0, width: 40, height: 40 };
    const options = { overlaySvg, region, maxHeight: 20, quality: 95 };
    const part = await decoded(await encodeJpeg(await framed(80, 40), options));
    const greenAt = (x: number, y: number) => pixel(part, x, y)[1]! > 200;
    expect([greenAt(15, 15), greenAt(5, 15), greenAt(15, 5)]).toEqual([true, false, false]);
  });

  it('encodes many at once, each its own frame', async () => {
    const frames = await Promise.all([0, 60, 120, 180, 240].map((grey) => greyFrame(grey)));
    const jpegs = await Promise.all(frames.map((frame, i) => encodeJpeg(frame, { maxHeight: 10 + i })));
    for (const [i, jpeg] of jpegs.entries()) {
      const back = await decoded(jpeg);
      expect(back.height).toBe(10 + i);
      expect(Math.abs(pixel(back, 2, 2)[0]! - i * 60)).toBeLessThan(4);
    }
    expect(frames.map(({ references }) => references)).toEqual([1, 1, 1, 1, 1]);
  });

  it('keeps the frame until it was encoded: the caller may release it at once', async () => {
    let freed = false;
    const data = new Uint8Array(16 * 16);
    const frame = new Frame(
      { ...info, format: 'GRAY8', width: 16, height: 16, planes: [{ data, stride: 16 }] },
      () => (freed = true),
    );
    const encoding = encodeJpeg(frame);
    frame.release();
    expect(freed).toBe(false);
    expect((await encoding).length).toBeGreaterThan(100);
    expect(freed).toBe(true);
  });

  it('refuses what is out of range, gives the frame back, and goes on', async () => {
    const frame = await framed(8, 8);
    for (const quality of [0, 101, Number.NaN]) {
      await expect(encodeJpeg(frame, { quality })).rejects.toThrow('quality: expected 1..100');
    }
    await expect(encodeJpeg(frame, { region: { x: 8, y: 0, width: 4, height: 4 } })).rejects.toThrow(
      'region: expected one that touches the 8x8 frame',
    );
    await expect(encodeJpeg(frame, { overlaySvg: 'no svg' })).rejects.toThrow();
    expect(frame.references).toBe(1);
    expect((await encodeJpeg(frame)).length).toBeGreaterThan(100);
  });

  async function greyFrame(grey: number): Promise<Frame> {
    const data = new Uint8Array(40 * 20).fill(grey);
    return new Frame({ ...info, format: 'GRAY8', width: 40, height: 20, planes: [{ data, stride: 40 }] });
  }
});
