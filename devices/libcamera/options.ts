import { statSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { InputError } from '../../sdk/base/errors.ts';

/** A size that is cheap, 16 to 9 as the sensors are, and whose width needs no padding on any board. */
export const defaultWidth = 1280;
export const defaultHeight = 720;

/** What the sensor is to give. */
export interface SensorMode {
  readonly width: number;
  readonly height: number;
  readonly bits: number;
  readonly packing?: 'P' | 'U';
}

/** @throws InputError when it is no mode. */
export function parseMode(text: string): SensorMode {
  const [, width, height, bits, packing] = /^(\d{2,5}):(\d{2,5}):(\d{1,2})(?::([PU]))?$/.exec(text) ?? [];
  if (!(Number(bits) >= 8 && Number(bits) <= 16)) {
    throw new InputError(
      `libcamera.mode: expected WIDTH:HEIGHT:BITS with 8 to 16 bits, or WIDTH:HEIGHT:BITS:P (or U), as in 2304:1296:10:P; got ${JSON.stringify(text)}`,
    );
  }
  return {
    width: Number(width),
    height: Number(height),
    bits: Number(bits),
    packing: packing as 'P' | 'U' | undefined,
  };
}

/** As `rpicam-vid --mode` takes it: of numbers and two letters, whatever was given. */
export function modeArgument({ width, height, bits, packing }: SensorMode): string {
  return [width, height, bits, packing].filter((part) => part !== undefined).join(':');
}

/** @throws InputError when it is no file, or none of JSON. */
export function checkTuning(path: string): void {
  const isFile = isAbsolute(path) && path.endsWith('.json') && statSync(path, { throwIfNoEntry: false })?.isFile();
  if (isFile) return;
  throw new InputError(
    `libcamera.tuning: expected the absolute path of a file that exists and ends in .json, got ${JSON.stringify(path)}`,
  );
}
