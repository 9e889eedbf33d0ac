import { expect, it } from 'vitest';
import type { DeviceOptions } from '../../../devices/device/device.ts';
import { createDevice } from '../../../devices/index.ts';
import { InputError } from '../../../sdk/base/errors.ts';

it.each<[string, object, RegExp]>([
  ['a width of 0', { width: 0 }, /width of a source: expected a whole number of pixels from 2 to 16384, got 0/],
  ['half a pixel', { height: 240.5 }, /height of a source: .*got 240\.5/],
  ['no frames a second', { fps: 0 }, /fps of a source: expected a number of frames a second from 0\.01 to 1000, got 0/],
  ['a rate that is no number', { fps: Number.NaN }, /fps .*got NaN/],
  ['a filter in place of a rate', { fps: '5,drawtext' }, /fps .*got 5,drawtext/],
  [
    'no pixels',
    { maxPixels: 0 },
    /maxPixels of a source: expected a whole number of pixels from 1 to 268435456, got 0/,
  ],
  ['pixels that are no number', { maxPixels: Number.NaN }, /maxPixels .*got NaN/],
  // ffmpeg counts them with 32 bits, and no frame has more.
  ['more pixels than a frame can have', { maxPixels: Number.MAX_SAFE_INTEGER }, /maxPixels .*got 9007199254740991/],
  ['no patience', { stallTimeoutMs: 0 }, /stallTimeoutMs of a source/],
  ['an unknown transport', { transport: 'http' }, /transport of a source: expected tcp or udp, got http/],
  ['an unknown speed', { speed: 'fast' }, /expected realtime or max, got fast/],
])('refuses %s', (_, options, message) => {
  expect(() => createDevice('scene:', options as DeviceOptions)).toThrow(InputError);
  expect(() => createDevice('scene:', options as DeviceOptions)).toThrow(message);
});

it('takes what is left out', () => {
  expect(createDevice('scene:', { width: undefined, fps: 12.5, maxPixels: 16384 ** 2 }).health.state).toBe('closed');
});

it('says what controls are, where a program without types hands over something else', async () => {
  for (const uri of ['scene:', 'v4l2:/dev/nothing', 'libcamera:0']) {
    const device = createDevice(uri);
    for (const values of [undefined, null, 5, []]) {
      await expect(device.setControls(values as never)).rejects.toThrow('setControls: expected values by the names');
    }
  }
});
