import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { boxOverlay } from '../../sdk/pipeline/overlay.ts';
import { eventMessage } from '../support/hub.ts';
import { greyFrame } from '../vision/fakes.ts';

const frame = greyFrame(0, { width: 320, height: 240 });
const object = { ...eventMessage(1).after, box: [100, 80, 200, 180] as [number, number, number, number], score: 0.734 };

async function drawn(svg: string): Promise<(x: number, y: number) => number[]> {
  const { data, info } = await sharp(Buffer.from(svg)).ensureAlpha().raw().toBuffer({ resolveWithObject: true });
  expect([info.width, info.height]).toEqual([320, 240]);
  return (x, y) => [...data.subarray((y * info.width + x) * 4, (y * info.width + x) * 4 + 4)];
}

describe('boxOverlay', () => {
  it('draws the box and leaves the rest as it is', async () => {
    const pixel = await drawn(boxOverlay(frame, object, true));
    for (const [x, y] of [
      [100, 130],
      [200, 130],
      [150, 180],
    ] as const) {
      expect(pixel(x, y)[3], `${x}, ${y}`).toBeGreaterThan(200);
    }
    expect(pixel(150, 130)[3]).toBe(0);
    expect(pixel(20, 20)[3]).toBe(0);
  });

  it('names the object above the box, or in it at the upper edge of the picture', async () => {
    expect((await drawn(boxOverlay(frame, object, true)))(101, 70)[3]).toBe(255);
    const high = { ...object, box: [100, 5, 200, 180] as [number, number, number, number] };
    expect((await drawn(boxOverlay(frame, high, true)))(101, 10)[3]).toBe(255);
  });

  it('says what it is called and how sure it is, with what would be markup made harmless', () => {
    expect(boxOverlay(frame, object, true)).toContain('>person 73 %<');
    const svg = boxOverlay(frame, { ...object, sub_label: '<Tom & "Jerry">\u0001' }, true);
    expect(svg).toContain('&#60;Tom &#38; &#34;Jerry&#34;&#62; 73 %');
  });
});
