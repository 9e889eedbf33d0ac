import { assertKind, assertShape } from '../../sdk/base/arguments.ts';
import { InputError } from '../../sdk/base/errors.ts';
import { maxSide } from '../../sdk/frame/layout.ts';
import type { DeviceOptions } from './device.ts';

/** Default maximum of a frame's pixels: 8K video has 33 million. */
export const defaultMaxPixels = 40e6;
/** Pictures a second that a camera is asked for, where it gives one at a time. */
export const defaultPollFps = 2;
const longestStallMs = 24 * 60 * 60 * 1000;

/** @throws InputError naming the option, what was expected and what came. */
export function checkOptions(options: DeviceOptions): void {
  assertKind('options of a source', options, 'object');
  const check = (name: keyof DeviceOptions, isRight: (value: number) => boolean, expected: string) => {
    const value: unknown = options[name];
    if (value !== undefined && !(typeof value === 'number' && isRight(value))) {
      throw new InputError(`${name} of a source: expected ${expected}, got ${String(value)}`);
    }
  };
  const isSide = (value: number) => Number.isInteger(value) && value >= 2 && value <= maxSide;
  check('width', isSide, `a whole number of pixels from 2 to ${maxSide}`);
  check('height', isSide, `a whole number of pixels from 2 to ${maxSide}`);
  const mostPixels = maxSide ** 2;
  const isCount = (value: number) => Number.isInteger(value) && value >= 1 && value <= mostPixels;
  check('maxPixels', isCount, `a whole number of pixels from 1 to ${mostPixels}`);
  check('fps', (value) => value >= 0.01 && value <= 1000, 'a number of frames a second from 0.01 to 1000');
  check('pollFps', (value) => value >= 0.01 && value <= 30, 'a number of pictures a second from 0.01 to 30');
  check('stallTimeoutMs', (value) => value >= 1 && value <= longestStallMs, `1 to ${longestStallMs} ms`);
  if (options.transport !== undefined && options.transport !== 'tcp' && options.transport !== 'udp') {
    throw new InputError(`transport of a source: expected tcp or udp, got ${String(options.transport)}`);
  }
  if (options.speed !== undefined && options.speed !== 'realtime' && options.speed !== 'max') {
    throw new InputError(`speed of a source: expected realtime or max, got ${String(options.speed)}`);
  }
  if (options.video !== undefined) {
    assertShape(
      'video of a source',
      options.video,
      { begin: 'function', write: 'function', end: 'function' },
      'a VideoSink',
    );
  }
}

/** @throws InputError when frames of this size exceed the limit. */
export function assertPixels({ width, height }: { width: number; height: number }, most = defaultMaxPixels): void {
  if (width * height > most) throw new InputError(tooLarge(`${width}x${height}`, most));
}

/** @param size As it came: `16384x16384`. */
export const tooLarge = (size: string, most: number): string =>
  `expected frames of at most ${most / 1e6} megapixels, got ${size}; max_megapixels of the camera (maxPixels) sets another limit`;

/** @throws InputError unless it is values by the names of controls; what each may be, the camera says. */
export function assertControlValues(values: unknown): void {
  assertKind('setControls', values, 'object', 'values by the names of controls');
}
