import sharp from 'sharp';
import { expect, it } from 'vitest';
import { SvgDrawing } from '../../../sdk/vision/annotate/svg-drawing.ts';

const red = [255, 0, 0] as const;

it('draws what a picture viewer shows at the same places', async () => {
  const drawing = new SvgDrawing({ width: 100, height: 60 });
  drawing.rectangle([10, 10, 20, 20], red, 'filled');
  drawing.rectangle([30, 10, 50, 30], red, 2);
  drawing.line([60, 10], [90, 10], red, 4);
  drawing.polygon(
    [
      [10, 40],
      [30, 40],
      [20, 55],
    ],
    red,
    'filled',
  );
  const { data } = await sharp(Buffer.from(drawing.svg)).ensureAlpha().raw().toBuffer({ resolveWithObject: true });
  const pixel = (x: number, y: number) => [...data.subarray((y * 100 + x) * 4, (y * 100 + x) * 4 + 4)];
  for (const [x, y] of [
    [15, 15],
    [30, 20],
    [75, 10],
    [20, 45],
  ] as const) {
    expect(pixel(x, y), `${x}, ${y}`).toEqual([255, 0, 0, 255]);
  }
  for (const [x, y] of [
    [40, 20],
    [75, 20],
    [12, 52],
  ] as const) {
    expect(pixel(x, y)[3], `${x}, ${y}`).toBe(0);
  }
});

it('makes text harmless, and guesses how wide it is', () => {
  const drawing = new SvgDrawing({ width: 100, height: 60 });
  drawing.text('<b>&"\u0007', [5, 5], red, 10);
  expect(drawing.svg).toContain('>&#60;b&#62;&#38;&#34;</text>');
  expect(drawing.measure('four', 10)).toBeCloseTo(2 * drawing.measure('to', 10));
});
