import { describe, expect, it } from 'vitest';
import { parseFormats } from '../../../devices/v4l2/formats.ts';
import { listed, listing } from './listing.ts';

const one = (value: number) => ({ min: value, max: value });

describe('parseFormats', () => {
  it('reads what v4l2-ctl printed of the virtual camera', () => {
    const formats = parseFormats(listed('vivid-formats.txt'));
    expect(formats.map(({ fourcc }) => fourcc)).toEqual(['YUYV']);
    const { sizes } = formats[0]!;
    expect(sizes.map(({ width, height }) => `${width.min}x${height.max}`)).toEqual([
      ...['320x180', '640x360', '640x480', '1280x720', '1920x1080', '3840x2160'],
    ]);
    expect(sizes[5]!.rates.map(({ max }) => max)).toEqual([1, 2, 4, 5, 10, 12.5, 15]);
  });

  it('reads compressed formats, ranges of sizes and of rates', () => {
    const formats = parseFormats(`${listing({ MJPG: { '1280x720': [30] } })}\t[1]: 'Y16 ' (16-bit Greyscale)
\t\tSize: Stepwise 32x32 - 2592x1944 with step 2/4
\t\t\tInterval: Continuous 0.011s - 1.000s (1.000-90.000 fps)
\t\tSize: Continuous 16x16 - 64x48
\t\t\tInterval: Stepwise 0.033s - 1.000s with step 0.033s (1.000-30.000 fps)
\t[2]: 'Y16 -BE' (16-bit Greyscale BE)
`);
    expect(formats.map(({ fourcc, sizes }) => [fourcc, sizes.length])).toEqual([
      ['MJPG', 1],
      ['Y16', 2],
      ['Y16', 0],
    ]);
    expect(formats[0]!.sizes[0]).toMatchObject({ width: one(1280), height: one(720), rates: [one(30)] });
    expect(formats[1]!.sizes).toEqual([
      {
        width: { min: 32, max: 2592, step: 2 },
        height: { min: 32, max: 1944, step: 4 },
        rates: [{ min: 1, max: 90, step: 0 }],
      },
      {
        width: { min: 16, max: 64, step: 1 },
        height: { min: 16, max: 48, step: 1 },
        rates: [{ min: 1, max: 30, step: 0 }],
      },
    ]);
  });

  it('makes nothing of what is no list', () => {
    expect(parseFormats('Cannot open device /dev/video9, exiting.\n')).toEqual([]);
    expect(parseFormats('\t\tSize: Discrete 640x480\n\t\t\tInterval: Discrete 0.033s (30.000 fps)\n')).toEqual([]);
  });
});
