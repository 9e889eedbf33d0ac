import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { asset } from '../../../sdk/base/assets.ts';
import { shrinkJpeg } from '../../../sdk/hub/outbox/shrink.ts';

const photo = asset('devices', 'scene', 'photos', 'cat.jpg');
const picture = (width: number, height: number) =>
  sharp(photo).resize({ width, height, fit: 'cover' }).jpeg({ quality: 95 }).toBuffer();

describe('shrinkJpeg', () => {
  it.each([
    [1280, 720, 60_000],
    [1280, 720, 16_000],
    [480, 853, 8000],
    [640, 480, 2000],
  ])('makes %i x %i fit into %i bytes', async (width, height, maxBytes) => {
    const small = (await shrinkJpeg(await picture(width, height), maxBytes))!;
    expect(small.length).toBeLessThanOrEqual(maxBytes);
    const { format, width: w, height: h } = await sharp(small).metadata();
    expect(format).toBe('jpeg');
    expect(w / h / (width / height)).toBeCloseTo(1, 1);
    expect(small.length, 'no smaller than it must be').toBeGreaterThan(maxBytes / 2);
  });

  it.each([
    ['no picture', Buffer.alloc(20_000)],
    ['half a picture', Buffer.from([0xff, 0xd8, 0xff])],
  ])('gives up on %s', async (_, bytes) => {
    expect(await shrinkJpeg(bytes, 100)).toBeUndefined();
  });

  it('gives up where nothing could be seen any more', async () => {
    expect(await shrinkJpeg(await picture(640, 480), 100)).toBeUndefined();
  });
});
