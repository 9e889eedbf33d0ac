import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseFormats } from '../../../devices/v4l2/formats.ts';
import { chooseMode, type WantedMode } from '../../../devices/v4l2/mode.ts';
import { listing, type Offer } from './listing.ts';

/** Rates as cameras on USB 2 have them: raw frames of a large size do not fit through the cable at a high rate. */
const fast = [30, 24, 20, 15, 10, 7.5, 5];
const webcam: Offer = {
  YUYV: {
    '640x480': fast,
    '160x120': fast,
    '320x240': fast,
    '1280x720': [10, 7.5, 5],
    '1920x1080': [5],
    '2304x1296': [2],
  },
  MJPG: { '640x480': fast, '1280x720': [60, 50, 30, 24, 10], '1920x1080': [30, 24, 20, 15, 10, 7.5, 5] },
  H264: { '640x480': fast, '1280x720': fast, '1920x1080': fast },
};
const cheapWebcam: Offer = { YUYV: { '640x480': [30, 15] }, MJPG: { '640x480': [30], '1920x1080': [30] } };
const mjpegOnly: Offer = { MJPG: { '1920x1080': [30, 15], '640x480': [30] } };
const thermal: Offer = { YUYV: { '256x192': [25] } };
const mono: Offer = { GREY: { '1280x720': [60], '640x480': [60] }, MJPG: { '1280x720': [60] } };
const capturer: Offer = {
  UYVY: { 'Stepwise 48x48 - 1920x1080 with step 2/2': [] },
  NV12: { 'Stepwise 48x48 - 1920x1080 with step 2/2': [] },
};

const choice = (offer: Offer, wanted: WantedMode) => {
  const mode = chooseMode(parseFormats(listing(offer)), wanted);
  return mode && `${mode.fourcc} ${mode.width}x${mode.height}${mode.fps === undefined ? '' : ` ${mode.fps}`}`;
};

describe('chooseMode', () => {
  it.each<[string, Offer, WantedMode, string]>([
    ['raw where it is fast enough', webcam, { width: 1280, height: 720, fps: 10 }, 'YUYV 1280x720 10'],
    ['compressed where the rate needs it', webcam, { width: 1280, height: 720, fps: 15 }, 'MJPG 1280x720 24'],
    ['MJPEG before H.264', webcam, { width: 1920, height: 1080, fps: 10 }, 'MJPG 1920x1080 10'],
    ['H.264 where there is nothing else', { H264: { '1280x720': [30] } }, { fps: 10 }, 'H264 1280x720 30'],
    ['the lowest rate that is enough', webcam, { width: 640, height: 480, fps: 6 }, 'YUYV 640x480 7.5'],
    ['a rate that rounding takes a little from', { YUYV: { '640x480': [29.97] } }, { fps: 30 }, 'YUYV 640x480 29.97'],
    ['the fastest where none is enough', webcam, { width: 1920, height: 1080, fps: 60 }, 'MJPG 1920x1080 30'],
    ['the size before the format', webcam, { width: 2304, height: 1296, fps: 10 }, 'YUYV 2304x1296 2'],
    ['the nearest size there is', webcam, { width: 1000, height: 700, fps: 10 }, 'YUYV 1280x720 10'],
    ['one side alone', webcam, { height: 480, fps: 10 }, 'YUYV 640x480 10'],
    ['no rate: one that can be watched', webcam, { width: 1920, height: 1080 }, 'MJPG 1920x1080'],
    ['nothing asked: the largest that comes raw', webcam, { fps: 10 }, 'YUYV 1280x720 10'],
    ['nothing asked, faster: raw and smaller', webcam, { fps: 25 }, 'YUYV 640x480 30'],
    ['nothing asked: not larger than that', cheapWebcam, { fps: 10 }, 'YUYV 640x480 15'],
    ['nothing asked: compressed where nothing is raw', mjpegOnly, { fps: 10 }, 'MJPG 640x480 30'],
    ['nothing asked: small where all is small', thermal, { fps: 10 }, 'YUYV 256x192 25'],
    ['colour before grey, even if it has to be decoded', mono, { fps: 10 }, 'MJPG 1280x720 60'],
    ['the smaller raw format, and any size within a range', capturer, { width: 801, height: 601 }, 'NV12 802x602'],
  ])('%s', (_, offer, wanted, expected) => {
    expect(choice(offer, wanted)).toBe(expected);
  });

  it('leaves it to the driver where it knows no format, and takes none that a library only makes up', () => {
    expect(choice({ BA81: { '640x480': [30] } }, {})).toBeUndefined();
    expect(chooseMode([], { width: 640, height: 480 })).toBeUndefined();
    const text = listing({ YUYV: { '640x480': [30] } }).replace('4:2:2', '4:2:2, emulated');
    expect(chooseMode(parseFormats(text), {})).toBeUndefined();
  });

  it('gives what the camera has, and decodes nothing that comes raw in the same size fast enough', () => {
    const sizes = fc.dictionary(
      fc.constantFrom('320x240', '640x480', '800x600', '1280x720', '1920x1080'),
      fc.uniqueArray(fc.constantFrom(2, 5, 7.5, 10, 15, 30, 60), { minLength: 1 }),
    );
    const offers = fc.dictionary(fc.constantFrom('YUYV', 'NV12', 'MJPG', 'H264', 'GREY', 'BA81'), sizes);
    const side = fc.option(fc.integer({ min: 16, max: 3000 }), { nil: undefined });
    const wanteds = fc.record({
      width: side,
      height: side,
      fps: fc.option(fc.double({ min: 1, max: 60, noNaN: true }), { nil: undefined }),
    });
    fc.assert(
      fc.property(offers, wanteds, (offer, wanted) => {
        const mode = chooseMode(parseFormats(listing(offer)), wanted);
        const known = Object.entries(offer).filter(([name, sizes]) => name !== 'BA81' && Object.keys(sizes).length > 0);
        expect(mode === undefined).toBe(known.length === 0);
        if (!mode) return;
        const size = `${mode.width}x${mode.height}`;
        const rates = offer[mode.fourcc]![size]!;
        if (wanted.fps === undefined) expect(mode.fps).toBeUndefined();
        else expect(rates).toContain(mode.fps);
        if (mode.codec === undefined) return;
        const raw = Math.max(0, ...['YUYV', 'NV12'].flatMap((name) => offer[name]?.[size] ?? []));
        expect(raw).toBeLessThan(wanted.fps ?? 10);
      }),
    );
  });
});
