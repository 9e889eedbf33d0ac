import { InputError } from '../../sdk/errors.ts';

/** A size that is cheap, 16 to 9 as the sensors are, and whose width needs no padding on any board. */
export const defaultWidth = 1280;
export const defaultHeight = 720;

/** The number in `libcamera:1`; 0 without one. @throws InputError when it is something else. */
export function cameraNumber(rest: string): number {
  if (/^\d{0,2}$/.test(rest)) return Number(rest);
  throw new InputError(
    `expected libcamera: or libcamera:NUMBER, the camera's number in rpicam-hello --list-cameras; got "${rest}"`,
  );
}
