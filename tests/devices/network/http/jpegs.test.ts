import fc from 'fast-check';
import sharp, { type JpegOptions } from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { JpegFinder } from '../../../../devices/network/http/jpegs.ts';

let pictures: Buffer[];

beforeAll(async () => {
  const noise = { type: 'gaussian', mean: 128, sigma: 40 } as const;
  const create = { width: 40, height: 30, channels: 3, background: 'red', noise } as const;
  const make = (options: JpegOptions) => sharp({ create }).jpeg(options);
  pictures = await Promise.all([
    make({ quality: 90 }).toBuffer(),
    make({ progressive: true }).toBuffer(),
    make({ quality: 100, chromaSubsampling: '4:4:4' }).toBuffer(),
    sharp({ create: { width: 8, height: 8, channels: 3, background: 'blue' } })
      .jpeg()
      .toBuffer(),
  ]);
  // One with a thumbnail in it, as a camera's own pictures have it.
  const thumbnail = Buffer.concat([Buffer.from('Exif\0\0'), pictures[3]!]);
  const head = Buffer.from([0xff, 0xd8, 0xff, 0xe1, 0, 0]);
  head.writeUInt16BE(thumbnail.length + 2, 4);
  pictures.push(Buffer.concat([head, thumbnail, pictures[0]!.subarray(2)]));
  // And one with a restart mark and a fill byte.
  pictures.push(await make({ quality: 90 }).toBuffer());
});

/** What is found in a stream that comes in pieces of these sizes. */
function find(stream: Buffer, sizes: readonly number[] = [stream.length]) {
  const found: Buffer[] = [];
  const finder = new JpegFinder((jpeg) => found.push(jpeg));
  for (let at = 0, i = 0; at < stream.length; i++) {
    const size = sizes[i % sizes.length]!;
    finder.write(stream.subarray(at, at + size));
    at += size;
  }
  return { found, dropped: finder.takeDropped() };
}

/** Words that cameras write: nothing of them begins a picture. */
const words = fc.oneof(
  fc.constantFrom(
    '\r\n',
    '\n',
    '--frame\r\n',
    '\r\n--frame\r\nContent-Type: image/jpeg\r\n\r\n',
    'Content-Length: 12\n\n',
    '',
  ),
  fc.string({ maxLength: 60 }),
);

describe('JpegFinder', () => {
  it('finds each picture whole, whatever stands between, in whatever pieces it comes', () => {
    const parts = fc.array(fc.tuple(words, fc.nat(5)), { maxLength: 8 });
    const sizes = fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(parts, words, sizes, (list, tail, pieces) => {
        const stream = Buffer.concat([
          ...list.flatMap(([text, i]) => [Buffer.from(text), pictures[i]!]),
          Buffer.from(tail),
        ]);
        const { found, dropped } = find(stream, pieces);
        expect(found.map((one) => one.toString('base64'))).toEqual(
          list.map(([, i]) => pictures[i]!.toString('base64')),
        );
        expect(dropped).toBe(0);
      }),
      { numRuns: 300 },
    );
  });

  it('gives a picture as soon as it is complete', () => {
    const found: Buffer[] = [];
    const finder = new JpegFinder((jpeg) => found.push(jpeg));
    for (const picture of pictures) {
      finder.write(picture);
      expect(found.at(-1)).toEqual(picture);
    }
  });

  it('finds what follows a picture that was broken off anywhere', () => {
    const [whole] = pictures as [Buffer];
    for (let length = 3; length < whole.length - 2; length += 7) {
      const words = Buffer.from('\r\n--frame\r\nContent-Type: image/jpeg\r\n\r\n');
      // As many as the longest segment could swallow.
      const others = Array(60).fill(Buffer.concat([words, whole]));
      const { found } = find(Buffer.concat([whole.subarray(0, length), ...others]), [1000]);
      expect(found.at(-1)).toEqual(whole);
    }
  });

  it('ends one without its end mark where the words begin', () => {
    const [whole] = pictures as [Buffer];
    const words = Buffer.from('\r\n--frame\r\nContent-Type: image/jpeg\r\n\r\n');
    const bare = whole.subarray(0, -2);
    const { found } = find(Buffer.concat([words, bare, words, bare, words]), [33]);
    // The carriage return belongs to the words, and does no harm.
    expect(found).toEqual([Buffer.concat([bare, Buffer.from('\r'), Buffer.from([0xff, 0xd9])])]);
  });

  it('takes anything, gives nothing that is no JPEG, and comes to an end', () => {
    const bytes = fc.array(fc.oneof(fc.constantFrom(0xff, 0xd8, 0xd9, 0xda, 0xe0, 0, 2), fc.nat(255)), {
      maxLength: 3000,
    });
    fc.assert(
      fc.property(bytes, fc.integer({ min: 1, max: 500 }), (list, size) => {
        const stream = Buffer.from(list);
        const { found } = find(stream, [size]);
        expect(find(stream).found).toEqual(found);
        for (const jpeg of found) {
          expect([jpeg[0], jpeg[1], jpeg[2], jpeg.at(-2), jpeg.at(-1)]).toEqual([0xff, 0xd8, 0xff, 0xff, 0xd9]);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('gathers no picture without an end', () => {
    const finder = new JpegFinder(() => expect.fail('there is none'));
    const chunk = Buffer.alloc(1 << 20, 0x55);
    finder.write(pictures[0]!.subarray(0, -40));
    for (let i = 0; i < 40; i++) finder.write(chunk);
    expect(finder.takeDropped()).toBe(1);
  });
});
