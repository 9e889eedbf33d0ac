import fc from 'fast-check';
import sharp, { type JpegOptions } from 'sharp';
import { describe, expect, it } from 'vitest';
import { kernels } from '../../../sdk/kernels/kernels.ts';

const decode = kernels.jpeg;

/** A picture of everything: noise, edges, slopes. */
function picture(width: number, height: number) {
  const data = Buffer.alloc(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const noise = x > width / 2 ? (x * 7919 + y * 104729) & 63 : 0;
      data.set([(x * 5 + noise) & 255, y & 8 ? 230 : 20, (y * 3 + noise) & 255], (y * width + x) * 3);
    }
  }
  return sharp(data, { raw: { width, height, channels: 3 } });
}

/** As libvips decodes it. */
const expected = (jpeg: Buffer) =>
  sharp(jpeg, { failOn: 'warning' }).toColourspace('srgb').raw().toBuffer({ resolveWithObject: true });

describe.skipIf(!decode)('decoding JPEG by libjpeg-turbo (needs npm run kernels, libjpeg62-turbo-dev)', () => {
  it.each<JpegOptions>([
    { quality: 100, chromaSubsampling: '4:4:4' },
    { quality: 75, chromaSubsampling: '4:2:0' },
    { quality: 20, chromaSubsampling: '4:2:0', optimiseCoding: false },
  ])('gives the pixels that libvips gives, to the bit: %o', async (options) => {
    for (const [width, height] of [
      [1, 1],
      [8, 8],
      [17, 9],
      [64, 33],
      [121, 77],
      [640, 48],
    ] as const) {
      const jpeg = await picture(width, height).jpeg(options).toBuffer();
      const { data } = await expected(jpeg);
      expect(data.equals((await decode!(jpeg, width, height))!)).toBe(true);
    }
  });

  it('makes grey RGB', async () => {
    const jpeg = await picture(30, 20).greyscale().jpeg().toBuffer();
    const { data, info } = await expected(jpeg);
    expect(info.channels).toBe(3);
    expect(data.equals((await decode!(jpeg, 30, 20))!)).toBe(true);
  });

  it.each<[string, () => Promise<Uint8Array> | Uint8Array]>([
    ['nothing', () => Buffer.alloc(0)],
    ['text', () => Buffer.from('no JPEG')],
    ['a PNG', () => picture(40, 30).png().toBuffer()],
    ['a progressive one', () => picture(40, 30).jpeg({ progressive: true }).toBuffer()],
    ['CMYK', () => picture(40, 30).toColourspace('cmyk').jpeg().toBuffer()],
    ['one of another width', () => picture(41, 30).jpeg().toBuffer()],
    ['one of another height', () => picture(40, 31).jpeg().toBuffer()],
    ['one that is cut', async () => (await picture(40, 30).jpeg().toBuffer()).subarray(0, -30)],
    ['one without its end', async () => (await picture(40, 30).jpeg().toBuffer()).subarray(0, -2)],
    [
      'one with bytes between its segments',
      async () => {
        const jpeg = await picture(40, 30).jpeg().toBuffer();
        return Buffer.concat([jpeg.subarray(0, 2), Buffer.from([1, 2]), jpeg.subarray(2)]);
      },
    ],
  ])('leaves to others: %s', async (_, bytes) => {
    expect(await decode!(await bytes(), 40, 30)).toBeUndefined();
  });

  it('refuses sizes that no JPEG has', () => {
    for (const size of [0, -1, 1.5, 65536, Number.NaN]) {
      expect(() => decode!(new Uint8Array(4), size, 1)).toThrow(RangeError);
      expect(() => decode!(new Uint8Array(4), 1, size)).toThrow(RangeError);
    }
    expect(() => decode!('cat.jpg' as never, 1, 1)).toThrow(TypeError);
  });

  it('writes where it is told, in shared memory of the right size alone', async () => {
    const jpeg = await picture(60, 50).jpeg().toBuffer();
    const { data } = await expected(jpeg);
    const around = new Uint8Array(new SharedArrayBuffer(60 * 50 * 3 + 32)).fill(7);
    const into = around.subarray(16, 16 + 60 * 50 * 3);
    expect(await decode!(jpeg, 60, 50, into)).toBe(into);
    expect(data.equals(Uint8Array.from(into))).toBe(true);
    expect([...around.subarray(0, 16), ...around.subarray(-16)].every((value) => value === 7)).toBe(true);
    expect(await decode!(jpeg.subarray(0, -20), 60, 50, into)).toBeUndefined();
    expect(() => decode!(jpeg, 60, 50, around)).toThrow(RangeError);
    expect(() => decode!(jpeg, 60, 50, new Uint8Array(60 * 50 * 3))).toThrow(TypeError);
    expect(() => decode!(jpeg, 60, 50, null as never)).toThrow(TypeError);
  });

  it('changes colours as tables say, and refuses tables of other sizes', async () => {
    const jpeg = await picture(60, 50).jpeg().toBuffer();
    const plain = (await decode!(jpeg, 60, 50))!;
    const linear = Uint16Array.from({ length: 768 }, (_, i) => (i & 255) * 64);
    const encoded = Uint8Array.from({ length: 16385 }, (_, light) => Math.min(light >> 6, 255));
    // Red from green, green from blue, blue from twice the red less what is clipped.
    const matrix = Int32Array.of(0, 16384, 0, 0, 0, 16384, 32768, -16384, 0);
    const changed = (await decode!(jpeg, 60, 50, undefined, linear, matrix, encoded))!;
    const expected = plain.map((_, i) => {
      const [red, green, blue] = plain.subarray(i - (i % 3)) as unknown as [number, number, number];
      return [green, blue, Math.min(Math.max(2 * red - green, 0), 255)][i % 3]!;
    });
    expect(Buffer.from(changed).equals(Buffer.from(expected))).toBe(true);
    expect(() => decode!(jpeg, 60, 50, undefined, linear.subarray(1), matrix, encoded)).toThrow(RangeError);
    expect(() => decode!(jpeg, 60, 50, undefined, linear, matrix, encoded.subarray(1))).toThrow(RangeError);
    expect(() => decode!(jpeg, 60, 50, undefined, linear, new Int32Array(10), encoded)).toThrow(RangeError);
    expect(() => decode!(jpeg, 60, 50, undefined, linear, linear as never, encoded)).toThrow(TypeError);
  });

  it('has a copy of the bytes: they may be changed, or given away, at once', async () => {
    const jpeg = await picture(300, 200).jpeg({ quality: 95 }).toBuffer();
    const { data } = await expected(jpeg);
    const own = Uint8Array.from(jpeg);
    const given = Uint8Array.from(jpeg);
    const decoding = [decode!(own, 300, 200), decode!(given, 300, 200)];
    own.fill(0);
    structuredClone(given, { transfer: [given.buffer] });
    for (const pixels of await Promise.all(decoding)) expect(data.equals(pixels!)).toBe(true);
  });

  it('decodes many at once, each its own', async () => {
    const sizes = Array.from({ length: 24 }, (_, i) => [20 + 7 * i, 90 - 3 * i] as const);
    const jpegs = await Promise.all(sizes.map(([width, height]) => picture(width, height).jpeg().toBuffer()));
    const decoded = await Promise.all(jpegs.map((jpeg, i) => decode!(jpeg, ...sizes[i]!)));
    for (const [i, jpeg] of jpegs.entries()) expect((await expected(jpeg)).data.equals(decoded[i]!)).toBe(true);
  });

  it('gives nothing that libvips would not give, whatever bytes are wrong', async () => {
    const jpegs = [
      await picture(48, 40).jpeg({ chromaSubsampling: '4:4:4', quality: 90 }).toBuffer(),
      await picture(48, 40).jpeg({ quality: 50 }).toBuffer(),
    ];
    let given = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.nat(1),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 3 }),
        async (which, changes) => {
          const jpeg = Buffer.from(jpegs[which]!);
          for (const [at, value] of changes) jpeg[at % jpeg.length] = value;
          const pixels = await decode!(jpeg, 48, 40);
          if (!pixels) return;
          given++;
          expect((await expected(jpeg)).data.equals(pixels)).toBe(true);
        },
      ),
      { numRuns: 400 },
    );
    expect(given).toBeGreaterThan(20);
  });
});
