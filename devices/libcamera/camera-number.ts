import { InputError } from '../../sdk/base/errors.ts';

/** The number in `libcamera:1`; 0 without one. @throws InputError when it is something else. */
export function cameraNumber(rest: string): number {
  if (/^\d{0,2}$/.test(rest)) return Number(rest);
  throw new InputError(
    `expected libcamera: or libcamera:NUMBER, the camera's number in rpicam-hello --list-cameras; got "${rest}"`,
  );
}
