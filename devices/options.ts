import { InputError } from '../sdk/errors.ts';
import { maxSide } from '../sdk/frame/layout.ts';
import type { DeviceOptions } from './device.ts';

const longestStallMs = 24 * 60 * 60 * 1000;

/** @throws InputError naming the option, what was expected and what came. */
export function checkOptions(options: DeviceOptions): void {
  const check = (name: keyof DeviceOptions, isRight: (value: number) => boolean, expected: string) => {
    const value: unknown = options[name];
    if (value !== undefined && !(typeof value === 'number' && isRight(value))) {
      throw new InputError(`${name} of a source: expected ${expected}, got ${String(value)}`);
    }
  };
  const isSide = (value: number) => Number.isInteger(value) && value >= 2 && value <= maxSide;
  check('width', isSide, `a whole number of pixels from 2 to ${maxSide}`);
  check('height', isSide, `a whole number of pixels from 2 to ${maxSide}`);
  check('fps', (value) => value >= 0.01 && value <= 1000, 'a number of frames a second from 0.01 to 1000');
  check('stallTimeoutMs', (value) => value >= 1 && value <= longestStallMs, `1 to ${longestStallMs} ms`);
  if (options.transport !== undefined && options.transport !== 'tcp' && options.transport !== 'udp') {
    throw new InputError(`transport of a source: expected tcp or udp, got ${String(options.transport)}`);
  }
  if (options.speed !== undefined && options.speed !== 'realtime' && options.speed !== 'max') {
    throw new InputError(`speed of a source: expected realtime or max, got ${String(options.speed)}`);
  }
}
