import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import type { Frame } from '../../sdk/frame/frame.ts';
import { kernels } from '../../sdk/kernels/kernels.ts';
import { readPicture, readPictureInto } from '../../sdk/picture/picture.ts';
import { PictureMemory } from '../../sdk/picture/picture-memory.ts';

const picture = (width: number, height: number, background: string) =>
  sharp({ create: { width, height, channels: 3, background } });
const pixels = (frame: Frame) => Buffer.from(frame.planes[0]!.data);

describe('PictureMemory', () => {
  it('gives what was given back, where it is large enough', () => {
    const memory = new PictureMemory();
    const [small, large] = [memory.take(1000), memory.take(200_000)];
    expect([small.length, large.length, memory.allocated]).toEqual([1000, 200_000, 2]);
    memory.giveBack(large);
    memory.giveBack(small);
    const again = memory.take(65_000);
    expect(again.buffer).toBe(small.buffer);
    expect(memory.take(65_537).buffer).toBe(large.buffer);
    expect(memory.allocated).toBe(2);
    // All are in use.
    memory.take(1);
    expect(memory.allocated).toBe(3);
  });

  it('keeps two buffers, the largest ones, and none of more than 16 MiB', () => {
    const memory = new PictureMemory();
    const taken = [1, 100_000, 300_000, 17 * 2 ** 20].map((length) => memory.take(length));
    for (const one of taken) memory.giveBack(one);
    expect(memory.take(1).buffer).toBe(taken[1]!.buffer);
    expect(memory.take(1).buffer).toBe(taken[2]!.buffer);
    memory.take(1);
    expect(memory.allocated).toBe(5);
  });
});

describe.skipIf(!kernels.jpeg)('readPictureInto (needs npm run kernels, libjpeg62-turbo-dev)', () => {
  it('has the pixels that it has without, in one buffer for pictures that come one after the other', async () => {
    const memory = new PictureMemory();
    for (const [width, height, colour] of [
      [120, 90, '#ff0000'],
      [90, 120, '#00ff00'],
      [31, 17, '#0000ff'],
      [121, 89, '#808080'],
    ] as const) {
      const jpeg = await picture(width, height, colour).jpeg().toBuffer();
      const frame = await readPictureInto(memory, jpeg);
      expect([frame.width, frame.height]).toEqual([width, height]);
      expect(pixels(frame).equals(pixels(await readPicture(jpeg)))).toBe(true);
      frame.release();
    }
    expect(memory.allocated).toBe(1);
  });

  it('leaves a picture alone until its last release', async () => {
    const memory = new PictureMemory();
    const [red, green] = await Promise.all(
      ['#ff0000', '#00ff00'].map((colour) => picture(40, 30, colour).jpeg().toBuffer()),
    );
    const first = await readPictureInto(memory, red!);
    const before = pixels(first);
    first.acquire();
    first.release();
    const second = await readPictureInto(memory, green!);
    expect(pixels(first).equals(before)).toBe(true);
    expect(memory.allocated).toBe(2);
    first.release();
    (await readPictureInto(memory, green!)).release();
    expect(memory.allocated).toBe(2);
    second.release();
  });

  it('is given back by a picture that is damaged, and not used by one that sharp reads', async () => {
    const memory = new PictureMemory();
    const jpeg = await picture(64, 64, '#123456').jpeg().toBuffer();
    await expect(readPictureInto(memory, jpeg.subarray(0, -20))).rejects.toThrow('cannot be read');
    const png = await readPictureInto(memory, await picture(64, 64, '#123456').png().toBuffer());
    png.release();
    (await readPictureInto(memory, jpeg)).release();
    expect(memory.allocated).toBe(1);
  });
});
